// The decision: from geo map, PoPs and the health of their edges to a table of finished answers.
//
// select() is a pure function; it runs at load and whenever an edge comes or goes, and its result is swapped whole. A
// query is then one table look-up and a hash over the edges of one PoP. Every address inside the block that choose()
// names gets the same choice: that is what makes the block an honest ECS scope. Immutable: any thread.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "routing/geo_map.h"
#include "routing/ring/rendezvous.h"

namespace skerry::routing {

// up[pop][edge]: may clients be sent there?
using EdgeStates = std::vector<std::vector<bool>>;

class AnswerTable {
 public:
  static constexpr std::size_t most_addresses = 8;  // in one answer
  // Where a PoP has more edges than an answer holds, blocks are no wider than this, so that its edges share the load.
  static constexpr int capped_v4 = 20, capped_v6 = 40;

  AnswerTable() = default;
  static AnswerTable select(const GeoMap&, const std::vector<Pop>&, const EdgeStates&, std::size_t edges_per_answer);

  struct Place {
    PopIndex pop;
    int block;     // prefix length of the widest block around the address with this same place
    bool special;  // a private or otherwise special block: `pop` is the default list's
  };
  Place locate(const core::IpAddress&) const;

  struct Choice {
    std::array<core::IpAddress, most_addresses> addresses;
    std::size_t count = 0;
  };
  // The edges of place.pop for everybody in the block around `client`: A for ipv4, AAAA for ipv6.
  Choice choose(const Place&, const core::IpAddress& client, core::AddressFamily) const;

  bool empty() const { return pops_.empty(); }
  // No edge anywhere is healthy: the answers are as if all were.
  bool all_down() const { return all_down_; }
  std::size_t healthy_edges(PopIndex pop) const { return pops_[pop].healthy; }
  std::size_t ranges() const { return v4_.size() + v6_.size(); }

 private:
  static void add_once(Choice& choice, const core::IpAddress& ip);

  struct Family {
    ring::Ring ring;
    std::vector<std::vector<core::IpAddress>> addresses;  // by member of the ring
  };
  struct PopAnswer {
    Family v4, v6;
    std::size_t healthy = 0;
    bool capped = false;
  };
  static PopAnswer answer_of(const Pop&, const std::vector<bool>& up, std::size_t edges_per_answer);
  void compile(const GeoMap&);

  RangeTable<V4> v4_;  // values: PopIndex, or GeoMap::special
  RangeTable<V6> v6_;
  std::vector<PopAnswer> pops_;
  PopIndex default_pop_ = 0;
  std::size_t edges_per_answer_ = 0;
  bool uniform_ = false;  // one PoP for the whole world, in both families
  bool all_down_ = false;
};

// A stable number for "everybody in this prefix": what the edges of an answer are hashed with.
std::uint64_t hash_block(const core::IpAddress& inside, int length);
core::IpAddress first_address(const core::IpAddress& inside, int length);

}  // namespace skerry::routing
