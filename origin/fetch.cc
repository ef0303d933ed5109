#include "origin/fetch.h"

#include <algorithm>
#include <functional>

#include "core/log/log.h"
#include "origin/fetch_machine.h"

namespace skerry::origin {

namespace {

constexpr std::size_t addresses_at_most = 6;                                 // of one name, per connect
constexpr core::Duration shortest_connect = std::chrono::milliseconds(250);  // an address's share of connect_timeout
constexpr core::Duration probe_patience = std::chrono::seconds(5);           // a probe's for the first byte, at least

std::uint64_t target_of(const http::RequestHead& head) {
  const std::hash<std::string_view> hash;
  return (hash(head.authority) * 31 + hash(head.path)) | 1;
}

}  // namespace

const std::array<FetchMachine::Step, 9> FetchMachine::steps = {{{"choose", &FetchMachine::choose},
                                                                {"queue", &FetchMachine::queue},
                                                                {"resolve", &FetchMachine::resolve},
                                                                {"connect", &FetchMachine::connect},
                                                                {"send", &FetchMachine::send},
                                                                {"await head", &FetchMachine::await_head},
                                                                {"stream", &FetchMachine::stream},
                                                                {"finish", &FetchMachine::finish},
                                                                {"fail", &FetchMachine::fail}}};

std::unique_ptr<Fetch> Fetch::start(const core::Worker& worker, UpstreamGroup& group, FetchRequest request,
                                    FetchEvents& events) {
  auto fetch =
      std::make_unique<FetchMachine>(worker, static_cast<Group&>(group).shared_from_this(), std::move(request), events);
  fetch->begin();
  return fetch;
}

FetchMachine::FetchMachine(const core::Worker& worker, std::shared_ptr<Group> group, FetchRequest request,
                           FetchEvents& events)
    : worker_(worker),
      group_(std::move(group)),
      request_(std::move(request)),
      events_(events),
      body_(request_.body),
      target_(target_of(request_.head)),
      later_(worker.loop, [this] { resume(); }),
      writable_(worker.loop, [this] { report_writable(); }),
      deadline_(worker.loop, [this] {
        expired_ = true;
        resume();
      }) {}

FetchMachine::~FetchMachine() {
  if (gone_) *gone_ = true;
  leave_upstream();
}

void FetchMachine::begin() {
  starting_ = true;
  resume();
  starting_ = false;
}

void FetchMachine::resume() {
  if (over_) return;
  if (running_) {
    run_again_ = true;
    return;
  }
  bool gone = false;
  gone_ = &gone;
  running_ = true;
  Progress progress;
  do {
    run_again_ = false;
    progress = (this->*steps[static_cast<std::size_t>(step_)].run)();
    if (gone) return;
  } while (progress == Progress::again || (progress == Progress::wait && run_again_));
  running_ = false;
  gone_ = nullptr;
}

FetchMachine::Progress FetchMachine::go(StepId next) {
  step_ = next;
  expired_ = false;
  deadline_.cancel();
  return Progress::again;
}

// --- The steps, in order ---------------------------------------------------------------------------------------------

FetchMachine::Progress FetchMachine::choose() {
  const bool left = attempts_ < group_->config().attempts;
  const auto choice = left ? group_->choose(worker_.random, worker_.loop.now(), tried_, target_) : std::nullopt;
  if (!choice) {
    return fail_with(attempts_ > 0 ? std::move(error_) : known_outage());
  }
  ++attempts_;
  tried_ |= UpstreamSet{1} << choice->index;
  upstream_ = &group_->upstream(choice->index);
  pool_ = &group_->pool(worker_, choice->index);
  permit_ = choice->permit;
  counted_ = true;
  fresh_only_ = false;
  peer_ = {};
  return go(StepId::queue);
}

FetchMachine::Progress FetchMachine::queue() {
  if (!slot_ && expired_) {
    upstream_->overloaded.fetch_add(1, std::memory_order_relaxed);
    return give_up_upstream(problem(core::ErrorCode::overloaded, core::ErrorSource::internal), false);
  }
  if (!slot_ && queued_) return Progress::wait;
  if (!slot_ && !fresh_only_) slot_ = pool_->take_idle();
  if (!slot_) {
    queued_ = true;  // before the call: on_slot() may come from inside it
    const auto reservation = pool_->reserve(*this, slot_);
    if (reservation == UpstreamPool::Reservation::full) {
      queued_ = false;
      upstream_->overloaded.fetch_add(1, std::memory_order_relaxed);
      return give_up_upstream(problem(core::ErrorCode::overloaded, core::ErrorSource::internal), false);
    }
    if (!slot_) {
      deadline_.arm(group_->config().queue_timeout);
      return Progress::wait;
    }
  }
  queued_ = false;
  // One that was closed on its way from another fetch to this one: its slot is good for a fresh one.
  if (slot_->connection && (fresh_only_ || !slot_->connection->idle())) slot_->connection.reset();
  reused_ = slot_->connection != nullptr;
  return go(reused_ ? StepId::send : StepId::resolve);
}

FetchMachine::Progress FetchMachine::resolve() {
  if (upstream_->url.address) {
    order_addresses({*upstream_->url.address});
    return go(StepId::connect);
  }
  if (!query_) {
    dns::Resolver* resolver = resolver_of(worker_);
    if (!resolver) return give_up_upstream(problem(core::ErrorCode::dns_failed, core::ErrorSource::internal), false);
    deadline_.arm(group_->config().connect_timeout);
    resolution_.reset();
    query_ = resolver->resolve(upstream_->url.host, [this](core::Result<dns::Resolution> result) {
      resolution_ = std::move(result);
      later_.schedule();  // not from inside the query, which this ends
    });
    return Progress::wait;
  }
  if (!resolution_ && !expired_) return Progress::wait;
  if (!resolution_) resolution_ = problem(core::ErrorCode::dns_timeout);
  query_.reset();
  KnownAddresses& known = pool_->addresses();
  if (resolution_->ok()) {
    known.resolved = (*resolution_)->addresses;
  } else if (known.resolved.empty() || resolution_->error().code == core::ErrorCode::dns_nxdomain) {
    return give_up_upstream(told(resolution_->error()), true);
  } else {
    upstream_->stale_addresses.fetch_add(1, std::memory_order_relaxed);
  }
  order_addresses(known.resolved);
  return go(StepId::connect);
}

FetchMachine::Progress FetchMachine::connect() {
  if (connected_ && connected_->ok()) {
    pool_->addresses().last_worked = peer_.ip;
    upstream_->opened.fetch_add(1, std::memory_order_relaxed);
    return go(StepId::send);
  }
  if (slot_->connection) {
    if (!connected_ && !expired_) return Progress::wait;
    error_ = connected_ ? told(connected_->error()) : problem(core::ErrorCode::connect_timeout);
    slot_->connection.reset();
  }
  const bool time_left = worker_.loop.now() < connect_until_;
  if (next_address_ == addresses_.size() || !time_left) {
    const bool blame = error_.source != core::ErrorSource::internal;  // out of descriptors is no fault of theirs
    return give_up_upstream(std::move(error_), blame);
  }
  open_next_address();
  return Progress::wait;
}

FetchMachine::Progress FetchMachine::send() {
  http::ClientConnection& connection = *slot_->connection;
  peer_ = connection.peer_address();
  if (request_.head.authority.empty()) request_.head.authority = upstream_->url.authority;
  upstream_->requests.fetch_add(1, std::memory_order_relaxed);
  loss_.reset();
  if (sent_) body_.rewind();
  sent_ = true;
  body_sent_ = false;
  body_accepted_ = 0;
  last_progress_ = worker_.loop.now();
  probe_until_ =
      last_progress_ + std::min(first_byte_patience(), nobody_else() ? probe_patience : core::Duration::max());
  connection.set_events(this);
  go(StepId::await_head);
  if (!connection.idle()) {  // closed between being opened and this turn
    loss_ = Loss{problem(core::ErrorCode::closed), true};
    return Progress::again;
  }
  connection.send_request(request_.head, request_.body);
  pump_body();
  return Progress::again;
}

FetchMachine::Progress FetchMachine::await_head() {
  if (head_) return accept_head();
  if (loss_) return connection_lost();
  if (head_is_late()) {
    const bool unsent = slot_->connection->queued() > 0;
    return give_up_upstream(problem(unsent ? core::ErrorCode::write_timeout : core::ErrorCode::first_byte_timeout),
                            permit_ == Permit::probe ? !nobody_else() : !answered_others());
  }
  return Progress::wait;
}

FetchMachine::Progress FetchMachine::stream() {
  if (loss_) return fail_with(std::move(loss_->error));
  if (ended_) return go(StepId::finish);
  if (expired_) return fail_with(problem(core::ErrorCode::idle_timeout));
  return Progress::wait;
}

FetchMachine::Progress FetchMachine::finish() {
  over_ = true;
  deadline_.cancel();
  slot_->connection->set_events(nullptr);
  if (reusable_ && body_sent_ && !tunnel_) {
    if (paused_) slot_->connection->pause_reading(false);
    pool_->park(std::move(slot_));
  }
  leave_upstream();
  const http::HeaderMap trailers = std::move(trailers_);  // as in fail()
  events_.on_fetch_end(trailers);
  return Progress::done;
}

FetchMachine::Progress FetchMachine::fail() {
  if (starting_ || in_call_) {
    later_.schedule();
    return Progress::wait;
  }
  over_ = true;
  const core::Error error = std::move(error_);  // the owner may destroy this fetch and go on reading
  events_.on_fetch_error(error);
  return Progress::done;
}

// --- What the steps are made of --------------------------------------------------------------------------------------

FetchMachine::Progress FetchMachine::give_up_upstream(core::Error error, bool blame) {
  if (blame) upstream_->last_failure.store(error.code, std::memory_order_relaxed);
  judge(blame ? Verdict::failed : Verdict::none);
  leave_upstream();
  if (sent_ && !may_send_again()) return fail_with(std::move(error));
  error_ = std::move(error);
  return go(StepId::choose);
}

FetchMachine::Progress FetchMachine::fail_with(core::Error error) {
  error_ = std::move(error);
  leave_upstream();
  return go(StepId::fail);
}

FetchMachine::Progress FetchMachine::accept_head() {
  upstream_->last_answer.store(worker_.loop.now().time_since_epoch().count(), std::memory_order_relaxed);
  judge(Verdict::succeeded);
  go(StepId::stream);
  if (paused_) {
    slot_->connection->pause_reading(true);
  } else {
    deadline_.arm(group_->config().idle_timeout);
  }
  http::ResponseHead head = std::move(*head_);
  head_.reset();
  events_.on_fetch_head(std::move(head), length_);
  return Progress::again;
}

// A reused connection may have been closed by the upstream just before the request reached it: that says nothing about
// the upstream, and asking again is safe if the request is (RFC 9112 9.3.1).
FetchMachine::Progress FetchMachine::connection_lost() {
  const bool was_idle_close = reused_ && loss_->before_response;
  if (was_idle_close && may_send_again()) {
    upstream_->reconnects.fetch_add(1, std::memory_order_relaxed);
    fresh_only_ = true;
    slot_.reset();
    return go(StepId::queue);
  }
  if (group_->size() > 1) return give_up_upstream(std::move(loss_->error), !was_idle_close);
  // With nobody else to ask, one URL's broken answer must not take the others along: who answers badly is not down.
  const bool blame = loss_->before_response && !was_idle_close && is_silent();
  if (!blame && !was_idle_close) upstream_->failures.fetch_add(1, std::memory_order_relaxed);
  return give_up_upstream(std::move(loss_->error), blame);
}

// The one that worked last first: an unreachable address family is found out once, not on every connect.
void FetchMachine::order_addresses(const std::vector<core::IpAddress>& resolved) {
  addresses_.assign(resolved.begin(),
                    resolved.begin() + static_cast<std::ptrdiff_t>(std::min(resolved.size(), addresses_at_most)));
  if (const auto& worked = pool_->addresses().last_worked) {
    const auto found = std::find(addresses_.begin(), addresses_.end(), *worked);
    if (found != addresses_.end()) std::rotate(addresses_.begin(), found, found + 1);
  }
  next_address_ = 0;
  connected_.reset();
  connect_until_ = worker_.loop.now() + group_->config().connect_timeout;
}

// connect_timeout is for all addresses together; each gets an even share of what is left of it.
void FetchMachine::open_next_address() {
  const core::TimePoint now = worker_.loop.now();
  const auto left = static_cast<core::Duration::rep>(addresses_.size() - next_address_);
  const core::Duration share = std::max((connect_until_ - now) / left, shortest_connect);
  peer_ = {addresses_[next_address_++], upstream_->url.port};
  expired_ = false;
  deadline_.arm_at(std::min(now + share, connect_until_));
  connected_.reset();
  slot_->connection = http::ClientConnection::connect(worker_, peer_, {}, upstream_->tls, upstream_->url.host,
                                                      [this](core::Result<void> result) {
                                                        connected_ = std::move(result);
                                                        later_.schedule();
                                                      });
}

// The wait for a head begins when the request is out. While its body is on its way, looks every now and then whether
// the kernel still takes some; while it's the sender who is slow, the upstream isn't late.
bool FetchMachine::head_is_late() {
  const core::TimePoint now = worker_.loop.now();
  const core::Duration patience = first_byte_patience();
  const std::size_t waiting = slot_->connection->queued();
  const bool on_its_way = body_.announced() && (!body_sent_ || body_accepted_ < body_.sent());
  if (on_its_way) {
    const std::uint64_t accepted = body_.sent() - std::min<std::uint64_t>(waiting, body_.sent());
    const bool senders_turn = !body_sent_ && waiting == 0;
    if (accepted != body_accepted_ || senders_turn) last_progress_ = now;
    body_accepted_ = accepted;
  }
  const core::TimePoint late = last_progress_ + patience;
  if (now >= late) return true;
  if (permit_ == Permit::probe && now >= probe_until_) let_others_probe();
  const core::TimePoint until = permit_ == Permit::probe ? std::min(late, probe_until_) : late;
  deadline_.arm_at(on_its_way ? std::min(until, now + patience / 8) : until);
  return false;
}

// Whoever waits for a slow URL, or sends slowly, may go on, but others may ask meanwhile whether the upstream is back.
void FetchMachine::let_others_probe() {
  upstream_->health.abandoned(permit_);
  permit_ = Permit::late_probe;
  // Its URL is slow only if it is the upstream that is waited for.
  if (body_sent_ || !body_.announced()) {
    upstream_->late_targets.add(target_);
    noted_as_late_ = true;
  }
}

// A probe's silence is then no verdict: it may be its URL that is slow.
bool FetchMachine::nobody_else() const {
  return group_->size() == 1 && !request_.elsewhere;
}

// Where others can be asked, a probe waits as long as the back-off before it was, and no other one is let through
// meanwhile: a dead upstream costs little, and one that needs its time gets more at each probe. An only upstream's
// probe has the time that any request has: what comes late says, too, that it is back.
core::Duration FetchMachine::first_byte_patience() const {
  const core::Duration patience = request_.first_byte_timeout > core::Duration::zero()
                                      ? request_.first_byte_timeout
                                      : group_->config().first_byte_timeout;
  if (permit_ != Permit::probe || nobody_else()) return patience;
  return std::min(patience, std::max(probe_patience, upstream_->health.back_off()));
}

// Since this request was sent: then it is this URL that is slow, and not the upstream that is down.
bool FetchMachine::answered_others() const {
  return upstream_->last_answer.load(std::memory_order_relaxed) >= last_progress_.time_since_epoch().count();
}

// Nothing came for as long as a request waits at most. One that answered lately and closes a connection refuses one
// request; and one that refuses the probe is there, and whoever asks next may find it answering.
bool FetchMachine::is_silent() const {
  const core::TimePoint since = worker_.loop.now() - group_->config().first_byte_timeout;
  return permit_ != Permit::probe &&
         upstream_->last_answer.load(std::memory_order_relaxed) < since.time_since_epoch().count();
}

bool FetchMachine::may_send_again() const {
  return request_.may_retry && http::is_idempotent(request_.head.method) && !response_began_ && body_.replayable();
}

void FetchMachine::judge(Verdict verdict) {
  const Permit permit = std::exchange(permit_, Permit::refused);
  if (!upstream_ || permit == Permit::refused) return;
  if (std::exchange(noted_as_late_, false)) upstream_->late_targets.remove(target_);
  switch (verdict) {
    case Verdict::succeeded:
      if (upstream_->health.succeeded(permit)) log::info("upstream_readmitted", {{"upstream", upstream_->url.text}});
      break;
    case Verdict::none: upstream_->health.abandoned(permit); break;
    case Verdict::failed:
      upstream_->failures.fetch_add(1, std::memory_order_relaxed);
      if (upstream_->health.failed(permit, worker_.loop.now())) {
        log::warn("upstream_ejected", {{"upstream", upstream_->url.text},
                                       {"why", core::name(upstream_->last_failure.load(std::memory_order_relaxed))}});
      }
      break;
  }
}

// Gives back all that is held of the upstream: the queue's place, the connection, the load count, the probe slot.
void FetchMachine::leave_upstream() {
  if (std::exchange(queued_, false)) pool_->cancel(*this);
  judge(Verdict::none);
  query_.reset();
  slot_.reset();
  if (std::exchange(counted_, false)) upstream_->in_flight.fetch_sub(1, std::memory_order_relaxed);
}

// Nobody may be asked; what is known of the first one tells why.
core::Error FetchMachine::known_outage() const {
  const Upstream& first = group_->upstream(0);
  core::Error error = problem(core::ErrorCode::no_healthy_upstream);
  error.detail = first.url.text + " is down";
  if (first.health.ejections() > 0) {
    error.detail.append(": ").append(core::name(first.last_failure.load(std::memory_order_relaxed)));
  }
  return error;
}

core::Error FetchMachine::problem(core::ErrorCode code, core::ErrorSource source) const {
  const std::string_view step = steps[static_cast<std::size_t>(step_)].name;
  return {code, source, true, std::string(step) + (upstream_ ? ", " + upstream() : "")};
}

// An error of a lower layer, with what was going on here. Whatever a codec calls it, it was the upstream's doing.
core::Error FetchMachine::told(const core::Error& cause) const {
  const bool ours = cause.source == core::ErrorSource::internal;
  core::Error error = problem(cause.code, ours ? core::ErrorSource::internal : core::ErrorSource::upstream);
  error.retryable = cause.retryable;
  if (!cause.detail.empty()) error.detail += ": " + cause.detail;
  return error;
}

}  // namespace skerry::origin
