// Puts a zone together record by record, from whichever source, and refuses what contradicts itself.
//
// Start-up and reload, main thread.
#pragma once

#include <limits>

#include "routing/zone.h"

namespace skerry::routing {

// `place` is the number that the caller gave with the record: where it stands is the caller's to know.
struct ZoneProblem {
  std::size_t place;
  std::string message;
};

class ZoneBuilder {
 public:
  explicit ZoneBuilder(const dns::Name& zone) : zone_(std::make_unique<Zone>(zone)) {}

  const dns::Name& name() const { return zone_->name(); }
  // `data` is sound for its type. A record that is there already is left out (RFC 2181 5).
  void add(const dns::Name& owner, dns::Type, std::uint32_t ttl, std::string_view data, std::size_t place);
  void add_dynamic(const dns::Name& owner, Dynamic, std::size_t place);
  // Before all records: the zone is signed with `key`, and tells its DNSKEY record and those of the keys beside it.
  // Signatures are told as long as they are good for `shortest_left` seconds: no answer may be remembered for longer.
  void sign_with(std::shared_ptr<const dns::SigningKey> key,
                 const std::vector<std::shared_ptr<const dns::SigningKey>>& beside, std::uint32_t shortest_left);
  // The finished zone; null if there are problems. `place` is the zone's own.
  std::unique_ptr<Zone> finish(std::size_t place);
  const std::vector<ZoneProblem>& problems() const { return problems_; }

 private:
  struct Placed {
    std::string owner;  // wire form
    dns::Type type;     // `any` stands for a dynamic name
    std::size_t place;
  };

  bool fits_name(const dns::Name& owner, dns::Type, const Node&, std::size_t place);
  bool outlives_signatures(std::uint32_t ttl, std::size_t place);
  void fail(std::size_t place, std::string message) { problems_.push_back({place, std::move(message)}); }
  void add_keys();
  void check_delegations();
  void check_below(const Placed&, const dns::Name& owner, const Delegation&);
  void check_targets(const Placed&, const Node&);
  void check_own_server(const dns::Name& server, std::size_t place);

  std::unique_ptr<Zone> zone_;
  std::vector<Placed> placed_;
  std::vector<ZoneProblem> problems_;
  std::vector<std::string> keys_;  // DNSKEY data; empty: the zone is not signed
  std::uint32_t longest_ttl_ = std::numeric_limits<std::uint32_t>::max();
};

}  // namespace skerry::routing
