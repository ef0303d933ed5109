#include "edge/coding/coder.h"

#include <numeric>

namespace skerry::edge {
namespace {

constexpr std::size_t most_jobs = 64;
constexpr std::uint64_t most_bytes = 64 << 20;
constexpr std::size_t most_useless = 4096;
constexpr std::chrono::seconds patience{10};
// Of a body in its own size: what grows beyond this is not worth the bytes.
constexpr std::uint64_t largest_plain = 64 << 20;

core::Error refusal(core::ErrorCode code, const char* why) {
  return {code, core::ErrorSource::internal, false, why};
}

std::uint64_t size_of(const Body& body) {
  return std::accumulate(body.begin(), body.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const core::Chunk& chunk) { return sum + chunk.size(); });
}

}  // namespace

struct Coder::Job {
  const core::Worker& worker;  // that began it
  ObjectPtr source;
  Coding coding;
  KeyHash hash;
  Body body;  // of the source, as far as it was read
};

Coder::Coder(ObjectStore& store, core::Clock& clock, int threads)
    : store_(store), threads_(clock, threads, most_jobs, patience) {}

Coder::~Coder() = default;

void Coder::make(const core::Worker& worker, const ObjectPtr& source, Coding coding, Done done) {
  const KeyHash hash = store_.hash(coded_key(source->head(), coding));
  if (!admit(hash, source->head().body_size, {&worker, std::move(done)})) return;
  gather(std::make_shared<Job>(Job{worker, source, coding, hash, {}}));
}

// True: the caller begins the job. Otherwise it is under way already, or refused.
bool Coder::admit(const KeyHash& hash, std::uint64_t bytes, Waiter waiter) {
  core::Error refused;
  {
    core::MutexLock lock(mutex_);
    const auto under_way = jobs_.find(hash);
    const bool full = jobs_.size() >= most_jobs || bytes_ + bytes > most_bytes;
    if (under_way != jobs_.end()) {
      if (waiter.done) under_way->second.push_back(std::move(waiter));
      return false;
    }
    if (!full && !useless_.contains(hash)) {
      bytes_ += bytes;
      std::vector<Waiter>& waiters = jobs_[hash];
      if (waiter.done) waiters.push_back(std::move(waiter));
      return true;
    }
    refused = full ? refusal(core::ErrorCode::overloaded, "too many bodies are being coded")
                   : refusal(core::ErrorCode::unsupported, "coding does not make it smaller");
  }
  if (waiter.done) waiter.done(refused);
  return false;
}

// On the job's worker: the source's bytes, from memory or chunk by chunk from the disk.
void Coder::gather(const std::shared_ptr<Job>& job) {
  if (job->source->in_memory()) job->body = job->source->body();
  const std::uint64_t chunks = (job->source->head().body_size + disk_chunk_size - 1) / disk_chunk_size;
  if (job->source->in_memory() || job->body.size() == chunks) {
    submit(job);
    return;
  }
  store_.read_chunk(job->worker, job->source, job->body.size(), [this, job](core::Result<core::Chunk> chunk) {
    if (!chunk.ok()) {
      finish(job, chunk.error());
      return;
    }
    job->body.push_back(std::move(chunk).value());
    gather(job);
  });
}

void Coder::submit(const std::shared_ptr<Job>& job) {
  threads_.submit([this, job](const core::Error* refused) {
    core::Result<Body> result = refused                           ? core::Result<Body>(*refused)
                                : job->coding == Coding::identity ? ungzipped(job->body, largest_plain)
                                                                  : encoded(job->body, job->coding);
    job->worker.loop.post([this, job, result = std::move(result)]() mutable { finish(job, std::move(result)); });
  });
}

void Coder::finish(const std::shared_ptr<Job>& job, core::Result<Body> result) {
  const core::Result<ObjectPtr> made =
      result.ok() ? keep(*job, std::move(result).value()) : core::Result<ObjectPtr>(result.error());
  std::vector<Waiter> waiters;
  {
    core::MutexLock lock(mutex_);
    const auto ended = jobs_.find(job->hash);
    waiters = std::move(ended->second);
    jobs_.erase(ended);
    bytes_ -= job->source->head().body_size;
    // What can't be coded is not tried again and again; a full set forgets some other.
    const core::ErrorCode code = made.ok() ? core::ErrorCode::cancelled : made.error().code;
    const bool lasting = code == core::ErrorCode::unsupported || code == core::ErrorCode::corrupt ||
                         code == core::ErrorCode::limit_exceeded;
    if (lasting && useless_.size() >= most_useless) useless_.erase(useless_.begin());
    if (lasting) useless_.insert(job->hash);
  }
  for (Waiter& waiter : waiters) {
    waiter.worker->loop.post([done = std::move(waiter.done), made]() mutable { done(made); });
  }
}

core::Result<ObjectPtr> Coder::keep(const Job& job, Body body) {
  const std::uint64_t size = size_of(body);
  if (job.coding != Coding::identity && size >= job.source->head().body_size)
    return refusal(core::ErrorCode::unsupported, "coding does not make it smaller");
  ObjectHead head = coded_head(job.source->head(), job.coding);
  head.body_size = size;
  Reason why_not = Reason::none;
  const auto writer = store_.begin(job.worker, head, size, why_not);
  bool kept = writer != nullptr;
  for (const core::Chunk& chunk : body) kept = kept && writer->append(chunk);
  ObjectPtr object = kept ? writer->commit() : nullptr;
  // The store takes nothing just now: those who wait get theirs all the same.
  return object ? object : std::make_shared<const Object>(std::move(head), std::move(body));
}

}  // namespace skerry::edge
