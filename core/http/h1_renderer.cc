#include "core/http/h1_renderer.h"

#include <charconv>

#include "core/http/date.h"

namespace skerry::http {
namespace {

bool is_hops_own(HeaderId id) {
  return id == HeaderId::content_length || id == HeaderId::transfer_encoding || id == HeaderId::connection ||
         id == HeaderId::keep_alive || id == HeaderId::proxy_connection;
}

void append_number(std::string& out, std::uint64_t number, int base = 10) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, base).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void render_framing(std::string& out, const RenderedFraming& framing) {
  if (framing.body == RenderedFraming::Body::sized) {
    out += "Content-Length: ";
    append_number(out, framing.size);
    out += "\r\n";
  } else if (framing.body == RenderedFraming::Body::chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (!framing.connection.empty()) {
    out += "Connection: ";
    out += framing.connection;
    out += "\r\n";
  }
}

}  // namespace

RenderedFields::RenderedFields(HeaderMap map) : fields(std::move(map)), has_date(fields.contains(HeaderId::date)) {
  render_fields(h1, fields);
}

void DateLine::refresh(core::WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  if (second == second_) return;
  second_ = second;
  text_.assign("Date: ");
  append_http_date(text_, now);
  text_ += "\r\n";
}

void render_fields(std::string& out, const HeaderMap& fields) {
  for (const auto field : fields) {
    if (is_hops_own(field.id)) continue;
    out += field.name;
    out += ": ";
    out += field.value;
    out += "\r\n";
  }
}

void render_status_line(std::string& out, const ResponseHead& head) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(head.status));
  out += ' ';
  out += head.reason.empty() ? reason_phrase(head.status) : std::string_view(head.reason);
  out += "\r\n";
}

void render_response_head(std::string& out, const ResponseHead& head, const RenderedFields* stored,
                          const RenderedFraming& framing, std::string_view date_line) {
  render_status_line(out, head);
  if (stored) out += stored->h1;
  render_fields(out, head.fields);
  if (!(stored && stored->has_date) && !head.fields.contains(HeaderId::date)) out += date_line;
  render_framing(out, framing);
  out += "\r\n";
}

void render_interim_head(std::string& out, const ResponseHead& head) {
  render_status_line(out, head);
  render_fields(out, head.fields);
  out += "\r\n";
}

void render_request_head(std::string& out, const RequestHead& head, const RenderedFraming& framing) {
  out += head.method_text;
  out += ' ';
  out += head.path;
  out += " HTTP/1.1\r\nHost: ";
  out += head.authority;
  out += "\r\n";
  for (const auto field : head.fields) {
    if (is_hops_own(field.id) || field.id == HeaderId::host) continue;
    out += field.name;
    out += ": ";
    out += field.value;
    out += "\r\n";
  }
  render_framing(out, framing);
  out += "\r\n";
}

void render_chunk_line(std::string& out, std::size_t size, bool first) {
  if (!first) out += "\r\n";
  append_number(out, size, 16);
  out += "\r\n";
}

void render_last_chunk(std::string& out, const HeaderMap* trailers, bool first) {
  out += first ? "0\r\n" : "\r\n0\r\n";
  if (trailers) render_fields(out, *trailers);
  out += "\r\n";
}

}  // namespace skerry::http
