// What a configuration looks like to people: the reference page, the effective configuration, what a reload left out.
#pragma once

#include <string>
#include <vector>

#include "core/config/schema.h"
#include "core/config/toml.h"

namespace skerry::config {

// Every section and key as Markdown. `program` heads it: "skerry-edge".
std::string reference_markdown(const Schema&, std::string_view program, std::string_view introduction);

// Defaults included, secrets masked. to_toml() and to_json() make text of it.
Value effective(const Schema&, const void* config);
// The keys that differ and need a restart, as "[edge].workers".
std::vector<std::string> changes_needing_restart(const Schema&, const void* running, const void* loaded);

template <class C>
Value effective(const Table<C>& table, const C& config) {
  return effective(table.schema(), &config);
}
template <class C>
std::vector<std::string> changes_needing_restart(const Table<C>& table, const C& running, const C& loaded) {
  return changes_needing_restart(table.schema(), &running, &loaded);
}

}  // namespace skerry::config
