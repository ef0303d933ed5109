// A configuration document as a plain tree, whatever it was written in: values, and where each one stands.
//
// Made by toml.h and environment.h, read by schema.h. Plain values, start-up and reload only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::config {

using Environment = std::map<std::string, std::string, std::less<>>;
// The variables this process was started with.
Environment process_environment();

// Where something was said: a line of the file, or an environment variable.
struct Place {
  std::uint32_t line = 0;  // from 1; 0: not from the file
  std::uint32_t column = 0;
  std::string variable;  // not empty: from the environment
};

struct Entry;

struct Value {
  enum class Kind : std::uint8_t { text, boolean, integer, real, list, table };

  Kind kind = Kind::table;
  std::string text;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::vector<Value> items;    // list
  std::vector<Entry> entries;  // table, in the order of the file
  Place place;
  // A variable's text: numbers, booleans and comma-separated lists are read from it, too.
  bool from_environment = false;

  static Value of(std::string text);
  static Value of(const char* text);
  static Value of(std::string_view text);
  static Value of(bool);
  static Value of(std::int64_t);
  static Value of(double);
  static Value list();

  Value* find(std::string_view key);
  const Value* find(std::string_view key) const;
  void add(std::string key, Value value);
  void erase(std::string_view key);
};

struct Entry {
  std::string key;
  Place place;  // of the key
  Value value;
};

// One thing wrong with a configuration, for people.
struct Problem {
  Place place;
  std::string subject;  // "[edge].listen"; empty for syntax errors
  std::string message;
  std::string suggestion;  // the nearest known name; may be empty

  // `edge.toml:3:1: [edge].listn: unknown key (did you mean "listen"?)`, on one printable line.
  std::string to_string(std::string_view file) const;
};

// Of `known`, the name that `given` most likely means; empty if none is near.
std::string nearest_name(std::string_view given, const std::vector<std::string>& known);

}  // namespace skerry::config
