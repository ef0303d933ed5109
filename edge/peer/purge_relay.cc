#include "edge/peer/purge_relay.h"

#include <charconv>
#include <optional>
#include <utility>

#include "edge/peer/protocol.h"

namespace skerry::edge {
namespace {

constexpr std::size_t most_waiting = 10'000;
constexpr std::size_t most_invalidations = 1'000;
constexpr std::chrono::seconds member_timeout{2};
// A silent member costs its timeout once in so long, not at every purge.
constexpr std::chrono::seconds silent_pause{10};

bool is_unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : text) {
    if (is_unreserved(c)) {
      out.push_back(static_cast<char>(c));
    } else {
      out.append({'%', digits[c >> 4], digits[c & 15]});
    }
  }
  return out;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    if (text.size() - i < 3) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
    if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
    out.push_back(static_cast<char>(value));
    i += 2;
  }
  return out;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name)
      return percent_decoded(pair.substr(equals + 1));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> number_of(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::optional<PurgeKind> kind_of(std::string_view name) {
  for (const PurgeKind kind : {PurgeKind::url, PurgeKind::host, PurgeKind::tag, PurgeKind::prefix, PurgeKind::all}) {
    if (edge::name(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace

std::string purge_target(const Purge& purge, const PurgeNumber& number) {
  std::string target(purge_path);
  target.append("?kind=").append(edge::name(purge.kind));
  target.append("&target=").append(percent_encoded(purge.target));
  target.append("&soft=").append(purge.soft ? "1" : "0");
  target.append("&member=").append(percent_encoded(number.member));
  target.append("&boot=").append(std::to_string(number.boot));
  target.append("&number=").append(std::to_string(number.number));
  return target;
}

core::Result<NumberedPurge> parse_purge_target(std::string_view path) {
  const core::Error malformed{core::ErrorCode::invalid_argument, core::ErrorSource::client, false, "malformed purge"};
  const std::size_t mark = path.find('?');
  if (mark == std::string_view::npos) return malformed;
  const std::string_view query = path.substr(mark + 1);
  const auto kind_text = query_value(query, "kind");
  const auto kind = kind_text ? kind_of(*kind_text) : std::nullopt;
  const auto target = query_value(query, "target");
  const auto member = query_value(query, "member");
  const auto boot = number_of(query_value(query, "boot"));
  const auto number = number_of(query_value(query, "number"));
  if (!kind || !target || !member || !boot || !number) return malformed;
  return NumberedPurge{{*kind, *target, query_value(query, "soft") == "1"}, {*member, *boot, *number}};
}

// One member being told. It reports once.
class PurgeRelay::Call final : private origin::FetchEvents {
 public:
  Call(PurgeRelay& relay, const Member& member, http::RequestHead head)
      : relay_(relay), name_(member.name), deadline_(relay.worker_.loop, [this] { report(Answer::silent); }) {
    deadline_.arm(member_timeout);
    origin::FetchRequest request;
    request.head = std::move(head);
    request.body = http::BodyLength::known(0);
    fetch_ = origin::Fetch::start(relay.worker_, *member.group, std::move(request), *this);
    fetch_->finish_body();
  }

 private:
  void on_fetch_head(http::ResponseHead&& head, http::BodyLength) override {
    answer_ = head.status == 204 ? Answer::applied : Answer::failed;
  }
  void on_fetch_body(core::Chunk) override {}
  void on_fetch_end(const http::HeaderMap&) override { report(answer_); }
  void on_fetch_error(const core::Error&) override { report(Answer::failed); }

  void report(Answer answer) {
    if (std::exchange(reported_, true)) return;
    deadline_.cancel();
    relay_.member_answered(name_, answer);
  }

  PurgeRelay& relay_;
  const std::string name_;
  std::unique_ptr<origin::Fetch> fetch_;
  core::Timer deadline_;
  Answer answer_ = Answer::failed;
  bool reported_ = false;
};

PurgeRelay::PurgeRelay(const core::Worker& worker, ObjectStore& store, PurgePositions& positions, Counters& counters,
                       CurrentSnapshot snapshot)
    : worker_(worker),
      store_(store),
      positions_(positions),
      counters_(counters),
      snapshot_of_(std::move(snapshot)),
      boot_(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::milliseconds>(worker.loop.clock().wall().time_since_epoch())
              .count())) {}

PurgeRelay::~PurgeRelay() = default;

bool PurgeRelay::has_room_for(std::size_t purges) const {
  return waiting_.size() + purges <= most_waiting;
}

void PurgeRelay::purge(Purge purge, Done done) {
  if (!has_room_for(1)) {
    done(core::Error{core::ErrorCode::overloaded, core::ErrorSource::internal, true, "too many purges wait"});
    return;
  }
  waiting_.push_back({std::move(purge), std::move(done)});
  begin_next();
}

void PurgeRelay::invalidate(Purge purge, core::UniqueFunction<void(Epoch)> done) {
  // Many requests to one URL while it waits are one invalidation.
  for (const Waiting& waiting : invalidations_) {
    if (waiting.purge.target != purge.target) continue;
    if (done) done(0);
    return;
  }
  if (invalidations_.size() >= most_invalidations) {
    counters_.invalidations_dropped.add(worker_.index);
    if (done) done(0);
    return;
  }
  invalidations_.push_back({std::move(purge), [done = std::move(done)](core::Result<PurgeOutcome> outcome) mutable {
                              if (done) done(outcome.ok() ? outcome.value().epoch : 0);
                            }});
  begin_next();
}

void PurgeRelay::begin_next() {
  if (under_way_) return;
  if (!waiting_.empty()) {
    under_way_ = std::move(waiting_.front());
    waiting_.pop_front();
  } else if (!invalidations_.empty()) {
    under_way_ = std::move(invalidations_.front());
    invalidations_.pop_front();
  } else {
    return;
  }
  snapshot_ = snapshot_of_();
  outcome_ = {};
  store_.purge(worker_, under_way_->purge, [this](core::Result<Epoch> applied) {
    if (!applied.ok()) {
      complete(applied.error());
      return;
    }
    outcome_.epoch = applied.value();
    outcome_.applied_by.push_back(snapshot_->config().name);
    positions_.record({snapshot_->config().name, boot_, ++number_});
    tell_members();
  });
}

void PurgeRelay::tell_members() {
  calls_.clear();
  unanswered_ = 1;  // ours: so that nothing completes before all were asked
  for (const Member& member : snapshot_->members()) {
    if (!member.group) continue;
    if (is_down(member)) {
      outcome_.unreachable.push_back(member.name);
      continue;
    }
    ++unanswered_;
    tell(member);
  }
  if (--unanswered_ == 0) complete(std::move(outcome_));
}

// Not asked at all: it finds out by the gap in our numbers.
bool PurgeRelay::is_down(const Member& member) const {
  const auto silent = silent_until_.find(member.name);
  return member.group->all_ejected(worker_.loop.now()) ||
         (silent != silent_until_.end() && worker_.loop.now() < silent->second);
}

void PurgeRelay::tell(const Member& member) {
  http::RequestHead head;
  head.method = http::Method::post;
  head.method_text = "POST";
  head.authority = member.peer;
  head.path = purge_target(under_way_->purge, {snapshot_->config().name, boot_, number_});
  PeerRequest peer;
  peer.member = snapshot_->config().name;
  sign_peer_request(head, peer, snapshot_->config().pop.secret, worker_.loop.wall());
  calls_.push_back(std::make_unique<Call>(*this, member, std::move(head)));
}

void PurgeRelay::member_answered(const std::string& name, Answer answer) {
  if (answer == Answer::silent)
    silent_until_[name] = worker_.loop.now() + silent_pause;
  else
    silent_until_.erase(name);
  (answer == Answer::applied ? outcome_.applied_by : outcome_.unreachable).push_back(name);
  if (--unanswered_ == 0) complete(std::move(outcome_));
}

void PurgeRelay::complete(core::Result<PurgeOutcome> outcome) {
  Done done = std::move(under_way_->done);
  // The calls may be the callers: they go once their callbacks have returned.
  worker_.loop.defer([this, calls = std::move(calls_)]() mutable {
    calls.clear();
    under_way_.reset();
    begin_next();
  });
  calls_.clear();
  done(std::move(outcome));
}

}  // namespace skerry::edge
