// The zone sections of router.toml as structs, with a table of keys beside each: see config.h.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/config/schema.h"
#include "core/dns/message.h"

namespace skerry::routing {

struct RecordSection {
  std::string name;
  dns::Type type = dns::Type::a;
  std::vector<std::string> values;
  std::chrono::seconds ttl{300};
};

struct DynamicSection {
  std::string name;
  std::chrono::seconds ttl{30};
  std::vector<std::string> alpn;
  std::uint16_t https_port = 443;
};

struct ZoneSection {
  std::string name;
  std::string file;
  std::vector<std::string> ns;
  std::string mailbox;  // empty: hostmaster.<zone>
  std::uint32_t serial = 1;
  std::chrono::seconds refresh{14400}, retry{3600}, expire{1209600}, minimum{60}, ttl{3600};
  std::string dnssec_key;  // a file; empty: the zone is not signed
  std::vector<std::string> dnssec_standby_keys;
  std::vector<RecordSection> records;
  std::vector<DynamicSection> dynamic;
};

const config::Table<ZoneSection>& zone_table();

}  // namespace skerry::routing
