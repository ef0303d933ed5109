// The pass step of an Exchange: a request that only the origin may answer, and what is kept of the answer all the same.
#include "edge/cache_key.h"
#include "edge/edge_worker.h"
#include "edge/exchange.h"
#include "edge/upstream_request.h"

namespace skerry::edge {

namespace {

// Of a POST's answer that is kept: it waits in memory until the invalidation of what it replaces is durable.
constexpr std::uint64_t largest_posted = 64 * 1024;

class PostKeeper final : public BodyKeeper {
 public:
  PostKeeper(EdgeWorker& edge, ObjectHead head) : edge_(edge), head_(std::move(head)) {}
  void take(const core::Chunk& chunk) override { body_.push_back(chunk); }
  void complete() override { edge_.replace(std::move(head_), std::move(body_)); }

 private:
  EdgeWorker& edge_;
  ObjectHead head_;
  std::vector<core::Chunk> body_;
};

}  // namespace

// --- pass

Exchange::Next Exchange::pass_through(Outcome outcome, Reason reason, bool through_peers) {
  verdict_.outcome = outcome;
  verdict_.reason = reason;
  if (client_.empty()) client_ = address_.to_string();
  if (key_.empty() || !through_peers) make_primary_key(*request_, site_->key, key_);
  step_ = Step::pass;
  const bool at_origin = peer_listener_ || !through_peers;
  if (request_->fields.find(http::HeaderId::expect))
    sink_->send_interim([] {
      http::ResponseHead go_on;
      go_on.status = 100;
      return go_on;
    }());
  pass_ = std::make_unique<Pass>(worker_, *sink_, static_cast<Pass::Owner&>(*this),
                                 snapshot_->config().limits.response_buffer);
  epoch_ = edge_.store().epoch();
  pass_->start(snapshot_->sources(*site_, ring::Ring::hash_key(key_), at_origin), request_body_);
  return Next::again;  // waits in `pass`, unless every source failed at once
}

// RFC 9110 7.6.2: an OPTIONS request that may not be forwarded any more is answered here; others go on with one forward
// less. TRACE, the other method with this field, never comes here.
std::optional<Exchange::Next> Exchange::count_forward() {
  if (!request_->fields.find("Max-Forwards")) return std::nullopt;
  const auto left = max_forwards(request_->fields);
  if (!left) {
    return answer_locally(
        400, Reason::bad_request,
        {core::ErrorCode::malformed_field, core::ErrorSource::client, false, "Max-Forwards is malformed"});
  }
  if (*left > 0) {
    request_->fields.set("Max-Forwards", std::to_string(*left - 1));
    return std::nullopt;
  }
  verdict_.outcome = Outcome::local;
  verdict_.reason = Reason::max_forwards;
  response_.clear();
  response_.fields.add("Allow", "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE");
  add_own_fields(false, {});
  return send_head_only(204, http::BodyLength::none());
}

Exchange::Next Exchange::pass() {
  return wait_for(wake_pass);
}

http::RequestHead Exchange::pass_request(const Source& source) {
  http::RequestHead head = *request_;
  const bool upgrade = head.fields.contains(http::HeaderId::upgrade);
  const std::string protocol(head.fields.find(http::HeaderId::upgrade).value_or(""));
  sanitise_client_request(head);
  head.fields.remove("HTTP2-Settings");
  head.fields.set(http::HeaderId::x_request_id, request_id_);
  // One protocol, never h2c and never a list that could hide it.
  const bool plain = protocol.find(',') == std::string::npos && !http::equals_ignoring_case(protocol, "h2c");
  if (upgrade && plain) {
    head.fields.add(http::HeaderId::connection, "Upgrade");
    head.fields.add(http::HeaderId::upgrade, protocol);
  }
  return upstream_request(head, *snapshot_, *site_, source, {client_, edge_.positions().to_string()},
                          worker_.loop.wall());
}

void Exchange::on_request_body(core::Chunk chunk) {
  if (pass_)
    pass_->request_body(std::move(chunk));
  else if (sink_)
    sink_->consume(chunk.size());
}

void Exchange::on_request_end(const http::HeaderMap& trailers) {
  if (pass_) pass_->request_end(trailers);
}

void Exchange::on_pass_head(http::ResponseHead&& head, http::BodyLength length, const Source& source) {
  const PeerAnswer peer = source.is_peer() ? take_peer_answer(head) : PeerAnswer();
  verdict_.peer_hit = peer.hit;
  remove_peer_fields(head.fields);
  verdict_.forward_status = head.status;
  if (const ErrorPage* page = page_for_answer(head.status, peer.failed)) return end_pass_with_page(*page, head);
  if (head.status == 101) {
    const std::string protocol(head.fields.find(http::HeaderId::upgrade).value_or(""));
    http::remove_hop_by_hop(head.fields);
    head.fields.add(http::HeaderId::connection, "Upgrade");
    head.fields.add(http::HeaderId::upgrade, protocol);
  } else {
    http::remove_hop_by_hop(head.fields);
  }
  keep_passing(head, length, source);
  if (!peer_listener_) head.fields.remove(http::HeaderId::surrogate_control);
  if (invalidates(*request_, head.status)) edge_.invalidate(*request_, head, *site_, keep_posted(head, length));
  response_ = std::move(head);
  status_ = response_.status;
  add_own_fields(false, {});
  const bool no_body = request_->method == http::Method::head || status_ == 204 || status_ == 304 || status_ == 101;
  send_head(no_body && length.kind != http::BodyLength::Kind::known ? http::BodyLength::none() : length);
  if (status_ == 101) pass_->become_tunnel();
}

// A POST's answer that is the resource's new representation, and says for how long, answers later GETs (RFC
// 9110 9.3.3).
bool Exchange::keep_posted(const http::ResponseHead& head, http::BodyLength length) {
  const bool small = length.kind == http::BodyLength::Kind::known && length.size <= largest_posted;
  if (request_->method != http::Method::post || !small || sources().front().is_peer()) return false;
  auto object = storable_head(head);
  if (!object || !object->vary.empty()) return false;
  pass_->keep(std::make_unique<PostKeeper>(edge_, std::move(*object)));
  return true;
}

void Exchange::on_pass_end(const http::HeaderMap& trailers) {
  record();
  http::ResponseSink& sink = *sink_;
  const http::HeaderMap copy = trailers;
  sink.finish(copy.size() == 0 ? nullptr : &copy);
}

void Exchange::on_pass_error(const core::Error& error, bool began) {
  const core::Error failure = error;
  if (began) {
    verdict_.reason = Reason::incomplete;
    edge_.counters().aborted_responses.add(worker_.index);
    record();
    sink_->abort();
    return;
  }
  // The upload may be under way still: the connection can't be used for another request.
  if (request_body_.kind != http::BodyLength::Kind::none) sink_->close_after();
  answer_locally(status_of(failure), reason_of(failure), failure);
  if (!running_) resume();
}

}  // namespace skerry::edge
