// Purges taken by this edge, applied here and on every member of the PoP before they are answered.
//
// One at a time, in number order, so that a member can tell a gap from a delay (PurgePositions). Operators' purges go
// before the invalidations that clients' unsafe requests cause. Lives on one worker; other workers post to it. Members
// that could not be reached are named in the outcome: they find out by the gap and validate what they hold.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/loop/worker.h"
#include "edge/counters.h"
#include "edge/peer/positions.h"
#include "edge/snapshot.h"
#include "edge/store/object_store.h"
#include "origin/fetch.h"

namespace skerry::edge {

struct PurgeOutcome {
  Epoch epoch = 0;
  std::vector<std::string> applied_by;   // members, this edge first
  std::vector<std::string> unreachable;  // members that did not confirm
};

// Where members' purges are taken on the peer listener.
inline constexpr std::string_view purge_path = "/.well-known/skerry/purge";

class PurgeRelay {
 public:
  using Done = core::UniqueFunction<void(core::Result<PurgeOutcome>)>;
  using CurrentSnapshot = core::UniqueFunction<std::shared_ptr<const Snapshot>()>;
  PurgeRelay(const core::Worker& worker, ObjectStore& store, PurgePositions& positions, Counters& counters,
             CurrentSnapshot snapshot);
  ~PurgeRelay();

  const core::Worker& worker() const { return worker_; }
  // Whether so many more may wait. On its worker, as all below.
  bool has_room_for(std::size_t purges) const;
  // Errors: overloaded (too many wait), io_error (not durable here: nothing was told to the members).
  void purge(Purge purge, Done done);
  // What a client's unsafe request made invalid (RFC 9111 4.4), best effort: dropped and counted when too many wait.
  // `done`, if set, gets the epoch once every member was told; 0: it failed.
  void invalidate(Purge purge, core::UniqueFunction<void(Epoch)> done = {});

 private:
  class Call;
  struct Waiting {
    Purge purge;
    Done done;
  };
  void begin_next();
  void tell_members();
  bool is_down(const Member& member) const;
  void tell(const Member& member);
  enum class Answer : std::uint8_t { applied, failed, silent };
  void member_answered(const std::string& name, Answer answer);
  void complete(core::Result<PurgeOutcome> outcome);

  const core::Worker& worker_;
  ObjectStore& store_;
  PurgePositions& positions_;
  Counters& counters_;
  CurrentSnapshot snapshot_of_;
  std::shared_ptr<const Snapshot> snapshot_;  // while one is under way
  const std::uint64_t boot_;
  std::uint64_t number_ = 0;
  std::deque<Waiting> waiting_;        // operators'
  std::deque<Waiting> invalidations_;  // clients'
  std::optional<Waiting> under_way_;
  std::map<std::string, core::TimePoint> silent_until_;  // members that took a purge and said nothing
  PurgeOutcome outcome_;
  std::size_t unanswered_ = 0;
  std::vector<std::unique_ptr<Call>> calls_;
};

// A purge as a member sends it, in the target of a signed request, and back.
std::string purge_target(const Purge&, const PurgeNumber&);
struct NumberedPurge {
  Purge purge;
  PurgeNumber number;
};
core::Result<NumberedPurge> parse_purge_target(std::string_view path);

}  // namespace skerry::edge
