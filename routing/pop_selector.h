// The decision: from geo map, PoPs, and the state of each to a table of finished answers.
//
// select() is a pure function; it runs at load and whenever the state changes, and its result is swapped whole. A query
// is then one table look-up, a hash for each PoP that is spilling, and a hash over the edges of one PoP. Every address
// inside the block that locate() names gets the same choice: that is what makes the block an honest ECS scope.
// Immutable: any thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "routing/geo_map.h"
#include "routing/policy.h"
#include "routing/ring/rendezvous.h"

namespace skerry::routing {

// up[pop][edge]: may clients be sent there?
using EdgeStates = std::vector<std::vector<bool>>;

struct PopState {
  std::vector<Availability> edges;
  Spill spill = 0;
  // Seconds until an edge's state may change; no answer that depends on it should live longer.
  std::uint32_t ttl_limit = 0xffffffff;
};
using PolicyState = std::vector<PopState>;

class AnswerTable {
 public:
  static constexpr std::size_t most_addresses = 8;  // in one answer
  // Where a PoP has more edges than an answer holds, or is spilling, blocks are no wider than this, so that there are
  // enough of them to share out; narrower ones inside of one go the same way.
  static constexpr int capped_v4 = 20, capped_v6 = 40;
  // A block goes past so many PoPs that are full at most: a route is walked for each query, and kept for each list.
  static constexpr std::size_t longest_route = 8;

  AnswerTable() = default;
  // `earlier`, if given, was made of the same map and PoPs: what has not changed is taken over instead of made again.
  static AnswerTable select(const GeoMap&, const std::vector<Pop>&, const PolicyState&, std::size_t edges_per_answer,
                            const AnswerTable* earlier = nullptr);
  // The same of health alone: nobody drains, nothing spills.
  static AnswerTable select(const GeoMap&, const std::vector<Pop>&, const EdgeStates&, std::size_t edges_per_answer);

  struct Place {
    PopIndex pop;
    int block;     // prefix length of the widest block around the address with this same place
    int scope;     // the same, but for a special block all of it: what it says of its clients is the same everywhere
    bool special;  // a private or otherwise special block: `pop` is the default list's
    bool spilled;  // the nearest PoP was full for this block
  };
  Place locate(const core::IpAddress&) const;

  struct Choice {
    std::array<core::IpAddress, most_addresses> addresses;
    std::size_t count = 0;
  };
  // The edges of place.pop for everybody in the block around `client`: A for ipv4, AAAA for ipv6.
  Choice choose(const Place&, const core::IpAddress& client, core::AddressFamily) const;
  // The first edge of that choice, as an index into the PoP's edges; nothing if none has an address of the family.
  std::optional<std::size_t> edge_of(const Place&, const core::IpAddress& client, core::AddressFamily) const;

  // The PoP's edges that answers may hold in the order in which they own a key, as indices. Allocates: not for DNS.
  std::vector<std::size_t> edges_for_key(PopIndex, std::uint64_t key_hash) const;
  // The first of them, for a fraction of the work.
  std::optional<std::size_t> owner_of_key(PopIndex, std::uint64_t key_hash) const;

  bool empty() const { return pops_.empty(); }
  // No edge anywhere is up: the answers hold those of the next best class.
  bool all_down() const { return used_ != Availability::up; }
  // The worst class that answers hold.
  Availability used() const { return used_; }
  std::size_t healthy_edges(PopIndex pop) const { return pops_[pop].healthy; }
  // Longest time to live, in seconds, of answers with this PoP's edges.
  std::uint32_t ttl_limit(PopIndex pop) const { return pops_[pop].ttl_limit; }
  std::size_t ranges() const { return ranges_ ? ranges_->v4.size() + ranges_->v6.size() : 0; }

 private:
  static void add_once(Choice& choice, const core::IpAddress& ip);

  struct Family {
    ring::Ring ring;
    std::vector<std::vector<core::IpAddress>> addresses;  // by member of the ring
    std::vector<std::uint32_t> edges;                     // the same: index in the PoP
  };
  struct PopAnswer {
    Family v4, v6;
    std::size_t healthy = 0;
    std::size_t usable = 0;
    bool capped = false;
    Spill spill = 0;
    std::uint64_t spill_seed = 0;
    std::uint32_t ttl_limit = 0xffffffff;
  };
  // Where a block may go: PoPs in order, all but the last one spilling.
  using Route = std::vector<PopIndex>;
  struct Ranges {
    RangeTable<V4> v4;  // values: index of a route, or GeoMap::special
    RangeTable<V6> v6;
    std::vector<Route> routes;
    std::vector<std::uint32_t> route_of;  // by list
    bool uniform = false;                 // one route for the whole world, in both families
  };

  static PopAnswer answer_of(const Pop&, const PopState&, Availability used, std::size_t edges_per_answer);
  static Family family_of(const Pop&, const std::vector<bool>& usable, core::AddressFamily);
  const Family& key_owners(PopIndex) const;
  class WholeLists;
  Route route_of(GeoMap::ListId, WholeLists&) const;
  void limit_ttls(WholeLists&, const PolicyState&);
  void compile(WholeLists&, const AnswerTable* earlier);
  static void make_uniform(Ranges&);
  PopIndex follow(const Route&, const core::IpAddress&, int block) const;

  std::shared_ptr<const Ranges> ranges_;
  std::vector<PopAnswer> pops_;
  std::size_t edges_per_answer_ = 0;
  Availability used_ = Availability::up;
};

// A stable number for "everybody in this prefix": what the edges of an answer are hashed with.
std::uint64_t hash_block(const core::IpAddress& inside, int length);
core::IpAddress first_address(const core::IpAddress& inside, int length);

}  // namespace skerry::routing
