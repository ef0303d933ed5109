// The respond step of an Exchange: from a stored object or an arriving fill to status, fields and the part of the body
// that goes out; and the answers an edge makes itself.
#include <algorithm>
#include <charconv>

#include "edge/coding/content_coding.h"
#include "edge/conditional.h"
#include "edge/edge_worker.h"
#include "edge/exchange.h"

namespace skerry::edge {

namespace {

bool has_no_body(const http::RequestHead& request, int status) {
  return request.method == http::Method::head || status == 204 || status == 304;
}

}  // namespace

Exchange::Next Exchange::respond() {
  response_.clear();
  response_.version = http::Version::http_1_1;
  const ObjectHead& head = object_ ? object_->head() : view_->head()->head;
  if (const ErrorPage* page = page_for_answer(head.status, view_ && view_->head() && view_->head()->peer_failed))
    return respond_with_page(*page, head.status, head.fields.find(http::HeaderId::retry_after).value_or(""));
  return object_ ? respond_from_object() : respond_from_fill();
}

Exchange::Next Exchange::respond_from_object() {
  const ObjectHead& head = object_->head();
  const std::chrono::seconds age = current_age(head, worker_.loop.wall());
  status_ = head.status;
  add_consumed_fields(head.fields);
  const bool codable = is_codable(head.fields, head.status, site_->coding);
  if (codable) add_vary_by_coding(response_.fields, head.fields);
  if (evaluate(*request_, head) == ClientCondition::not_modified) {
    status_ = 304;
    response_.fields = not_modified_fields(head);
    if (codable) add_vary_by_coding(response_.fields, head.fields);
    if (!peer_listener_) response_.fields.remove(http::HeaderId::surrogate_control);
    add_own_fields(true, age);
    return send_head_only(304, http::BodyLength::none());
  }
  if (head.status == 200 && request_->fields.contains(http::HeaderId::range) && if_range_holds(*request_, head)) {
    const RangeSet set = requested_range(*request_, head.body_size);
    if (set.kind == RangeKind::unsatisfiable) {
      text_.clear();
      append_unsatisfied_range(text_, head.body_size);
      response_.fields.add(http::HeaderId::content_range, text_);
      add_own_fields(true, age);
      return send_head_only(416, http::BodyLength::known(0));
    }
    if (set.kind == RangeKind::satisfiable) {
      add_own_fields(true, age);
      return set.ranges.size() == 1 ? send_object_range(set.ranges.front()) : respond_with_ranges(set);
    }
  }
  add_own_fields(true, age);
  response_.status = status_;
  send_head(http::BodyLength::known(head.body_size), object_->rendered());
  if (has_no_body(*request_, status_)) return go(Step::finish);
  pump_.from_object(object_, 0, head.body_size);
  return go(Step::stream);
}

Exchange::Next Exchange::send_object_range(const ByteRange& range) {
  text_.clear();
  append_content_range(text_, range, object_->head().body_size);
  response_.fields.add(http::HeaderId::content_range, text_);
  status_ = response_.status = 206;
  send_head(http::BodyLength::known(range.size()), object_->rendered());
  if (request_->method == http::Method::head) return go(Step::finish);
  pump_.from_object(object_, range.first, range.last + 1);
  return go(Step::stream);
}

// multipart/byteranges (RFC 9110 14.6).
Exchange::Next Exchange::respond_with_ranges(const RangeSet& set) {
  const ObjectHead& head = object_->head();
  multipart_ = std::make_unique<Multipart>();
  MultipartFormat& format = multipart_->format;
  for (int i = 0; i < 2; ++i) format.boundary += std::to_string(worker_.random.next());
  format.content_type = head.fields.find(http::HeaderId::content_type).value_or("");
  format.size = head.body_size;
  multipart_->ranges = set.ranges;
  for (const http::HeaderMap::Field field : object_->rendered()->fields) {
    if (field.id != http::HeaderId::content_type) response_.fields.add(field.id, field.name, field.value);
  }
  response_.fields.add(http::HeaderId::content_type, format.media_type());
  status_ = response_.status = 206;
  send_head(http::BodyLength::known(format.length(set.ranges)));
  return begin_range(true);
}

Exchange::Next Exchange::begin_range(bool first) {
  text_.clear();
  if (multipart_->next == multipart_->ranges.size()) {
    multipart_->format.append_end(text_);
    sink_->send_body(core::Chunk::copy_of(text_));
    return go(Step::finish);
  }
  const ByteRange range = multipart_->ranges[multipart_->next++];
  multipart_->format.append_part_head(text_, range, first);
  sink_->send_body(core::Chunk::copy_of(text_));
  pump_.from_object(object_, range.first, range.last + 1);
  return go(Step::stream);
}

Exchange::Next Exchange::respond_from_fill() {
  const FillHead& head = *view_->head();
  const std::chrono::seconds age = current_age(head.head, worker_.loop.wall());
  status_ = head.head.status;
  add_consumed_fields(head.head.fields);
  if (view_->is_leader(*this)) {
    for (const http::HeaderMap::Field field : head.once) response_.fields.add(field.name, field.value);
  }
  const bool codable = is_codable(head.head.fields, status_, site_->coding);
  if (codable) add_vary_by_coding(response_.fields, head.head.fields);
  if (evaluate(*request_, head.head) == ClientCondition::not_modified) {
    response_.fields = not_modified_fields(head.head);
    if (codable) add_vary_by_coding(response_.fields, head.head.fields);
    if (!peer_listener_) response_.fields.remove(http::HeaderId::surrogate_control);
    add_own_fields(head.has_age, age);
    return send_head_only(304, http::BodyLength::none());
  }
  add_own_fields(head.has_age, age);
  response_.status = status_;
  send_head(head.length, head.fields);
  if (has_no_body(*request_, status_)) return go(Step::finish);
  pump_.from_view(view_, *this);
  return go(Step::stream);
}

Exchange::Next Exchange::send_head_only(int status, http::BodyLength length) {
  status_ = response_.status = status;
  send_head(length);
  return go(Step::finish);
}

// Towards a peer: what this edge would have consumed towards a client, so that the peer decides as we do.
void Exchange::add_consumed_fields(const http::HeaderMap& stored) {
  if (!peer_listener_) return;
  for (const http::HeaderMap::Field field : stored) {
    if (field.id == http::HeaderId::surrogate_control) response_.fields.add(field.id, field.value);
  }
}

// What this edge says about the answer. On the way to a peer also whether the cache had it.
void Exchange::add_own_fields(bool with_age, std::chrono::seconds age) {
  const std::string& name = snapshot_->config().name;
  http::HeaderMap& fields = response_.fields;
  if (with_age) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, age.count()).ptr;
    fields.set(http::HeaderId::age, std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  text_.clear();
  append_cache_status(text_, name, verdict_);
  fields.add(http::HeaderId::cache_status, text_);
  text_.assign("1.1 ").append(name);
  fields.add(http::HeaderId::via, text_);
  fields.set(http::HeaderId::x_request_id, request_id_);
  if (peer_listener_) {
    const bool hit = verdict_.outcome == Outcome::hit || verdict_.outcome == Outcome::stale;
    add_peer_answer(response_, {hit, false, verdict_.outcome == Outcome::error});
  } else {
    fields.set(http::HeaderId::x_cache, x_cache(verdict_));
  }
}

// --- answers of our own

Exchange::Next Exchange::answer_locally(int status, Reason reason, const core::Error& error,
                                        std::string_view retry_after) {
  edge_.counters().local_errors.add(worker_.index);
  verdict_.reason = reason;
  if (verdict_.outcome != Outcome::bypass && verdict_.outcome != Outcome::method) verdict_.outcome = Outcome::error;
  response_.clear();
  const std::string& name = snapshot_->config().name;
  response_.fields.add(http::HeaderId::content_type, "text/plain; charset=utf-8");
  response_.fields.add(http::HeaderId::cache_control, "no-store");
  response_.fields.add(http::HeaderId::proxy_status, proxy_status(name, error));
  if (!retry_after.empty()) response_.fields.add(http::HeaderId::retry_after, retry_after);
  add_own_fields(false, {});
  // A peer that is refused must not take this for the origin's answer.
  if (peer_listener_ && status == 403) response_.fields.remove(http::HeaderId::skerry_answer);
  if (const ErrorPage* page = error_page(status)) {
    response_.fields.set(http::HeaderId::content_type, page->content_type);
    return send_own(status, page->body);
  }
  text_.assign(std::to_string(status)).append(" ").append(http::reason_phrase(status)).append("\n");
  const bool same_word = edge::name(reason) == core::name(error.code);
  text_.append(edge::name(reason)).append(": ").append(same_word ? error.detail : error.message()).append("\n");
  return send_own(status, core::Chunk::copy_of(text_));
}

// What the router probes: on the client listener, so that what is probed is what serves.
Exchange::Next Exchange::answer_ready() {
  const auto& allowed = snapshot_->config().ready_allow;
  if (std::none_of(allowed.begin(), allowed.end(),
                   [&](const core::IpNetwork& network) { return network.contains(address_); })) {
    return answer_locally(
        403, Reason::denied,
        {core::ErrorCode::permission_denied, core::ErrorSource::client, false, "not in [edge].ready_allow"});
  }
  const Readiness ready = edge_.readiness();
  verdict_.outcome = Outcome::local;
  response_.clear();
  response_.fields.add(http::HeaderId::content_type, "application/json");
  response_.fields.add(http::HeaderId::cache_control, "no-store");
  text_.assign(ready.to_json());
  return send_own(ready.ready ? 200 : 503, core::Chunk::copy_of(text_));
}

}  // namespace skerry::edge
