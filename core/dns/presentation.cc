#include "core/dns/presentation.h"

#include <charconv>

namespace skerry::dns {
namespace {

constexpr std::size_t most_tokens = 4096;  // in one entry: a 64 KiB record of one-letter strings would be more

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool ends_token(char c) {
  return is_space(c) || c == '\n' || c == ';' || c == '(' || c == ')';
}

std::uint64_t seconds_of(char unit) {
  switch (lower(unit)) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86400;
    case 'w': return 604800;
    default: return 0;
  }
}

}  // namespace

void EntryReader::advance() {
  if (rest_.front() == '\n') {
    ++place_.line;
    place_.column = 0;
  }
  ++place_.column;
  rest_.remove_prefix(1);
}

void EntryReader::skip_line() {
  while (!at_end() && rest_.front() != '\n') advance();
  if (!at_end()) advance();
}

EntryReader::Result EntryReader::fail(TextPlace place, std::string message, TextProblem& problem) {
  problem = {place, std::move(message)};
  in_parentheses_ = false;
  skip_line();
  return Result::problem;
}

EntryReader::Result EntryReader::next(Entry& entry, TextProblem& problem) {
  entry.tokens.clear();
  entry.blank_owner = !at_end() && is_space(rest_.front());
  entry_done_ = false;
  while (!at_end()) {
    const bool separator = ends_token(rest_.front());
    const Result result = separator ? take_separator(entry, problem) : take_token(entry, problem);
    if (result == Result::problem) return result;
    if (entry_done_) return Result::entry;
  }
  if (in_parentheses_) return fail(opened_, "this parenthesis is never closed", problem);
  return entry.tokens.empty() ? Result::end : Result::entry;
}

// Result::entry here only means "go on".
EntryReader::Result EntryReader::take_separator(Entry& entry, TextProblem& problem) {
  const char c = rest_.front();
  if (c == ';') {
    while (!at_end() && rest_.front() != '\n') advance();
    return Result::entry;
  }
  if (c == '(') {
    if (in_parentheses_) return fail(place_, "a parenthesis inside parentheses", problem);
    in_parentheses_ = true;
    opened_ = place_;
  }
  if (c == ')') {
    if (!in_parentheses_) return fail(place_, "this parenthesis was never opened", problem);
    in_parentheses_ = false;
  }
  advance();
  if (c == '\n' && !in_parentheses_) {
    entry_done_ = !entry.tokens.empty();
    if (!entry_done_) entry.blank_owner = !at_end() && is_space(rest_.front());
  }
  return Result::entry;
}

EntryReader::Result EntryReader::take_token(Entry& entry, TextProblem& problem) {
  if (entry.tokens.size() == most_tokens) return fail(place_, "too many words in one record", problem);
  Token token{{}, rest_.front() == '"', place_};
  const std::string_view start = rest_;
  while (!at_end() && !ends_token(rest_.front())) {
    const char c = rest_.front();
    if (c == '"' && !take_quoted()) return fail(token.place, "a quote is not closed on its line", problem);
    if (c == '"' && token.quoted) break;
    if (c == '"') continue;  // as in alpn="h2,h3": the quotes are part of the word
    advance();
    if (c == '\\' && !at_end() && rest_.front() != '\n') advance();
  }
  token.text = start.substr(0, start.size() - rest_.size());
  if (token.quoted) token.text = token.text.substr(1, token.text.size() - 2);
  entry.tokens.push_back(token);
  return Result::entry;
}

// From a quote to behind the one that closes it.
bool EntryReader::take_quoted() {
  advance();
  while (!at_end() && rest_.front() != '\n') {
    const char c = rest_.front();
    advance();
    if (c == '"') return true;
    if (c == '\\' && !at_end() && rest_.front() != '\n') advance();
  }
  return false;
}

bool unescape(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    if (++i == text.size()) return false;
    if (!is_digit(text[i])) {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size() || !is_digit(text[i + 1]) || !is_digit(text[i + 2])) return false;
    const int value = (text[i] - '0') * 100 + (text[i + 1] - '0') * 10 + (text[i + 2] - '0');
    if (value > 255) return false;
    out.push_back(static_cast<char>(value));
    i += 2;
  }
  return true;
}

core::Result<Name> read_name_text(const Token& token, const Name& origin) {
  if (token.text == "@" && !token.quoted) return origin;
  auto name = Name::parse(token.text);
  if (!name.ok()) return name;
  // A dot behind an odd number of backslashes is a letter of the last label.
  std::size_t backslashes = 0;
  const bool dot = token.text.ends_with('.');
  while (dot && backslashes + 1 < token.text.size() && token.text[token.text.size() - 2 - backslashes] == '\\') {
    ++backslashes;
  }
  if (dot && backslashes % 2 == 0) return name;
  std::string_view rest = origin.wire();
  for (; rest.size() > 1; rest.remove_prefix(1u + static_cast<unsigned char>(rest[0]))) {
    if (name->append(rest.substr(1, static_cast<unsigned char>(rest[0])))) continue;
    return core::Error{core::ErrorCode::invalid_argument, core::ErrorSource::client, false,
                       "\"" + std::string(token.text) + "\" with its origin is longer than 255 bytes"};
  }
  return name;
}

bool read_number(std::string_view text, std::uint32_t most, std::uint32_t& value) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && value <= most;
}

bool read_ttl(std::string_view text, std::uint32_t& seconds) {
  constexpr std::uint64_t most = 0x7fffffff;
  if (text.empty()) return false;
  if (read_number(text, most, seconds)) return true;
  std::uint64_t sum = 0;
  while (!text.empty()) {
    std::uint32_t count = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const auto digits = static_cast<std::size_t>(stop - text.data());
    if (error != std::errc() || digits == text.size()) return false;
    const std::uint64_t unit = seconds_of(text[digits]);
    sum += count * unit;
    if (unit == 0 || sum > most) return false;
    text.remove_prefix(digits + 1);
    seconds = static_cast<std::uint32_t>(sum);
  }
  return true;
}

}  // namespace skerry::dns
