// Writes one DNS message into a buffer that the caller owns: header, question, records with name compression, EDNS.
//
// Nothing allocates. A record that does not fit leaves no trace, and the call says so: the caller then sets TC. Names
// are compressed against every name written before (RFC 1035 4.1.4), case ignored. One message, one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/dns/message.h"
#include "core/dns/service_binding.h"

namespace skerry::dns {

enum class Section : std::uint8_t { answer, authority, additional };

class MessageWriter {
 public:
  // The message never grows beyond buffer.size(), which is at least a header; beyond 65535 nothing is used.
  explicit MessageWriter(std::span<std::byte> buffer);

  void header(std::uint16_t id, std::uint16_t flags);
  bool question(const Name&, Type, Class);

  bool address(Section, const Name& owner, std::uint32_t ttl, const core::IpAddress&);
  // One record with data in wire form, sound and uncompressed: names in it are compressed where RFC 3597 4 allows it,
  // the rest is copied.
  bool record(Section, const Name& owner, Type, std::uint32_t ttl, std::string_view data, Class = Class::in);
  // SVCB or HTTPS: the owner itself as a service, with parameters in wire form (keys below ipv4hint), then address
  // hints.
  struct Service {
    Type type = Type::https;
    std::string_view parameters;
    std::span<const core::IpAddress> v4, v6;
  };
  bool service(Section, const Name& owner, std::uint32_t ttl, const Service&);

  // Data of the record written last, behind its two length bytes, as it stands in the message: for types without names
  // that could be compressed it is what was given. Valid until something else is written.
  std::string_view last_data() const {
    return {reinterpret_cast<const char*>(buffer_.data()) + data_at_ - 2, at_ - data_at_ + 2};
  }

  // The OPT record (RFC 6891 6.1.2), always last. `rcode` gives its upper bits; empty options are left out.
  struct Edns {
    std::uint16_t udp_size = 1232;
    bool dnssec_ok = false;
    bool compact_ok = false;
    const SubnetOption* subnet = nullptr;
    std::string_view nsid;
    std::string_view cookie;                      // both parts
    std::optional<std::uint16_t> keepalive;       // units of 100 ms
    std::optional<std::uint16_t> extended_error;  // INFO-CODE (RFC 8914)
  };
  bool opt(const Edns&, Rcode);

  void set_rcode(Rcode);
  void set_flag(std::uint16_t flag);
  // Bytes that must stay free for the OPT record: what is written before can't use them.
  void reserve(std::size_t bytes) { reserved_ = bytes; }
  static std::size_t opt_size(const Edns&);

  // A place to come back to: everything written after it vanishes.
  struct Mark {
    std::size_t at;
    std::size_t names;
    std::array<std::uint16_t, 4> counts;
  };
  Mark mark() const { return {at_, names_, counts_}; }
  void rewind(const Mark&);

  // Writes the counts; returns the message's size.
  std::size_t finish();

 private:
  static constexpr std::size_t most_names = 48;  // further names are written without being remembered

  bool begin(Section, const Name& owner, Type, std::uint16_t klass, std::uint32_t ttl);
  bool end(Section);
  void put_u8(std::uint8_t);
  void put_u16(std::uint16_t);
  void put_u32(std::uint32_t);
  void put_bytes(std::string_view);
  void put_option(OptionCode, std::size_t size);  // its head
  void put_hints(ServiceKey, std::span<const core::IpAddress>);
  void put_name(std::string_view wire);
  std::size_t find_written(std::string_view suffix) const;
  bool written_at(std::size_t at, std::string_view suffix) const;
  void overwrite_u16(std::size_t at, std::uint16_t);
  std::uint16_t read_u16(std::size_t at) const;

  std::span<std::byte> buffer_;
  std::size_t at_ = 0;
  std::size_t reserved_ = 0;
  bool full_ = false;  // something did not fit since the last begin()
  Mark record_{};      // where the record under way began
  std::size_t data_at_ = 0;
  std::array<std::uint16_t, 4> counts_{};
  std::size_t names_ = 0;
  std::array<std::uint16_t, most_names> name_at_;  // offsets of labels that pointers may lead to
};

}  // namespace skerry::dns
