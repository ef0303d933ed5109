#include "edge/edge_worker.h"

#include "edge/cache_key.h"

namespace skerry::edge {

// Hands out pooled exchanges: a hit allocates nothing. One for the client listeners, one for the peer listener.
class EdgeWorker::Service final : public http::RequestService {
 public:
  Service(EdgeWorker& edge, bool peers) : edge_(edge), peers_(peers) {}

  http::RequestHandler& acquire(http::ResponseSink& sink) override {
    if (edge_.idle_.empty()) {
      edge_.exchanges_.push_back(std::make_unique<Exchange>(edge_));
      edge_.idle_.push_back(edge_.exchanges_.back().get());
    }
    Exchange& exchange = *edge_.idle_.back();
    edge_.idle_.pop_back();
    edge_.shared_.in_flight.fetch_add(1, std::memory_order_relaxed);
    exchange.begin(sink, peers_);
    return exchange;
  }

  void release(http::RequestHandler& handler) override {
    auto& exchange = static_cast<Exchange&>(handler);
    exchange.release_references();
    edge_.shared_.in_flight.fetch_sub(1, std::memory_order_relaxed);
    edge_.idle_.push_back(&exchange);
  }

  void on_refused(const http::ConnectionInfo& connection, int status, const core::Error& error) override {
    edge_.record_refused(connection, status, error);
  }

  void complete_refusal(http::ResponseHead& head, const core::Error& error) override {
    head.fields.add(http::HeaderId::proxy_status, proxy_status(edge_.snapshot_->config().name, error));
  }

 private:
  EdgeWorker& edge_;
  const bool peers_;
};

EdgeWorker::EdgeWorker(const core::Worker& worker, Shared& shared, std::shared_ptr<const Snapshot> snapshot)
    : worker_(worker),
      shared_(shared),
      snapshot_(std::move(snapshot)),
      client_service_(std::make_unique<Service>(*this, false)),
      peer_service_(std::make_unique<Service>(*this, true)) {}

EdgeWorker::~EdgeWorker() {
  while (!fills_.empty()) {
    const std::shared_ptr<Fill> unfinished = *fills_.begin();
    unfinished->abandon();
  }
}

http::RequestService& EdgeWorker::client_service() {
  return *client_service_;
}
http::RequestService& EdgeWorker::peer_service() {
  return *peer_service_;
}

std::shared_ptr<Fill> EdgeWorker::new_fill(FillRequest request) {
  return std::make_shared<Fill>(
      Fill::Context{worker_, shared_.store, shared_.fills, shared_.positions, shared_.counters, fills_},
      std::move(request));
}

std::shared_ptr<FillView> EdgeWorker::view_of(const std::shared_ptr<Fill>& fill) {
  std::weak_ptr<FillView>& known = views_[fill.get()];
  if (auto view = known.lock(); view && view->fill() == fill && !view->closed() && view->can_begin()) return view;
  auto view = std::make_shared<FillView>(worker_, fill);
  known = view;
  forget_old_views();
  if (&fill->worker() == &worker_) {
    fill->subscribe(view);
  } else {
    fill->worker().loop.post([fill, view] { fill->subscribe(view); });
  }
  return view;
}

// A view's last reference may go on another worker, so the map is swept here: each time it has doubled, which is O(1) a
// view.
void EdgeWorker::forget_old_views() {
  if (views_.size() < sweep_at_) return;
  std::erase_if(views_, [](const auto& entry) { return entry.second.expired(); });
  sweep_at_ = std::max<std::size_t>(64, 2 * views_.size());
}

void EdgeWorker::invalidate(const http::RequestHead& request, const http::ResponseHead& response, const Site& site,
                            bool replaced) {
  std::vector<std::string> paths = {request.path};
  const SiteIndex& hosts = snapshot_->config().index;
  for (const http::HeaderId id : {http::HeaderId::location, http::HeaderId::content_location}) {
    const auto reference = response.fields.find(id);
    if (!reference) continue;
    auto path = same_origin_path(request, *reference, &hosts);
    if (path && *path != request.path) paths.push_back(std::move(*path));
  }
  for (std::string& path : paths) {
    const bool path_of_request = &path == &paths.front();
    http::RequestHead target = request;
    target.path = std::move(path);
    const Site* its_site = snapshot_->find_site(target);  // a Location may lead to another route, with other rules
    std::string key;
    make_primary_key(target, its_site ? its_site->key : site.key, key);
    // Here at once; the members hear of it by the relay, of what is replaced when its body is there (replace()).
    shared_.store.purge(worker_, {PurgeKind::url, key, false, Reason::invalidated}, [](core::Result<Epoch>) {});
    if (replaced && path_of_request) continue;
    shared_.invalidate({PurgeKind::url, std::move(key), false, Reason::invalidated}, {});
  }
}

void EdgeWorker::replace(ObjectHead head, std::vector<core::Chunk> body) {
  const Epoch before = store().epoch();
  Purge purge{PurgeKind::url, head.primary_key, false, Reason::invalidated};
  shared_.invalidate(std::move(purge),
                     [this, before, head = std::move(head), body = std::move(body)](Epoch epoch) mutable {
                       if (epoch != before + 1) return;
                       head.epoch = epoch;
                       worker_.loop.post([this, head = std::move(head), body = std::move(body)]() mutable {
                         std::uint64_t size = 0;
                         for (const core::Chunk& chunk : body) size += chunk.size();
                         Reason why_not = Reason::none;
                         const auto writer = store().begin(worker_, std::move(head), size, why_not);
                         if (!writer) return;
                         for (const core::Chunk& chunk : body) {
                           if (!writer->append(chunk)) return;
                         }
                         writer->commit();
                       });
                     });
}

void EdgeWorker::record(const AccessFacts& facts) {
  Counters& counters = shared_.counters;
  const Outcome outcome = told_outcome(facts.verdict);
  const bool from_peer = !facts.peer_client.empty();
  const auto& outcomes = from_peer ? counters.peer_outcomes : counters.client_outcomes;
  outcomes[static_cast<std::size_t>(outcome)]->add(worker_.index);
  counters.reasons[static_cast<std::size_t>(facts.verdict.reason)]->add(worker_.index);
  counters.bytes_sent.add(worker_.index, facts.bytes);
  counters.duration.observe(worker_.index, facts.duration);
  if (from_peer) counters.peer_served.add(worker_.index);
  if (!shared_.access_log) return;
  log::AccessRecord line;
  line.time = worker_.loop.wall() - facts.duration;
  line.client = facts.client;
  line.status = facts.status;
  line.bytes = facts.bytes;
  line.duration = facts.duration;
  line.method = facts.request.method_text;
  line.scheme = http::name(facts.request.scheme);
  line.host = facts.request.authority;
  line.path = facts.request.path;
  line.protocol = facts.request.version == http::Version::http_1_0 ? "HTTP/1.0" : "HTTP/1.1";
  line.outcome = name(outcome);
  line.reason = name(facts.verdict.reason);
  line.upstream = facts.upstream;
  line.request_id = facts.request_id;
  line.referer = facts.request.fields.find(http::HeaderId::referer).value_or("");
  line.user_agent = facts.request.fields.find(http::HeaderId::user_agent).value_or("");
  shared_.access_log->record(worker_.index, line);
}

// A request that never became one: there is no exchange, but it is counted and logged like the others.
void EdgeWorker::record_refused(const http::ConnectionInfo& connection, int status, const core::Error& error) {
  shared_.counters.refused.add(worker_.index);
  const bool by_proxy_rules =
      error.code == core::ErrorCode::bad_proxy_header || error.code == core::ErrorCode::proxy_not_allowed;
  if (by_proxy_rules) shared_.counters.proxies_refused.add(worker_.index);
  if (!shared_.access_log) return;
  log::AccessRecord line;
  line.time = worker_.loop.wall();
  line.client = connection.client.ip;
  line.status = status;
  line.outcome = name(Outcome::error);
  line.reason = core::name(error.code);
  shared_.access_log->record(worker_.index, line);
}

Readiness Shared::readiness() const {
  Readiness readiness;
  const bool leaving = draining.load(std::memory_order_relaxed);
  readiness.ready = ready.load(std::memory_order_relaxed) && !leaving;
  readiness.why = readiness.ready ? "" : leaving ? "draining" : "starting";
  readiness.in_flight = in_flight.load(std::memory_order_relaxed);
  return readiness;
}

std::string Readiness::to_json() const {
  std::string text = R"({"ready":)";
  text.append(ready ? "true" : "false");
  text.append(R"(,"why":")").append(why).append(R"(","in_flight":)").append(std::to_string(in_flight)).append("}\n");
  return text;
}

}  // namespace skerry::edge
