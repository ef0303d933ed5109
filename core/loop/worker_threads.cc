#include "core/loop/worker_threads.h"

#include <pthread.h>

#include <string>

namespace skerry::core {

WorkerThreads::Part::Part(std::unique_ptr<LibeventLoop> own_loop, std::uint64_t seed, int index)
    : loop(std::move(own_loop)), network(*loop), random(seed), worker{*loop, network, random, index} {}

Result<std::unique_ptr<WorkerThreads>> WorkerThreads::create(int count, std::uint64_t seed) {
  std::unique_ptr<WorkerThreads> workers(new WorkerThreads);
  Random seeds(seed);
  for (int index = 0; index < count; ++index) {
    auto loop = LibeventLoop::create();
    if (!loop) return loop.error();
    workers->parts_.push_back(std::make_unique<Part>(std::move(*loop), seeds.next(), index));
  }
  return workers;
}

WorkerThreads::~WorkerThreads() {
  stop_and_join();
}

void WorkerThreads::start() {
  for (auto& part : parts_) {
    part->thread = std::thread([loop = part->loop.get()] { loop->run(); });
    const std::string name = "worker-" + std::to_string(part->worker.index);
    pthread_setname_np(part->thread.native_handle(), name.c_str());
  }
}

void WorkerThreads::stop_and_join() {
  for (auto& part : parts_) {
    if (part->thread.joinable()) part->loop->stop();
  }
  for (auto& part : parts_) {
    if (part->thread.joinable()) part->thread.join();
  }
}

}  // namespace skerry::core
