#include "core/http/h1_framing.h"

#include "core/http/h1_syntax.h"
#include "core/http/list.h"

namespace skerry::http {
namespace {

using core::ErrorCode;

// More than any client names; each one costs a search of the head where it is forwarded.
constexpr int most_connection_options = 100;

struct FramingFields {
  int content_lengths = 0;
  int transfer_codings = 0;
  bool chunked = false;  // the one Transfer-Encoding line says just that
  std::string_view content_length;
  bool close = false;
  bool keep_alive = false;
  int options = 0;
  bool expects_continue = false;
  bool expects_else = false;
};

void read_connection(std::string_view value, FramingFields& found) {
  ListReader reader(value);
  while (const auto option = reader.next()) {
    if (++found.options > most_connection_options) return;
    if (equals_ignoring_case(*option, "close")) found.close = true;
    if (equals_ignoring_case(*option, "keep-alive")) found.keep_alive = true;
  }
}

FramingFields framing_fields(const HeaderMap& fields) {
  FramingFields found;
  for (const auto field : fields) {
    switch (field.id) {
      case HeaderId::content_length:
        ++found.content_lengths;
        found.content_length = field.value;
        break;
      case HeaderId::transfer_encoding:
        ++found.transfer_codings;
        found.chunked = equals_ignoring_case(field.value, "chunked");
        break;
      case HeaderId::connection: read_connection(field.value, found); break;
      case HeaderId::expect:
        (equals_ignoring_case(field.value, "100-continue") ? found.expects_continue : found.expects_else) = true;
        break;
      default: break;
    }
  }
  return found;
}

// What requests and responses have in common. `length` stays as it is when there is neither field.
std::optional<Refusal> message_framing(const FramingFields& found, Version version, Framing& framing) {
  if (found.options > most_connection_options) return Refusal{ErrorCode::malformed_field};
  framing.keep_alive = version == Version::http_1_0 ? found.keep_alive && !found.close : !found.close;
  if (found.transfer_codings > 0) {
    if (found.content_lengths > 0 || version == Version::http_1_0) return Refusal{ErrorCode::conflicting_framing};
    if (found.transfer_codings > 1 || !found.chunked) return Refusal{ErrorCode::unsupported_transfer_coding, 501};
    framing.chunked = true;
    framing.length = BodyLength::unknown();
  } else if (found.content_lengths > 0) {
    const auto length = parse_content_length(found.content_length);
    if (found.content_lengths > 1 || !length) return Refusal{ErrorCode::bad_content_length};
    framing.length = BodyLength::known(*length);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> request_framing(const RequestHead& head, Framing& framing) {
  framing = {};
  const FramingFields found = framing_fields(head.fields);
  if (const auto refusal = message_framing(found, head.version, framing)) return refusal;
  if (head.version == Version::http_1_0) return std::nullopt;  // RFC 9110 10.1.1
  if (found.expects_else) return Refusal{ErrorCode::bad_expectation, 417};
  const bool has_body = framing.chunked || framing.length.size > 0;
  framing.expects_continue = found.expects_continue && has_body;
  return std::nullopt;
}

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

std::optional<Refusal> response_framing(const ResponseHead& head, bool to_head, Framing& framing) {
  framing = {};
  framing.length = BodyLength::unknown();
  const FramingFields found = framing_fields(head.fields);
  if (auto refusal = message_framing(found, head.version, framing)) {
    refusal->status = 502;
    return refusal;
  }
  // RFC 9112 6.1: neither may carry a coding, so somebody on the way believes in a body here.
  if (framing.chunked && (head.status < 200 || head.status == 204)) {
    return Refusal{ErrorCode::conflicting_framing, 502};
  }
  if (to_head || has_no_body(head.status)) {
    framing.length = BodyLength::none();
    framing.chunked = false;
    return std::nullopt;
  }
  if (framing.length.kind == BodyLength::Kind::unknown && !framing.chunked) framing.keep_alive = false;
  return std::nullopt;
}

}  // namespace skerry::http
