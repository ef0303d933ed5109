// `skerry geo`: an operator's own table of networks as a MaxMind DB file, and what such a file holds.
#pragma once

#include <string>

namespace skerry::cli {

struct GeoBuildOptions {
  std::string input;   // lines of a net map, each with coordinates or a country
  std::string output;  // replaced whole, by renaming
  bool flat = false;   // latitude and longitude at the top of records
  bool ipv4_only = false;
};

// Both print to standard output and, what is wrong, to standard error; they return the exit code.
int geo_build(const GeoBuildOptions&);
int geo_check(const std::string& file);

}  // namespace skerry::cli
