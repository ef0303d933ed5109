#include "core/http/cache_control.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/http/list.h"
#include "core/http/structured_fields.h"

namespace skerry::http {
namespace {

using std::chrono::seconds;

struct FlagDirective {
  std::string_view name;
  bool CacheControl::*flag;
};
constexpr std::array<FlagDirective, 8> flag_directives = {{
    {"no-store", &CacheControl::no_store},
    {"public", &CacheControl::public_},
    {"must-revalidate", &CacheControl::must_revalidate},
    {"proxy-revalidate", &CacheControl::proxy_revalidate},
    {"only-if-cached", &CacheControl::only_if_cached},
    {"immutable", &CacheControl::immutable},
    {"must-understand", &CacheControl::must_understand},
    {"no-transform", &CacheControl::no_transform},
}};

struct SecondsDirective {
  std::string_view name;
  std::optional<seconds> CacheControl::*value;
  bool is_lifetime;
};
constexpr std::array<SecondsDirective, 6> seconds_directives = {{
    {"max-age", &CacheControl::max_age, true},
    {"s-maxage", &CacheControl::s_maxage, true},
    {"stale-while-revalidate", &CacheControl::stale_while_revalidate, false},
    {"stale-if-error", &CacheControl::stale_if_error, false},
    {"min-fresh", &CacheControl::min_fresh, false},
    {"max-stale", &CacheControl::max_stale, false},
}};

// The two whose argument is a list of field names; without one they speak of the whole response.
struct FieldsDirective {
  std::string_view name;
  bool CacheControl::*whole;
  std::vector<std::string> CacheControl::*fields;
};
constexpr std::array<FieldsDirective, 2> fields_directives = {{
    {"no-cache", &CacheControl::no_cache, &CacheControl::no_cache_fields},
    {"private", &CacheControl::private_, &CacheControl::private_fields},
}};

template <class Table>
const typename Table::value_type* find_directive(const Table& table, std::string_view name) {
  for (const auto& directive : table) {
    if (equals_ignoring_case(directive.name, name)) return &directive;
  }
  return nullptr;
}

void set_seconds(CacheControl& control, const SecondsDirective& directive, std::optional<seconds> value) {
  std::optional<seconds>& target = control.*directive.value;
  if (target) return;
  if (value) {
    target = value;
  } else if (directive.is_lifetime) {
    target = seconds(0);
    control.invalid_lifetime = true;
  }
}

// What can't be understood restricts the whole response: the safe reading.
void set_fields(CacheControl& control, const FieldsDirective& directive, std::string_view names) {
  std::vector<std::string>& target = control.*directive.fields;
  ListReader reader(names);
  bool any = false;
  while (const auto name = reader.next()) {
    any = true;
    // An apostrophe is a token character, but 'x' was meant as a quoted list.
    const bool is_name = is_token(*name) && name->front() != '\'';
    if (!is_name || target.size() == max_qualified_fields) {
      control.*directive.whole = true;
      return;
    }
    std::string lowered;
    append_lower(lowered, *name);
    target.push_back(std::move(lowered));
  }
  if (!any) control.*directive.whole = true;
}

std::optional<seconds> seconds_argument(const std::optional<std::string_view>& argument) {
  if (!argument) return std::nullopt;
  std::string_view text = *argument;
  // max-age="60" equals max-age=60 (RFC 9111 5.2).
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return parse_delta_seconds(text);
}

void apply(CacheControl& control, std::string_view name, const std::optional<std::string_view>& argument) {
  if (const auto* directive = find_directive(seconds_directives, name)) {
    if (directive->value == &CacheControl::max_stale && !argument) control.max_stale_any = true;
    set_seconds(control, *directive, seconds_argument(argument));
  } else if (const auto* flag = find_directive(flag_directives, name)) {
    control.*(flag->flag) = true;
  } else if (const auto* fields = find_directive(fields_directives, name)) {
    const auto names = argument ? token_or_quoted(*argument) : std::nullopt;
    if (names) {
      set_fields(control, *fields, *names);
    } else {
      control.*(fields->whole) = true;
    }
  }
}

// Splits "name=argument". Blanks beside '=' are no syntax we know, but must not hide a no-store: they stay in the
// argument, where they make a number invalid.
void apply_element(CacheControl& control, std::string_view element) {
  const std::size_t equals = element.find('=');
  if (equals == std::string_view::npos) {
    apply(control, element, std::nullopt);
    return;
  }
  const std::string_view name = trim_blanks(element.substr(0, equals));
  std::string_view argument = element.substr(equals + 1);
  if (name.size() != equals) argument = element.substr(name.size());
  apply(control, name, argument);
}

// One member of CDN-Cache-Control. False: a type that the directive does not have.
bool apply_member(CacheControl& control, const StructuredMember& member) {
  using Type = BareItem::Type;
  const BareItem& value = member.value;
  if (const auto* directive = find_directive(seconds_directives, member.key)) {
    if (member.is_inner_list || value.type != Type::integer) return false;
    std::optional<seconds> delta;
    if (value.number >= 0) delta = std::min(seconds(value.number), max_delta_seconds);
    set_seconds(control, *directive, delta);
  } else if (const auto* flag = find_directive(flag_directives, member.key)) {
    if (member.is_inner_list || value.type != Type::boolean) return false;
    control.*(flag->flag) = value.number != 0;
  } else if (const auto* fields = find_directive(fields_directives, member.key)) {
    if (member.is_inner_list) return false;
    if (value.type == Type::boolean) {
      control.*(fields->whole) = value.number != 0;
    } else if (value.type == Type::string) {
      set_fields(control, *fields, value.text);
    } else {
      return false;
    }
  }
  return true;
}

bool says_how_to_cache(const CacheControl& control) {
  return control.max_age || control.s_maxage || control.no_store || control.no_cache || control.private_;
}

// Where an unquoted ';' begins a target ("max-age=60;name"), or the end.
std::size_t target_at(std::string_view element) {
  bool quoted = false;
  for (std::size_t i = 0; i < element.size(); ++i) {
    if (element[i] == '"') quoted = !quoted;
    if (element[i] == ';' && !quoted) return i;
  }
  return element.size();
}

void apply_surrogate(CacheControl& control, std::string_view element, std::string_view device) {
  if (const std::size_t at = target_at(element); at != element.size()) {
    if (device.empty() || trim_blanks(element.substr(at + 1)) != device) return;
    element = trim_blanks(element.substr(0, at));
  }
  if (equals_ignoring_case(element, "no-store-remote")) {
    control.no_store = true;  // we are the remote surrogate
    return;
  }
  const std::size_t plus = element.find('+');
  const bool is_max_age = equals_ignoring_case(element.substr(0, element.find('=')), "max-age");
  if (!is_max_age || plus == std::string_view::npos || control.max_age) {
    apply_element(control, element);
    return;
  }
  apply_element(control, element.substr(0, plus));
  if (const auto window = parse_delta_seconds(element.substr(plus + 1))) {
    control.stale_while_revalidate = control.stale_if_error = window;
  }
}

}  // namespace

std::optional<seconds> parse_delta_seconds(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = std::min<std::int64_t>(value * 10 + (c - '0'), max_delta_seconds.count());
  }
  return seconds(value);
}

CacheControl parse_cache_control(const HeaderMap& fields, HeaderId field) {
  CacheControl control;
  for_each_element(fields, field, [&control](std::string_view element) {
    apply_element(control, element);
    return true;
  });
  return control;
}

std::optional<CacheControl> parse_cdn_cache_control(const HeaderMap& fields) {
  if (!fields.contains(HeaderId::cdn_cache_control)) return std::nullopt;
  const auto members = parse_structured_dictionary(fields.joined(HeaderId::cdn_cache_control));
  if (!members || members->empty()) return std::nullopt;
  CacheControl control;
  for (const StructuredMember& member : *members) {
    if (!apply_member(control, member)) return std::nullopt;
  }
  return control;
}

std::optional<CacheControl> parse_surrogate_control(const HeaderMap& fields, std::string_view device) {
  if (!fields.contains(HeaderId::surrogate_control)) return std::nullopt;
  CacheControl control;
  for_each_element(fields, HeaderId::surrogate_control, [&control, device](std::string_view element) {
    apply_surrogate(control, element, device);
    return true;
  });
  if (!says_how_to_cache(control)) return std::nullopt;
  return control;
}

}  // namespace skerry::http
