// The rules step of an Exchange: what a site's own rules answer before the cache is asked; and the last hand on every
// head that goes to a client.
#include "edge/cacheability.h"
#include "edge/edge_worker.h"
#include "edge/exchange.h"

namespace skerry::edge {
namespace {

core::Error denied(std::string_view why) {
  return {core::ErrorCode::permission_denied, core::ErrorSource::client, false, std::string(why)};
}

}  // namespace

// On the edge that the client asked, and there alone: a member asks for what was let in already.
const SiteRules* Exchange::client_rules() const {
  return site_ && !peer_listener_ ? site_->rules.get() : nullptr;
}

bool Exchange::identify_client() {
  const core::IpNetworkMap& trusted = snapshot_->trusted_proxies();
  if (trusted.empty()) return true;
  const BelievedClient client = client_behind(address_, request_->fields, snapshot_->config().forwarded_field, trusted);
  address_ = client.address;
  if (client.scheme) request_->scheme = *client.scheme;
  return !client.malformed;
}

const Exchange::Rule Exchange::rules_in_order[] = {
    &Exchange::access_rule,     // 403 for addresses that are not let in
    &Exchange::rate_rule,       // 429 for those that ask too often
    &Exchange::redirect_rule,   // elsewhere
    &Exchange::preflight_rule,  // what scripts of other sites may do
    &Exchange::signature_rule,  // 403 without a good signature
};

Exchange::Next Exchange::apply_rules() {
  const SiteRules& rules = *site_->rules;
  note_cors_origin(rules);
  for (const Rule rule : rules_in_order) {
    if (const auto answered = (this->*rule)(rules)) return *answered;
  }
  return go(Step::key);
}

// What the origin says to a GET is the same for all pages, and so it is asked without the field: one copy serves them
// all. Unsafe methods keep it, which origins check against forgery, and so do WebSockets.
void Exchange::note_cors_origin(const SiteRules& rules) {
  cors_origin_.clear();
  if (rules.cors.empty()) return;
  cors_origin_ = request_->fields.find(http::HeaderId::origin).value_or("");
  if (is_cacheable_method(request_->method) && !request_->fields.contains(http::HeaderId::upgrade))
    request_->fields.remove(http::HeaderId::origin);
}

std::optional<Exchange::Next> Exchange::access_rule(const SiteRules& rules) {
  if (rules.access.empty() || rules.access.permits(address_)) return std::nullopt;
  return answer_locally(403, Reason::address_denied, denied("this address is not let in"));
}

std::optional<Exchange::Next> Exchange::rate_rule(const SiteRules& rules) {
  if (rules.rate_limit.interval == core::Duration(0)) return std::nullopt;
  const RateKey key = rate_key(rules.limited, address_);
  const KeyHash hash = edge_.store().hash({key.data(), key.size()});
  const RateTable::Decision decision = edge_.rates().take(hash.low, rules.rate_limit, worker_.loop.now());
  if (decision.displaced) edge_.counters().rates_displaced.add(worker_.index);
  if (decision.allowed) return std::nullopt;
  return answer_locally(429, Reason::rate_limited, denied("too many requests from this address"),
                        std::to_string(decision.retry_after.count()));
}

std::optional<Exchange::Next> Exchange::redirect_rule(const SiteRules& rules) {
  const auto redirection = rules.redirects.of(*request_);
  if (!redirection) return std::nullopt;
  verdict_.outcome = Outcome::local;
  verdict_.reason = Reason::redirect;
  response_.clear();
  response_.fields.add(http::HeaderId::content_type, "text/plain; charset=utf-8");
  response_.fields.add(http::HeaderId::location, redirection->location);
  add_own_fields(false, {});
  text_.assign(redirection->location).append("\n");
  return send_own(redirection->status, core::Chunk::copy_of(text_));
}

std::optional<Exchange::Next> Exchange::preflight_rule(const SiteRules& rules) {
  if (rules.cors.empty() || !Cors::is_preflight(*request_)) return std::nullopt;
  if (!rules.cors.allows(cors_origin_))
    return answer_locally(403, Reason::origin_not_allowed, denied("not in cors_origins"));
  verdict_.outcome = Outcome::local;
  verdict_.reason = Reason::preflight;
  response_.clear();
  add_own_fields(false, {});
  return send_head_only(204, http::BodyLength::none());
}

std::optional<Exchange::Next> Exchange::signature_rule(const SiteRules& rules) {
  if (rules.signing_keys.empty()) return std::nullopt;
  const auto now = std::chrono::floor<std::chrono::seconds>(worker_.loop.wall().time_since_epoch());
  http::SignedTarget checked = http::check_signed_target(request_->path, rules.signing_keys, now.count());
  if (checked.signature != http::Signature::good)
    return answer_locally(403, signature_reason(checked.signature), denied(signature_problem(checked.signature)));
  // Neither the cache key nor the origin nor the log sees it from here on.
  request_->path = std::move(checked.target);
  return std::nullopt;
}

// --- answers

const ErrorPage* Exchange::error_page(int status) const {
  const SiteRules* rules = client_rules();
  return rules ? rules->error_pages.find(status) : nullptr;
}

// What comes from an origin, or from a member whose own error it is: then it is this edge's, too.
const ErrorPage* Exchange::page_for_answer(int status, bool peer_failed) const {
  if (peer_failed) return error_page(status);
  const SiteRules* rules = client_rules();
  // What an unsafe request is told may be meant for a program.
  return rules && is_cacheable_method(request_->method) ? rules->error_pages.find_for_origin(status) : nullptr;
}

// In place of an origin's answer. How long to wait is all that is left of it.
Exchange::Next Exchange::respond_with_page(const ErrorPage& page, int status, std::string_view retry_after) {
  response_.clear();
  response_.fields.add(http::HeaderId::content_type, page.content_type);
  response_.fields.add(http::HeaderId::cache_control, "no-store");
  if (!retry_after.empty()) response_.fields.add(http::HeaderId::retry_after, retry_after);
  add_own_fields(false, {});
  return send_own(status, page.body);
}

void Exchange::end_pass_with_page(const ErrorPage& page, const http::ResponseHead& head) {
  const int status = head.status;
  const std::string retry_after(head.fields.find(http::HeaderId::retry_after).value_or(""));
  upstream_ = pass_->upstream();
  pass_.reset();  // and with it what comes of the body
  if (request_body_.kind != http::BodyLength::Kind::none) sink_->close_after();
  step_ = Step::finish;
  respond_with_page(page, status, retry_after);
  if (!running_) resume();
}

// An answer of this edge's own: `response_` with this body.
Exchange::Next Exchange::send_own(int status, core::Chunk body) {
  status_ = response_.status = status;
  send_head(http::BodyLength::known(body.size()));
  if (request_->method != http::Method::head && body.size() > 0) sink_->send_body(std::move(body));
  return go(Step::finish);
}

void Exchange::send_head(http::BodyLength length, std::shared_ptr<const http::RenderedFields> stored) {
  const SiteRules* rules = client_rules();
  if (rules && rules->edits_responses() && response_.status != 101) edit_response(*rules, stored);
  head_sent_ = true;
  sink_->send_head(response_, length, std::move(stored));
}

// Rendered fields are shared by all who are sent them, so they are copied here, into memory that is used again.
void Exchange::edit_response(const SiteRules& rules, std::shared_ptr<const http::RenderedFields>& stored) {
  if (stored) {
    edited_.clear();
    for (const http::HeaderMap::Field field : stored->fields) edited_.add(field.id, field.name, field.value);
    for (const http::HeaderMap::Field field : response_.fields) edited_.add(field.id, field.name, field.value);
    std::swap(edited_, response_.fields);
    stored.reset();
  }
  if (!rules.cors.empty()) rules.cors.apply(cors_origin_, verdict_.reason == Reason::preflight, response_.fields);
  rules.response_headers.apply(response_.fields);
}

}  // namespace skerry::edge
