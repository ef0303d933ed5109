#include "tests/support/network.h"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace skerry::testing {

namespace {

std::string network_of(std::string_view address) {
  return std::string(address.substr(0, address.rfind('.')));
}

Command inside(const Process& holder, std::vector<std::string> arguments) {
  std::vector<std::string> all = {"nsenter", "--target", std::to_string(holder.pid()), "--net", "--mount", "--"};
  all.insert(all.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return {std::move(all), {}, {}};
}

}  // namespace

bool Network::possible() {
  return ::geteuid() == 0 && run({{"unshare", "--net", "--mount", "true"}, {}, {}}).exit_code == 0;
}

Network::Network(const std::string& resolver)
    : resolv_conf_(folder_.write("resolv.conf", "nameserver " + resolver + "\n")), router_(hold_namespaces()) {
  const std::string script = "echo 1 >/proc/sys/net/ipv4/ip_forward && echo 1 >/proc/sys/net/ipv6/conf/all/forwarding";
  const Finished forwarding = run(inside(*router_, {"bash", "-c", script}));
  if (forwarding.exit_code != 0) throw std::runtime_error("forwarding: " + forwarding.output);
}

// A network namespace, and one of mounts in which resolv.conf is ours.
std::unique_ptr<Process> Network::hold_namespaces() const {
  const std::string script =
      "mount --bind '" + resolv_conf_ + "' /etc/resolv.conf && ip link set lo up && echo held && exec sleep infinity";
  auto holder = std::make_unique<Process>(Command{{"unshare", "--net", "--mount", "bash", "-c", script}, {}, {}});
  holder->wait_for_line("held");
  return holder;
}

void Network::configure(const Process& holder, const std::string& batch) {
  const Finished done = run(inside(holder, {"ip", "-batch", folder_.write("batch", batch)}));
  if (done.exit_code != 0) throw std::runtime_error("ip: " + done.output + batch);
}

void Network::add_host(const std::string& name, const std::string& address, const std::string& v6) {
  const std::string network = network_of(address), v6_router = v6.substr(0, v6.rfind(':') + 1) + "1";
  const auto known = std::find(networks_.begin(), networks_.end(), network);
  const std::string bridge = "lan" + std::to_string(known - networks_.begin());
  std::string router;
  if (known == networks_.end()) {
    router = "link add " + bridge + " type bridge\naddress add " + network + ".1/24 dev " + bridge + "\n";
    if (!v6.empty()) router += "address add " + v6_router + "/64 dev " + bridge + " nodad\n";
    router += "link set " + bridge + " up\n";
    networks_.push_back(network);
  }
  auto& host = hosts_[name] = hold_namespaces();
  const std::string link = "link" + std::to_string(links_++);
  router += "link add " + link + " type veth peer name eth0 netns " + std::to_string(host->pid()) + "\nlink set " +
            link + " master " + bridge + " up\n";
  configure(*router_, router);
  std::string own = "address add " + address + "/24 dev eth0\n";
  if (!v6.empty()) own += "address add " + v6 + "/64 dev eth0 nodad\n";
  own += "link set eth0 up\nroute add default via " + network + ".1\n";
  if (!v6.empty()) own += "route add default via " + v6_router + "\n";
  configure(*host, own);
}

Command Network::on(const std::string& host, std::vector<std::string> arguments) const {
  return inside(*hosts_.at(host), std::move(arguments));
}

// Two halves are more specific than the whole that the router is connected to.
void Network::route_halves(const char* verb, std::string_view address) {
  const std::string begin = std::string("route ") + verb + " blackhole " + network_of(address);
  configure(*router_, begin + ".0/25\n" + begin + ".128/25\n");
}

void Network::cut(std::string_view address) {
  route_halves("add", address);
}

void Network::heal(std::string_view address) {
  route_halves("del", address);
}

}  // namespace skerry::testing
