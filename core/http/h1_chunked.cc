#include "core/http/h1_chunked.h"

#include <algorithm>

namespace skerry::http {
namespace {

using core::ErrorCode;

constexpr int most_digits = 16;
constexpr std::uint64_t most_left = (std::uint64_t{1} << 63) - 1;
// Extensions mean nothing to us; without a bound one would be a way to send for ever (RFC 9112 7.1.1).
constexpr std::size_t most_line_extension = 1024;
constexpr std::size_t most_extensions = 16 * 1024;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char letter = static_cast<char>(c | 0x20);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// Trailers that would change what was decided from the head already (RFC 9110 6.5.1).
bool may_not_trail(HeaderId id) {
  return id == HeaderId::content_length || id == HeaderId::transfer_encoding || id == HeaderId::host;
}

}  // namespace

void ChunkedReader::start(std::size_t trailer_size, std::size_t trailer_fields, bool trim_names) {
  state_ = State::size;
  digits_ = 0;
  left_ = 0;
  line_extension_ = 0;
  all_extensions_ = 0;
  trailer_fields_ = trailer_fields;
  trim_names_ = trim_names;
  lines_.start(trailer_size);
  trailers_.clear();
}

ChunkedReader::Step ChunkedReader::fail(ErrorCode code, int status) {
  refusal_ = {code, status};
  return Step::failed;
}

ChunkedReader::Step ChunkedReader::read(std::string_view& input, std::string_view& data) {
  while (!input.empty()) {
    if (state_ == State::trailers) return read_trailers(input);
    if (state_ == State::data) {
      data = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
      input.remove_prefix(data.size());
      left_ -= data.size();
      if (left_ == 0) state_ = State::data_cr;
      return Step::data;
    }
    const char c = input.front();
    input.remove_prefix(1);
    if (!framing_byte(c)) return fail(ErrorCode::bad_chunk);
  }
  return Step::need_more;
}

bool ChunkedReader::framing_byte(char c) {
  switch (state_) {
    case State::size: return size_byte(c);
    case State::extension:
      if (c == '\r') {
        state_ = State::line_end;
        return true;
      }
      ++all_extensions_;
      return (c == '\t' || (c >= ' ' && c < 0x7f)) && ++line_extension_ <= most_line_extension &&
             all_extensions_ <= most_extensions;
    case State::line_end: return c == '\n' && line_complete();
    case State::data_cr: state_ = State::data_lf; return c == '\r';
    case State::data_lf:
      state_ = State::size;
      digits_ = 0;
      left_ = 0;
      line_extension_ = 0;
      return c == '\n';
    default: return false;
  }
}

bool ChunkedReader::size_byte(char c) {
  if (const int digit = hex_digit(c); digit >= 0) {
    if (++digits_ > most_digits || left_ > most_left >> 4) return false;
    left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
    return true;
  }
  if (digits_ == 0 || (c != '\r' && c != ';')) return false;
  state_ = c == '\r' ? State::line_end : State::extension;
  return true;
}

bool ChunkedReader::line_complete() {
  state_ = left_ == 0 ? State::trailers : State::data;
  return true;
}

ChunkedReader::Step ChunkedReader::read_trailers(std::string_view& input) {
  while (!input.empty()) {
    std::string_view line;
    const Progress found = lines_.next(input, line);
    if (found == Progress::need_more) return Step::need_more;
    if (found == Progress::failed) {
      return lines_.too_long() ? fail(ErrorCode::head_too_large, 431) : fail(ErrorCode::malformed_field);
    }
    if (line.empty()) {
      if (trailers_.size() > 0) remove_hop_by_hop(trailers_);
      return Step::complete;
    }
    const auto field = parse_field_line(line, trim_names_);
    if (!field || may_not_trail(field->id)) return fail(ErrorCode::malformed_field);
    if (trailers_.size() >= trailer_fields_) return fail(ErrorCode::head_too_large, 431);
    trailers_.add(field->id, field->name, field->value);
  }
  return Step::need_more;
}

}  // namespace skerry::http
