// The text form of DNS data (RFC 1035 5.1): a file or a single value cut into entries of tokens.
//
// Handles comments, parentheses, quotes and line ends; what a token means is for others (rdata.h, master_file.h).
// Tokens point into the text and keep their escapes. Pure, bounded by the text; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/name.h"

namespace skerry::dns {

struct TextPlace {
  std::size_t line = 1, column = 1;  // column in bytes
};

struct Token {
  std::string_view text;  // without the quotes around it, escapes as written
  bool quoted = false;
  TextPlace place;
};

// What is wrong, and where.
struct TextProblem {
  TextPlace place;
  std::string message;
};

// One record or directive: a line, or several joined by parentheses.
struct Entry {
  std::vector<Token> tokens;  // never empty
  bool blank_owner = false;   // the line began with a space: the owner is that of the entry before
};

class EntryReader {
 public:
  explicit EntryReader(std::string_view text) : rest_(text) {}

  enum class Result { entry, problem, end };
  // After a problem the reader stands at the next line, so that one mistake does not hide the others.
  Result next(Entry&, TextProblem&);
  TextPlace place() const { return place_; }

 private:
  Result fail(TextPlace, std::string message, TextProblem&);
  Result take_separator(Entry&, TextProblem&);
  Result take_token(Entry&, TextProblem&);
  bool take_quoted();
  void advance();
  void skip_line();
  bool at_end() const { return rest_.empty(); }

  std::string_view rest_;
  TextPlace place_;
  bool in_parentheses_ = false;
  TextPlace opened_;
  bool entry_done_ = false;
};

// Undoes `\DDD` and `\c`. False: a backslash without either.
bool unescape(std::string_view text, std::string& out);
// A name as written in a file: relative to `origin` unless it ends with a dot; `@` is the origin itself.
core::Result<Name> read_name_text(const Token&, const Name& origin);
// Seconds: a number, or numbers with units as in 1h30m (w d h m s). At most 2^31 - 1 (RFC 2181 8).
bool read_ttl(std::string_view text, std::uint32_t& seconds);
bool read_number(std::string_view text, std::uint32_t most, std::uint32_t& value);

}  // namespace skerry::dns
