// Whether an edge may be given to clients, from the results of its probes. Pure: the prober feeds it.
//
// The first result decides at once; after that it takes `down` failures in a row to leave and `up` successes in a row
// to come back, so that one lost packet moves nobody. Before the first result an edge counts as up.
#pragma once

#include <string>
#include <utility>

namespace skerry::routing {

struct HealthThresholds {
  int up = 2;
  int down = 3;
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
      return false;
    }
    if (++against_ < (success ? thresholds_.up : thresholds_.down)) return false;
    against_ = 0;
    up_ = success;
    return true;
  }

  // Goes on from what another observer of the same edge knew (reload).
  void carry_over(const EdgeHealth& earlier) {
    known_ = earlier.known_;
    up_ = earlier.up_;
    last_failure_ = earlier.last_failure_;
  }

  bool up() const { return up_; }
  bool known() const { return known_; }
  const std::string& last_failure() const { return last_failure_; }

 private:
  HealthThresholds thresholds_;
  bool known_ = false;
  bool up_ = true;
  int against_ = 0;  // results in a row that say the opposite
  std::string last_failure_;
};

}  // namespace skerry::routing
