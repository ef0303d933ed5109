// One worker's connections to one upstream: idle ones kept for reuse, a limit that all workers share, and the queue of
// fetches that wait for one.
//
// A Slot is the right to one connection, and the connection itself once it is open: who holds it may use it, and
// destroying it closes the connection and lets the next one in. Owned by the group; one worker's thread.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <vector>

#include "core/http/client.h"
#include "core/loop/worker.h"
#include "origin/upstream_state.h"

namespace skerry::origin {

class UpstreamPool;

class Slot final : private http::ResponseEvents {
 public:
  explicit Slot(UpstreamPool& pool) : pool_(pool) {}
  ~Slot();
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  std::unique_ptr<http::ClientConnection> connection;  // null until the holder opens one

 private:
  friend class UpstreamPool;
  // While idle nothing may come: a close, a late 408, bytes nobody asked for all end the connection.
  void on_response(http::ResponseHead&&, http::BodyLength) override { drop(); }
  void on_response_body(core::Chunk) override { drop(); }
  void on_response_end(const http::HeaderMap&, bool) override { drop(); }
  void on_response_error(const core::Error&, bool) override { drop(); }
  void on_closed_idle() override { drop(); }
  void drop();

  UpstreamPool& pool_;
  core::TimePoint idle_since_;
};

// How a pool reaches the pools of the same upstream on other workers. Both calls return at once and take effect there
// later, or not at all when that worker has changed meanwhile.
class OtherPools {
 public:
  virtual void serve_waiters_on(const Upstream&, int worker) = 0;
  virtual void close_idle_on(const Upstream&, int worker) = 0;

 protected:
  ~OtherPools() = default;
};

// What earlier connects taught about an upstream's addresses.
struct KnownAddresses {
  std::vector<core::IpAddress> resolved;       // when the name last resolved
  std::optional<core::IpAddress> last_worked;  // accepted a connection: tried first
};

class UpstreamPool {
 public:
  // A fetch in the queue. It must not be destroyed while queued: cancel() first.
  class Waiter {
   public:
    // Its turn. Called from inside other fetches' callbacks: note it and go on later.
    virtual void on_slot(std::unique_ptr<Slot>) = 0;

   protected:
    ~Waiter() = default;
  };
  enum class Reservation : std::uint8_t { granted, queued, full };

  UpstreamPool(const core::Worker&, Upstream&, const UpstreamConfig&, OtherPools&);
  ~UpstreamPool();
  UpstreamPool(const UpstreamPool&) = delete;
  UpstreamPool& operator=(const UpstreamPool&) = delete;

  // The idle connection used last (the one least likely to have been closed meanwhile), or null.
  std::unique_ptr<Slot> take_idle();
  // granted: `slot` is set, open a connection with it. queued: on_slot() comes, or cancel().
  Reservation reserve(Waiter&, std::unique_ptr<Slot>& slot);
  void cancel(Waiter&);
  // A connection that finished its request and may carry another.
  void park(std::unique_ptr<Slot>);

  // Messages from other workers' pools.
  void serve_waiters();
  void close_oldest_idle();

  KnownAddresses& addresses() { return addresses_; }

 private:
  friend class Slot;

  bool count_open();  // within the limit of all workers
  void slot_freed();
  void drop_idle(Slot&);
  void close_expired();
  void publish();  // idle and waiting counts, for other workers
  // A worker other than this one whose share says so; -1: none.
  int other_worker(std::atomic<std::uint32_t> Upstream::Share::*count) const;

  const core::Worker worker_;
  Upstream& upstream_;
  const UpstreamConfig& config_;
  OtherPools& others_;
  std::deque<std::unique_ptr<Slot>> idle_;  // oldest first
  std::list<Waiter*> waiting_;              // first come, first served
  KnownAddresses addresses_;
  bool closing_ = false;
  core::Timer expiry_;
};

}  // namespace skerry::origin
