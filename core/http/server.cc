#include "core/http/server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/http/server_connection.h"
#include "core/net/proxied_stream.h"

namespace skerry::http {
namespace {

class ListeningServer final : public Server, private core::ListenerEvents, private ServerConnection::Owner {
 public:
  ListeningServer(const core::Worker& worker, const ServerLimits& limits, std::shared_ptr<const core::TlsContext> tls,
                  RequestService& service)
      : worker_(worker), tls_(std::move(tls)), context_{worker_, limits, service, {}, {}}, bury_(worker.loop, [this] {
          bury();
        }) {}

  ~ListeningServer() override { close_all(); }

  core::Result<void> open(const core::Address& address) {
    auto listener = worker_.network.listen(address, {}, *this);
    if (!listener) return listener.error();
    listener_ = std::move(*listener);
    address_ = listener_->local_address();
    return {};
  }

  const core::Address& local_address() const override { return address_; }
  std::size_t connections() const override { return connections_.size(); }
  void expect_proxies(std::vector<core::IpNetwork> from) override { proxies_ = std::move(from); }
  void drain(core::Task done) override;
  void close_all() override;

 private:
  using Owner = ServerConnection::Owner;

  void on_accept(std::unique_ptr<core::Stream>) override;
  std::unique_ptr<core::Stream> from_proxy(std::unique_ptr<core::Stream>);
  void on_connection_closed(ServerConnection&) override;
  void bury();

  const core::Worker worker_;
  const std::shared_ptr<const core::TlsContext> tls_;
  ServerContext context_;
  std::vector<core::IpNetwork> proxies_;  // empty: clients connect themselves
  core::Address address_;
  std::unique_ptr<core::Listener> listener_;
  std::vector<std::unique_ptr<ServerConnection>> connections_;
  std::vector<std::unique_ptr<ServerConnection>> closed_;  // until their callbacks have returned
  core::DeferredCall bury_;
  core::Task drained_;
  bool paused_ = false;
};

void ListeningServer::on_accept(std::unique_ptr<core::Stream> stream) {
  if (connections_.size() >= context_.limits.connections) return;  // accepted before the pause took hold
  if (!proxies_.empty() && !(stream = from_proxy(std::move(stream)))) return;
  connections_.push_back(
      std::make_unique<ServerConnection>(context_, static_cast<Owner&>(*this), tls_, std::move(stream)));
  connections_.back()->index = connections_.size() - 1;
  if (connections_.size() < context_.limits.connections) return;
  paused_ = true;
  listener_->pause(true);
}

// Null: no proxy of ours.
std::unique_ptr<core::Stream> ListeningServer::from_proxy(std::unique_ptr<core::Stream> stream) {
  const core::IpAddress& peer = stream->peer_address().ip;
  if (std::any_of(proxies_.begin(), proxies_.end(), [&](const auto& network) { return network.contains(peer); })) {
    return core::proxied(std::move(stream));
  }
  ConnectionInfo info;
  info.client = stream->peer_address();
  info.local = stream->local_address();
  context_.service.on_refused(info, 0, {core::ErrorCode::proxy_not_allowed, core::ErrorSource::client, false, {}});
  return nullptr;
}

void ListeningServer::on_connection_closed(ServerConnection& connection) {
  const std::size_t index = connection.index;
  closed_.push_back(std::move(connections_[index]));
  if (index + 1 != connections_.size()) {
    connections_[index] = std::move(connections_.back());
    connections_[index]->index = index;
  }
  connections_.pop_back();
  bury_.schedule();
}

void ListeningServer::bury() {
  closed_.clear();
  if (paused_ && listener_ && connections_.size() < context_.limits.connections) {
    paused_ = false;
    listener_->pause(false);
  }
  if (drained_ && connections_.empty()) std::exchange(drained_, core::Task())();
}

void ListeningServer::drain(core::Task done) {
  listener_.reset();
  drained_ = std::move(done);
  for (std::size_t i = connections_.size(); i-- > 0;) connections_[i]->drain();
  bury_.schedule();
}

void ListeningServer::close_all() {
  const core::Error error{core::ErrorCode::cancelled, core::ErrorSource::internal, false, "the server closes"};
  while (!connections_.empty()) connections_.back()->cut(error);
}

}  // namespace

core::Result<std::unique_ptr<Server>> Server::listen(const core::Worker& worker, const core::Address& address,
                                                     const ServerLimits& limits,
                                                     std::shared_ptr<const core::TlsContext> tls,
                                                     RequestService& service) {
  auto server = std::make_unique<ListeningServer>(worker, limits, std::move(tls), service);
  if (const auto opened = server->open(address); !opened) return opened.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace skerry::http
