// A worker for store tests: a loop whose posted tasks the test thread runs while it waits for what it wants to see.
#pragma once

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <deque>
#include <string>

#include "core/loop/worker.h"
#include "core/mutex.h"
#include "edge/store/object_store.h"

namespace skerry::edge::testing {

class WaitingLoop final : public core::EventLoop {
 public:
  core::Clock& clock() override { return core::system_clock(); }
  core::TimePoint now() const override { return core::system_clock().now(); }
  core::WallTime wall() const override { return core::system_clock().wall(); }
  void post(core::Task task) override {
    core::MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
    posted_.notify_all();
  }
  void defer(core::Task task) override { post(std::move(task)); }
  core::TimerWheel& timers() override { return timers_; }
  void run() override {}
  void stop() override {}
  bool in_loop_thread() const override { return true; }

  // Runs posted tasks until `holds()`; false after a minute without it. It looks again every 5 ms for what is told by
  // counters only.
  template <class Condition>
  bool wait_until(Condition holds) {
    const core::TimePoint limit = now() + std::chrono::seconds(60);
    while (!holds()) {
      core::Task task;
      {
        core::MutexLock lock(mutex_);
        if (tasks_.empty()) posted_.wait_for(mutex_, std::chrono::milliseconds(5));
        if (!tasks_.empty()) {
          task = std::move(tasks_.front());
          tasks_.pop_front();
        }
      }
      if (task) task();
      if (now() > limit) return false;
    }
    return true;
  }

 private:
  core::Mutex mutex_;
  core::Condition posted_;
  std::deque<core::Task> tasks_ GUARDED_BY(mutex_);
  core::TimerWheel timers_{core::system_clock().now()};
};

// The store touches a worker's loop alone.
class NoNetwork final : public core::Network {
 public:
  core::Result<std::unique_ptr<core::Listener>> listen(const core::Address&, const core::ListenOptions&,
                                                       core::ListenerEvents&) override {
    return refusal();
  }
  std::unique_ptr<core::Stream> connect(const core::Address&, const core::ConnectOptions&,
                                        core::StreamEvents&) override {
    return nullptr;
  }
  core::Result<std::unique_ptr<core::Datagram>> bind_datagram(const core::Address&, core::DatagramEvents&) override {
    return refusal();
  }
  core::Result<std::unique_ptr<core::BlockingDatagram>> bind_blocking_datagram(const core::Address&) override {
    return refusal();
  }

 private:
  static core::Error refusal() { return {core::ErrorCode::unsupported, core::ErrorSource::internal, false, ""}; }
};

struct TestWorker {
  WaitingLoop loop;
  NoNetwork network;
  core::Random random{1};
  core::Worker worker{loop, network, random, 0};
};

inline std::string url(int n) {
  return "http://example.com/a/" + std::to_string(n);
}

inline ObjectHead head_for(const std::string& key, Epoch epoch = 1) {
  ObjectHead head;
  head.key = key;
  head.primary_key = key;
  head.host = "example.com";
  head.path = key.substr(key.find('/', 8));
  head.fields.add("Content-Type", "text/plain");
  head.fields.add("ETag", "\"" + key + "\"");
  head.received = core::system_clock().wall();
  head.requested = head.received;
  head.lifetime = std::chrono::seconds(3600);
  head.epoch = epoch;
  return head;
}

// Bytes that tell which object and which offset they belong to.
inline std::string body_for(int n, std::size_t size) {
  std::string text(size, '\0');
  std::uint64_t state = static_cast<std::uint64_t>(n) * 0x9e3779b97f4a7c15u + 1;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 8 == 0) state = state * 6364136223846793005u + 1442695040888963407u;
    text[i] = static_cast<char>(state >> (8 * (i % 8)));
  }
  return text;
}

inline std::string text_of(const Object& object) {
  std::string text;
  for (const auto& chunk : object.body()) text += chunk.text();
  return text;
}

// Stores a body in chunks of 16 KiB, waiting when the store is congested. Null: not kept.
inline ObjectPtr put(ObjectStore& store, TestWorker& at, ObjectHead head, std::string_view body) {
  Reason why = Reason::none;
  auto writer = store.begin(at.worker, std::move(head), body.size(), why);
  if (!writer) return nullptr;
  bool drained = true;
  writer->set_on_drained([&drained] { drained = true; });
  for (std::size_t at_byte = 0; at_byte < body.size(); at_byte += 16 << 10) {
    drained = !writer->congested();
    if (!drained && !at.loop.wait_until([&] { return drained || !writer->congested(); })) return nullptr;
    if (!writer->append(core::Chunk::copy_of(body.substr(at_byte, 16 << 10)))) return nullptr;
  }
  return writer->commit();
}

inline core::Result<ObjectPtr> get(ObjectStore& store, TestWorker& at, const std::string& key) {
  const KeyHash hash = store.hash(key);
  const Found found = store.find(hash, key);
  if (const auto* object = std::get_if<ObjectPtr>(&found)) return *object;
  if (std::holds_alternative<FoundNothing>(found)) {
    return core::Error{core::ErrorCode::not_found, core::ErrorSource::internal, false, ""};
  }
  core::Result<ObjectPtr> outcome(core::Error{core::ErrorCode::cancelled, core::ErrorSource::internal, false, ""});
  bool done = false;
  store.load(at.worker, hash, key, std::get<FoundOnDisk>(found), [&](core::Result<ObjectPtr> loaded) {
    outcome = std::move(loaded);
    done = true;
  });
  BOOST_REQUIRE(at.loop.wait_until([&] { return done; }));
  return outcome;
}

// The whole body, from memory or chunk by chunk; empty optional: a chunk could not be read.
inline std::optional<std::string> read_body(ObjectStore& store, TestWorker& at, const ObjectPtr& object) {
  if (object->in_memory()) return text_of(*object);
  std::string text;
  for (std::uint64_t n = 0; n * disk_chunk_size < object->head().body_size; ++n) {
    bool done = false, ok = false;
    store.read_chunk(at.worker, object, n, [&](core::Result<core::Chunk> chunk) {
      done = true;
      ok = chunk.ok();
      if (ok) text += chunk->text();
    });
    if (!at.loop.wait_until([&] { return done; }) || !ok) return std::nullopt;
  }
  return text;
}

inline void seal(ObjectStore& store, TestWorker& at) {
  bool done = false;
  store.seal([&] { at.loop.post([&done] { done = true; }); });
  BOOST_REQUIRE(at.loop.wait_until([&] { return done; }));
}

inline core::Result<Epoch> purge(ObjectStore& store, TestWorker& at, Purge purge) {
  core::Result<Epoch> outcome(core::Error{core::ErrorCode::cancelled, core::ErrorSource::internal, false, ""});
  bool done = false;
  store.purge(at.worker, purge, [&](core::Result<Epoch> epoch) {
    outcome = std::move(epoch);
    done = true;
  });
  BOOST_REQUIRE(at.loop.wait_until([&] { return done; }));
  return outcome;
}

}  // namespace skerry::edge::testing
