#include "core/log/access_record.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

#include "core/log/escape.h"
#include "core/log/timestamp.h"

namespace skerry::log {
namespace {

struct Text {
  std::string_view AccessRecord::*member;
  std::size_t longest;
};
constexpr std::array texts = {
    Text{&AccessRecord::method, 32},    Text{&AccessRecord::scheme, 8},       Text{&AccessRecord::host, 255},
    Text{&AccessRecord::path, 8192},    Text{&AccessRecord::protocol, 16},    Text{&AccessRecord::outcome, 32},
    Text{&AccessRecord::reason, 64},    Text{&AccessRecord::upstream, 300},   Text{&AccessRecord::request_id, 64},
    Text{&AccessRecord::referer, 2048}, Text{&AccessRecord::user_agent, 1024}};

struct Fixed {
  core::WallTime time;
  core::Duration duration;
  std::uint64_t bytes;
  core::IpAddress client;
  std::int32_t status;
  std::array<std::uint16_t, texts.size()> lengths;
};
static_assert(std::is_trivially_copyable_v<Fixed>);

std::string_view clipped(const AccessRecord& record, const Text& text) {
  return (record.*text.member).substr(0, text.longest);
}

void append_address(std::string& out, const core::IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = address.family() == core::AddressFamily::ipv4 ? AF_INET : AF_INET6;
  if (::inet_ntop(family, address.octets().data(), text.data(), text.size())) out.append(text.data());
}

// Seconds with microseconds.
void append_duration(std::string& out, core::Duration duration) {
  const auto micros =
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
  fmt::format_to(std::back_inserter(out), "{}.{:06}", micros / 1'000'000, micros % 1'000'000);
}

void append_member(std::string& out, std::string_view key, std::string_view text) {
  out.append(",\"").append(key).append("\":\"");
  append_json(out, text);
  out.push_back('"');
}

void append_json_line(std::string& out, const AccessRecord& record) {
  out.append("{\"time\":\"");
  append_timestamp(out, record.time);
  out.append("\",\"client\":\"");
  append_address(out, record.client);
  out.push_back('"');
  append_member(out, "method", record.method);
  append_member(out, "scheme", record.scheme);
  append_member(out, "host", record.host);
  append_member(out, "path", record.path);
  append_member(out, "protocol", record.protocol);
  fmt::format_to(std::back_inserter(out), ",\"status\":{},\"bytes\":{},\"duration\":", record.status, record.bytes);
  append_duration(out, record.duration);
  append_member(out, "outcome", record.outcome);
  append_member(out, "reason", record.reason);
  append_member(out, "upstream", record.upstream);
  append_member(out, "request_id", record.request_id);
  append_member(out, "referer", record.referer);
  append_member(out, "user_agent", record.user_agent);
  out.append("}\n");
}

void append_or_dash(std::string& out, std::string_view before, std::string_view text, std::string_view after) {
  out.append(before);
  append_hex_escaped(out, text.empty() ? std::string_view("-") : text);
  out.append(after);
}

void append_combined_line(std::string& out, const AccessRecord& record) {
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm t = calendar(record.time);
  append_address(out, record.client);
  fmt::format_to(std::back_inserter(out), " - - [{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000]", t.tm_mday,
                 months[static_cast<std::size_t>(t.tm_mon)], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
  append_or_dash(out, " \"", record.method, " ");
  append_or_dash(out, "", record.path, " ");
  append_or_dash(out, "", record.protocol, "\" ");
  fmt::format_to(std::back_inserter(out), "{} {}", record.status, record.bytes);
  append_or_dash(out, " \"", record.referer, "\"");
  append_or_dash(out, " \"", record.user_agent, "\" \"");
  append_or_dash(out, "", record.host, "\" ");
  append_duration(out, record.duration);
  append_or_dash(out, " \"", record.outcome, "\"");
  append_or_dash(out, " \"", record.reason, "\"");
  append_or_dash(out, " \"", record.upstream, "\"");
  append_or_dash(out, " \"", record.request_id, "\"\n");
}

}  // namespace

std::size_t packed_size(const AccessRecord& record) {
  std::size_t size = sizeof(Fixed);
  for (const Text& text : texts) size += clipped(record, text).size();
  return size;
}

void pack(const AccessRecord& record, std::byte* to) {
  Fixed fixed{record.time, record.duration, record.bytes, record.client, record.status, {}};
  std::byte* at = to + sizeof(Fixed);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string_view text = clipped(record, texts[i]);
    fixed.lengths[i] = static_cast<std::uint16_t>(text.size());
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at += text.size();
  }
  std::memcpy(to, &fixed, sizeof(Fixed));
}

AccessRecord unpack(std::span<const std::byte> from) {
  Fixed fixed;
  std::memcpy(&fixed, from.data(), sizeof(Fixed));
  AccessRecord record;
  record.time = fixed.time;
  record.duration = fixed.duration;
  record.bytes = fixed.bytes;
  record.client = fixed.client;
  record.status = fixed.status;
  const char* at = reinterpret_cast<const char*>(from.data()) + sizeof(Fixed);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    record.*texts[i].member = std::string_view(at, fixed.lengths[i]);
    at += fixed.lengths[i];
  }
  return record;
}

void append_line(std::string& out, const AccessRecord& record, AccessFormat format) {
  if (format == AccessFormat::json) append_json_line(out, record);
  if (format == AccessFormat::combined) append_combined_line(out, record);
}

}  // namespace skerry::log
