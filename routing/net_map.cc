#include "routing/net_map.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "routing/country.h"

namespace skerry::routing {
namespace {

constexpr std::size_t most_problems = 50;
constexpr std::size_t longest_line = 4096;

struct Word {
  std::string_view text;
  std::uint32_t column;
};

std::vector<Word> words_of(std::string_view line) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t begin = line.find_first_not_of(" \t\r", at);
    if (begin == std::string_view::npos || line[begin] == '#') break;
    const std::size_t end = std::min(line.find_first_of(" \t\r#", begin), line.size());
    words.push_back({line.substr(begin, end - begin), static_cast<std::uint32_t>(begin + 1)});
    at = end;
  }
  return words;
}

bool read_degrees(std::string_view text, double limit, double& degrees) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), degrees);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(degrees) &&
         std::abs(degrees) <= limit;
}

std::string quoted(std::string_view text) {
  std::string result("\"");
  for (char c : text.substr(0, 60)) result.append(1, c > 0x1f && c < 0x7f ? c : '?');
  return result.append(text.size() > 60 ? "…\"" : "\"");
}

class Parser {
 public:
  Parser(const std::vector<Pop>& pops, std::vector<NetMapProblem>& problems) : problems_(problems) {
    for (std::size_t i = 0; i < pops.size(); ++i) pops_[pops[i].name] = static_cast<PopIndex>(i);
  }

  void read_line(std::string_view line) {
    ++line_;
    if (line.size() > longest_line) return report(longest_line, "the line is longer than 4096 bytes");
    const std::vector<Word> words = words_of(line);
    if (words.empty()) return;
    if (words[0].text == "default") return read_default(words);
    read_entry(words);
  }
  bool gave_up() const { return problems_.size() >= most_problems; }
  NetMap take() { return std::move(map_); }

 private:
  void report(std::size_t column, std::string message) {
    problems_.push_back({line_, static_cast<std::uint32_t>(column), std::move(message)});
  }

  void read_default(const std::vector<Word>& words) {
    if (default_line_ != 0) {
      return report(words[0].column, "default is given twice, first in line " + std::to_string(default_line_));
    }
    default_line_ = line_;
    if (words.size() != 2) return report(words[0].column, "expected: default pop[,pop...]");
    read_pops(words[1], map_.default_pops);
  }

  void read_entry(const std::vector<Word>& words) {
    NetMapEntry entry;
    entry.line = line_;
    if (!read_prefix(words[0], entry.prefix)) return;
    if (words.size() != 2 && words.size() != 3) {
      const Word& odd = words.size() < 2 ? words[0] : words[3];
      report(odd.column, "expected: prefix pop[,pop...], or: prefix latitude longitude, or: prefix country");
      return;
    }
    bool read;
    if (words.size() == 3) {
      read = read_place(words, entry.at);
    } else {
      read = read_country(words[1], entry.at) || read_pops(words[1], entry.pops);
    }
    if (read) map_.entries.push_back(std::move(entry));
  }

  bool read_prefix(const Word& word, core::IpNetwork& prefix) {
    const auto parsed = core::IpNetwork::parse(word.text);
    if (!parsed.ok()) {
      report(word.column, quoted(word.text) + " is not a prefix such as 192.0.2.0/24 or 2001:db8::/32" +
                              (word.text.find('/') == std::string_view::npos ? "" : ", with zeros behind its length"));
      return false;
    }
    prefix = parsed.value();
    const auto [first, is_new] = lines_.try_emplace({prefix.ip, prefix.prefix}, line_);
    if (!is_new)
      report(word.column, quoted(word.text) + " stands in line " + std::to_string(first->second) + " already");
    return is_new;
  }

  // Two capitals are a country, unless a PoP is called so. False: something else, and nothing is reported.
  bool read_country(const Word& word, Coordinates& at) const {
    if (pops_.find(word.text) != pops_.end()) return false;
    const auto place = country_place(word.text);
    if (place) at = *place;
    return place.has_value();
  }

  bool read_place(const std::vector<Word>& words, Coordinates& at) {
    const bool north = read_degrees(words[1].text, 90, at.latitude);
    if (!north) report(words[1].column, quoted(words[1].text) + " is not a latitude between -90 and 90");
    const bool east = read_degrees(words[2].text, 180, at.longitude);
    if (!east) report(words[2].column, quoted(words[2].text) + " is not a longitude between -180 and 180");
    return north && east;
  }

  bool read_pops(const Word& word, std::vector<PopIndex>& list) {
    std::size_t at = 0;
    while (at <= word.text.size()) {
      const std::size_t end = std::min(word.text.find(',', at), word.text.size());
      if (!read_pop(word.text.substr(at, end - at), word.column + at, list)) return false;
      at = end + 1;
    }
    return true;
  }

  bool read_pop(std::string_view name, std::size_t column, std::vector<PopIndex>& list) {
    const auto found = pops_.find(name);
    if (found == pops_.end()) {
      report(column, name.empty() ? "a PoP's name is missing" : "no PoP is named " + quoted(name));
      return false;
    }
    if (std::find(list.begin(), list.end(), found->second) != list.end()) {
      report(column, quoted(name) + " is listed twice");
      return false;
    }
    list.push_back(found->second);
    return true;
  }

  std::vector<NetMapProblem>& problems_;
  std::map<std::string, PopIndex, std::less<>> pops_;
  std::map<std::pair<core::IpAddress, int>, std::uint32_t> lines_;
  std::uint32_t line_ = 0;
  std::uint32_t default_line_ = 0;
  NetMap map_;
};

}  // namespace

NetMap parse_net_map(std::string_view text, const std::vector<Pop>& pops, std::vector<NetMapProblem>& problems) {
  if (text.size() > largest_net_map) {
    problems.push_back({1, 1, "the net map is larger than 64 MiB"});
    return {};
  }
  Parser parser(pops, problems);
  while (!text.empty() && !parser.gave_up()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    parser.read_line(line);
  }
  return parser.take();
}

}  // namespace skerry::routing
