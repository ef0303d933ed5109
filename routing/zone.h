// What the router is authoritative for: zones with static records and names whose addresses depend on the client.
//
// Built by a ZoneBuilder, immutable from then on, swapped whole. Names are keyed in lower case and wire form; record
// data stands there as messages carry it, so that an answer is a look-up and a copy. Any thread.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/dns/message.h"
#include "core/dns/signing_key.h"

namespace skerry::routing {

struct Node;

// For maps whose keys are names in lower case and wire form.
struct WireHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// A name in the data of other records whose addresses belong into the additional section.
struct Neighbour {
  dns::Name name;
  const Node* node;
};

// No name has more types: so its NSEC record is bounded. With those that signing adds, each in a window of its own.
constexpr std::size_t most_types = 64;
constexpr std::size_t largest_type_bitmap = (most_types + 8) * 34;

// The records of one type at one name (an RRset, RFC 2181 5).
struct RecordSet {
  dns::Type type{};
  std::uint32_t ttl = 0;
  std::string data;  // each record's, in wire form and uncompressed, behind its two length bytes
  std::vector<Neighbour> additional;
  std::string canonical;  // `data` in canonical form and order (RFC 4034 6), for signatures; empty in unsigned zones

  void append(std::string_view record);
  bool contains(std::string_view record) const;
  // What all of it takes in a message that has its owner's name already.
  std::size_t wire_size() const;
  // A record's size beside its data, its name being a pointer (RFC 1035 4.1.3).
  static constexpr std::size_t record_head = 12;
  // Calls take(data) for each record.
  template <class Take>
  void each(Take take) const {
    for (std::string_view rest = data; !rest.empty();) {
      const std::size_t size = length_at(rest);
      take(rest.substr(2, size));
      rest.remove_prefix(2 + size);
    }
  }

 private:
  static std::size_t length_at(std::string_view at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(at[0])) << 8 | static_cast<unsigned char>(at[1]);
  }
};

// A name whose addresses are those of the client's edges.
struct Dynamic {
  std::uint32_t ttl = 0;
  std::string service;  // parameters of its HTTPS and SVCB records, hints apart; empty: it has none
};

// The zone ends here: NS records below its own name (RFC 1034 4.2.1).
struct Delegation {
  dns::Name owner;
  const Node* node;
};

// All records of one name.
struct Node {
  std::vector<RecordSet> sets;  // few
  std::optional<Dynamic> dynamic;
  const Delegation* delegation = nullptr;  // this name is at it or below
  std::string types;                       // type bit map of its NSEC record (RFC 4034 4.1.2); empty in unsigned zones

  const RecordSet* find(dns::Type) const;
  RecordSet* find(dns::Type);
  bool empty() const { return sets.empty() && !dynamic; }
};

class Zone {
 public:
  explicit Zone(const dns::Name& name);
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

  const dns::Name& name() const { return name_; }
  // After seal().
  const RecordSet& soa() const { return *soa_; }
  // How long an absence may be remembered (RFC 2308 5).
  std::uint32_t negative_ttl() const { return negative_ttl_; }
  std::size_t size() const { return nodes_.size(); }
  // Signs the zone's answers; null: they are not signed.
  const dns::SigningKey* key() const { return key_.get(); }

  // What there is at a name inside the zone; `lower` is in lower case. A name that does not exist falls to the wildcard
  // of the closest name above that does (RFC 4592); without one `node` is null: NXDOMAIN.
  struct Found {
    const Node* node = nullptr;
    const Delegation* delegation = nullptr;  // at the name or above it: then a referral, mostly
  };
  Found find(const dns::Name& lower) const;
  // The name itself, wildcards and delegations aside; null: it does not exist.
  const Node* find_exact(const dns::Name& lower) const { return find_exact(lower.wire()); }

  // The node of a name inside the zone, made when it is first asked for; names between it and the zone's come into
  // being without records (empty non-terminals, RFC 8020). Not after seal().
  Node& add(const dns::Name&);
  // Before seal(): answers will be signed.
  void sign_with(std::shared_ptr<const dns::SigningKey> key) { key_ = std::move(key); }
  // Links delegations and additional addresses, and prepares what signatures need. There is an SOA at the zone's name.
  void seal();

 private:
  const Node* find_exact(std::string_view wire) const;
  void link_delegations();
  void link_additional(const std::string& owner, RecordSet&);
  static void prepare_signing(Node&);

  dns::Name name_;
  const RecordSet* soa_ = nullptr;
  std::uint32_t negative_ttl_ = 0;
  std::shared_ptr<const dns::SigningKey> key_;
  std::unordered_map<std::string, Node, WireHash, std::equal_to<>> nodes_;  // nodes stay where they are
  std::deque<Delegation> delegations_;
};

class Zones {
 public:
  // False: that zone is there already.
  bool add(std::unique_ptr<Zone> zone);
  // The zone with the longest name that holds `lower`; null: not ours.
  const Zone* find(const dns::Name& lower) const;
  // The one that answers for a type: DS is the parent's, if it is ours, too (RFC 4035 3.1.4.1).
  const Zone* find(const dns::Name& lower, dns::Type) const;
  std::size_t size() const { return zones_.size(); }

 private:
  std::unordered_map<std::string, std::unique_ptr<Zone>, WireHash, std::equal_to<>> zones_;  // by name
};

}  // namespace skerry::routing
