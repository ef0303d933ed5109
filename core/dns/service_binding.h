// The parameters of SVCB and HTTPS records (RFC 9460): from key=value words to wire form, with the rules between them.
//
// Start-up and reload; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::dns {

enum class ServiceKey : std::uint16_t {
  mandatory = 0,
  alpn = 1,
  no_default_alpn = 2,
  port = 3,
  ipv4hint = 4,
  ech = 5,
  ipv6hint = 6,
  dohpath = 7,
};

class ServiceParameters {
 public:
  // One word: key=value, key="value" or a bare key; unknown keys as keyNNNNN. Returns what is wrong with it, or
  // nothing.
  std::string add(std::string_view word);
  // Between parameters: what is mandatory must be there, no-default-alpn needs alpn (RFC 9460 7.1.1, 8).
  std::string check() const;
  // In ascending order of keys, as a record must have them (RFC 9460 2.2).
  void append_to(std::string& data) const;

  bool empty() const { return values_.empty(); }

 private:
  std::map<std::uint16_t, std::string> values_;
};

// alpn's value from protocol ids. False: one is empty or longer than 255 bytes.
bool encode_alpn(const std::vector<std::string>& ids, std::string& value);

}  // namespace skerry::dns
