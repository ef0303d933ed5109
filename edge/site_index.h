// Which site serves a host name: exact, then the longest wildcard, then "*". Built once per configuration, immutable
// then; any thread. Looking up allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::edge {

class SiteIndex {
 public:
  // `pattern` in lower case: "www.example.com", "*.example.net" (any number of labels in its place), "*". False if it
  // is there already.
  bool add(std::string pattern, std::size_t site);
  // The site of a Host or :authority: any case, a port and a final dot are ignored.
  std::optional<std::size_t> find(std::string_view authority) const;
  // One spelling for one host, so that it has one copy, one owner and one purge: without a final dot, and without a
  // port where a name was configured. Under "*" a port stays, for nobody said that all ports are one site; but not
  // those of the two schemes: which of them a Host leaves out depends on the scheme that its reader takes it for.
  void unify(std::string& authority) const;

 private:
  struct Name {
    std::string name;  // a wildcard's without the "*": ".example.net"
    std::size_t site;
  };
  std::optional<std::size_t> find_named(std::string_view host) const;
  static std::optional<std::size_t> search(const std::vector<Name>& sorted, std::string_view name);

  std::vector<Name> exact_, suffixes_;  // sorted by name
  std::optional<std::size_t> any_;
};

// "www.example.com" of "WWW.example.com.:8080", case left as it is; "[::1]" keeps its brackets.
std::string_view host_of(std::string_view authority);
// A host name, an address, or one of the wildcards above.
bool is_host_pattern(std::string_view pattern);

}  // namespace skerry::edge
