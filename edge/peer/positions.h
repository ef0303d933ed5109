// How far each member's purges have reached this edge, so that a neighbour that is behind can't bring a purged object
// back.
//
// Every edge numbers the purges it takes from operators: 1, 2, 3 … since its start ("boot"). Each other edge remembers
// the last it applied from every member. A peer request carries the asker's positions; an owner that lacks one of them
// does not answer from its cache. A gap in a member's numbers means that purges were missed: the caller then validates
// everything it holds. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/mutex.h"

namespace skerry::edge {

struct PurgeNumber {
  std::string member;
  std::uint64_t boot = 0;  // the member's start, so that numbers of different runs are not compared
  std::uint64_t number = 0;
};

class PurgePositions {
 public:
  enum class Arrival : std::uint8_t {
    next,   // in order
    again,  // was applied before
    gap,    // something in between was missed
  };
  // What record() would say, without noting it: a gap counts as seen only once its repair is durable.
  Arrival arrival_of(const PurgeNumber&) const;
  Arrival record(const PurgeNumber&);
  // "lon-1=1732312.5,lon-2=…": cached, for it goes with every peer request.
  std::string to_string() const;
  // Everything that `other` (another edge's to_string) has seen has been seen here. What this edge knows a later run of
  // a member of counts as seen.
  bool covers(std::string_view other) const;

 private:
  struct Seen {
    std::uint64_t boot = 0;
    std::uint64_t number = 0;
  };
  Arrival compare(const PurgeNumber&) const REQUIRES(mutex_);
  bool has_seen(const PurgeNumber&) const REQUIRES(mutex_);
  void render() REQUIRES(mutex_);

  mutable core::Mutex mutex_;
  std::map<std::string, Seen, std::less<>> seen_ GUARDED_BY(mutex_);
  std::string text_ GUARDED_BY(mutex_);
};

}  // namespace skerry::edge
