#include "core/dns/lookup.h"

#include <algorithm>

namespace skerry::dns {
namespace {

constexpr int most_aliases = 12;
constexpr std::size_t most_addresses = 64;
constexpr std::uint32_t shortest_ttl = 1, longest_ttl = 3600;
// RFC 8305 3 waits 50 ms for AAAA before it connects; a resolver whose answer is kept for a while can wait longer.
constexpr core::Duration grace = std::chrono::milliseconds(250);

core::Error failed(core::ErrorCode code, std::string detail, bool retryable) {
  return {code, core::ErrorSource::upstream, retryable, std::move(detail)};
}

// The one alias that a section holds for `name`; null if none.
const Record* alias_of(const Response& response, const Name& name) {
  for (const Record& record : response.answers) {
    if (record.type == Type::cname && record.klass == Class::in && record.name == name) return &record;
  }
  return nullptr;
}

}  // namespace

Lookup::Lookup(const core::Worker& worker, std::shared_ptr<const ServerPolicy> policy, std::vector<Name> candidates,
               Done done)
    : worker_(worker),
      policy_(std::move(policy)),
      candidates_(std::move(candidates)),
      done_(std::move(done)),
      grace_(worker.loop, [this] { conclude(); }) {
  CHECK(!candidates_.empty());
  try_candidate();
}

void Lookup::try_candidate() {
  for (Side& side : sides_) {
    side = Side();
    side.type = &side == &sides_[0] ? Type::a : Type::aaaa;
    side.ttl = longest_ttl;
    ask(side, candidates_[candidate_]);
  }
}

void Lookup::ask(Side& side, const Name& name) {
  side.question = std::make_unique<Question>(worker_, policy_, name, side.type,
                                             [this, &side](auto answer) { take(side, std::move(answer)); });
}

void Lookup::take(Side& side, core::Result<Answer> answer) {
  if (!answer.ok()) {
    side.error = answer.error();
    side.done = true;
  } else {
    take_records(side, answer.value());
  }
  settle();  // may destroy this
}

// Walks the aliases that the answer brought along; where they lead out of it, asks again.
void Lookup::take_records(Side& side, const Answer& answer) {
  Name name = answer.response.name;
  while (const Record* alias = alias_of(answer.response, name)) {
    side.ttl = std::min(side.ttl, alias->ttl);
    name = name_in(answer.packet, *alias);
    if (++side.aliases > most_aliases) {
      side.error = failed(core::ErrorCode::dns_failed, "too many CNAMEs", false);
      side.done = true;
      return;
    }
  }
  for (const Record& record : answer.response.answers) {
    const bool wanted = record.type == side.type && record.klass == Class::in && record.name == name;
    if (!wanted || side.addresses.size() == most_addresses) continue;
    side.ttl = std::min(side.ttl, record.ttl);
    side.addresses.push_back(address_in(answer.packet, record));
  }
  const bool exists = answer.response.rcode == Rcode::no_error;
  if (side.addresses.empty() && exists && !(name == answer.response.name)) return ask(side, name);
  side.done = true;
  if (side.addresses.empty()) {
    const auto code = exists ? core::ErrorCode::dns_failed : core::ErrorCode::dns_nxdomain;
    side.error = failed(code, name.to_string() + (exists ? " has no address" : " does not exist"), false);
  }
}

void Lookup::settle() {
  if (sides_[0].done && sides_[1].done) return conclude();
  const bool have = !sides_[0].addresses.empty() || !sides_[1].addresses.empty();
  if (have && !grace_.armed()) grace_.arm(grace);
}

void Lookup::conclude() {
  grace_.cancel();
  Resolution resolution;
  std::uint32_t ttl = longest_ttl;
  for (Side& side : sides_) {
    side.question.reset();
    if (!side.addresses.empty()) ttl = std::min(ttl, side.ttl);
    resolution.addresses.insert(resolution.addresses.end(), side.addresses.begin(), side.addresses.end());
  }
  Done done;
  if (!resolution.addresses.empty()) {
    resolution.expires = worker_.loop.now() + std::chrono::seconds(std::max(ttl, shortest_ttl));
    done = std::move(done_);
    return done(std::move(resolution));
  }
  // A server that failed says more than one that knows no such name.
  const bool second = sides_[0].error.code == core::ErrorCode::dns_nxdomain;
  if (candidate_ == 0) first_error_ = second ? sides_[1].error : sides_[0].error;
  if (++candidate_ < candidates_.size()) return try_candidate();
  done = std::move(done_);
  const core::Error error = first_error_;
  done(error);
}

}  // namespace skerry::dns
