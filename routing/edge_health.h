// Whether an edge may be given to clients, from the results of its probes. Pure: the prober feeds it.
//
// The first result decides at once; after that it takes `down` failures in a row to leave and `up` successes in a row
// to come back, so that one lost packet moves nobody. An edge that keeps going and coming has to prove itself longer:
// each time it leaves doubles what it needs to come back, and a good while up takes one doubling away. Before the first
// result an edge counts as up.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

namespace skerry::routing {

struct HealthThresholds {
  int up = 2;
  int down = 3;
  int most_doublings = 4;   // departures that count, of which the first doubles nothing: at most up × 8 successes
  int forgiven_after = 60;  // successes in a row that take one doubling away
};

class EdgeHealth {
 public:
  explicit EdgeHealth(HealthThresholds thresholds) : thresholds_(thresholds) {}

  // Returns whether up() has changed. `why` is kept when the probe failed.
  bool observe(bool success, std::string why = {}) {
    if (!success) last_failure_ = std::move(why);
    if (!known_) {
      known_ = true;
      return std::exchange(up_, success) != success;
    }
    if (success == up_) {
      against_ = 0;
      if (success) forgive();
      return false;
    }
    in_row_ = 0;
    if (++against_ < needed()) return false;
    against_ = 0;
    up_ = success;
    if (!up_) doublings_ = std::min(doublings_ + 1, thresholds_.most_doublings);
    return true;
  }

  // Goes on from what another observer of the same edge knew (reload). The thresholds may have become lower: then one
  // more result decides.
  void carry_over(const EdgeHealth& earlier) {
    known_ = earlier.known_;
    up_ = earlier.up_;
    doublings_ = std::min(earlier.doublings_, thresholds_.most_doublings);
    against_ = std::min(earlier.against_, needed() - 1);
    in_row_ = earlier.in_row_;
    last_failure_ = earlier.last_failure_;
  }

  bool up() const { return up_; }
  bool known() const { return known_; }
  // How many more results may change the state; 0: nothing speaks against it.
  int results_to_change() const {
    if (!known_) return 1;
    return against_ == 0 ? 0 : needed() - against_;
  }
  // How often it has come and gone of late.
  int flaps() const { return doublings_; }
  const std::string& last_failure() const { return last_failure_; }

 private:
  // The first time down is forgiven: only what comes after it is flapping.
  int needed() const { return up_ ? thresholds_.down : thresholds_.up << std::max(0, doublings_ - 1); }
  void forgive() {
    if (++in_row_ < thresholds_.forgiven_after) return;
    in_row_ = 0;
    doublings_ = std::max(0, doublings_ - 1);
  }

  HealthThresholds thresholds_;
  bool known_ = false;
  bool up_ = true;
  int against_ = 0;    // results in a row that say the opposite
  int in_row_ = 0;     // successes in a row while up
  int doublings_ = 0;  // times it left that are not forgiven
  std::string last_failure_;
};

}  // namespace skerry::routing
