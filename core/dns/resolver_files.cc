#include "core/dns/resolver_files.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/dns/name.h"

namespace skerry::dns {
namespace {

constexpr std::size_t most_servers = 3;
constexpr std::size_t most_search = 6;
constexpr std::size_t most_addresses = 32;  // of one name in the hosts file
constexpr std::size_t longest_file = 4u << 20;

std::string_view next_word(std::string_view& line) {
  const auto begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return line = {};
  line.remove_prefix(begin);
  const auto word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

template <class Each>
void for_each_line(std::string_view text, std::string_view comment_marks, Each each) {
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    each(line.substr(0, line.find_first_of(comment_marks)));
  }
}

std::string lower_host(std::string_view host) {
  if (host.size() > 1 && host.back() == '.') host.remove_suffix(1);
  std::string text(host);
  for (char& c : text) c = lower(c);
  return text;
}

void read_options(std::string_view line, ResolvConf& conf) {
  for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
    if (!word.starts_with("ndots:")) continue;
    int value = 0;
    word.remove_prefix(6);
    if (std::from_chars(word.data(), word.data() + word.size(), value).ec == std::errc()) {
      conf.ndots = std::clamp(value, 0, 15);
    }
  }
}

void read_server(std::string_view line, ResolvConf& conf) {
  const auto ip = core::IpAddress::parse(next_word(line));
  if (ip.ok() && conf.servers.size() < most_servers) conf.servers.push_back({ip.value(), 53});
}

void read_search(std::string_view line, ResolvConf& conf) {
  conf.search.clear();  // the last search or domain line counts
  for (auto word = next_word(line); !word.empty() && conf.search.size() < most_search; word = next_word(line)) {
    if (word != "." && Name::parse(word).ok()) conf.search.push_back(lower_host(word));
  }
}

}  // namespace

Hosts parse_hosts(std::string_view text) {
  Hosts hosts;
  for_each_line(text, "#", [&](std::string_view line) {
    const auto ip = core::IpAddress::parse(next_word(line));
    if (!ip.ok()) return;
    for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
      auto& addresses = hosts[lower_host(word)];
      const bool known = std::find(addresses.begin(), addresses.end(), ip.value()) != addresses.end();
      if (!known && addresses.size() < most_addresses) addresses.push_back(ip.value());
    }
  });
  return hosts;
}

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf conf;
  for_each_line(text, "#;", [&](std::string_view line) {
    const auto keyword = next_word(line);
    if (keyword == "nameserver") read_server(line, conf);
    if (keyword == "search" || keyword == "domain") read_search(line, conf);
    if (keyword == "options") read_options(line, conf);
  });
  return conf;
}

WatchedFile::Stamp WatchedFile::stamp() const {
  std::error_code error;
  const auto modified = std::filesystem::last_write_time(path_, error);
  if (error) return {};
  const auto size = std::filesystem::file_size(path_, error);
  if (error) return {};
  return {static_cast<std::int64_t>(modified.time_since_epoch().count()), size, true};
}

bool WatchedFile::refresh(core::TimePoint now, std::string& text) {
  if (known_ && now - looked_ < std::chrono::seconds(1)) return false;
  const Stamp found = stamp();
  const bool changed = !known_ || found != stamp_;
  looked_ = now;
  known_ = true;
  stamp_ = found;
  if (!changed) return false;
  text.clear();
  if (!found.exists || found.size > longest_file) return true;
  std::ifstream file(path_, std::ios::binary);
  text.assign(std::istreambuf_iterator<char>(file), {});
  return true;
}

}  // namespace skerry::dns
