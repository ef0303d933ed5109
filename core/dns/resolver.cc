#include "core/dns/resolver.h"

#include <algorithm>
#include <unordered_map>

#include "core/dns/lookup.h"
#include "core/dns/resolver_files.h"

namespace skerry::dns {
namespace {

constexpr core::Duration file_answer_lives = std::chrono::seconds(5);
constexpr std::size_t most_pending = 1024;
constexpr core::Duration failure_lives = std::chrono::seconds(1);

// An asker's callback; the asker's Query and the resolver share it, and whoever goes first clears it.
struct Waiter {
  Resolver::Done done;
};

class WaitingQuery final : public Resolver::Query {
 public:
  explicit WaitingQuery(std::shared_ptr<Waiter> waiter) : waiter_(std::move(waiter)) {}
  ~WaitingQuery() override { waiter_->done = nullptr; }

 private:
  std::shared_ptr<Waiter> waiter_;
};

core::Error bad_host(std::string detail) {
  return {core::ErrorCode::dns_failed, core::ErrorSource::client, false, std::move(detail)};
}

std::string without_last_dot(std::string text) {
  if (text.size() > 1 && text.back() == '.') text.pop_back();
  return text;
}

class StubResolver final : public Resolver {
 public:
  StubResolver(const core::Worker& worker, Options options)
      : worker_(worker),
        options_(std::move(options)),
        hosts_file_(options_.hosts_file),
        resolv_conf_(options_.resolv_conf) {}

  std::unique_ptr<Query> resolve(std::string_view host, Done done) override;

 private:
  struct Cached {
    core::Result<Resolution> result;
    core::TimePoint expires;
  };
  struct Pending {
    std::unique_ptr<Lookup> lookup;
    std::vector<std::shared_ptr<Waiter>> waiters;
  };

  void answer_later(std::shared_ptr<Waiter>, core::Result<Resolution>);
  // What needs no server: literals, the hosts file, localhost, the cache.
  bool answer_now(const std::string& host, const std::shared_ptr<Waiter>&);
  bool answer_from_hosts(const std::string& host, const std::shared_ptr<Waiter>&);
  void read_files();
  std::vector<Name> candidates(const Name&, bool absolute) const;
  void on_looked_up(const std::string& host, core::Result<Resolution>);
  void remember(const std::string& host, const core::Result<Resolution>&);

  core::Worker worker_;
  Options options_;
  WatchedFile hosts_file_;
  WatchedFile resolv_conf_;
  Hosts hosts_;
  ResolvConf conf_;
  std::shared_ptr<const ServerPolicy> policy_;
  std::unordered_map<std::string, Cached> cache_;
  std::unordered_map<std::string, Pending> pending_;
};

std::unique_ptr<Resolver::Query> StubResolver::resolve(std::string_view host, Done done) {
  auto waiter = std::make_shared<Waiter>(Waiter{std::move(done)});
  auto query = std::make_unique<WaitingQuery>(waiter);
  const auto name = Name::parse(host);
  if (const auto literal = core::IpAddress::parse(host); literal.ok()) {
    answer_later(waiter, Resolution{{literal.value()}, core::TimePoint::max()});
    return query;
  }
  if (!name.ok() || name->is_root()) {
    answer_later(waiter, bad_host(name.ok() ? "the root is not a host" : name.error().detail));
    return query;
  }
  const bool absolute = host.back() == '.';
  const std::string key = name->lower().to_string() + (absolute ? "" : "?");  // "www" may mean www.search.domain
  read_files();
  if (answer_now(key, waiter) || answer_from_hosts(without_last_dot(name->lower().to_string()), waiter)) return query;

  if (pending_.size() >= most_pending && !pending_.contains(key)) {
    answer_later(waiter, core::Error{core::ErrorCode::dns_failed, core::ErrorSource::internal, true,
                                     "too many names are being resolved"});
    return query;
  }
  Pending& pending = pending_[key];
  pending.waiters.push_back(std::move(waiter));
  if (!pending.lookup) {
    pending.lookup = std::make_unique<Lookup>(worker_, policy_, candidates(name.value(), absolute),
                                              [this, key](auto result) { on_looked_up(key, std::move(result)); });
  }
  return query;
}

void StubResolver::answer_later(std::shared_ptr<Waiter> waiter, core::Result<Resolution> result) {
  worker_.loop.defer([waiter = std::move(waiter), result = std::move(result)]() mutable {
    if (!waiter->done) return;
    Done done = std::move(waiter->done);
    waiter->done = nullptr;
    done(std::move(result));
  });
}

bool StubResolver::answer_now(const std::string& key, const std::shared_ptr<Waiter>& waiter) {
  const auto found = cache_.find(key);
  if (found == cache_.end()) return false;
  if (found->second.expires <= worker_.loop.now()) {
    cache_.erase(found);
    return false;
  }
  answer_later(waiter, found->second.result);
  return true;
}

bool StubResolver::answer_from_hosts(const std::string& host, const std::shared_ptr<Waiter>& waiter) {
  const core::TimePoint expires = worker_.loop.now() + file_answer_lives;
  if (const auto found = hosts_.find(host); found != hosts_.end()) {
    answer_later(waiter, Resolution{found->second, expires});
    return true;
  }
  if (host != "localhost" && !host.ends_with(".localhost")) return false;
  std::array<std::uint8_t, 16> loopback{};  // RFC 6761 6.3
  loopback[15] = 1;
  answer_later(waiter, Resolution{{core::IpAddress::v4({127, 0, 0, 1}), core::IpAddress::v6(loopback)}, expires});
  return true;
}

void StubResolver::read_files() {
  std::string text;
  const core::TimePoint now = worker_.loop.now();
  if (hosts_file_.refresh(now, text)) hosts_ = parse_hosts(text);
  const bool changed = resolv_conf_.refresh(now, text);
  if (changed) conf_ = parse_resolv_conf(text);
  if (policy_ && !changed) return;
  ServerPolicy policy{options_.servers.empty() ? conf_.servers : options_.servers, options_.timeout, options_.attempts};
  policy_ = std::make_shared<const ServerPolicy>(std::move(policy));
}

std::vector<Name> StubResolver::candidates(const Name& name, bool absolute) const {
  if (absolute || !options_.servers.empty()) return {name};
  std::vector<Name> names;
  for (const std::string& domain : conf_.search) {
    auto joined = Name::parse(name.to_string() + domain);
    if (joined.ok()) names.push_back(joined.value());
  }
  const bool as_it_is_first = name.labels() > conf_.ndots;
  names.insert(as_it_is_first ? names.begin() : names.end(), name);
  return names;
}

void StubResolver::on_looked_up(const std::string& host, core::Result<Resolution> result) {
  const auto found = pending_.find(host);
  CHECK(found != pending_.end());
  const Pending pending = std::move(found->second);  // its lookup is calling: it dies when this returns
  pending_.erase(found);
  remember(host, result);
  for (const auto& waiter : pending.waiters) answer_later(waiter, result);
}

void StubResolver::remember(const std::string& host, const core::Result<Resolution>& result) {
  if (options_.cache_entries == 0) return;
  const core::TimePoint now = worker_.loop.now();
  if (cache_.size() >= options_.cache_entries) {
    std::erase_if(cache_, [&](const auto& entry) { return entry.second.expires <= now; });
  }
  if (cache_.size() >= options_.cache_entries) cache_.erase(cache_.begin());
  cache_.insert_or_assign(host, Cached{result, result.ok() ? result->expires : now + failure_lives});
}

}  // namespace

std::unique_ptr<Resolver> Resolver::create(const core::Worker& worker, Options options) {
  return std::make_unique<StubResolver>(worker, std::move(options));
}

}  // namespace skerry::dns
