// Takes the chunked coding off a body as it arrives (RFC 9112 7.1), down to its trailers.
//
// Strict: a size is 1 to 16 hexadecimal digits and nothing else; extensions are checked, bounded and skipped; a chunk's
// line is whole and valid before a byte of the chunk is given out. Owned by a codec.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/http/h1_parser.h"
#include "core/http/head.h"

namespace skerry::http {

class ChunkedReader {
 public:
  // `trim_names`: as for parse_field_line. The limits are those of the trailers.
  void start(std::size_t trailer_size, std::size_t trailer_fields, bool trim_names);

  enum class Step : std::uint8_t { need_more, data, complete, failed };
  // Goes on from the front of `input`. After `data`, `data` is the next piece of the body, a part of the input.
  Step read(std::string_view& input, std::string_view& data);
  const HeaderMap& trailers() const { return trailers_; }
  const Refusal& refusal() const { return refusal_; }

 private:
  enum class State : std::uint8_t { size, extension, line_end, data, data_cr, data_lf, trailers };

  bool framing_byte(char c);
  bool size_byte(char c);
  bool line_complete();
  Step read_trailers(std::string_view& input);
  Step fail(core::ErrorCode code, int status = 400);

  State state_ = State::size;
  int digits_ = 0;
  std::uint64_t left_ = 0;  // of the chunk: its size while the line is read
  std::size_t line_extension_ = 0;
  std::size_t all_extensions_ = 0;
  std::size_t trailer_fields_ = 0;
  bool trim_names_ = false;
  LineReader lines_;
  HeaderMap trailers_;
  Refusal refusal_{};
};

}  // namespace skerry::http
