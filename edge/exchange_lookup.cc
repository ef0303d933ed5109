// The steps of an Exchange that look for a stored response: its key, the tiers, and whether what was found may be used.
#include "edge/cache_key.h"
#include "edge/edge_worker.h"
#include "edge/exchange.h"
#include "edge/vary.h"

namespace skerry::edge {

// --- key

Exchange::Next Exchange::make_key() {
  if (request_->method == http::Method::options) {
    if (const auto answered = count_forward()) return *answered;
  }
  if (request_->fields.contains(http::HeaderId::upgrade)) return pass_through(Outcome::bypass, Reason::upgrade, false);
  if (!is_cacheable_method(request_->method)) return pass_through(Outcome::method, Reason::method_not_cacheable, false);
  if (request_body_.kind != http::BodyLength::Kind::none &&
      !(request_body_.kind == http::BodyLength::Kind::known && request_body_.size == 0))
    return pass_through(Outcome::bypass, Reason::request_body, false);
  make_primary_key(*request_, site_->key, key_);
  primary_hash_ = edge_.store().hash(key_);
  return go(Step::lookup);
}

// --- lookup

Exchange::Next Exchange::lookup() {
  if (past_own_copy_) {
    variant_key_ = key_;
    hash_ = primary_hash_;
    verdict_.reason = Reason::purged;
    return go(Step::collapse);
  }
  if (!find_variant()) return go(Step::collapse);
  return go(object_ ? Step::judge : Step::load);
}

// Of the stored responses that match, by the Vary lists known for the URL or by none, the most recent (RFC 9111 4.1).
// The disk is asked only when memory has none. Leaves the newest variant's key for the fill table.
bool Exchange::find_variant() {
  variant_key_ = key_;
  hash_ = primary_hash_;
  const VaryLists known = edge_.store().vary_lists(primary_hash_);
  const std::span<const std::string> lists = known.all();
  std::optional<FoundOnDisk> on_disk;
  for (std::size_t i = 0; i <= lists.size(); ++i) {
    const bool varies = i < lists.size();
    text_ = key_;
    if (varies && !append_variant(text_, lists[i], request_->fields)) continue;
    const KeyHash hash = varies ? edge_.store().hash(text_) : primary_hash_;
    Found found = edge_.store().find(hash, text_);
    const auto* object = std::get_if<ObjectPtr>(&found);
    const auto* nothing = std::get_if<FoundNothing>(&found);
    const bool better = object && (!object_ || (*object)->head().received > object_->head().received);
    const bool readable = !object && !nothing && !object_ && !on_disk;
    if (i == 0 || better || readable) {
      variant_key_ = text_;
      hash_ = hash;
    }
    if (better) object_ = *object;
    if (readable) on_disk = std::get<FoundOnDisk>(found);
    if (nothing && (i == 0 || nothing->why != Reason::not_found)) verdict_.reason = nothing->why;
  }
  if (object_) return true;
  if (on_disk) {
    load_from_disk(variant_key_, *on_disk);
    return true;
  }
  if (!lists.empty()) {
    verdict_.outcome = Outcome::vary_miss;
    verdict_.reason = Reason::vary_mismatch;
  }
  return false;
}

// --- load

// One load counts at a time: an answer that was given up for late may be that of another part.
void Exchange::load_from_disk(std::string key, const FoundOnDisk& where) {
  load_done_ = false;
  deadline_.arm(store_patience);
  const KeyHash hash = edge_.store().hash(key);
  edge_.store().load(worker_, hash, std::move(key), where,
                     [this, generation = generation_, number = ++loads_](core::Result<ObjectPtr> loaded) {
                       if (generation != generation_ || number != loads_ || load_done_) return;
                       load_done_ = true;
                       if (loaded.ok())
                         object_ = std::move(loaded).value();
                       else
                         verdict_.reason = Reason::corrupt;
                       wake(wake_store);
                     });
}

Exchange::Next Exchange::load() {
  if (!load_done_ && worker_.loop.now() < began_ + store_patience) return wait_for(wake_store | wake_deadline);
  load_done_ = true;
  deadline_.cancel();
  return go(object_ ? Step::judge : Step::collapse);
}

// --- judge

Exchange::Next Exchange::judge_object() {
  judgement_ = judge(object_->head(), *request_, site_->policy, worker_.loop.wall());
  verdict_.reason = judgement_.why;
  verdict_.ttl = judgement_.ttl;
  if (object_->head().status == 206) return begin_parts();
  switch (judgement_.reuse) {
    case Reuse::fresh: verdict_.outcome = Outcome::hit; return go(Step::code);
    case Reuse::stale_while_revalidate:
      verdict_.outcome = Outcome::stale;
      refresh_in_background();
      return go(Step::code);
    case Reuse::validate: verdict_.outcome = Outcome::expired; return go(Step::collapse);
    case Reuse::never: break;
  }
  object_.reset();
  verdict_.outcome = judgement_.why == Reason::request_no_cache ? Outcome::request : Outcome::uri_miss;
  return go(Step::collapse);
}

}  // namespace skerry::edge
