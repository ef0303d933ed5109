// What the router is authoritative for: zones with static records and names whose addresses depend on the client.
//
// Built from configuration, immutable, swapped whole. Names are keyed in lower case and wire form. Any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/dns/writer.h"
#include "core/net/address.h"

namespace skerry::routing {

// All records of one name.
struct Node {
  std::vector<core::IpAddress> v4, v6;
  std::vector<std::string> texts;
  std::optional<dns::Name> alias;  // CNAME: then nothing else
  std::uint32_t ttl = 0;           // of all of them, seconds
  bool dynamic = false;            // A and AAAA come from the answer table

  bool has_records() const { return !v4.empty() || !v6.empty() || !texts.empty() || alias || dynamic; }
};

class Zone {
 public:
  Zone(dns::Name name, dns::Soa soa, std::uint32_t ttl, std::vector<dns::Name> servers);

  const dns::Name& name() const { return name_; }
  const dns::Soa& soa() const { return soa_; }
  std::uint32_t ttl() const { return ttl_; }  // of SOA and NS
  const std::vector<dns::Name>& servers() const { return servers_; }

  // The records of a name inside the zone, made when it is first asked for; names between it and the zone's come into
  // being without records (empty non-terminals, RFC 8020).
  Node& add(const dns::Name&);
  // `lower` is inside the zone. Falls back to the wildcard of the closest name above that exists (RFC 4592). Null:
  // NXDOMAIN.
  const Node* find(const dns::Name& lower) const;
  std::size_t size() const { return nodes_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  const Node* find_exact(std::string_view wire) const;

  dns::Name name_;
  dns::Soa soa_;
  std::uint32_t ttl_;
  std::vector<dns::Name> servers_;
  std::unordered_map<std::string, Node, Hash, std::equal_to<>> nodes_;
};

class Zones {
 public:
  // False: that zone is there already.
  bool add(std::unique_ptr<Zone>);
  // The zone with the longest name that holds `lower`; null: not ours.
  const Zone* find(const dns::Name& lower) const;
  std::size_t size() const { return zones_.size(); }

 private:
  std::vector<std::unique_ptr<Zone>> zones_;  // longest name first
};

}  // namespace skerry::routing
