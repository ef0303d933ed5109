#include "simulated_pop.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

namespace skerry::edge::test {
namespace {

core::IpAddress ip(int last) {
  return core::IpAddress::v4({10, 0, 0, static_cast<std::uint8_t>(last)});
}
constexpr int origin_host = 1, client_host = 2, first_edge = 10;
constexpr std::uint16_t client_port = 8080, peer_port = 8090, origin_port = 80;

EdgeConfig config_of(int index, int edges) {
  EdgeConfig config;
  config.name = "edge-" + std::to_string(index);
  config.memory.size = core::operator""_MiB(128);
  SiteConfig site;
  site.hosts = {"*"};
  site.handling.origin.urls = {"http://10.0.0.1:80"};
  site.handling.origin.first_byte_timeout = std::chrono::seconds(10);
  config.sites.push_back(site);
  config.pop.secret = "the PoP's secret";
  for (int i = 0; i < edges; ++i) {
    config.pop.members.push_back(
        {"edge-" + std::to_string(i), "10.0.0." + std::to_string(first_edge + i) + ":8090", 1.0});
  }
  return config;
}

}  // namespace

void LogLines::record(int, const log::AccessRecord& record) {
  const auto at = std::chrono::duration_cast<std::chrono::microseconds>(record.time.time_since_epoch()).count();
  out_.append(std::to_string(at)).append(" ").append(edge_).append(" ").append(record.path).append(" ");
  out_.append(std::to_string(record.status)).append(" ").append(record.outcome).append(" ").append(record.reason);
  out_.append(" ").append(std::to_string(record.bytes)).append(" ").append(record.request_id);
  out_.append(" ").append(record.upstream).append("\n");
}

class SimulatedOrigin::Handler final : public http::RequestHandler {
 public:
  Handler(SimulatedOrigin& origin, http::ResponseSink& sink) : origin_(origin), sink_(sink) {}
  void on_request(http::RequestHead& head, http::BodyLength) override { head_ = &head; }
  void on_request_body(core::Chunk chunk) override { sink_.consume(chunk.size()); }
  void on_request_end(const http::HeaderMap&) override {
    ++origin_.requests[head_->path];
    origin_.heads.push_back(*head_);
    if (!origin_.silent) answer();
  }
  void on_cancelled(const core::Error&) override {}

 private:
  void answer() {
    std::string body = origin_.content(head_->path);
    http::ResponseHead head;
    if (origin_.hints) {
      head.status = 103;
      sink_.send_interim(head);
    }
    head.status = origin_.status;
    const std::string etag = "\"" + head_->path + origin_.version + "\"";
    const bool unchanged = origin_.validates && head_->fields.find(http::HeaderId::if_none_match) == etag;
    const bool own_fields = unchanged && origin_.fields_of_304;
    if (origin_.etags && !own_fields) head.fields.add("ETag", etag);
    for (const auto& [name, value] : own_fields ? *origin_.fields_of_304 : origin_.fields) head.fields.add(name, value);
    if (unchanged) {
      head.status = 304;
      sink_.send_head(head, http::BodyLength::none());
      sink_.finish();
      return;
    }
    const auto condition = head_->fields.find(http::HeaderId::if_range);
    if (origin_.ranges && (!condition || *condition == etag)) apply_range(body, head);
    sink_.send_head(head, origin_.lengths ? http::BodyLength::known(body.size()) : http::BodyLength::unknown());
    if (head_->method == http::Method::head) return sink_.finish();
    if (origin_.close_after && body.size() > *origin_.close_after) {
      sink_.send_body(core::Chunk::copy_of(std::string_view(body).substr(0, *origin_.close_after)));
      origin_.close_after.reset();
      cut_.emplace(origin_.worker_.loop, [this] { sink_.abort(); });
      cut_->arm(std::chrono::milliseconds(20));
      return;
    }
    sink_.send_body(core::Chunk::copy_of(body));
    sink_.finish();
  }

  // One range, "first-", "first-last" or "-suffix".
  void apply_range(std::string& body, http::ResponseHead& head) const {
    const auto range = head_->fields.find(http::HeaderId::range);
    if (!range || !range->starts_with("bytes=") || range->find(',') != std::string_view::npos) return;
    const std::string first_text(range->substr(6, range->find('-') - 6));
    const std::string last_text(range->substr(range->find('-') + 1));
    std::size_t first = 0, last = body.size() - 1;
    if (first_text.empty()) {
      first = body.size() - std::min<std::size_t>(body.size(), std::stoul(last_text));
    } else {
      first = std::stoul(first_text);
      if (!last_text.empty()) last = std::min<std::size_t>(last, std::stoul(last_text));
    }
    if (first > last) {
      head.status = 416;
      head.fields.add("Content-Range", "bytes */" + std::to_string(body.size()));
      body.clear();
      return;
    }
    head.status = 206;
    head.fields.add("Content-Range",
                    "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(body.size()));
    body = body.substr(first, last - first + 1);
    origin_.range_bytes += body.size();
  }

  SimulatedOrigin& origin_;
  http::ResponseSink& sink_;
  http::RequestHead* head_ = nullptr;
  std::optional<core::Timer> cut_;
};

SimulatedOrigin::SimulatedOrigin(core::SimulatedHost& host) : worker_(host.worker()) {
  auto server = http::Server::listen(worker_, {ip(origin_host), origin_port}, {}, nullptr, *this);
  BOOST_REQUIRE(server.ok());
  server_ = std::move(server).value();
}

SimulatedOrigin::~SimulatedOrigin() = default;

http::RequestHandler& SimulatedOrigin::acquire(http::ResponseSink& sink) {
  auto handler = std::make_shared<Handler>(*this, sink);
  handlers_.insert(handler);
  return *handler;
}

void SimulatedOrigin::release(http::RequestHandler& handler) {
  const auto found =
      std::find_if(handlers_.begin(), handlers_.end(), [&](const auto& one) { return one.get() == &handler; });
  // It is still in the middle of its own call.
  worker_.loop.defer([gone = *found] {});
  handlers_.erase(found);
}

std::string SimulatedOrigin::body_of(const std::string& path, std::size_t size) {
  std::string body;
  while (body.size() < size) body.append(path).append(std::to_string(body.size())).push_back('\n');
  body.resize(size);
  return body;
}

const std::string& SimulatedOrigin::content(const std::string& path) {
  std::string& made = bodies_[path + version];
  if (body) return made = *body;
  if (made.size() != body_size) made = body_of(path + version, body_size);
  return made;
}

int SimulatedOrigin::total() const {
  int sum = 0;
  for (const auto& [path, count] : requests) sum += count;
  return sum;
}

SimulatedEdge::SimulatedEdge(core::SimulatedHost& simulated, EdgeConfig config, std::string& lines)
    : name(config.name),
      host(simulated),
      store([&] {
        auto opened =
            ObjectStore::open(config.memory, StoreConfig{}, simulated.worker().loop.clock(), simulated.workers());
        BOOST_REQUIRE(opened.ok());
        return std::move(opened).value();
      }()),
      coder(*store, simulated.worker().loop.clock(), 0),
      registry(simulated.workers()),
      counters(registry),
      log(config.name, lines),
      shared(*store, fills, positions, counters, &log) {
  auto built = Snapshot::build(std::move(config), host.workers(), nullptr);
  BOOST_REQUIRE(built.ok());
  snapshot = std::move(built).value();
  shared.ready = true;
  shared.coder = &coder;
  relay = std::make_unique<PurgeRelay>(host.worker(), *store, positions, counters, [this] { return snapshot; });
  shared.invalidate = [this](Purge purge, core::UniqueFunction<void(Epoch)> done) {
    relay->worker().loop.post([this, purge = std::move(purge), done = std::move(done)]() mutable {
      relay->invalidate(std::move(purge), std::move(done));
    });
  };
  for (int i = 0; i < host.workers(); ++i) {
    workers.push_back(std::make_unique<EdgeWorker>(host.worker(i), shared, snapshot));
    EdgeWorker& worker = *workers.back();
    for (const bool peers : {false, true}) {
      const http::ServerLimits& limits = snapshot->config().limits;
      auto server = http::Server::listen(host.worker(i), {host.ip(), peers ? peer_port : client_port},
                                         peers ? peer_limits(limits) : limits, nullptr,
                                         peers ? worker.peer_service() : worker.client_service());
      BOOST_REQUIRE(server.ok());
      servers.push_back(std::move(server).value());
    }
  }
}

SimulatedEdge::~SimulatedEdge() {
  servers.clear();
}

SimulatedPop::SimulatedPop(std::uint64_t seed, int count, int workers_per_edge, EdgeChange change)
    : simulation(seed, core::WallTime(std::chrono::hours(24 * 365 * 50))),
      client(simulation.add_host("client", ip(client_host))),
      origin(simulation.add_host("origin", ip(origin_host))) {
  for (int i = 0; i < count; ++i) {
    core::SimulatedHost& host = simulation.add_host("edge-" + std::to_string(i), ip(first_edge + i), workers_per_edge);
    EdgeConfig config = config_of(i, count);
    if (change) change(config);
    edges.push_back(std::make_unique<SimulatedEdge>(host, std::move(config), log));
  }
}

SimulatedPop::~SimulatedPop() {
  calls_.clear();
  edges.clear();
}

void SimulatedPop::ask(int index, const std::string& path, std::vector<Answer>& answers, std::size_t slot,
                       const std::vector<std::pair<std::string, std::string>>& fields, const std::string& method) {
  http::SimpleRequest request;
  request.address = {ip(first_edge + index), client_port};
  request.timeout = std::chrono::seconds(50);
  request.head.method = http::method_of(method);
  request.head.method_text = method;
  request.head.authority = authority;
  request.head.path = path;
  for (const auto& [name, value] : fields) request.head.fields.add(name, value);
  calls_.push_back(http::SimpleCall::start(client.worker(), std::move(request),
                                           [&answers, slot](core::Result<http::SimpleResponse> result) {
                                             Answer& answer = answers[slot];
                                             answer.ok = result.ok();
                                             if (!result.ok()) {
                                               answer.error = result.error();
                                               return;
                                             }
                                             answer.status = result->head.status;
                                             answer.body = result->body;
                                             answer.fields = result->head.fields;
                                           }));
}

Answer SimulatedPop::get(int index, const std::string& path,
                         const std::vector<std::pair<std::string, std::string>>& fields, const std::string& method) {
  std::vector<Answer> answers(1);
  ask(index, path, answers, 0, fields, method);
  simulation.run_until(
      [&] {
        return answers[0].ok || !answers[0].error.detail.empty() || answers[0].error.code != core::ErrorCode::io_error;
      },
      std::chrono::seconds(60));
  calls_.clear();
  return answers[0];
}

void SimulatedPop::kill(int index) {
  simulation.kill(edges[static_cast<std::size_t>(index)]->host);
}

}  // namespace skerry::edge::test
