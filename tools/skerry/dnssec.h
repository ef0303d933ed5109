// `skerry dnssec`: makes the key of a signed zone, and prints what its parent and validators need to know of it.
#pragma once

#include <string>

namespace skerry::cli {

// Each prints to standard output and, what is wrong, to standard error; returns the exit code. Records are in the text
// form of zone files.
int dnssec_keygen(const std::string& zone, const std::string& file);  // never over a file that is there
int dnssec_ds(const std::string& zone, const std::string& file);
int dnssec_dnskey(const std::string& zone, const std::string& file);

}  // namespace skerry::cli
