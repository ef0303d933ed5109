#include "tests/support/pop.h"

#include <signal.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace skerry::testing {

namespace {

std::string local(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

std::uint16_t peer_port_of(const EdgeOptions& options) {
  for (const Member& member : options.members) {
    if (member.name == options.name) return member.peer_port;
  }
  return 0;
}

// The number after `"key":` in a flat piece of JSON; 0 when it is not there.
std::uint64_t number_after(std::string_view json, const std::string& key) {
  const std::size_t at = json.find('"' + key + "\":");
  if (at == std::string_view::npos) return 0;
  return std::strtoull(json.data() + at + key.size() + 3, nullptr, 10);
}

}  // namespace

OriginProcess::OriginProcess(const std::vector<std::string>& more)
    : more_(more), port_(free_port()), admin_port_(free_port()) {
  start();
}

void OriginProcess::start() {
  Command command{
      {program("skerry-origin"), "--listen", local(port_), "--admin-listen", local(admin_port_), "--faults"}, {}, {}};
  command.arguments.insert(command.arguments.end(), more_.begin(), more_.end());
  process_.reset();
  process_ = std::make_unique<Process>(command);
  process_->wait_for_line("listening");
}

std::uint64_t OriginProcess::requests() const {
  return number_after(get(admin_port_, "/counts").body, "total");
}

std::uint64_t OriginProcess::requests(std::string_view path) const {
  return number_after(get(admin_port_, "/counts").body, std::string(path));
}

void OriginProcess::reset_counts() const {
  request(admin_port_, "POST", "/reset");
}

EdgeProcess::EdgeProcess(const TempDir& folder, EdgeOptions options)
    : options_(std::move(options)), port_(free_port()), admin_port_(free_port()) {
  config_file_ = folder.write(options_.name + ".toml", config_text());
  start();
}

std::string EdgeProcess::config_text() const {
  std::ostringstream text;
  text << "[edge]\nname = \"" << options_.name << "\"\nlisten = [\"" << options_.address << ':' << port_
       << "\"]\nadmin_listen = \"" << local(admin_port_) << "\"\nadmin_token = \"" << token
       << "\"\nworkers = " << options_.workers << "\n"
       << options_.edge_keys << "\n[memory]\nsize = \"" << options_.memory << "\"\n";
  if (!options_.store.empty()) {
    text << "[[store]]\npath = \"" << options_.store << "\"\nsize = \"" << options_.store_size << "\"\n";
  }
  text << "[[site]]\nhosts = [\"www.example.com\"]\norigin = [\"" << options_.origin << "\"]\n" << options_.site_keys;
  if (const std::uint16_t peer_port = peer_port_of(options_); peer_port != 0) {
    text << "\n[pop]\nname = \"test\"\nsecret = \"a secret of this test's PoP\"\npeer_listen = \"" << local(peer_port)
         << "\"\n";
    for (const Member& member : options_.members) {
      text << "[[pop.member]]\nname = \"" << member.name << "\"\npeer = \"" << local(member.peer_port) << "\"\n";
    }
  }
  text << "\n" << options_.sections;
  return text.str();
}

void EdgeProcess::start() {
  Command command{options_.wrapper, options_.environment, {}};
  for (std::string argument : {program("skerry-edge"), std::string("--config"), config_file_}) {
    command.arguments.push_back(std::move(argument));
  }
  process_.reset();
  process_ = std::make_unique<Process>(command);
  process_->wait_for_line("listening");
}

int EdgeProcess::stop() {
  process_->send(SIGTERM);
  return process_->wait();
}

void EdgeProcess::rewrite(EdgeOptions options) {
  options_ = std::move(options);
  std::FILE* file = std::fopen(config_file_.c_str(), "w");
  if (file == nullptr) throw std::runtime_error("cannot write " + config_file_);
  std::fputs(config_text().c_str(), file);
  std::fclose(file);
}

double EdgeProcess::metric(std::string_view name) const {
  std::istringstream page(get(admin_port_, "/metrics").body);
  double sum = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with(name)) continue;
    const char next = line.size() > name.size() ? line[name.size()] : ' ';
    if (name.find('{') == std::string_view::npos && next != ' ' && next != '{') continue;
    sum += std::strtod(line.c_str() + line.rfind(' '), nullptr);
  }
  return sum;
}

Reply EdgeProcess::admin(std::string_view method, std::string_view path, std::string_view body) const {
  return request(admin_port_, method, path, "Authorization: Bearer " + std::string(token) + "\r\n", body);
}

PopOfThree::PopOfThree(Tiers tiers, const EdgeOptions& defaults) {
  std::vector<Member> members;
  for (const char* name : {"edge-1", "edge-2", "edge-3"}) members.push_back({name, free_port()});
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    EdgeOptions options = defaults;
    options.name = members[i].name;
    options.origin = origin_.url();
    options.members = members;
    if (tiers == Tiers::memory_and_disk) options.store = folder_ / options.name;
    edges_[i] = std::make_unique<EdgeProcess>(folder_, options);
  }
}

}  // namespace skerry::testing
