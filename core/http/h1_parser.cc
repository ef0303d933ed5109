#include "core/http/h1_parser.h"

#include <algorithm>
#include <cstring>

#include "core/http/h1_syntax.h"
#include "core/http/list.h"

namespace skerry::http {
namespace {

using core::ErrorCode;

// What a request line holds besides its target: longer methods don't exist (RFC 9110 16.1 lists none over 17).
constexpr std::size_t longest_method = 64;
constexpr std::size_t request_line_extra = longest_method + 16;

// 0 for "HTTP/1.0", 1 for "HTTP/1.1", other minor and major versions as they are; nothing if it has not that form.
struct VersionNumber {
  int major;
  int minor;
};
std::optional<VersionNumber> version_number(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 8 || text.substr(0, 5) != "HTTP/" || text[6] != '.') return std::nullopt;
  if (!digit(text[5]) || !digit(text[7])) return std::nullopt;
  return VersionNumber{text[5] - '0', text[7] - '0'};
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

}  // namespace

void LineReader::start(std::size_t most) {
  left_ = most;
  too_long_ = false;
  partial_.clear();
  partial_is_used_ = false;
}

Progress LineReader::next(std::string_view& input, std::string_view& line) {
  if (partial_is_used_) {
    partial_.clear();
    partial_is_used_ = false;
  }
  if (input.empty()) return Progress::need_more;
  // Bytes past the bound are never looked at, so the verdict doesn't depend on how the input was cut.
  const std::size_t looked_at = std::min(input.size(), left_);
  const void* end = looked_at == 0 ? nullptr : std::memchr(input.data(), '\n', looked_at);
  if (end == nullptr) {
    too_long_ = looked_at == left_;
    if (too_long_) return Progress::failed;
    partial_.append(input);
    left_ -= input.size();
    input = {};
    return Progress::need_more;
  }
  const auto size = static_cast<std::size_t>(static_cast<const char*>(end) - input.data()) + 1;
  line = input.substr(0, size);
  input.remove_prefix(size);
  left_ -= size;
  if (!partial_.empty()) {
    partial_.append(line);
    line = partial_;
    partial_is_used_ = true;
  }
  if (line.size() < 2 || line[line.size() - 2] != '\r') return Progress::failed;
  line.remove_suffix(2);
  return Progress::complete;
}

std::optional<FieldLine> parse_field_line(std::string_view line, bool trim_name) {
  const std::size_t name_size = token_prefix(line);
  if (name_size == 0) return std::nullopt;  // obs-fold too: it begins with a blank
  std::size_t colon = name_size;
  if (trim_name) {
    while (colon < line.size() && (line[colon] == ' ' || line[colon] == '\t')) ++colon;
  }
  if (colon >= line.size() || line[colon] != ':') return std::nullopt;
  FieldLine field;
  field.name = line.substr(0, name_size);
  field.value = trim_blanks(line.substr(colon + 1));
  if (!is_field_text(field.value)) return std::nullopt;
  field.id = header_id(field.name);
  return field;
}

void RequestParser::restart() {
  step_ = Step::request_line;
  skipped_empty_line_ = false;
  absolute_ = false;
  hosts_ = 0;
  lines_.start(std::min(limits_.head_size, limits_.target_size + request_line_extra));
}

Progress RequestParser::fail(ErrorCode code, int status) {
  refusal_ = {code, status};
  return Progress::failed;
}

Progress RequestParser::line_failure() {
  if (step_ == Step::request_line) {
    return lines_.too_long() ? fail(ErrorCode::uri_too_long, 414) : fail(ErrorCode::malformed_request_line);
  }
  return lines_.too_long() ? fail(ErrorCode::head_too_large, 431) : fail(ErrorCode::malformed_field);
}

Progress RequestParser::parse(std::string_view& input, RequestHead& head) {
  while (!input.empty()) {
    // What can't begin a request line is refused at once, without waiting for a line end: a TLS handshake, say.
    if (!started() && input.front() != '\r' && token_prefix(input.substr(0, 1)) == 0) {
      return fail(ErrorCode::malformed_request_line);
    }
    std::string_view line;
    const Progress found = lines_.next(input, line);
    if (found == Progress::need_more) return found;
    if (found == Progress::failed) return line_failure();
    const Progress parsed = parse_line(line, head);
    if (parsed != Progress::need_more) return parsed;
  }
  return Progress::need_more;
}

Progress RequestParser::parse_line(std::string_view line, RequestHead& head) {
  if (step_ == Step::fields) return line.empty() ? finish(head) : parse_field(line, head);
  if (line.empty() && !skipped_empty_line_) {  // RFC 9112 2.2
    skipped_empty_line_ = true;
    return Progress::need_more;
  }
  return parse_request_line(line, head);
}

Progress RequestParser::parse_request_line(std::string_view line, RequestHead& head) {
  head.clear();
  head.scheme = scheme_;
  const std::size_t method_size = token_prefix(line);
  if (method_size == 0 || method_size == line.size() || line[method_size] != ' ') {
    return fail(ErrorCode::malformed_request_line);
  }
  if (const auto bad = parse_method(line.substr(0, method_size), head); bad != Progress::need_more) return bad;
  std::string_view rest = line.substr(method_size + 1);
  const std::size_t space = rest.find(' ');
  if (space == rest.npos) return fail(ErrorCode::malformed_request_line);  // HTTP/0.9
  if (space > limits_.target_size) return fail(ErrorCode::uri_too_long, 414);
  if (const auto bad = parse_version(rest.substr(space + 1), head); bad != Progress::need_more) return bad;
  step_ = Step::fields;
  const std::size_t used = line.size() + 2;
  lines_.start(limits_.head_size > used ? limits_.head_size - used : 0);
  return parse_target(rest.substr(0, space), head);
}

// CONNECT and TRACE are never ours to do, whatever the resource (501; a 405 would have to list what it allows).
Progress RequestParser::parse_method(std::string_view method, RequestHead& head) {
  if (method.size() > longest_method) return fail(ErrorCode::bad_method, 501);
  head.method = method_of(method);
  head.method_text.assign(method);
  if (head.method == Method::connect || head.method == Method::trace) return fail(ErrorCode::bad_method, 501);
  return Progress::need_more;
}

// Only 1.0 and 1.1 are spoken here; a higher minor version is refused rather than guessed at (RFC 9110 15.6.6).
Progress RequestParser::parse_version(std::string_view text, RequestHead& head) {
  const auto version = version_number(text);
  if (!version) return fail(ErrorCode::malformed_request_line);
  if (version->major == 0) return fail(ErrorCode::bad_version);
  if (version->major != 1 || version->minor > 1) return fail(ErrorCode::bad_version, 505);
  head.version = version->minor == 0 ? Version::http_1_0 : Version::http_1_1;
  return Progress::need_more;
}

Progress RequestParser::parse_target(std::string_view target, RequestHead& head) {
  if (target.empty() || !is_target_text(target)) return fail(ErrorCode::malformed_request_line);
  if (target.front() != '/' && target != "*") return parse_absolute_target(target, head);
  if (target == "*" && head.method != Method::options) return fail(ErrorCode::malformed_request_line);
  head.path.assign(target);
  return Progress::need_more;
}

// RFC 9112 3.2.2: its authority replaces Host, which is checked all the same.
Progress RequestParser::parse_absolute_target(std::string_view target, RequestHead& head) {
  const bool https = starts_with_ignoring_case(target, "https://");
  if (!https && !starts_with_ignoring_case(target, "http://")) return fail(ErrorCode::malformed_request_line);
  const Scheme scheme = https ? Scheme::https : Scheme::http;
  target.remove_prefix(https ? 8 : 7);
  const std::size_t authority_size = std::min(target.find_first_of("/?"), target.size());
  if (!append_authority(head.authority, target.substr(0, authority_size), scheme)) return fail(ErrorCode::bad_host);
  // A plain connection can't speak for an https resource, nor the other way round (RFC 9110 7.4).
  if (scheme != scheme_) return fail(ErrorCode::misdirected, 421);
  absolute_ = true;
  target.remove_prefix(authority_size);
  if (target.empty() && head.method == Method::options) {
    head.path.assign("*");  // RFC 9112 3.2.4
    return Progress::need_more;
  }
  if (target.empty() || target.front() != '/') head.path.assign("/");
  head.path.append(target);
  return Progress::need_more;
}

Progress RequestParser::parse_field(std::string_view line, RequestHead& head) {
  const auto field = parse_field_line(line, false);
  if (!field) return fail(ErrorCode::malformed_field);
  if (head.fields.size() + static_cast<std::size_t>(hosts_) >= limits_.fields) {
    return fail(ErrorCode::head_too_large, 431);
  }
  if (field->id == HeaderId::host) {
    ++hosts_;
    host_.assign(field->value);
  } else {
    head.fields.add(field->id, field->name, field->value);
  }
  return Progress::need_more;
}

Progress RequestParser::finish(RequestHead& head) {
  if (hosts_ > 1 || (hosts_ == 0 && head.version == Version::http_1_1)) return fail(ErrorCode::bad_host);
  if (hosts_ == 1) {
    if (!absolute_) {
      if (!append_authority(head.authority, host_, head.scheme)) return fail(ErrorCode::bad_host);
    } else {
      std::string checked;
      if (!append_authority(checked, host_, head.scheme)) return fail(ErrorCode::bad_host);
    }
  }
  return Progress::complete;
}

void ResponseParser::restart() {
  has_status_line_ = false;
  lines_.start(limits_.head_size);
}

Progress ResponseParser::fail(ErrorCode code) {
  refusal_ = {code, 502};
  return Progress::failed;
}

Progress ResponseParser::line_failure() {
  if (lines_.too_long()) return fail(ErrorCode::head_too_large);
  return fail(has_status_line_ ? ErrorCode::malformed_field : ErrorCode::malformed_status_line);
}

Progress ResponseParser::parse(std::string_view& input, ResponseHead& head) {
  while (!input.empty()) {
    if (!has_status_line_ && !lines_.inside_line() && input.front() != 'H') {
      return fail(ErrorCode::malformed_status_line);
    }
    std::string_view line;
    const Progress found = lines_.next(input, line);
    if (found == Progress::need_more) return found;
    if (found == Progress::failed) return line_failure();
    if (has_status_line_ && line.empty()) return Progress::complete;
    const Progress parsed = has_status_line_ ? parse_field(line, head) : parse_status_line(line, head);
    if (parsed != Progress::need_more) return parsed;
  }
  return Progress::need_more;
}

// The blank before an absent reason may be absent too: nothing depends on it, and servers leave it out.
Progress ResponseParser::parse_status_line(std::string_view line, ResponseHead& head) {
  head.clear();
  const auto version = version_number(line.substr(0, 8));
  if (!version) return fail(ErrorCode::malformed_status_line);
  if (version->major != 1 || version->minor > 1) return fail(ErrorCode::bad_version);
  head.version = version->minor == 0 ? Version::http_1_0 : Version::http_1_1;
  if (line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' ')) {
    return fail(ErrorCode::malformed_status_line);
  }
  head.status = 0;
  for (const char c : line.substr(9, 3)) {
    if (c < '0' || c > '9') return fail(ErrorCode::malformed_status_line);
    head.status = head.status * 10 + (c - '0');
  }
  if (head.status < 100 || head.status > 599) return fail(ErrorCode::malformed_status_line);  // RFC 9110 15
  if (line.size() > 13) head.reason.assign(line.substr(13));
  if (!is_field_text(head.reason)) return fail(ErrorCode::malformed_status_line);
  has_status_line_ = true;
  return Progress::need_more;
}

Progress ResponseParser::parse_field(std::string_view line, ResponseHead& head) {
  const auto field = parse_field_line(line, true);
  if (!field) return fail(ErrorCode::malformed_field);
  if (head.fields.size() >= limits_.fields) return fail(ErrorCode::head_too_large);
  head.fields.add(field->id, field->name, field->value);
  return Progress::need_more;
}

}  // namespace skerry::http
