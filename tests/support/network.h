// A small internet on one machine: hosts in network namespaces, each with an IPv4 address and perhaps an IPv6 one, and
// one router between their networks that can lose a whole network.
//
// Nothing in it has a name: a namespace lives as long as the process that holds it, which ends with this object, or
// with the test when that dies. Needs root. Belongs to the test's main thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace skerry::testing {

class Network {
 public:
  // False without the right to make namespaces.
  static bool possible();

  // `resolver`: the address that every host's /etc/resolv.conf names.
  explicit Network(const std::string& resolver);

  // Hosts of one /24 share a network; each network hangs on the router by the address that ends in .1. All hosts of a
  // network have an IPv6 address of the same /64, such as "2001:db8:1::53", or none has.
  void add_host(const std::string& name, const std::string& address, const std::string& v6 = {});
  // The command, as it runs on that host. Its directory is the root: paths must be absolute.
  Command on(const std::string& host, std::vector<std::string> arguments) const;

  // IPv4 packets to the network of `address` vanish without a word, as on a line that broke far away, until it is
  // healed.
  void cut(std::string_view address);
  void heal(std::string_view address);

 private:
  std::unique_ptr<Process> hold_namespaces() const;
  void configure(const Process& holder, const std::string& batch);
  void route_halves(const char* verb, std::string_view address);

  TempDir folder_;
  std::string resolv_conf_;
  std::unique_ptr<Process> router_;
  std::map<std::string, std::unique_ptr<Process>> hosts_;
  std::vector<std::string> networks_;  // "192.0.2"
  int links_ = 0;
};

}  // namespace skerry::testing
