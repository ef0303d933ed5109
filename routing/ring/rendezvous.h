// Who owns a key: weighted rendezvous hashing (Thaler and Ravishankar 1998; weights as in Schindelhauer and Schomaker
// 2005), used by edges for the owner edge and by the router for the edges of an answer.
//
// Every member gets a cost -log2(u) / weight, where u is a hash of key and member name; the list is by rising cost.
// Integers only, so that every machine computes the same list. Members are kept sorted by name: the order in which they
// were given does not matter, and equal costs go by name. Immutable after construction: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::ring {

struct Member {
  std::string name;     // unique in its ring
  double weight = 1.0;  // share of keys relative to the others, 1/65536 … 65536; 0: a member that owns nothing
};

class Ring {
 public:
  // No list is longer; beyond the first few nobody asks.
  static constexpr std::size_t longest_list = 512;

  Ring() = default;
  // Names must be unique and at most 65535 of them: configuration has checked that.
  explicit Ring(std::vector<Member> members, std::uint64_t version = 0);

  // XXH3-64 under a fixed public seed: the same on every machine and in every version of the program.
  static std::uint64_t hash_key(std::string_view key);

  // Fills `out` from the front with indices of members: owner, first fallback, second … Returns how many: fewer than
  // asked when the ring has fewer members with a weight. Allocates nothing.
  std::size_t ordered(std::uint64_t key_hash, std::span<std::uint16_t> out) const;

  std::size_t size() const { return members_.size(); }
  bool empty() const { return members_.empty(); }
  // By index as ordered() gives it: sorted by name.
  const Member& member(std::size_t index) const { return members_[index]; }
  std::span<const Member> members() const { return members_; }
  // The index of a name; size() if it is not a member.
  std::size_t index_of(std::string_view name) const;
  // Which membership this is.
  std::uint64_t version() const { return version_; }

 private:
  // What the loop over members reads, 16 bytes apart from the names.
  struct Seat {
    std::uint64_t name_hash;
    std::uint64_t inverse_weight;  // 2^48 / (weight * 2^16); 0: owns nothing
  };

  std::vector<Member> members_;
  std::vector<Seat> seats_;
  std::uint64_t version_ = 0;
};

}  // namespace skerry::ring
