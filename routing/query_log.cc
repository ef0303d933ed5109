#include "routing/query_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "core/log/escape.h"
#include "core/log/timestamp.h"

namespace skerry::routing {
namespace {

constexpr std::size_t longest_packet = 1024;  // what is behind it is not logged: it reads as malformed

void append_text(std::string& out, std::string_view key, std::string_view text) {
  out.append(",\"").append(key).append("\":\"");
  log::append_json(out, text);
  out.push_back('"');
}

std::string network(const dns::SubnetOption& subnet) {
  const auto& a = subnet.address;
  const auto ip = subnet.family == 1 ? core::IpAddress::v4({a[0], a[1], a[2], a[3]}) : core::IpAddress::v6(a);
  return ip.to_string() + "/" + std::to_string(subnet.source);
}

}  // namespace

core::Result<std::unique_ptr<QueryLog>> QueryLog::open(const QueryLogOptions& options, int lanes) {
  const auto format = [](std::string& out, std::span<const std::byte> bytes) {
    QueryRecord record;
    std::memcpy(static_cast<void*>(&record), bytes.data(), sizeof record);
    append_line(out, record, bytes.subspan(sizeof record));
  };
  auto log = log::RecordLog::open({"query log", "query_log", options.path, options.buffer}, lanes, format);
  if (!log.ok()) return log.error();
  return std::unique_ptr<QueryLog>(new QueryLog(std::move(log).value(), lanes, std::max(1u, options.sample)));
}

QueryLog::QueryLog(std::unique_ptr<log::RecordLog> log, int lanes, std::uint32_t every)
    : log_(std::move(log)), lanes_(static_cast<std::size_t>(lanes)), every_(every) {}

void QueryLog::record(int lane, const QueryRecord& record, std::span<const std::byte> packet) {
  static_assert(std::is_trivially_copyable_v<QueryRecord>);
  packet = packet.first(std::min(packet.size(), longest_packet));
  const std::size_t size = sizeof record + packet.size();
  std::byte* const room = log_->reserve(lane, size);
  if (!room) return;
  std::memcpy(room, &record, sizeof record);
  if (!packet.empty()) std::memcpy(room + sizeof record, packet.data(), packet.size());
  log_->commit(lane, size);
}

void append_line(std::string& out, const QueryRecord& record, std::span<const std::byte> packet) {
  dns::Query query;
  const dns::QueryKind kind = dns::read_query(packet, query);
  out.append("{\"time\":\"");
  log::append_timestamp(out, record.time);
  out.push_back('"');
  append_text(out, "client", record.client.to_string());
  append_text(out, "transport", name(record.transport));
  if (kind == dns::QueryKind::good) {
    append_text(out, "name", query.name.to_string());
    append_text(out, "type", dns::type_name(query.type));
  }
  if (query.subnet) {
    append_text(out, "subnet", network(*query.subnet));
    fmt::format_to(std::back_inserter(out), ",\"scope\":{}", record.answered.scope);
  }
  append_text(out, "outcome", name(record.answered.outcome));
  fmt::format_to(std::back_inserter(out), ",\"size\":{},\"truncated\":{},\"cookie\":{}}}\n", record.answered.size,
                 record.answered.truncated, record.answered.with_cookie);
}

}  // namespace skerry::routing
