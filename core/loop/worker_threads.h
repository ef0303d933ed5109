// A program's workers: N threads, each with its own event loop, sockets and random numbers.
//
// Owned by main. The workers exist from create() on, so that listeners and services can be set up before start() and
// taken down after stop_and_join(), by the main thread alone; in between each belongs to its thread.
#pragma once

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/loop/libevent_loop.h"
#include "core/loop/worker.h"
#include "core/net/socket_network.h"

namespace skerry::core {

class WorkerThreads {
 public:
  // Errors: limit_exceeded. Every worker's random numbers follow from `seed`.
  static Result<std::unique_ptr<WorkerThreads>> create(int count, std::uint64_t seed);
  // Stops what still runs.
  ~WorkerThreads();

  int size() const { return static_cast<int>(parts_.size()); }
  Worker& operator[](int index) { return parts_[static_cast<std::size_t>(index)]->worker; }
  const LibeventLoop& loop(int index) const { return *parts_[static_cast<std::size_t>(index)]->loop; }
  const SocketCounters& socket_counters(int index) const {
    return parts_[static_cast<std::size_t>(index)]->network.counters();
  }

  void start();
  // Runs `call(worker)` on each worker's thread. Any thread. `call` is copied.
  template <class Call>
  void post_all(const Call& call) {
    for (auto& part : parts_) part->loop->post([call, &worker = part->worker]() mutable { call(worker); });
  }
  // Each loop ends its iteration; then the threads are joined. Not from a worker's thread.
  void stop_and_join();

 private:
  struct Part {
    Part(std::unique_ptr<LibeventLoop> loop, std::uint64_t seed, int index);
    std::unique_ptr<LibeventLoop> loop;
    SocketNetwork network;
    Random random;
    Worker worker;
    std::thread thread;
  };
  WorkerThreads() = default;

  std::vector<std::unique_ptr<Part>> parts_;
};

}  // namespace skerry::core
