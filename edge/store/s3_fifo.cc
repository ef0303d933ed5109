#include "edge/store/s3_fifo.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace skerry::edge {
namespace {

// What a node, its table slot and its ghost entry cost beside the object.
constexpr std::size_t node_cost = 96;

std::uint32_t fingerprint_of(const KeyHash& hash) {
  const auto fingerprint = static_cast<std::uint32_t>(hash.high >> 32);
  return fingerprint == 0 ? 1 : fingerprint;
}

std::uint32_t in_kib(std::uint64_t bytes) {
  return static_cast<std::uint32_t>(bytes >> 10);
}

}  // namespace

Ghost::Entry* Ghost::bucket(const KeyHash& hash) {
  return &entries_[(hash.high & (entries_.size() / ways - 1)) * ways];
}

void Ghost::add(const KeyHash& hash, std::size_t bytes) {
  bytes_ += bytes;
  const std::uint32_t now = in_kib(bytes_);
  Entry* const first = bucket(hash);
  Entry* oldest = first;
  for (Entry* entry = first; entry != first + ways; ++entry) {
    if (entry->fingerprint == 0) {
      oldest = entry;
      break;
    }
    if (now - entry->time > now - oldest->time) oldest = entry;
  }
  *oldest = {fingerprint_of(hash), now};
}

bool Ghost::take(const KeyHash& hash, std::size_t window) {
  const std::uint32_t now = in_kib(bytes_);
  Entry* const first = bucket(hash);
  for (Entry* entry = first; entry != first + ways; ++entry) {
    if (entry->fingerprint != fingerprint_of(hash)) continue;
    const bool recent = now - entry->time <= in_kib(window);
    *entry = {};
    return recent;
  }
  return false;
}

void Ghost::reserve(std::size_t entries) {
  const std::size_t size = std::bit_ceil(std::max<std::size_t>(entries, 256));
  // Starting over loses one window of memory of what went; it happens each time the number of objects doubles.
  if (size > entries_.size()) entries_.assign(size, {});
}

std::size_t S3Fifo::slot_of(const KeyHash& hash) const {
  for (std::size_t slot = home(hash);; slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot] == none || nodes_[slots_[slot]].hash == hash) return slot;
  }
}

const ObjectPtr* S3Fifo::find(const KeyHash& hash) const {
  const std::uint32_t node = slots_[slot_of(hash)];
  return node == none ? nullptr : &nodes_[node].object;
}

void S3Fifo::grow_table() {
  std::vector<std::uint32_t> old(slots_.size() * 2, none);
  old.swap(slots_);
  for (const std::uint32_t node : old) {
    if (node != none) slots_[slot_of(nodes_[node].hash)] = node;
  }
  ghost_.reserve(slots_.size() / 2);
}

// Linear probing without tombstones: later members of the run move up into the hole.
void S3Fifo::erase_slot(std::size_t hole) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = (hole + 1) & mask; slots_[slot] != none; slot = (slot + 1) & mask) {
    const std::size_t wanted = home(nodes_[slots_[slot]].hash);
    if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;
    slots_[hole] = slots_[slot];
    hole = slot;
  }
  slots_[hole] = none;
}

void S3Fifo::push(std::uint32_t index, bool to_main) {
  Node& node = nodes_[index];
  node.in_main = to_main;
  Queue& queue = queue_of(node);
  node.newer = none;
  node.older = queue.newest;
  (queue.newest == none ? queue.oldest : nodes_[queue.newest].newer) = index;
  queue.newest = index;
  queue.bytes += node.bytes;
  ++queue.count;
}

void S3Fifo::unlink(std::uint32_t index) {
  Node& node = nodes_[index];
  Queue& queue = queue_of(node);
  (node.newer == none ? queue.newest : nodes_[node.newer].older) = node.older;
  (node.older == none ? queue.oldest : nodes_[node.older].newer) = node.newer;
  queue.bytes -= node.bytes;
  --queue.count;
}

ObjectPtr S3Fifo::release(std::uint32_t index) {
  erase_slot(slot_of(nodes_[index].hash));
  unlink(index);
  free_.push_back(index);
  return std::exchange(nodes_[index].object, nullptr);
}

ObjectPtr S3Fifo::remove(const KeyHash& hash) {
  const std::uint32_t index = slots_[slot_of(hash)];
  return index == none ? nullptr : release(index);
}

void S3Fifo::insert(const KeyHash& hash, ObjectPtr object, Evicted& evicted) {
  const std::size_t bytes = object->memory_size() + node_cost;
  if (const std::uint32_t index = slots_[slot_of(hash)]; index != none) {
    Node& node = nodes_[index];
    object->frequency().store(node.object->frequency().load(std::memory_order_relaxed), std::memory_order_relaxed);
    queue_of(node).bytes += bytes - node.bytes;
    node.bytes = bytes;
    evicted.push_back(std::exchange(node.object, std::move(object)));
    make_room(evicted);
    return;
  }
  if (objects() + 1 > slots_.size() * 3 / 4) grow_table();
  std::uint32_t index = static_cast<std::uint32_t>(nodes_.size());
  if (free_.empty()) {
    nodes_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Node& node = nodes_[index];
  node.hash = hash;
  node.object = std::move(object);
  node.bytes = bytes;
  slots_[slot_of(hash)] = index;
  const bool known = ghost_.take(hash, capacity_ - capacity_ / 10);
  ghost_hits_ += known ? 1 : 0;
  push(index, known);
  make_room(evicted);
}

void S3Fifo::set_capacity(std::size_t capacity, Evicted& evicted) {
  capacity_ = capacity;
  make_room(evicted);
}

void S3Fifo::make_room(Evicted& evicted) {
  while (bytes() > capacity_ && objects() > 0) {
    if (main_.count == 0 || (small_.count > 0 && small_.bytes > capacity_ / 10)) {
      evict_from_small(evicted);
    } else {
      evict_from_main(evicted);
    }
  }
}

// An object of mean size or less needs one hit, twice the mean two, and from four times on three (all a counter holds):
// what a large object displaces must have been worth less.
int S3Fifo::promotion_threshold(std::size_t bytes) const {
  const std::size_t mean = this->bytes() / std::max<std::size_t>(objects(), 1);
  if (bytes < 2 * mean) return 1;
  return bytes < 4 * mean ? 2 : 3;
}

void S3Fifo::evict_from_small(Evicted& evicted) {
  const std::uint32_t index = small_.oldest;
  Node& node = nodes_[index];
  if (node.object->frequency().load(std::memory_order_relaxed) >= promotion_threshold(node.bytes)) {
    node.object->frequency().store(0, std::memory_order_relaxed);
    unlink(index);
    push(index, true);
    return;
  }
  ghost_.add(node.hash, node.bytes);
  ++evictions_;
  evicted.push_back(release(index));
}

void S3Fifo::evict_from_main(Evicted& evicted) {
  const std::uint32_t index = main_.oldest;
  auto& frequency = nodes_[index].object->frequency();
  if (const std::uint8_t hits = frequency.load(std::memory_order_relaxed); hits > 0) {
    frequency.store(static_cast<std::uint8_t>(hits - 1), std::memory_order_relaxed);
    unlink(index);
    push(index, true);
    return;
  }
  ++evictions_;
  evicted.push_back(release(index));
}

}  // namespace skerry::edge
