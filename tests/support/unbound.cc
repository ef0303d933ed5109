#include "tests/support/unbound.h"

namespace skerry::testing {

// Nothing but what was asked for goes out: no minimised names, no prefetching, so that queries can be counted.
std::string unbound_config(const UnboundOptions& options) {
  std::string text = "server:\n  interface: " + options.listen +
                     "\n  access-control: 0.0.0.0/0 allow\n  do-ip6: no\n  do-not-query-localhost: no\n"
                     "  do-daemonize: no\n  username: \"\"\n  chroot: \"\"\n  directory: \"\"\n  pidfile: \"\"\n"
                     "  use-syslog: no\n  logfile: \"\"\n  num-threads: 1\n  qname-minimisation: no\n  prefetch: no\n"
                     "  module-config: \"subnetcache iterator\"\n  client-subnet-always-forward: yes\n"
                     "  send-client-subnet: " +
                     options.tells_clients_to + "\nremote-control:\n  control-enable: no\nstub-zone:\n  name: \"" +
                     options.zone + "\"\n";
  for (const std::string& server : options.servers) text += "  stub-addr: " + server + "\n";
  return text;
}

std::vector<std::string> unbound_command(const std::string& config_file) {
  return {"/usr/sbin/unbound", "-d", "-c", config_file};
}

}  // namespace skerry::testing
