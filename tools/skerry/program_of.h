// Which program a configuration file is for, told by the sections that only one of them has.
#pragma once

#include <string>

namespace skerry::cli {

// "skerry-router" or "skerry-edge"; the latter, too, for what can't be read: it says what is wrong with it.
std::string program_of(const std::string& file);

}  // namespace skerry::cli
