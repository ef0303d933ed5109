// Lines about what happens to the program: an event, and what is known of it as keys and values.
//
//   log::warn("upstream_ejected", {{"upstream", url}, {"failures", 3}});
//
// On standard error, one write a line; any thread. For events and failures, never once a request: that is the access
// log.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "core/log/options.h"
#include "core/result.h"

namespace skerry::log {

struct Field {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  Field(std::string_view key, std::string_view text) : key(key), value(text) {}
  Field(std::string_view key, const char* text) : key(key), value(std::string_view(text)) {}
  Field(std::string_view key, const std::string& text) : key(key), value(std::string_view(text)) {}
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Field(std::string_view key, T number) : key(key), value(wide(number)) {}

  std::string_view key;
  Value value;

 private:
  template <class T>
  static Value wide(T number) {
    if constexpr (std::is_same_v<T, bool>) return number;
    if constexpr (std::is_floating_point_v<T>) return static_cast<double>(number);
    if constexpr (std::is_unsigned_v<T>) return static_cast<std::uint64_t>(number);
    return static_cast<std::int64_t>(number);
  }
};
using Fields = std::initializer_list<Field>;

// Once at start, before other threads run. `descriptor`: where lines go, for tests.
void configure(const LogOptions&, int descriptor = 2);
bool enabled(Level);

void debug(std::string_view event, Fields = {});
void info(std::string_view event, Fields = {});
void warn(std::string_view event, Fields = {});
void error(std::string_view event, Fields = {});

// A listener is open: "listening on client 127.0.0.1:8080" on standard error, which people and scripts wait for
// whatever the level is; an event like any other where lines are JSON.
void listening(std::string_view kind, std::string_view address);

// What a reload came to: the keys that need a restart to change, or why nothing changed (a line of the error's each).
void reload(const core::Result<std::vector<std::string>>&);

}  // namespace skerry::log
