#include "origin/server/representation.h"

#include <array>
#include <charconv>
#include <utility>

#include "core/http/date.h"
#include "origin/server/generated.h"

namespace skerry::origin {

namespace {

// Generated content never changes; any fixed date in the past will do.
constexpr core::WallTime generated_at = core::WallTime(std::chrono::seconds(1704067200));  // 2024-01-01

constexpr std::array<std::pair<std::string_view, std::string_view>, 24> content_types = {{
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"xml", "application/xml"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
    {"wasm", "application/wasm"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"pdf", "application/pdf"},
    {"m3u8", "application/vnd.apple.mpegurl"},
}};

std::string hex(std::uint64_t value) {
  char text[16];
  const auto end = std::to_chars(text, text + sizeof text, value, 16).ptr;
  return std::string(text, end);
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" + std::to_string(size);
}

// The boundary follows from the tag, so the same request gets the same bytes.
BodyPlan plan_multipart(const Representation& representation, const RangeAnswer& answer, http::HeaderMap& fields) {
  const std::string boundary = "skerry-" + hex(generated_seed(representation.etag));
  BodyPlan plan;
  std::string framing = "--" + boundary;
  for (const ByteRange& range : answer.ranges) {
    framing += "\r\nContent-Type: " + std::string(representation.content_type) +
               "\r\nContent-Range: " + content_range(range, representation.size) + "\r\n\r\n";
    plan.size += framing.size() + range.size();
    plan.pieces.push_back({std::move(framing), {}});
    plan.pieces.push_back({{}, range});
    framing = "\r\n--" + boundary;
  }
  framing += "--\r\n";
  plan.size += framing.size();
  plan.pieces.push_back({std::move(framing), {}});
  fields.set(http::HeaderId::content_type, "multipart/byteranges; boundary=" + boundary);
  return plan;
}

}  // namespace

std::string_view content_type_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos) return "application/octet-stream";
  for (const auto& [extension, type] : content_types) {
    if (http::equals_ignoring_case(name.substr(dot + 1), extension)) return type;
  }
  return "application/octet-stream";
}

Representation generated_representation(std::string_view path, std::uint64_t size) {
  Representation representation;
  representation.source.seed = generated_seed(path);
  representation.size = size;
  representation.etag = "\"gen-" + hex(representation.source.seed) + "-" + hex(size) + "\"";
  representation.modified = generated_at;
  representation.content_type = content_type_of(path);
  return representation;
}

Representation file_representation(std::shared_ptr<const OpenFile> file, std::string_view name) {
  Representation representation;
  representation.size = file->size;
  representation.etag = file->etag;
  representation.modified = file->modified;
  representation.content_type = content_type_of(name);
  representation.source.file = std::move(file);
  return representation;
}

http::HeaderMap describe(const Representation& representation, std::string_view cache_control) {
  http::HeaderMap fields;
  fields.add(http::HeaderId::content_type, representation.content_type);
  fields.add(http::HeaderId::etag, representation.etag);
  std::string date;
  http::append_http_date(date, representation.modified);
  fields.add(http::HeaderId::last_modified, date);
  fields.add(http::HeaderId::accept_ranges, "bytes");
  if (!cache_control.empty()) fields.add(http::HeaderId::cache_control, cache_control);
  return fields;
}

BodyPlan plan_body(const Representation& representation, const RangeAnswer& answer, http::HeaderMap& fields) {
  if (answer.kind == RangeAnswer::Kind::whole) {
    BodyPlan plan;
    plan.size = representation.size;
    if (plan.size > 0) plan.pieces.push_back({{}, {0, plan.size - 1}});
    return plan;
  }
  if (answer.ranges.size() > 1) return plan_multipart(representation, answer, fields);
  BodyPlan plan;
  plan.pieces.push_back({{}, answer.ranges.front()});
  plan.size = answer.ranges.front().size();
  fields.set(http::HeaderId::content_range, content_range(answer.ranges.front(), representation.size));
  return plan;
}

}  // namespace skerry::origin
