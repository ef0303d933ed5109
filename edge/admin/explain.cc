#include "edge/admin/explain.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "edge/cache_key.h"
#include "edge/cacheability.h"
#include "edge/freshness.h"
#include "edge/vary.h"

namespace skerry::edge {
namespace {

using nlohmann::json;

std::string text_of(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

json object_json(const Object& object, const http::RequestHead& request, const Site& site, core::WallTime now) {
  const ObjectHead& head = object.head();
  const Judgement judgement = judge(head, request, site.policy, now);
  const char* verdict = "miss";
  switch (judgement.reuse) {
    case Reuse::fresh: verdict = "hit"; break;
    case Reuse::stale_while_revalidate: verdict = "stale"; break;
    case Reuse::validate: verdict = "validate"; break;
    case Reuse::never: verdict = "miss"; break;
  }
  return {{"held", object.in_memory() ? "memory" : "disk"},
          {"verdict", verdict},
          {"reason", edge::name(judgement.why)},
          {"status", head.status},
          {"size", head.body_size},
          {"age", judgement.age.count()},
          {"lifetime", head.lifetime.count()},
          {"ttl", judgement.ttl.count()},
          {"vary", head.vary},
          {"epoch", head.epoch}};
}

json nothing_json(Reason why) {
  return {{"held", "nowhere"}, {"verdict", "miss"}, {"reason", edge::name(why)}};
}

// What a request would find that had to be read from disk.
json on_disk_json(const core::Result<ObjectPtr>& read, const FoundOnDisk& where, const http::RequestHead& request,
                  const Site& site, core::WallTime now) {
  json copy;
  if (read.ok()) {
    copy = object_json(**read, request, site, now);
  } else if (read.error().code == core::ErrorCode::not_found) {
    return nothing_json(Reason::purged);
  } else {
    const bool corrupt = read.error().code == core::ErrorCode::corrupt;
    copy = {{"verdict", "miss"}, {"reason", edge::name(corrupt ? Reason::corrupt : Reason::store_unavailable)}};
  }
  copy["held"] = "disk";
  copy["segment"] = where.location.segment;
  return copy;
}

// A key under which the request would be looked for, and the Vary list that makes it so.
struct Wanted {
  std::string key;
  std::string selected_by;
};

std::vector<Wanted> wanted_keys(const std::string& primary, const http::RequestHead& request, Shared& shared) {
  std::vector<Wanted> wanted;
  const VaryLists lists = shared.store.vary_lists(shared.store.hash(primary));
  for (const std::string& list : lists.all()) {
    Wanted one{primary, list};
    if (append_variant(one.key, list, request.fields)) wanted.push_back(std::move(one));
  }
  wanted.push_back({primary, {}});  // what was stored before the origin named any list
  return wanted;
}

// Held variants that this request does not select, and the fields that keep it from them. Not their values: those are
// other clients'.
json variants_json(const std::string& primary, const std::vector<Wanted>& wanted, Shared& shared) {
  json variants = json::array();
  for (const std::string& selects : shared.store.recent_variants(shared.store.hash(primary))) {
    const std::string key = primary + selects;
    const auto same = [&](const Wanted& one) { return one.key == key; };
    if (std::any_of(wanted.begin(), wanted.end(), same)) continue;
    if (std::holds_alternative<FoundNothing>(shared.store.find(shared.store.hash(key), key))) continue;
    const std::string_view ours = wanted.empty() ? "" : std::string_view(wanted.front().key).substr(primary.size());
    variants.push_back(
        {{"reason", edge::name(Reason::vary_mismatch)}, {"differs_on", differing_fields(ours, selects)}});
  }
  return variants;
}

std::int64_t seconds_between(core::WallTime from, core::WallTime to) {
  return std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
}

json past_json(const KeyHash& primary, const std::vector<Wanted>& wanted, Shared& shared, core::WallTime now) {
  std::vector<KeyHash> keys;
  keys.reserve(wanted.size());
  for (const Wanted& one : wanted) keys.push_back(shared.store.hash(one.key));
  json past = json::array();
  for (const Fate& fate : shared.store.fates(primary, keys)) {
    const Tombstone& tombstone = fate.tombstone;
    json entry = {{"fate", edge::name(fate.purge ? fate.purge->why : tombstone.fate)},
                  {"seconds_ago", seconds_between(tombstone.when, now)},
                  {"from", tombstone.from_disk ? "disk" : "memory"}};
    if (fate.purge) {
      entry["purge"] = {{"kind", edge::name(fate.purge->kind)},
                        {"soft", fate.purge->soft},
                        {"epoch", fate.purge->epoch},
                        {"seconds_ago", seconds_between(fate.purge->when, now)}};
    }
    past.push_back(std::move(entry));
  }
  return past;
}

json upstreams_json(const origin::UpstreamGroup& group) {
  json list = json::array();
  for (const origin::UpstreamStatus& status : group.status()) {
    list.push_back({{"url", status.url},
                    {"ejected", status.ejected},
                    {"ejections", status.ejections},
                    {"last_failure", status.last_failure},
                    {"in_flight", status.in_flight},
                    {"requests", status.requests},
                    {"failures", status.failures},
                    {"connections_opened", status.connections_opened}});
  }
  return list;
}

std::vector<std::string> owner_names(const Snapshot& snapshot, const std::string& key) {
  std::vector<std::uint16_t> order(snapshot.ring().size());
  const std::size_t count = snapshot.ring().ordered(ring::Ring::hash_key(key), order);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(snapshot.members()[order[i]].name);
  return names;
}

// What the site's rules say before the cache is asked, as far as that does not depend on who asks. Takes the signature
// out of the request, as they do.
json rules_json(const SiteRules& rules, http::RequestHead& request, core::WallTime now) {
  json said = {{"by_address", !rules.access.empty()}, {"rate_limited", rules.rate_limit.interval.count() > 0}};
  if (const auto redirection = rules.redirects.of(request)) {
    said["reason"] = edge::name(Reason::redirect);
    said["status"] = redirection->status;
    said["location"] = redirection->location;
    return said;
  }
  if (rules.signing_keys.empty()) return said;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  http::SignedTarget checked = http::check_signed_target(request.path, rules.signing_keys, seconds.count());
  request.path = std::move(checked.target);
  if (checked.signature == http::Signature::good) return said;
  said["reason"] = edge::name(signature_reason(checked.signature));
  said["status"] = 403;
  return said;
}

// One explanation under way. Held by the reads it waits for.
class Explanation : public std::enable_shared_from_this<Explanation> {
 public:
  Explanation(ExplainedRequest asked, std::shared_ptr<const Snapshot> snapshot, Shared& shared,
              const core::Worker& worker, core::UniqueFunction<void(std::string)> done)
      : snapshot_(std::move(snapshot)), shared_(shared), worker_(worker), done_(std::move(done)) {
    request_ = request_for(asked.url);
    request_.fields = std::move(asked.fields);
    chain_ = {{"url", asked.url.to_string()}, {"edge", snapshot_->config().name}};
  }

  void begin() {
    site_ = snapshot_->find_site(request_);
    if (!site_) {
      chain_["reason"] = edge::name(Reason::misdirected);
      return done_(text_of(chain_));
    }
    if (site_->rules) chain_["rules"] = rules_json(*site_->rules, request_, worker_.loop.wall());
    make_primary_key(request_, site_->key, key_);
    chain_["site"] = site_->name;
    chain_["key"] = key_;
    chain_["owners"] = owner_names(*snapshot_, key_);
    chain_["owner_is_this_edge"] = chain_["owners"].empty() || chain_["owners"][0] == snapshot_->config().name;
    wanted_ = wanted_keys(key_, request_, shared_);
    copies_.resize(wanted_.size());
    unread_ = 1;  // this loop
    for (std::size_t i = 0; i < wanted_.size(); ++i) look_up(i);
    one_is_read();
  }

 private:
  void look_up(std::size_t i) {
    const KeyHash hash = shared_.store.hash(wanted_[i].key);
    const Found found = shared_.store.find(hash, wanted_[i].key);
    if (const auto* object = std::get_if<ObjectPtr>(&found)) {
      copies_[i] = object_json(**object, request_, *site_, worker_.loop.wall());
    } else if (const auto* nothing = std::get_if<FoundNothing>(&found)) {
      copies_[i] = nothing_json(nothing->why);
    } else {
      const FoundOnDisk where = std::get<FoundOnDisk>(found);
      ++unread_;
      shared_.store.look(
          worker_, hash, wanted_[i].key, where, [self = shared_from_this(), i, where](core::Result<ObjectPtr> read) {
            self->copies_[i] = on_disk_json(read, where, self->request_, *self->site_, self->worker_.loop.wall());
            self->one_is_read();
          });
    }
  }

  void one_is_read() {
    if (--unread_ > 0) return;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      if (!wanted_[i].selected_by.empty()) copies_[i]["selected_by"] = wanted_[i].selected_by;
    }
    chain_["copies"] = std::move(copies_);
    chain_["other_variants"] = variants_json(key_, wanted_, shared_);
    chain_["past"] = past_json(shared_.store.hash(key_), wanted_, shared_, worker_.loop.wall());
    chain_["origin"] = upstreams_json(*site_->origin);
    done_(text_of(chain_));
  }

  const std::shared_ptr<const Snapshot> snapshot_;
  Shared& shared_;
  const core::Worker& worker_;
  core::UniqueFunction<void(std::string)> done_;
  http::RequestHead request_;
  const Site* site_ = nullptr;  // inside the snapshot
  std::string key_;
  std::vector<Wanted> wanted_;
  std::vector<json> copies_;  // of each of them
  std::size_t unread_ = 0;
  json chain_;
};

}  // namespace

http::RequestHead request_for(const http::Url& url) {
  http::RequestHead request;
  request.scheme = url.scheme;
  request.authority = url.authority();
  request.path = url.path;
  return request;
}

void explain(ExplainedRequest asked, std::shared_ptr<const Snapshot> snapshot, Shared& shared,
             const core::Worker& worker, core::UniqueFunction<void(std::string)> done) {
  std::make_shared<Explanation>(std::move(asked), std::move(snapshot), shared, worker, std::move(done))->begin();
}

std::string ring_json(const http::Url& url, const Snapshot& snapshot, core::TimePoint now) {
  http::RequestHead request = request_for(url);
  const Site* site = snapshot.find_site(request);
  std::string key;
  make_primary_key(request, site ? site->key : KeyRules{}, key);
  json members = json::array();
  std::vector<std::uint16_t> order(snapshot.ring().size());
  const std::size_t count = snapshot.ring().ordered(ring::Ring::hash_key(key), order);
  for (std::size_t i = 0; i < count; ++i) {
    const Member& member = snapshot.members()[order[i]];
    members.push_back({{"name", member.name},
                       {"peer", member.peer},
                       {"weight", snapshot.ring().member(order[i]).weight},
                       {"self", member.group == nullptr},
                       {"skipped", member.group && member.group->all_ejected(now)}});
  }
  return text_of({{"url", url.to_string()},
                  {"key", key},
                  {"key_hash", ring::Ring::hash_key(key)},
                  {"membership", snapshot.ring().version()},
                  {"owners", std::move(members)}});
}

std::string stat_json(const Snapshot& snapshot, Shared& shared) {
  const StoreStats store = shared.store.stats();
  json requests = json::object(), of_peers = json::object(), reasons = json::object(), counters = json::object();
  for (std::size_t i = 0; i < outcome_count; ++i) {
    const std::string outcome(edge::name(static_cast<Outcome>(i)));
    requests[outcome] = shared.counters.client_outcomes[i]->value();
    of_peers[outcome] = shared.counters.peer_outcomes[i]->value();
  }
  for (std::size_t i = 0; i < reason_count; ++i)
    reasons[std::string(edge::name(static_cast<Reason>(i)))] = shared.counters.reasons[i]->value();
#define X(id, name, help) counters[#id] = shared.counters.id.value();
  SKERRY_EDGE_COUNTERS(X)
#undef X
  json sites = json::object();
  for (const auto& site : snapshot.sites()) sites[site->name] = upstreams_json(*site->origin);
  return text_of({{"edge", snapshot.config().name},
                  {"requests", requests},
                  {"peer_requests", of_peers},
                  {"reasons", reasons},
                  {"counters", counters},
                  {"in_flight", shared.in_flight.load()},
                  {"fills", shared.fills.size()},
                  {"store",
                   {{"memory_objects", store.memory_objects},
                    {"memory_bytes", store.memory_bytes},
                    {"memory_evictions", store.memory_evictions},
                    {"disk_objects", store.disk_objects},
                    {"disk_bytes", store.disk_bytes},
                    {"disk_budget", store.disk_budget},
                    {"segments", store.segments},
                    {"sealed", store.sealed},
                    {"segments_evicted", store.segments_evicted},
                    {"index_bytes", store.index_bytes},
                    {"writes_refused", store.writes_refused},
                    {"corrupt_records", store.corrupt_records},
                    {"reads", store.reads},
                    {"reads_shared", store.reads_shared},
                    {"read_errors", store.read_errors},
                    {"purges", store.purges},
                    {"epoch", store.epoch},
                    {"disk_read_only", store.disk_read_only}}},
                  {"sites", sites}});
}

}  // namespace skerry::edge
