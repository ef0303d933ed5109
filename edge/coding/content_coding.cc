#include "edge/coding/content_coding.h"

#include <algorithm>
#include <array>

#include "core/http/cache_control.h"
#include "core/http/list.h"

namespace skerry::edge {
namespace {

constexpr std::array<std::pair<std::string_view, Coding>, 5> names = {{{"identity", Coding::identity},
                                                                       {"gzip", Coding::gzip},
                                                                       {"x-gzip", Coding::gzip},
                                                                       {"br", Coding::br},
                                                                       {"zstd", Coding::zstd}}};

// Thousandths by coding; -1: not mentioned.
struct Qualities {
  std::array<int, 4> of{-1, -1, -1, -1};
  int any = -1;  // "*"

  int quality(Coding coding) const {
    const int own = of[static_cast<std::size_t>(coding)];
    if (own >= 0) return own;
    if (any >= 0) return any;
    return coding == Coding::identity ? 1 : 0;  // identity is acceptable unless excluded, and liked least
  }
};

// "gzip;q=0.5". What is no such thing counts for nothing.
void read_preference(std::string_view element, Qualities& qualities) {
  const std::size_t semicolon = element.find(';');
  const std::string_view token = http::trim_blanks(element.substr(0, semicolon));
  int quality = 1000;
  if (semicolon != std::string_view::npos) {
    const std::string_view weight = http::trim_blanks(element.substr(semicolon + 1));
    if (weight.size() < 3 || http::lower(weight[0]) != 'q' || weight[1] != '=') return;
    const auto parsed = http::parse_quality(weight.substr(2));
    if (!parsed) return;
    quality = *parsed;
  }
  if (token == "*") {
    qualities.any = quality;
  } else if (const auto coding = coding_named(token)) {
    qualities.of[static_cast<std::size_t>(*coding)] = quality;
  }
}

Qualities qualities_of(const http::HeaderMap& request_fields) {
  Qualities qualities;
  http::for_each_element(request_fields, http::HeaderId::accept_encoding, [&](std::string_view element) {
    read_preference(element, qualities);
    return true;
  });
  return qualities;
}

bool matches_type(std::string_view content_type, const std::vector<std::string>& types) {
  const std::string_view type = http::trim_blanks(content_type.substr(0, content_type.find(';')));
  return std::any_of(types.begin(), types.end(), [&](std::string_view pattern) {
    if (!pattern.ends_with("/*")) return http::equals_ignoring_case(type, pattern);
    pattern.remove_suffix(1);
    return type.size() > pattern.size() && http::equals_ignoring_case(type.substr(0, pattern.size()), pattern);
  });
}

// Identity or gzip; nothing: another coding, or several.
std::optional<Coding> coding_of(const http::HeaderMap& fields) {
  const auto value = fields.find(http::HeaderId::content_encoding);
  if (!value) return Coding::identity;
  const auto coding = coding_named(http::trim_blanks(*value));
  if (fields.count(http::HeaderId::content_encoding) != 1 || coding != Coding::gzip) return std::nullopt;
  return coding;
}

}  // namespace

std::string_view name(Coding coding) {
  return std::find_if(names.begin(), names.end(), [&](const auto& entry) { return entry.second == coding; })->first;
}

std::optional<Coding> coding_named(std::string_view token) {
  for (const auto& [name, coding] : names) {
    if (http::equals_ignoring_case(name, token)) return coding;
  }
  return std::nullopt;
}

bool is_codable(const http::HeaderMap& fields, int status, const CodingPolicy& policy) {
  if (policy.offered.empty() || status != 200) return false;
  const auto type = fields.find(http::HeaderId::content_type);
  return type && matches_type(*type, policy.types) && coding_of(fields) &&
         !http::parse_cache_control(fields).no_transform;
}

std::optional<Coding> wanted_coding(const http::RequestHead& request, const ObjectHead& head,
                                    const CodingPolicy& policy) {
  if (head.body_size > largest_coded || request.fields.contains(http::HeaderId::range)) return std::nullopt;
  if (!is_codable(head.fields, head.status, policy)) return std::nullopt;
  if (coding_of(head.fields) == Coding::gzip) {
    if (accepts(request.fields, Coding::gzip)) return std::nullopt;
    return Coding::identity;
  }
  if (head.body_size < policy.smallest.count) return std::nullopt;
  return preferred_coding(request.fields, policy.offered);
}

std::optional<Coding> preferred_coding(const http::HeaderMap& request_fields, const std::vector<Coding>& offered) {
  const Qualities qualities = qualities_of(request_fields);
  std::optional<Coding> best;
  int best_quality = std::max(qualities.quality(Coding::identity), 1) - 1;  // as good as identity is good enough
  for (const Coding coding : offered) {
    const int quality = qualities.quality(coding);
    if (quality <= best_quality) continue;
    best = coding;
    best_quality = quality;
  }
  return best;
}

bool accepts(const http::HeaderMap& request_fields, Coding coding) {
  return qualities_of(request_fields).quality(coding) > 0;
}

// A line feed can't occur in a key made of a request.
void append_coded_key(std::string& out, const ObjectHead& source, Coding coding) {
  out.append(source.key).append("\ncoded:").append(name(coding)).append(":");
  out.append(std::to_string(source.body_size)).append(":");
  if (const auto etag = source.fields.find(http::HeaderId::etag)) {
    out.append(*etag);
  } else if (const auto modified = source.fields.find(http::HeaderId::last_modified)) {
    out.append(*modified);
  } else {
    out.append(std::to_string(source.received.time_since_epoch().count()));
  }
}

std::string coded_key(const ObjectHead& source, Coding coding) {
  std::string key;
  append_coded_key(key, source, coding);
  return key;
}

ObjectHead coded_head(const ObjectHead& source, Coding coding) {
  ObjectHead head = source;
  head.key = coded_key(source, coding);
  head.fields.clear();
  for (const http::HeaderMap::Field field : source.fields) {
    const bool of_the_bytes =
        field.id == http::HeaderId::content_encoding || http::equals_ignoring_case(field.name, "Content-MD5") ||
        http::equals_ignoring_case(field.name, "Content-Digest") || http::equals_ignoring_case(field.name, "Digest") ||
        http::equals_ignoring_case(field.name, "Repr-Digest") ||
        http::equals_ignoring_case(field.name, "Accept-Ranges");
    if (of_the_bytes) continue;
    if (field.id == http::HeaderId::etag)
      head.fields.add(field.id, weak_etag(field.value));
    else
      head.fields.add(field.id, field.name, field.value);
  }
  if (coding != Coding::identity) head.fields.add(http::HeaderId::content_encoding, name(coding));
  add_vary_by_coding(head.fields, source.fields);
  return head;
}

std::string weak_etag(std::string_view etag) {
  return etag.starts_with("W/") ? std::string(etag) : "W/" + std::string(etag);
}

void add_vary_by_coding(http::HeaderMap& fields, const http::HeaderMap& stored) {
  bool known = false;
  http::for_each_element(stored, http::HeaderId::vary, [&](std::string_view element) {
    known = element == "*" || http::equals_ignoring_case(element, "Accept-Encoding");
    return !known;
  });
  if (!known) fields.add(http::HeaderId::vary, "Accept-Encoding");
}

}  // namespace skerry::edge
