// Any bytes as a query and as a response; what could be read is written again and must read the same.
#include <array>
#include <cstdint>
#include <span>

#include "core/check.h"
#include "core/dns/message.h"
#include "core/dns/writer.h"

using namespace skerry;

namespace {

void write_again(const dns::Query& query) {
  std::array<std::byte, 1232> buffer;
  dns::MessageWriter writer(buffer);
  writer.header(query.id, 0);
  CHECK(writer.question(query.name, query.type, query.klass));
  dns::MessageWriter::Edns edns;
  edns.udp_size = query.udp_size;
  edns.dnssec_ok = query.dnssec_ok;
  edns.compact_ok = query.compact_ok;
  edns.subnet = query.subnet ? &*query.subnet : nullptr;
  if (query.edns) CHECK(writer.opt(edns, dns::Rcode::no_error));
  dns::Query again;
  CHECK(dns::read_query(std::span<const std::byte>(buffer).first(writer.finish()), again) == dns::QueryKind::good);
  CHECK(again.name.wire() == query.name.wire());
  CHECK(again.dnssec_ok == query.dnssec_ok && again.compact_ok == query.compact_ok);
  CHECK(again.subnet.has_value() == query.subnet.has_value());
  CHECK(!again.subnet || again.subnet->address == query.subnet->address);
}

void use(std::span<const std::byte> packet, const dns::Response& response) {
  for (const auto* records : {&response.answers, &response.authority}) {
    for (const dns::Record& record : *records) {
      if (record.type == dns::Type::a || record.type == dns::Type::aaaa) dns::address_in(packet, record).to_string();
      if (record.type == dns::Type::cname || record.type == dns::Type::soa) dns::name_in(packet, record).to_string();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = std::as_bytes(std::span(data, size));
  dns::Query query;
  if (dns::read_query(packet, query) == dns::QueryKind::good) write_again(query);
  const auto response = dns::read_response(packet);
  if (response.ok()) use(packet, response.value());
  if (const auto name = dns::Name::parse({reinterpret_cast<const char*>(data), size}); name.ok()) {
    CHECK(dns::Name::parse(name->to_string())->wire() == name->wire());
  }
  return 0;
}
