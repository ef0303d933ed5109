#include "origin/server/program.h"

#include <csignal>

#include "core/http/server.h"
#include "core/loop/signals.h"
#include "core/loop/worker_threads.h"
#include "core/net/tls.h"
#include "origin/server/admin_service.h"
#include "origin/server/content_service.h"

namespace skerry::origin {

namespace {

constexpr int file_threads = 4;
constexpr std::size_t file_queue = 16 * 1024;
constexpr core::Duration drain_at_most = std::chrono::seconds(10);

class Running final : public OriginProgram {
 public:
  explicit Running(const OriginOptions& options) : options_(options) {}
  ~Running() override;

  core::Result<void> prepare();
  core::Result<void> listen();
  void serve() { workers_->start(); }

  std::string address() const override { return servers_.front()->local_address().to_string(); }
  std::string admin_address() const override { return admin_ ? admin_->local_address().to_string() : ""; }
  void run_until_signal() override;

 private:
  using Server = std::unique_ptr<http::Server>;
  core::Result<void> listen_on(int worker, const core::Address&);
  void drain();
  void server_drained();

  const OriginOptions options_;
  std::unique_ptr<core::LibeventLoop> loop_;  // main's own: signals and the drain deadline
  std::unique_ptr<core::WorkerThreads> workers_;
  std::unique_ptr<const DocumentRoot> root_;
  std::shared_ptr<const core::TlsContext> tls_;
  RequestCounts counts_;
  std::unique_ptr<FileThreads> files_;
  std::unique_ptr<OriginContent> content_;
  std::vector<std::unique_ptr<ContentService>> services_;
  std::unique_ptr<AdminService> admin_service_;
  std::vector<Server> servers_;  // by worker
  Server admin_;
  int draining_ = 0;
};

core::Result<void> Running::prepare() {
  auto loop = core::LibeventLoop::create();
  if (!loop) return loop.error();
  loop_ = std::move(*loop);
  auto workers = core::WorkerThreads::create(options_.workers, core::seed_from_system());
  if (!workers) return workers.error();
  workers_ = std::move(*workers);
  if (!options_.root.empty()) {
    auto root = DocumentRoot::open(options_.root);
    if (!root) return root.error();
    root_ = std::move(*root);
  }
  if (!options_.certificate_file.empty()) {
    core::TlsContext::ServerOptions tls;
    tls.certificates = {{options_.certificate_file, options_.key_file}};
    auto context = core::TlsContext::server(tls);
    if (!context) return context.error();
    tls_ = *context;
  }
  files_ = std::make_unique<FileThreads>(file_threads, file_queue);
  content_ = std::make_unique<OriginContent>(OriginContent{options_, root_.get(), *files_, counts_, {}});
  return {};
}

core::Result<void> Running::listen() {
  // The first worker may be given any free port; the others share it.
  core::Address address = options_.listen;
  for (int i = 0; i < workers_->size(); ++i) {
    if (i == 0 && address.port != 0) {
      if (auto free = core::check_port_is_free(address); !free) return free.error();
    }
    if (auto listening = listen_on(i, address); !listening) return listening;
    address = servers_.front()->local_address();
  }
  if (!options_.admin_listen) return {};
  if (options_.admin_listen->port != 0) {
    if (auto free = core::check_port_is_free(*options_.admin_listen); !free) return free.error();
  }
  admin_service_ = std::make_unique<AdminService>(counts_);
  auto admin = http::Server::listen((*workers_)[0], *options_.admin_listen, content_->limits, nullptr, *admin_service_);
  if (!admin) return admin.error();
  admin_ = std::move(*admin);
  return {};
}

core::Result<void> Running::listen_on(int worker, const core::Address& address) {
  services_.push_back(std::make_unique<ContentService>(*content_));
  auto server = http::Server::listen((*workers_)[worker], address, content_->limits, tls_, *services_.back());
  if (!server) return server.error();
  servers_.push_back(std::move(*server));
  return {};
}

void Running::run_until_signal() {
  core::Timer too_long(*loop_, [this] { loop_->stop(); });
  core::SignalWatch watch(*loop_, {SIGTERM, SIGINT}, [this, &too_long](int) {
    if (draining_ > 0) return loop_->stop();  // asked twice: at once
    too_long.arm(drain_at_most);
    drain();
  });
  loop_->run();
}

void Running::drain() {
  const auto on_worker = [this](int worker, Server& server) {
    ++draining_;
    (*workers_)[worker].loop.post(
        [this, &server] { server->drain([this] { loop_->post([this] { server_drained(); }); }); });
  };
  for (int i = 0; i < workers_->size(); ++i) on_worker(i, servers_[static_cast<std::size_t>(i)]);
  if (admin_) on_worker(0, admin_);
}

void Running::server_drained() {
  if (--draining_ == 0) loop_->stop();
}

// The other way round than it was made: threads first, for nothing that they use may go before them.
Running::~Running() {
  if (workers_) workers_->stop_and_join();
  files_.reset();
  admin_.reset();
  servers_.clear();
}

}  // namespace

core::Result<std::unique_ptr<OriginProgram>> OriginProgram::start(const OriginOptions& options) {
  core::ignore_sigpipe();
  core::raise_descriptor_limit();
  auto program = std::make_unique<Running>(options);
  if (auto ready = program->prepare(); !ready) return ready.error();
  if (auto listening = program->listen(); !listening) return listening.error();
  program->serve();
  return std::unique_ptr<OriginProgram>(std::move(program));
}

}  // namespace skerry::origin
