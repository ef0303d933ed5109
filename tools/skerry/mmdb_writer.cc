#include "tools/skerry/mmdb_writer.h"

#include <algorithm>
#include <bit>

namespace skerry::cli {
namespace {

// The format's types; those above 7 take a second byte.
enum class Type : std::uint8_t { utf8 = 2, real = 3, u16 = 5, u32 = 6, map = 7, u64 = 9, array = 11, real32 = 15 };

void put_control(std::string& out, Type type, std::size_t size) {
  const auto number = static_cast<unsigned>(type);
  const unsigned in_byte = size < 29 ? static_cast<unsigned>(size) : 29;
  out += static_cast<char>((number > 7 ? 0 : number << 5) | in_byte);
  if (number > 7) out += static_cast<char>(number - 7);
  if (in_byte == 29) out += static_cast<char>(size - 29);  // up to 284: no text here is longer
}

void put_big_endian(std::string& out, std::uint64_t value, int octets) {
  for (int i = octets - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
}

void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, 284);
  put_control(out, Type::utf8, text.size());
  out += text;
}
void put_integer(std::string& out, Type type, std::uint64_t value) {
  int octets = 0;
  while (octets < 8 && value >> (8 * octets) != 0) ++octets;
  put_control(out, type, static_cast<std::size_t>(octets));
  put_big_endian(out, value, octets);
}
void put_double(std::string& out, double value) {
  put_control(out, Type::real, 8);
  put_big_endian(out, std::bit_cast<std::uint64_t>(value), 8);
}
void put_float(std::string& out, double value) {
  put_control(out, Type::real32, 4);
  put_big_endian(out, std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4);
}

bool bit(const std::array<std::uint8_t, 16>& bits, int index) {
  return (bits[static_cast<std::size_t>(index / 8)] >> (7 - index % 8)) & 1;
}

}  // namespace

std::string MmdbWriter::encoded(const MmdbRecord& record) const {
  std::string out;
  const bool nested = options_.schema == Schema::geoip2;
  const std::size_t fields = (record.at ? (nested ? 1 : 2) : 0) + (record.country.empty() ? 0 : 1);
  put_control(out, Type::map, fields);
  if (!record.country.empty()) {
    put_text(out, nested ? "country" : "country_code");
    if (nested) put_control(out, Type::map, 1), put_text(out, "iso_code");
    put_text(out, record.country);
  }
  if (!record.at) return out;
  if (nested) put_text(out, "location"), put_control(out, Type::map, 2);
  const auto put = nested ? put_double : put_float;
  put_text(out, "latitude");
  put(out, record.at->first);
  put_text(out, "longitude");
  put(out, record.at->second);
  return out;
}

void MmdbWriter::add(const core::IpNetwork& network, const MmdbRecord& record) {
  const bool is_v4 = network.ip.family() == core::AddressFamily::ipv4;
  if (!is_v4 && options_.ip_version == 4) return;
  const bool shifted = is_v4 && options_.ip_version == 6;
  Network entry{{}, network.prefix + (shifted ? 96 : 0), 0};
  const std::string_view octets = network.ip.octets();
  std::copy(octets.begin(), octets.end(), entry.bits.begin() + (shifted ? 12 : 0));
  const std::string text = encoded(record);
  const auto [offset, is_new] = offsets_.try_emplace(text, static_cast<std::uint32_t>(data_.size()));
  if (is_new) data_ += text;
  entry.data = data_flag | offset->second;
  networks_.push_back(entry);
}

// The node at `depth` on the way to the network; what stands in the way is pushed down to both its halves.
std::uint32_t MmdbWriter::descend(const Network& network, int depth) {
  std::uint32_t at = 0;
  for (int i = 0; i < depth; ++i) {
    const std::size_t side = bit(network.bits, i);
    const std::uint32_t next = nodes_[at][side];
    if (next == empty || next & data_flag) {
      nodes_.push_back({next, next});
      nodes_[at][side] = static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    at = nodes_[at][side];
  }
  return at;
}

void MmdbWriter::insert(const Network& network) {
  if (network.length == 0) {
    nodes_[0] = {network.data, network.data};
    return;
  }
  const std::uint32_t node = descend(network, network.length - 1);
  nodes_[node][bit(network.bits, network.length - 1)] = network.data;
}

void MmdbWriter::add_aliases() {
  const std::uint32_t v4 = descend({{}, 97, 0}, 96);
  Network mapped{{}, 96, v4}, six_to_four{{0x20, 0x02}, 16, v4};
  mapped.bits[10] = mapped.bits[11] = 0xff;
  insert(mapped);
  insert(six_to_four);
}

std::string MmdbWriter::tree() const {
  const auto count = static_cast<std::uint32_t>(nodes_.size());
  const auto value = [&](std::uint32_t record) {
    if (record == empty) return count;
    return record & data_flag ? count + 16 + (record & ~data_flag) : record;
  };
  std::string out;
  for (const Node& node : nodes_) {
    const std::uint32_t left = value(node[0]), right = value(node[1]);
    if (options_.record_size == 28) {  // the fourth byte holds the upper four bits of both
      put_big_endian(out, left & 0xffffff, 3);
      out += static_cast<char>((left >> 24) << 4 | right >> 24);
      put_big_endian(out, right & 0xffffff, 3);
    } else {
      put_big_endian(out, left, options_.record_size / 8);
      put_big_endian(out, right, options_.record_size / 8);
    }
  }
  return out;
}

std::string MmdbWriter::metadata() const {
  std::string out("\xab\xcd\xefMaxMind.com");
  put_control(out, Type::map, 9);
  const auto number = [&](std::string_view name, Type type, std::uint64_t value) {
    put_text(out, name);
    put_integer(out, type, value);
  };
  number("binary_format_major_version", Type::u16, 2);
  number("binary_format_minor_version", Type::u16, 0);
  number("build_epoch", Type::u64, options_.build_epoch);
  number("ip_version", Type::u16, static_cast<std::uint64_t>(options_.ip_version));
  number("node_count", Type::u32, nodes_.size());
  number("record_size", Type::u16, static_cast<std::uint64_t>(options_.record_size));
  put_text(out, "database_type");
  put_text(out, options_.type);
  put_text(out, "description");
  put_control(out, Type::map, 1);
  put_text(out, "en");
  put_text(out, "Networks and where they are");
  put_text(out, "languages");
  put_control(out, Type::array, 1);
  put_text(out, "en");
  return out;
}

std::string MmdbWriter::finish() {
  std::stable_sort(networks_.begin(), networks_.end(),
                   [](const Network& a, const Network& b) { return a.length < b.length; });
  nodes_.assign(1, {empty, empty});
  for (const Network& network : networks_) insert(network);
  if (options_.v4_aliases && options_.ip_version == 6) add_aliases();
  const std::uint64_t largest = nodes_.size() + 16 + data_.size();
  if (largest >> options_.record_size != 0) return {};
  return tree() + std::string(16, '\0') + data_ + metadata();
}

}  // namespace skerry::cli
