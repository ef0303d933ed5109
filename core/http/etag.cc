#include "core/http/etag.h"

#include "core/http/list.h"

namespace skerry::http {
namespace {

// Entity tags have no escapes (RFC 9110 8.8.3), so a ListReader, which knows quoted strings, would misread "a\".
class TagReader {
 public:
  explicit TagReader(std::string_view list) : rest_(list) {}

  std::string_view next() {
    while (!rest_.empty() && (rest_.front() == ',' || rest_.front() == ' ' || rest_.front() == '\t')) {
      rest_.remove_prefix(1);
    }
    std::size_t end = rest_.starts_with("W/") ? 2 : 0;
    if (end < rest_.size() && rest_[end] == '"') {
      end = rest_.find('"', end + 1);
      end = end == std::string_view::npos ? rest_.size() : end + 1;
    }
    end = std::min(rest_.find(',', end), rest_.size());
    const std::string_view tag = trim_blanks(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return tag;
  }

 private:
  std::string_view rest_;
};

template <class Matches>
bool any_match(const HeaderMap& fields, HeaderId id, Matches matches) {
  for (const HeaderMap::Field field : fields) {
    if (field.id != id) continue;
    if (trim_blanks(field.value) == "*") return true;
    TagReader reader(field.value);
    for (std::string_view tag = reader.next(); !tag.empty(); tag = reader.next()) {
      if (matches(tag)) return true;
    }
  }
  return false;
}

}  // namespace

EntityTag entity_tag(std::string_view value) {
  value = trim_blanks(value);
  if (value.starts_with("W/")) return {value.substr(2), true};
  return {value, false};
}

bool is_entity_tag(std::string_view value) {
  const std::string_view opaque = entity_tag(value).opaque;
  if (opaque.size() < 2 || opaque.front() != '"' || opaque.back() != '"') return false;
  for (const char c : opaque.substr(1, opaque.size() - 2)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == '"' || byte == 0x7f) return false;
  }
  return true;
}

bool strong_match(std::string_view a, std::string_view b) {
  const EntityTag left = entity_tag(a), right = entity_tag(b);
  return !left.weak && !right.weak && !left.opaque.empty() && left.opaque == right.opaque;
}

bool weak_match(std::string_view a, std::string_view b) {
  const EntityTag left = entity_tag(a), right = entity_tag(b);
  return !left.opaque.empty() && left.opaque == right.opaque;
}

bool any_weak_match(const HeaderMap& fields, HeaderId id, std::string_view tag) {
  return any_match(fields, id, [tag](std::string_view listed) { return weak_match(listed, tag); });
}

bool any_strong_match(const HeaderMap& fields, HeaderId id, std::string_view tag) {
  return any_match(fields, id, [tag](std::string_view listed) { return strong_match(listed, tag); });
}

}  // namespace skerry::http
