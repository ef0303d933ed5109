#include "edge/rules/header_edits.h"

#include <algorithm>
#include <array>

#include "core/http/h1_syntax.h"
#include "core/http/list.h"

namespace skerry::edge {
namespace {

constexpr std::array<std::string_view, 18> never_edited = {"Connection",
                                                           "Keep-Alive",
                                                           "Proxy-Connection",
                                                           "Proxy-Authenticate",
                                                           "Proxy-Authorization",
                                                           "Proxy-Authentication-Info",
                                                           "TE",
                                                           "Trailer",
                                                           "Transfer-Encoding",
                                                           "Upgrade",
                                                           "HTTP2-Settings",
                                                           "Host",
                                                           "Content-Length",
                                                           "Content-Encoding",
                                                           "Content-Range",
                                                           "Expect",
                                                           "Skerry-Peer",
                                                           "Skerry-Answer"};
// Loop detection, the cache's own conditions and ranges, and what [[site]].forwarded is about.
constexpr std::array<std::string_view, 13> never_in_requests = {"Via",
                                                                "CDN-Loop",
                                                                "X-Request-ID",
                                                                "Range",
                                                                "If-Range",
                                                                "If-Match",
                                                                "If-None-Match",
                                                                "If-Modified-Since",
                                                                "If-Unmodified-Since",
                                                                "Forwarded",
                                                                "X-Forwarded-For",
                                                                "X-Forwarded-Host",
                                                                "X-Forwarded-Proto"};
constexpr std::array<std::string_view, 1> never_in_responses = {"Age"};

template <std::size_t N>
bool lists(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view one) { return http::equals_ignoring_case(one, name); });
}

core::Error wrong(std::string what) {
  return {core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false, std::move(what)};
}

}  // namespace

core::Result<std::string> parse_field_name(std::string_view name, EditedHead head) {
  name = http::trim_blanks(name);
  if (!http::is_token(name)) return wrong("not a field name: " + std::string(name));
  const bool ours = lists(never_edited, name) ||
                    (head == EditedHead::request ? lists(never_in_requests, name) : lists(never_in_responses, name));
  if (ours) return wrong(std::string(name) + " is the edge's own: it can't be edited here");
  return std::string(name);
}

core::Result<FieldLine> parse_field_line(std::string_view line, EditedHead head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return wrong("must be \"Name: value\"");
  auto name = parse_field_name(line.substr(0, colon), head);
  if (!name.ok()) return name.error();
  const std::string_view value = http::trim_blanks(line.substr(colon + 1));
  if (!http::is_field_text(value)) return wrong("the value holds control characters");
  return FieldLine{std::move(name).value(), std::string(value)};
}

core::Result<HeaderEdits> HeaderEdits::make(const HeaderEditsConfig& config, EditedHead head) {
  HeaderEdits edits;
  for (const std::string& text : config.remove) {
    auto name = parse_field_name(text, head);
    if (!name.ok()) return name.error();
    edits.remove_.push_back(std::move(name).value());
  }
  for (const auto& [texts, lines] : {std::pair(&config.set, &edits.set_), std::pair(&config.add, &edits.add_)}) {
    for (const std::string& text : *texts) {
      auto line = parse_field_line(text, head);
      if (!line.ok()) return line.error();
      lines->push_back(std::move(line).value());
    }
  }
  return edits;
}

void HeaderEdits::apply(http::HeaderMap& fields) const {
  for (const std::string& name : remove_) fields.remove(name);
  for (const FieldLine& line : set_) fields.set(line.name, line.value);
  for (const FieldLine& line : add_) fields.add(line.name, line.value);
}

}  // namespace skerry::edge
