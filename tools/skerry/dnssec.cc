#include "tools/skerry/dnssec.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>

#include "core/base64.h"
#include "core/dns/dnssec.h"
#include "core/dns/signing_key.h"

namespace skerry::cli {
namespace {

int fail(const std::string& what) {
  std::fprintf(stderr, "skerry: %s\n", what.c_str());
  return 1;
}

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    text.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    text.push_back(digits[c & 15]);
  }
  return text;
}

std::string ds_record(const dns::Name& zone, const dns::SigningKey& key) {
  const std::string data = dns::ds_data(zone, key.dnskey());
  return zone.to_string() + " IN DS " + std::to_string(key.tag()) + " " + std::to_string(data[2]) + " " +
         std::to_string(data[3]) + " " + hex(std::string_view(data).substr(4));
}

std::string dnskey_record(const dns::Name& zone, const dns::SigningKey& key) {
  const std::string& data = key.dnskey();
  const int flags = static_cast<unsigned char>(data[0]) << 8 | static_cast<unsigned char>(data[1]);
  return zone.to_string() + " IN DNSKEY " + std::to_string(flags) + " " + std::to_string(data[2]) + " " +
         std::to_string(data[3]) + " " + core::encode_base64(std::string_view(data).substr(4));
}

using Record = std::function<std::string(const dns::Name&, const dns::SigningKey&)>;

int print_record(const std::string& zone, const std::string& file, const Record& record) {
  const auto name = dns::Name::parse(zone);
  if (!name.ok()) return fail(name.error().detail);
  const auto key = dns::SigningKey::read(file);
  if (!key.ok()) return fail(key.error().detail);
  std::printf("%s\n", record(name->lower(), **key).c_str());
  return 0;
}

// Only its owner may read it, from the first byte on. What could not be written whole is taken away: half a key would
// stand in the way of the next attempt. False: errno says why.
bool write_new_file(const std::string& file, const std::string& text) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0) return false;
  errno = ENOSPC;  // what a short write means
  const bool written = ::write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool stored = written && ::fsync(out) == 0;
  const int problem = errno;
  ::close(out);
  if (stored) return true;
  ::unlink(file.c_str());
  errno = problem;
  return false;
}

}  // namespace

int dnssec_keygen(const std::string& zone, const std::string& file) {
  const auto name = dns::Name::parse(zone);
  if (!name.ok()) return fail(name.error().detail);
  if (!write_new_file(file, dns::SigningKey::generate()->to_pem())) {
    return fail("\"" + file + "\" can't be made: " + std::strerror(errno));
  }
  return dnssec_ds(zone, file);
}

int dnssec_ds(const std::string& zone, const std::string& file) {
  return print_record(zone, file, ds_record);
}

int dnssec_dnskey(const std::string& zone, const std::string& file) {
  return print_record(zone, file, dnskey_record);
}

}  // namespace skerry::cli
