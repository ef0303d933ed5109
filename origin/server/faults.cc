#include "origin/server/faults.h"

#include <charconv>

#include "core/http/list.h"

namespace skerry::origin {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > INT64_MAX) return std::nullopt;
  return value;
}

void set_number(Faults& faults, std::string_view name, std::uint64_t n) {
  constexpr std::uint64_t longest_delay = 3'600'000;
  if (name == "delay") faults.delay = std::chrono::milliseconds(std::min(n, longest_delay));
  if (name == "slow") faults.slow = n;
  if (name == "close") faults.close = n;
  if (name == "status" && n >= 200 && n <= 599) faults.status = static_cast<int>(n);
  if (name == "interim" && n >= 102 && n <= 199) faults.interim = static_cast<int>(n);
}

void add_header(Faults& faults, std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || !http::is_token(text.substr(0, colon))) return;
  const std::string_view value = http::trim_blanks(text.substr(colon + 1));
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos) return;
  faults.headers.emplace_back(text.substr(0, colon), value);
}

}  // namespace

std::optional<std::string> decode_percent(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

void add_faults(Faults& faults, std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = parameters.substr(0, parameters.find('&'));
    parameters.remove_prefix(std::min(parameter.size() + 1, parameters.size()));
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string_view name = parameter.substr(0, equals);
    const auto value = decode_percent(parameter.substr(std::min(equals + 1, parameter.size())), true);
    if (!value) continue;
    if (name == "no-length") faults.no_length = true;
    if (name == "hang") faults.hang = true;
    if (name == "wrong-length") faults.wrong_length = true;
    if (name == "garbage") faults.garbage = true;
    if (name == "header") add_header(faults, *value);
    if (const auto n = number(*value)) set_number(faults, name, *n);
  }
}

Faults faults_of(const http::RequestHead& request) {
  Faults faults;
  const std::string_view path = request.path;
  if (const std::size_t query = path.find('?'); query != path.npos) add_faults(faults, path.substr(query + 1));
  for (const auto field : request.fields) {
    if (http::equals_ignoring_case(field.name, "Skerry-Origin-Fault")) add_faults(faults, field.value);
  }
  return faults;
}

}  // namespace skerry::origin
