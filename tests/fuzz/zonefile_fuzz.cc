// Any text as a zone file; what parses is put together, sealed, and asked for every name in it; texts of odd length
// make signed zones, which are asked for signatures as well.
#include <array>
#include <cstdint>
#include <span>

#include "core/check.h"
#include "core/dns/master_file.h"
#include "core/dns/writer.h"
#include "routing/answer.h"
#include "routing/zone_builder.h"

using namespace skerry;

namespace {

void ask(const routing::Routes& routes, const dns::Name& name, dns::Type type, bool dnssec_ok) {
  std::array<std::byte, 512> query;
  static std::array<std::byte, 65535> response;
  static routing::Signer signer(1024);
  dns::MessageWriter writer(query);
  writer.header(1, 0);
  CHECK(writer.question(name, type, dns::Class::in));
  dns::MessageWriter::Edns edns;
  edns.dnssec_ok = dnssec_ok;
  CHECK(writer.opt(edns, dns::Rcode::no_error));
  const auto packet = std::span<const std::byte>(query).first(writer.finish());
  routing::Asker asker;
  asker.transport = routing::Transport::tcp;
  asker.signer = &signer;
  const auto answered = routing::answer(routes, packet, asker, response);
  const auto read = dns::read_response(std::span<const std::byte>(response).first(answered.size));
  CHECK(answered.size > 0 && !answered.truncated);
  // A type whose data we read must come out as it should be; others are as they were given.
  CHECK(read.ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const dns::Name origin = dns::Name::parse("example.com").value();
  routing::ZoneBuilder builder(origin);
  static const auto key = dns::SigningKey::generate();
  const bool is_signed = size % 2 == 1;
  if (is_signed) builder.sign_with(key, {}, 302400);
  std::vector<dns::TextProblem> problems;
  std::vector<std::pair<dns::Name, dns::Type>> names;
  dns::read_master_file(
      text, origin,
      [&](const dns::MasterRecord& record) {
        builder.add(record.owner, record.type, record.ttl, record.data, names.size());
        names.emplace_back(record.owner, record.type);
      },
      problems);
  for (const auto& problem : problems) {
    CHECK(problem.place.line > 0 && problem.place.column > 0 && !problem.message.empty());
  }
  auto zone = builder.finish(names.size());
  for (const auto& problem : builder.problems()) CHECK(problem.place <= names.size() && !problem.message.empty());
  if (!zone) return 0;
  auto zones = std::make_shared<routing::Zones>();
  zones->add(std::move(zone));
  routing::Routes routes;
  routes.zones = zones;
  routes.signing.tcp_per_second = 1'000'000'000;
  for (const auto& [name, type] : names) {
    ask(routes, name, type, false);
    if (is_signed) ask(routes, name, type, true);
  }
  return 0;
}
