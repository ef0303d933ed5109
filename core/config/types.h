// How each C++ type is read from a configuration value and written back: one ValueType<T> a type.
//
// read() leaves `problem` saying what was expected when it returns false ("must be a duration such as …").
#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/config/value.h"
#include "core/net/address.h"
#include "core/net/ip_network.h"
#include "core/units.h"

namespace skerry::config {

// What a plain number counts, where its C++ type does not say.
enum class Unit : std::uint8_t { none, bytes };

bool read_text(const Value&, std::string& out, std::string& problem);
bool read_boolean(const Value&, bool& out, std::string& problem);
bool read_integer(const Value&, std::int64_t& out, std::string& problem);
bool read_real(const Value&, double& out, std::string& problem);
// "256MiB", "10GB", "512B", or a bare number of bytes.
bool read_bytes(const Value&, core::Bytes& out, std::string& problem);
// "250ms", "10s", "1h30m", "1d". A bare number has no unit and is refused.
bool read_duration(const Value&, core::Duration& out, std::string& problem);

// The shortest exact form: "256MiB", "1h30m".
std::string to_string(core::Bytes);
std::string to_string(core::Duration);

template <class T>
struct ValueType;

template <>
struct ValueType<std::string> {
  static std::string name() { return "string"; }
  static bool read(const Value& from, std::string& to, Unit, std::string& problem) {
    return read_text(from, to, problem);
  }
  static std::optional<Value> write(const std::string& from, Unit) { return Value::of(from); }
};

template <>
struct ValueType<bool> {
  static std::string name() { return "true or false"; }
  static bool read(const Value& from, bool& to, Unit, std::string& problem) { return read_boolean(from, to, problem); }
  static std::optional<Value> write(bool from, Unit) { return Value::of(from); }
};

template <>
struct ValueType<double> {
  static std::string name() { return "number"; }
  static bool read(const Value& from, double& to, Unit, std::string& problem) { return read_real(from, to, problem); }
  static std::optional<Value> write(double from, Unit) { return Value::of(from); }
};

template <>
struct ValueType<core::Bytes> {
  static std::string name() { return "size"; }
  static bool read(const Value& from, core::Bytes& to, Unit, std::string& problem) {
    return read_bytes(from, to, problem);
  }
  static std::optional<Value> write(core::Bytes from, Unit) { return Value::of(to_string(from)); }
};

template <class T>
requires(std::integral<T> && !std::same_as<T, bool>) struct ValueType<T> {
  static std::string name() { return "integer"; }
  static bool read(const Value& from, T& to, Unit unit, std::string& problem) {
    std::int64_t wide = 0;
    if (unit == Unit::bytes) {
      core::Bytes bytes;
      if (!read_bytes(from, bytes, problem)) return false;
      wide = static_cast<std::int64_t>(bytes.count);
    } else if (!read_integer(from, wide, problem)) {
      return false;
    }
    if (!std::in_range<T>(wide)) {
      problem = "out of range";
      return false;
    }
    to = static_cast<T>(wide);
    return true;
  }
  static std::optional<Value> write(T from, Unit unit) {
    if (unit == Unit::bytes) return Value::of(to_string(core::Bytes{static_cast<std::uint64_t>(from)}));
    return Value::of(static_cast<std::int64_t>(from));
  }
};

template <class Rep, class Period>
struct ValueType<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static std::string name() { return "duration"; }
  static bool read(const Value& from, Duration& to, Unit, std::string& problem) {
    core::Duration exact{};
    if (!read_duration(from, exact, problem)) return false;
    to = std::chrono::duration_cast<Duration>(exact);
    if (to == exact) return true;
    problem = "too fine: the smallest unit here is " + to_string(core::Duration(Duration(1)));
    return false;
  }
  static std::optional<Value> write(Duration from, Unit) { return Value::of(to_string(core::Duration(from))); }
};

// Types with parse(text) → Result and to_string(): addresses and networks.
template <class T>
requires requires(std::string_view text, const T& value) {
  { T::parse(text) } -> std::same_as<core::Result<T>>;
  { value.to_string() } -> std::same_as<std::string>;
}
struct ValueType<T> {
  static std::string name() { return std::same_as<T, core::Address> ? "address" : "network"; }
  static bool read(const Value& from, T& to, Unit, std::string& problem) {
    std::string text;
    if (!read_text(from, text, problem)) return false;
    auto parsed = T::parse(text);
    if (parsed) to = *parsed;
    if (!parsed) {
      problem = std::same_as<T, core::Address> ? "must be an address and port such as \"0.0.0.0:8080\" or \"[::]:8080\""
                                               : "must be a network such as \"10.0.0.0/8\" or \"2001:db8::/32\"";
    }
    return parsed.ok();
  }
  static std::optional<Value> write(const T& from, Unit) { return Value::of(from.to_string()); }
};

// Unset unless given.
template <class T>
struct ValueType<std::optional<T>> {
  static std::string name() { return ValueType<T>::name(); }
  static bool read(const Value& from, std::optional<T>& to, Unit unit, std::string& problem) {
    T value{};
    if (!ValueType<T>::read(from, value, unit, problem)) return false;
    to = std::move(value);
    return true;
  }
  static std::optional<Value> write(const std::optional<T>& from, Unit unit) {
    return from ? ValueType<T>::write(*from, unit) : std::nullopt;
  }
};

// The items of a list: TOML's, a single value standing for a list of one, or a variable's, separated by commas.
std::vector<Value> list_items(const Value&);
constexpr std::size_t longest_list = 10'000;

template <class T>
struct ValueType<std::vector<T>> {
  static std::string name() { return "list of " + ValueType<T>::name(); }
  static bool read(const Value& from, std::vector<T>& to, Unit unit, std::string& problem) {
    std::vector<T> read;
    for (const Value& item : list_items(from)) {
      T value{};
      if (read.size() == longest_list) problem = "more than 10000 items";
      if (!problem.empty() || !ValueType<T>::read(item, value, unit, problem)) {
        if (from.kind == Value::Kind::list) problem.insert(0, "item " + std::to_string(read.size() + 1) + ": ");
        return false;
      }
      read.push_back(std::move(value));
    }
    to = std::move(read);
    return true;
  }
  static std::optional<Value> write(const std::vector<T>& from, Unit unit) {
    Value list = Value::list();
    for (const T& item : from) {
      if (auto value = ValueType<T>::write(item, unit)) list.items.push_back(std::move(*value));
    }
    return list;
  }
};

// A small table of the user's own keys, for instance status → lifetime.
template <class K, class V>
struct ValueType<std::vector<std::pair<K, V>>> {
  static constexpr bool is_map = true;
  static std::string name() { return "table of " + ValueType<K>::name() + " → " + ValueType<V>::name(); }
  static bool read(const Value& from, std::vector<std::pair<K, V>>& to, Unit unit, std::string& problem) {
    if (from.kind != Value::Kind::table || from.entries.size() > longest_list) {
      problem = "must be a table such as { name = value }";
      return false;
    }
    std::vector<std::pair<K, V>> read;
    for (const Entry& entry : from.entries) {
      Value key = Value::of(entry.key);
      key.from_environment = true;  // keys are text, numbers too
      std::pair<K, V> pair;
      if (!ValueType<K>::read(key, pair.first, Unit::none, problem) ||
          !ValueType<V>::read(entry.value, pair.second, unit, problem)) {
        problem.insert(0, entry.key + ": ");
        return false;
      }
      read.push_back(std::move(pair));
    }
    to = std::move(read);
    return true;
  }
  static std::optional<Value> write(const std::vector<std::pair<K, V>>& from, Unit unit) {
    Value table;
    for (const auto& [key, item] : from) {
      const auto name = ValueType<K>::write(key, Unit::none);
      auto value = ValueType<V>::write(item, unit);
      if (!name || !value) continue;
      table.add(name->kind == Value::Kind::text ? name->text : std::to_string(name->integer), std::move(*value));
    }
    return table;
  }
};

template <class V>
struct ValueType<std::map<std::string, V>> {
  using Pairs = ValueType<std::vector<std::pair<std::string, V>>>;
  static constexpr bool is_map = true;
  static std::string name() { return Pairs::name(); }
  static bool read(const Value& from, std::map<std::string, V>& to, Unit unit, std::string& problem) {
    std::vector<std::pair<std::string, V>> pairs;
    if (!Pairs::read(from, pairs, unit, problem)) return false;
    to = {pairs.begin(), pairs.end()};
    return true;
  }
  static std::optional<Value> write(const std::map<std::string, V>& from, Unit unit) {
    return Pairs::write({from.begin(), from.end()}, unit);
  }
};

}  // namespace skerry::config
