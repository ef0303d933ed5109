// Writes HTTP/1.1 heads: what the caller gave, plus the framing and connection fields that belong to this hop.
//
// Content-Length, Transfer-Encoding, Connection and Keep-Alive in the fields given are left out: the codec knows
// better. One per worker or codec; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http/head.h"
#include "core/http/server.h"

namespace skerry::http {

// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", rendered once a second.
class DateLine {
 public:
  void refresh(core::WallTime now);
  std::string_view text() const { return text_; }

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

// How a message is framed on this connection.
struct RenderedFraming {
  enum class Body : std::uint8_t { none, sized, chunked, until_close } body = Body::none;
  std::uint64_t size = 0;
  std::string_view connection;  // Connection's value; empty: the field is left out
};

// "Name: value\r\n" for every field that isn't this hop's to say.
void render_fields(std::string& out, const HeaderMap& fields);
void render_status_line(std::string& out, const ResponseHead& head);
void render_response_head(std::string& out, const ResponseHead& head, const RenderedFields* stored,
                          const RenderedFraming& framing, std::string_view date_line);
// A 1xx: no framing, no Date.
void render_interim_head(std::string& out, const ResponseHead& head);
void render_request_head(std::string& out, const RequestHead& head, const RenderedFraming& framing);

// The line before a chunk of `size` bytes (RFC 9112 7.1); `first`: no chunk came before, whose CRLF is owed.
void render_chunk_line(std::string& out, std::size_t size, bool first);
// The last chunk and the trailers.
void render_last_chunk(std::string& out, const HeaderMap* trailers, bool first);

}  // namespace skerry::http
