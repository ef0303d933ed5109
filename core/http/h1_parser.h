// Reads HTTP/1.1 heads line by line as bytes arrive (RFC 9112 2 to 5): strict, bounded and linear.
//
// A line that is whole in the input is parsed where it lies; only the part of one that isn't is kept. No byte is looked
// at twice for its line end, so a client that sends single bytes costs no more than its bytes. Owned by a codec.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/head.h"
#include "core/result.h"

namespace skerry::http {

// Why a message is refused, and what a client should be told.
struct Refusal {
  core::ErrorCode code;
  int status = 400;
};

enum class Progress : std::uint8_t { need_more, complete, failed };

struct HeadLimits {
  std::size_t head_size;  // all lines with their ends
  std::size_t target_size;
  std::size_t fields;
};

// Cuts input into lines that end in CRLF.
class LineReader {
 public:
  // `most`: bytes that all lines together may have.
  void start(std::size_t most);
  // The next line without its CRLF; it is valid until the next call. Takes what it used from `input`. Fails on a line
  // end without CR, and when more than `most` bytes have no end.
  Progress next(std::string_view& input, std::string_view& line);
  // After a failure: the bound was met, not a bare LF.
  bool too_long() const { return too_long_; }
  std::size_t left() const { return left_; }
  bool inside_line() const { return !partial_.empty() && !partial_is_used_; }

 private:
  std::string partial_;
  std::size_t left_ = 0;
  bool too_long_ = false;
  bool partial_is_used_ = false;  // partial_ was handed out by the last call
};

// A field line (RFC 9112 5.1); `trim_name`: a blank before the colon is removed, as a response's must be, instead of
// refused. False: malformed.
struct FieldLine {
  HeaderId id;
  std::string_view name;
  std::string_view value;
};
std::optional<FieldLine> parse_field_line(std::string_view line, bool trim_name);

class RequestParser {
 public:
  // `scheme` is the connection's own: an absolute-form target that claims another is refused (421).
  RequestParser(const HeadLimits& limits, Scheme scheme) : limits_(limits), scheme_(scheme) { restart(); }

  // Gets ready for the next request.
  void restart();
  // Takes the head's bytes from the front of `input`. After `complete`, `input` begins behind the empty line.
  Progress parse(std::string_view& input, RequestHead& head);
  const Refusal& refusal() const { return refusal_; }
  bool has_request_line() const { return step_ != Step::request_line; }
  // A byte of a request line has come (a skipped empty line doesn't count).
  bool started() const { return step_ != Step::request_line || lines_.inside_line(); }

 private:
  enum class Step : std::uint8_t { request_line, fields };

  Progress fail(core::ErrorCode code, int status = 400);
  Progress line_failure();
  // These return `need_more` when all is well.
  Progress parse_line(std::string_view line, RequestHead& head);
  Progress parse_request_line(std::string_view line, RequestHead& head);
  Progress parse_method(std::string_view method, RequestHead& head);
  Progress parse_version(std::string_view version, RequestHead& head);
  Progress parse_target(std::string_view target, RequestHead& head);
  Progress parse_absolute_target(std::string_view target, RequestHead& head);
  Progress parse_field(std::string_view line, RequestHead& head);
  Progress finish(RequestHead& head);

  HeadLimits limits_;
  Scheme scheme_;
  Step step_ = Step::request_line;
  bool skipped_empty_line_ = false;
  bool absolute_ = false;
  int hosts_ = 0;
  std::string host_;
  LineReader lines_;
  Refusal refusal_{};
};

class ResponseParser {
 public:
  explicit ResponseParser(const HeadLimits& limits) : limits_(limits) { restart(); }

  void restart();
  Progress parse(std::string_view& input, ResponseHead& head);
  const Refusal& refusal() const { return refusal_; }

 private:
  Progress fail(core::ErrorCode code);
  Progress line_failure();
  // These return `need_more` when all is well.
  Progress parse_status_line(std::string_view line, ResponseHead& head);
  Progress parse_field(std::string_view line, ResponseHead& head);

  HeadLimits limits_;
  bool has_status_line_ = false;
  LineReader lines_;
  Refusal refusal_{};
};

}  // namespace skerry::http
