#include "edge/store/record.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

namespace skerry::edge {
namespace {

constexpr std::uint32_t head_magic = 0x31484b53;      // "SKH1"
constexpr std::uint32_t contents_magic = 0x31544b53;  // "SKT1"
constexpr std::size_t checksum_size = 8;
constexpr std::size_t entry_size = 48;
constexpr std::size_t most_fields = 10'000;

// Integers are little-endian as on every machine we run on; the record would not survive a move to another.
class Packer {
 public:
  template <class T>
  void number(T value) {
    static_assert(std::is_integral_v<T>);
    text.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void bytes(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    text += value;
  }
  void hash(const KeyHash& hash) {
    number(hash.low);
    number(hash.high);
  }
  void seal() { number(static_cast<std::uint64_t>(XXH3_64bits(text.data(), text.size()))); }

  std::string text;
};

// Once a read goes past the end everything reads as zero and `ok` stays false.
class Unpacker {
 public:
  explicit Unpacker(std::string_view text) : rest_(text) {}
  template <class T>
  T number() {
    T value{};
    if (rest_.size() < sizeof value) {
      fail();
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string_view bytes() {
    const auto size = number<std::uint32_t>();
    if (rest_.size() < size) {
      fail();
      return {};
    }
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }
  KeyHash hash() {
    const auto low = number<std::uint64_t>();
    return {low, number<std::uint64_t>()};
  }
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  bool ok() const { return ok_; }
  std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

core::Error corrupt(std::string detail) {
  return {core::ErrorCode::corrupt, core::ErrorSource::internal, false, std::move(detail)};
}

bool checksum_holds(std::string_view text) {
  std::uint64_t stored = 0;
  std::memcpy(&stored, text.data() + text.size() - checksum_size, checksum_size);
  return XXH3_64bits(text.data(), text.size() - checksum_size) == stored;
}

void pack_fields(Packer& out, const http::HeaderMap& fields) {
  out.number(static_cast<std::uint32_t>(fields.size()));
  for (const auto field : fields) {
    out.bytes(field.name);
    out.bytes(field.value);
  }
}

// A stored field must not be able to end its line: nothing that would split a response comes back from a disk.
bool harmless(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void unpack_fields(Unpacker& in, http::HeaderMap& fields) {
  const auto count = in.number<std::uint32_t>();
  if (count > most_fields) return in.fail();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view name = in.bytes();
    const std::string_view value = in.bytes();
    if (!in.ok() || name.empty() || name.size() > std::numeric_limits<std::uint16_t>::max() || !harmless(name) ||
        name.find_first_of(": \t") != std::string_view::npos || !harmless(value)) {
      return in.fail();
    }
    fields.add(name, value);
  }
}

void pack_times(Packer& out, const ObjectHead& head) {
  out.number(static_cast<std::int64_t>(head.requested.time_since_epoch().count()));
  out.number(static_cast<std::int64_t>(head.received.time_since_epoch().count()));
  for (const auto seconds : {head.initial_age, head.lifetime, head.stale_while_revalidate, head.stale_if_error}) {
    out.number(static_cast<std::int64_t>(seconds.count()));
  }
}

std::chrono::seconds unpack_seconds(Unpacker& in) {
  const auto seconds = in.number<std::int64_t>();
  constexpr std::int64_t century = 100LL * 365 * 86400;
  if (seconds < 0 || seconds > century) in.fail();
  return std::chrono::seconds(seconds);
}

void unpack_times(Unpacker& in, ObjectHead& head) {
  head.requested = core::WallTime(core::Duration(in.number<std::int64_t>()));
  head.received = core::WallTime(core::Duration(in.number<std::int64_t>()));
  head.initial_age = unpack_seconds(in);
  head.lifetime = unpack_seconds(in);
  head.stale_while_revalidate = unpack_seconds(in);
  head.stale_if_error = unpack_seconds(in);
}

std::chrono::seconds within_a_century(std::chrono::seconds seconds) {
  return std::clamp(seconds, std::chrono::seconds(0), std::chrono::seconds(100LL * 365 * 86400));
}

}  // namespace

std::string encode_head(const ObjectHead& head, std::uint64_t body) {
  Packer out;
  out.text.reserve(256 + head.key.size() * 2 + head.fields.text_size() + head.fields.size() * 8);
  out.number(head_magic);
  out.number(std::uint32_t{0});  // the size, once known
  out.number(body);
  out.number(head.body_size);
  out.number(static_cast<std::uint64_t>(head.epoch));
  out.number(static_cast<std::uint16_t>(head.status));
  out.number(static_cast<std::uint16_t>((head.always_validate ? 1 : 0) | (head.never_stale ? 2 : 0)));
  ObjectHead times;  // only the times: durations outside what decode accepts must not make a record unreadable
  times.requested = head.requested;
  times.received = head.received;
  times.initial_age = within_a_century(head.initial_age);
  times.lifetime = within_a_century(head.lifetime);
  times.stale_while_revalidate = within_a_century(head.stale_while_revalidate);
  times.stale_if_error = within_a_century(head.stale_if_error);
  pack_times(out, times);
  out.bytes(head.key);
  out.bytes(head.primary_key);
  out.bytes(head.host);
  out.bytes(head.path);
  out.bytes(head.vary);
  pack_fields(out, head.fields);
  const auto size = static_cast<std::uint32_t>(out.text.size() + checksum_size);
  std::memcpy(out.text.data() + sizeof head_magic, &size, sizeof size);
  out.seal();
  return std::move(out.text);
}

core::Result<StoredHead> decode_head(std::string_view record) {
  Unpacker start(record);
  const auto magic = start.number<std::uint32_t>();
  const auto size = start.number<std::uint32_t>();
  if (!start.ok() || magic != head_magic || size > record.size() || size < 2 * sizeof(std::uint32_t) + checksum_size) {
    return corrupt("not a head record of this version");
  }
  const std::string_view text = record.substr(0, size);
  if (!checksum_holds(text)) return corrupt("checksum of a head record");
  Unpacker in(text.substr(2 * sizeof(std::uint32_t), size - 2 * sizeof(std::uint32_t) - checksum_size));
  StoredHead stored;
  ObjectHead& head = stored.head;
  stored.head_bytes = size;
  stored.body = in.number<std::uint64_t>();
  head.body_size = in.number<std::uint64_t>();
  head.epoch = in.number<std::uint64_t>();
  head.status = in.number<std::uint16_t>();
  const auto flags = in.number<std::uint16_t>();
  head.always_validate = flags & 1;
  head.never_stale = flags & 2;
  unpack_times(in, head);
  head.key = in.bytes();
  head.primary_key = in.bytes();
  head.host = in.bytes();
  head.path = in.bytes();
  head.vary = in.bytes();
  unpack_fields(in, head.fields);
  if (!in.ok() || in.left() != 0 || head.status < 100 || head.status > 999) return corrupt("malformed head record");
  if (stored.body == 0 && record.size() - size != head.body_size) return corrupt("body of another length");
  if (stored.body != 0 && record.size() != size) return corrupt("bytes behind a head");
  return stored;
}

std::string encode_contents(const Contents& contents) {
  Packer out;
  out.text.reserve(40 + contents.entries.size() * entry_size);
  out.number(contents_magic);
  out.number(static_cast<std::uint32_t>(contents.entries.size()));
  out.number(static_cast<std::uint32_t>(contents.varies.size()));
  out.number(contents.segment);
  out.number(contents.seed);
  for (const auto& entry : contents.entries) {
    out.hash(entry.hash);
    out.number(entry.sequence);
    out.number(static_cast<std::uint8_t>(entry.kind));
    out.number(std::uint8_t{0});
    out.number(entry.chunks);
    out.number(entry.size);
    out.number(entry.expiry);
    out.number(entry.epoch);
    out.number(entry.first_chunk);
    out.number(entry.body);
  }
  for (const auto& vary : contents.varies) {
    out.hash(vary.primary);
    out.bytes(vary.list);
  }
  out.seal();
  return std::move(out.text);
}

core::Result<Contents> decode_contents(std::string_view record) {
  if (record.size() < 28 + checksum_size || !checksum_holds(record)) return corrupt("checksum of a table of contents");
  Unpacker in(record.substr(0, record.size() - checksum_size));
  if (in.number<std::uint32_t>() != contents_magic) return corrupt("not a table of contents of this version");
  const auto entries = in.number<std::uint32_t>();
  const auto varies = in.number<std::uint32_t>();
  Contents contents;
  contents.segment = in.number<std::uint64_t>();
  contents.seed = in.number<std::uint64_t>();
  if (in.left() / entry_size < entries) return corrupt("a table of contents cut short");
  contents.entries.resize(entries);
  for (auto& entry : contents.entries) {
    entry.hash = in.hash();
    entry.sequence = in.number<std::uint32_t>();
    const auto kind = in.number<std::uint8_t>();
    if (kind < 1 || kind > 3) in.fail();
    entry.kind = static_cast<EntryKind>(kind);
    in.number<std::uint8_t>();
    entry.chunks = in.number<std::uint16_t>();
    entry.size = in.number<std::uint32_t>();
    entry.expiry = in.number<std::uint32_t>();
    entry.epoch = in.number<std::uint32_t>();
    entry.first_chunk = in.number<std::uint32_t>();
    entry.body = in.number<std::uint64_t>();
  }
  for (std::uint32_t i = 0; i < varies && in.ok(); ++i) {
    const KeyHash primary = in.hash();
    contents.varies.push_back({primary, std::string(in.bytes())});
  }
  if (!in.ok() || in.left() != 0) return corrupt("malformed table of contents");
  return contents;
}

}  // namespace skerry::edge
