// The zone sections of router.toml as structs, with a table of keys beside each: see config.h.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/config/schema.h"

namespace skerry::routing {

enum class RecordType : std::uint8_t { a, aaaa, cname, txt };

struct RecordSection {
  std::string name;
  RecordType type = RecordType::a;
  std::vector<std::string> values;
  std::chrono::seconds ttl{300};
};

struct DynamicSection {
  std::string name;
  std::chrono::seconds ttl{30};
};

struct ZoneSection {
  std::string name;
  std::vector<std::string> ns;
  std::string mailbox;  // empty: hostmaster.<zone>
  std::uint32_t serial = 1;
  std::chrono::seconds refresh{3600}, retry{900}, expire{1209600}, minimum{60}, ttl{3600};
  std::vector<RecordSection> records;
  std::vector<DynamicSection> dynamic;
};

const config::Table<ZoneSection>& zone_table();

}  // namespace skerry::routing
