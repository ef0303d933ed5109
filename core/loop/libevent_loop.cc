#include "core/loop/libevent_loop.h"

#include <event2/event.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace skerry::core {
namespace {

constexpr Duration slow_callback = std::chrono::milliseconds(5);
constexpr TimePoint never = TimePoint::max();

// The wake-up descriptor and the wake-up timer need no work of their own: run() looks at tasks and timers anyway.
class IgnoreWakeUp final : public FdEvents {
 public:
  void on_fd_readable() override {}
  void on_fd_writable() override {}
};
IgnoreWakeUp ignore_wake_up;

timeval to_timeval(Duration wait) {
  const auto micros = std::chrono::ceil<std::chrono::microseconds>(std::max(wait, Duration::zero())).count();
  return {static_cast<time_t>(micros / 1'000'000), static_cast<suseconds_t>(micros % 1'000'000)};
}

event_base* new_base() {
  event_config* config = event_config_new();
  CHECK(config != nullptr);
  // Each loop belongs to one thread, so it needs no locks. The environment must not be able to ask for the precise
  // timer, which costs a timerfd_settime a wait.
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
  event_base* base = event_base_new_with_config(config);
  event_config_free(config);
  return base;
}

}  // namespace

void LibeventLoop::FreeBase::operator()(event_base* base) const {
  event_base_free(base);
}

void LibeventLoop::FreeEvent::operator()(event* timer) const {
  event_free(timer);
}

Result<std::unique_ptr<LibeventLoop>> LibeventLoop::create() {
  event_base* base = new_base();
  if (!base) return Error{ErrorCode::limit_exceeded, ErrorSource::internal, false, "cannot create an event loop"};
  const int wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_fd < 0) {
    const int reason = errno;
    event_base_free(base);
    return Error{ErrorCode::limit_exceeded, ErrorSource::internal, false,
                 std::string("cannot create an event loop: ") + std::strerror(reason)};
  }
  return std::unique_ptr<LibeventLoop>(new LibeventLoop(base, wake_fd));
}

LibeventLoop::LibeventLoop(event_base* base, int wake_fd)
    : base_(base), wake_fd_(wake_fd), now_(system_clock().now()), timers_(now_), wake_timer_at_(never) {
  // Edge-triggered: every write is reported once and nobody needs to read the counter back.
  wake_watch_ = std::make_unique<FdWatch>(*this, wake_fd_, ignore_wake_up, true);
  wake_watch_->set(true, false);
  const auto on_wake_timer = [](int, short, void* self) {
    auto& loop = *static_cast<LibeventLoop*>(self);
    loop.wake_timer_at_ = never;
    const CallbackScope scope(loop);
  };
  wake_timer_.reset(evtimer_new(base, on_wake_timer, this));
  CHECK(wake_timer_ != nullptr);
}

LibeventLoop::~LibeventLoop() {
  // Tasks own objects that may use timers, watches and defer(): let them go while all of that still works.
  let_go_of_all();
  while (!deferred_.empty()) std::vector<Task>(std::move(deferred_)).clear();
  {
    std::vector<Task> unrun;
    const MutexLock lock(mutex_);
    unrun.swap(posted_);
  }
  wake_watch_.reset();
  close(wake_fd_);
}

TimePoint LibeventLoop::now() const {
  return running_ ? now_ : system_clock().now();
}

WallTime LibeventLoop::wall() const {
  if (!running_) return system_clock().wall();
  if (!wall_known_) {
    wall_ = system_clock().wall();
    wall_known_ = true;
  }
  return wall_;
}

bool LibeventLoop::in_loop_thread() const {
  const auto thread = thread_.load(std::memory_order_relaxed);
  return thread == std::thread::id() || thread == std::this_thread::get_id();
}

void LibeventLoop::post(Task task) {
  {
    const MutexLock lock(mutex_);
    posted_.push_back(std::move(task));
  }
  has_posted_.store(true, std::memory_order_seq_cst);
  if (!asleep_.exchange(false, std::memory_order_seq_cst)) return;
  wake_ups_.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  CHECK(write(wake_fd_, &one, sizeof one) == static_cast<ssize_t>(sizeof one));
}

void LibeventLoop::stop() {
  stop_.store(true, std::memory_order_relaxed);
  post([] {});
}

void LibeventLoop::run() {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  running_ = true;
  waiting_ = true;
  end_wait();
  // Tasks posted before stop() still run, also when the thread was late to start.
  for (;;) {
    run_timers();
    run_posted();
    run_deferred();
    if (stop_.load(std::memory_order_relaxed)) break;
    wait();
  }
  stop_.store(false, std::memory_order_relaxed);
  running_ = false;
  thread_.store(std::thread::id(), std::memory_order_relaxed);
}

// Returns after the callbacks of the descriptors that became ready.
void LibeventLoop::wait() {
  arm_wake_timer();
  waiting_ = true;
  asleep_.store(true, std::memory_order_seq_cst);
  const bool work_left = has_posted_.load(std::memory_order_seq_cst) || !deferred_.empty();
  event_base_loop(base_.get(), EVLOOP_ONCE | (work_left ? EVLOOP_NONBLOCK : 0));
  if (waiting_) end_wait();
}

// An earlier wake-up than needed is left in place: it costs one idle iteration, where moving it would cost something
// every time a connection's deadline moves.
void LibeventLoop::arm_wake_timer() {
  const auto deadline = timers_.next_deadline();
  if (!deadline || *deadline >= wake_timer_at_) return;
  wake_timer_at_ = *deadline;
  const timeval wait = to_timeval(*deadline - system_clock().now());
  CHECK(event_add(wake_timer_.get(), &wait) == 0);
}

void LibeventLoop::end_wait() {
  waiting_ = false;
  asleep_.store(false, std::memory_order_relaxed);
  now_ = last_mark_ = system_clock().now();
  wall_known_ = false;
}

void LibeventLoop::end_callback() {
  const TimePoint end = system_clock().now();
  if (end - last_mark_ > slow_callback) slow_callbacks_.fetch_add(1, std::memory_order_relaxed);
  last_mark_ = end;
}

void LibeventLoop::run_timers() {
  const auto deadline = timers_.next_deadline();
  if (!deadline || *deadline > now_) return;
  const CallbackScope scope(*this);
  timers_.advance(now_);
}

void LibeventLoop::run_posted() {
  if (!has_posted_.load(std::memory_order_acquire)) return;
  {
    const MutexLock lock(mutex_);
    has_posted_.store(false, std::memory_order_relaxed);
    running_posted_.swap(posted_);
  }
  for (Task& task : running_posted_) {
    const CallbackScope scope(*this);
    Task(std::move(task))();
  }
  running_posted_.clear();
}

// Tasks deferred by these tasks run after the next look at the descriptors, which then doesn't wait: no task can keep
// the sockets from being served by deferring itself again.
void LibeventLoop::run_deferred() {
  running_deferred_.swap(deferred_);
  for (Task& task : running_deferred_) {
    const CallbackScope scope(*this);
    Task(std::move(task))();
  }
  running_deferred_.clear();
}

}  // namespace skerry::core
