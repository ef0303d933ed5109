#include "core/http/date.h"

#include <array>
#include <chrono>
#include <cstdint>

#include "core/http/list.h"

namespace skerry::http {
namespace {

using std::chrono::seconds;
using SysSeconds = std::chrono::sys_seconds;

constexpr std::array<std::string_view, 7> short_days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Consumes a date from the left; once something does not fit, everything after fails, too.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }
  bool next_is(char c) const { return ok_ && !rest_.empty() && rest_.front() == c; }

  void literal(std::string_view text) {
    if (ok_ && rest_.size() >= text.size() && equals_ignoring_case(rest_.substr(0, text.size()), text)) {
      rest_.remove_prefix(text.size());
    } else {
      ok_ = false;
    }
  }

  // Index of the name that comes next.
  template <std::size_t Size>
  unsigned one_of(const std::array<std::string_view, Size>& names) {
    for (unsigned i = 0; ok_ && i < Size; ++i) {
      const std::string_view candidate = names[i];
      if (rest_.size() < candidate.size()) continue;
      if (!equals_ignoring_case(rest_.substr(0, candidate.size()), candidate)) continue;
      rest_.remove_prefix(candidate.size());
      return i;
    }
    ok_ = false;
    return 0;
  }

  int digits(std::size_t count) {
    if (!ok_ || rest_.size() < count) return fail();
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return fail();
      number = number * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return number;
  }

 private:
  int fail() {
    ok_ = false;
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

struct TimeOfDay {
  int hour, minute, second;
};

TimeOfDay read_time(DateReader& in) {
  TimeOfDay time{};
  time.hour = in.digits(2);
  in.literal(":");
  time.minute = in.digits(2);
  in.literal(":");
  time.second = in.digits(2);
  return time;
}

std::optional<SysSeconds> assemble(int year, unsigned month_index, int day, const TimeOfDay& time) {
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(month_index + 1),
                                         std::chrono::day(static_cast<unsigned>(day)));
  // 60 is a leap second (RFC 9110 5.6.7).
  if (!date.ok() || time.hour > 23 || time.minute > 59 || time.second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(time.hour) + std::chrono::minutes(time.minute) +
         seconds(time.second);
}

std::optional<SysSeconds> parse_imf_fixdate(std::string_view text) {
  DateReader in(text);
  in.one_of(short_days);
  in.literal(", ");
  const int day = in.digits(2);
  in.literal(" ");
  const unsigned month = in.one_of(months);
  in.literal(" ");
  const int year = in.digits(4);
  in.literal(" ");
  const TimeOfDay time = read_time(in);
  in.literal(" GMT");
  if (!in.at_end()) return std::nullopt;
  return assemble(year, month, day, time);
}

// The year with these last two digits that is at most 50 years ahead (RFC 9110 5.6.7).
int full_year(int two_digits, int current_year) {
  int year = current_year - current_year % 100 + two_digits;
  if (year > current_year + 50) year -= 100;
  if (year <= current_year - 50) year += 100;
  return year;
}

std::optional<SysSeconds> parse_rfc850(std::string_view text, int current_year) {
  DateReader in(text);
  in.one_of(long_days);
  in.literal(", ");
  const int day = in.digits(2);
  in.literal("-");
  const unsigned month = in.one_of(months);
  in.literal("-");
  const int year = in.digits(2);
  in.literal(" ");
  const TimeOfDay time = read_time(in);
  in.literal(" GMT");
  if (!in.at_end()) return std::nullopt;
  return assemble(full_year(year, current_year), month, day, time);
}

std::optional<SysSeconds> parse_asctime(std::string_view text) {
  DateReader in(text);
  in.one_of(short_days);
  in.literal(" ");
  const unsigned month = in.one_of(months);
  in.literal(" ");
  const bool one_digit = in.next_is(' ');
  if (one_digit) in.literal(" ");
  const int day = in.digits(one_digit ? 1 : 2);
  in.literal(" ");
  const TimeOfDay time = read_time(in);
  in.literal(" ");
  const int year = in.digits(4);
  if (!in.at_end()) return std::nullopt;
  return assemble(year, month, day, time);
}

// Whole seconds, so that differences of bounds stay exact in seconds.
core::WallTime saturate(SysSeconds time) {
  constexpr auto latest = std::chrono::floor<seconds>(core::WallTime::max());
  constexpr auto earliest = std::chrono::ceil<seconds>(core::WallTime::min());
  return core::WallTime(std::min(std::max(time, earliest), latest));
}

std::optional<core::WallTime> parse(std::string_view text, int current_year) {
  // The fourth character tells the forms apart: "Sun, ", "Sund", "Sun N".
  std::optional<SysSeconds> time;
  if (text.size() == http_date_size && text[3] == ',') {
    time = parse_imf_fixdate(text);
  } else if (text.size() > 3 && text[3] == ' ') {
    time = parse_asctime(text);
  } else {
    time = parse_rfc850(text, current_year);
  }
  if (!time) return std::nullopt;
  return saturate(*time);
}

void write_number(char* out, int number, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

}  // namespace

std::optional<core::WallTime> parse_http_date(std::string_view text, core::WallTime now) {
  const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
  return parse(text, static_cast<int>(today.year()));
}

std::optional<core::WallTime> parse_http_date(std::string_view text) {
  return parse(text, 2019);  // 2019 + 50: two digits mean 1970 to 2069
}

void write_http_date(std::span<char, http_date_size> out, core::WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<seconds>(time - day));
  constexpr std::string_view shape = "Sun, 06 Nov 1994 08:49:37 GMT";
  shape.copy(out.data(), out.size());
  short_days[std::chrono::weekday(day).c_encoding()].copy(out.data(), 3);
  write_number(&out[5], static_cast<int>(static_cast<unsigned>(date.day())), 2);
  months[static_cast<unsigned>(date.month()) - 1].copy(&out[8], 3);
  write_number(&out[12], static_cast<int>(date.year()), 4);
  write_number(&out[17], static_cast<int>(clock.hours().count()), 2);
  write_number(&out[20], static_cast<int>(clock.minutes().count()), 2);
  write_number(&out[23], static_cast<int>(clock.seconds().count()), 2);
}

void append_http_date(std::string& out, core::WallTime time) {
  std::array<char, http_date_size> text;
  write_http_date(text, time);
  out.append(text.data(), text.size());
}

}  // namespace skerry::http
