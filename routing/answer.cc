#include "routing/answer.h"

#include <algorithm>

#include "routing/client_subnet.h"

namespace skerry::routing {
namespace {

using dns::Rcode;
using dns::Section;
using dns::Type;

constexpr int longest_alias_chain = 8;
constexpr std::size_t smallest_udp = 512;
constexpr std::uint32_t any_ttl = 3600;  // nothing behind it can change (RFC 8482 4.2)

std::size_t room_for(const dns::Query& query, const Routes& routes, Transport transport, std::size_t buffer) {
  if (transport == Transport::tcp) return buffer;
  const std::size_t udp = query.edns ? std::min<std::size_t>(query.udp_size, routes.udp_size) : smallest_udp;
  return std::min(buffer, std::max(udp, smallest_udp));
}

class Response {
 public:
  Response(const Routes& routes, const dns::Query& query, const core::IpAddress& source, std::span<std::byte> buffer)
      : routes_(routes), query_(query), source_(source), writer_(buffer) {
    edns_.udp_size = routes.udp_size;
    edns_.dnssec_ok = query.dnssec_ok;
    if (query.wants_nsid) edns_.nsid = routes.nsid;
  }

  // Only a header (and OPT): the question could not be read, or need not be repeated.
  Answered refuse_unread(Rcode rcode, Outcome outcome) {
    begin();
    writer_.set_rcode(rcode);
    return end(outcome, rcode);
  }

  Answered refuse(Rcode rcode, Outcome outcome) {
    begin_with_question();
    writer_.set_rcode(rcode);
    return end(outcome, rcode);
  }

  Answered resolve();

 private:
  void begin() {
    const std::uint16_t kept = dns::opcode_mask | dns::flag_recursion_desired | dns::flag_checking_disabled;
    writer_.header(query_.id, static_cast<std::uint16_t>(dns::flag_response | (query_.flags & kept)));
    if (query_.subnet) {
      subnet_ = *query_.subnet;
      edns_.subnet = &subnet_;
    }
    writer_.reserve(query_.edns ? dns::MessageWriter::opt_size(edns_) : 0);
  }
  void begin_with_question() {
    begin();
    writer_.question(query_.name, query_.type, query_.klass);
    after_question_ = writer_.mark();
  }
  Answered end(Outcome, Rcode);
  bool check(bool written) { return fits_ = fits_ && written; }

  Outcome follow(const Zone*, dns::Name name);
  Outcome write_node(const Zone&, const Node&, const dns::Name& owner);
  Outcome write_dynamic(const Zone&, const Node&, const dns::Name& owner);
  Outcome write_apex(const Zone&, const dns::Name& owner);
  Outcome write_negative(const Zone&, Outcome);
  Outcome write_any(const dns::Name& owner);
  bool leads_to_dynamic(const Zone&, const dns::Name& target) const;

  const Routes& routes_;
  const dns::Query& query_;
  const core::IpAddress& source_;
  dns::MessageWriter writer_;
  dns::MessageWriter::Edns edns_;
  dns::SubnetOption subnet_;
  dns::MessageWriter::Mark after_question_{};
  bool fits_ = true;
};

Answered Response::end(Outcome outcome, Rcode rcode) {
  if (!fits_) {
    // What fits in part is no use to anyone: the asker comes back over TCP (RFC 2181 9).
    writer_.rewind(after_question_);
    writer_.set_flag(dns::flag_truncated);
  }
  writer_.reserve(0);
  if (query_.edns) writer_.opt(edns_, rcode);
  return {writer_.finish(), outcome, !fits_, query_.subnet.has_value()};
}

Answered Response::resolve() {
  const dns::Name lower = query_.name.lower();
  const Zone* zone = routes_.zones->find(lower);
  if (!zone) return refuse(Rcode::refused, Outcome::refused);
  begin_with_question();
  writer_.set_flag(dns::flag_authoritative);
  const Outcome outcome = follow(zone, query_.name);
  Rcode rcode = Rcode::no_error;
  if (outcome == Outcome::nxdomain) rcode = Rcode::name_error;
  if (outcome == Outcome::unavailable) rcode = Rcode::server_failure;
  writer_.set_rcode(rcode);
  return end(outcome, rcode);
}

// Walks CNAMEs as long as their targets are ours. The rcode is that of the last name (RFC 2308 2.1).
Outcome Response::follow(const Zone* zone, dns::Name name) {
  for (int i = 0; i < longest_alias_chain; ++i) {
    const Node* node = zone->find(name.lower());
    if (!node) return write_negative(*zone, Outcome::nxdomain);
    if (query_.type == Type::any) return write_any(name);
    if (!node->alias) return write_node(*zone, *node, name);
    if (!check(writer_.cname(Section::answer, name, node->ttl, *node->alias)) || query_.type == Type::cname) break;
    const dns::Name target = *node->alias;
    zone = routes_.zones->find(target.lower());
    // RFC 7871 7.2.1: the CNAME is for everyone, its target's addresses are not: they are asked for again.
    if (!zone || (query_.subnet && leads_to_dynamic(*zone, target))) break;
    name = target;
  }
  return Outcome::fixed;
}

bool Response::leads_to_dynamic(const Zone& zone, const dns::Name& target) const {
  const Node* node = zone.find(target.lower());
  return node && node->dynamic;
}

Outcome Response::write_node(const Zone& zone, const Node& node, const dns::Name& owner) {
  const bool address = query_.type == Type::a || query_.type == Type::aaaa;
  if (node.dynamic && address) return write_dynamic(zone, node, owner);
  if (owner == zone.name() && (query_.type == Type::soa || query_.type == Type::ns)) return write_apex(zone, owner);
  bool any = false;
  if (address) {
    for (const core::IpAddress& ip : query_.type == Type::a ? node.v4 : node.v6) {
      any = true;
      check(writer_.address(Section::answer, owner, node.ttl, ip));
    }
  }
  if (query_.type == Type::txt) {
    for (const std::string& text : node.texts) {
      any = true;
      check(writer_.txt(Section::answer, owner, node.ttl, text));
    }
  }
  return any ? Outcome::fixed : write_negative(zone, Outcome::no_data);
}

Outcome Response::write_dynamic(const Zone& zone, const Node& node, const dns::Name& owner) {
  if (routes_.table.empty()) return Outcome::unavailable;
  const Client client = locate_client(routes_.table, query_.subnet, source_);
  const auto family = query_.type == Type::a ? core::AddressFamily::ipv4 : core::AddressFamily::ipv6;
  const auto choice = routes_.table.choose(client.place, client.ip, family);
  subnet_.scope = static_cast<std::uint8_t>(client.scope);
  if (choice.count == 0) return write_negative(zone, Outcome::no_data);
  for (std::size_t i = 0; i < choice.count; ++i) {
    check(writer_.address(Section::answer, owner, node.ttl, choice.addresses[i]));
  }
  return Outcome::dynamic;
}

Outcome Response::write_apex(const Zone& zone, const dns::Name& owner) {
  if (query_.type == Type::soa) {
    check(writer_.soa(Section::answer, owner, zone.ttl(), zone.soa()));
    return Outcome::fixed;
  }
  for (const dns::Name& server : zone.servers()) check(writer_.ns(Section::answer, owner, zone.ttl(), server));
  return Outcome::fixed;
}

// The SOA tells how long the absence may be remembered (RFC 2308 5).
Outcome Response::write_negative(const Zone& zone, Outcome outcome) {
  check(writer_.soa(Section::authority, zone.name(), std::min(zone.ttl(), zone.soa().minimum), zone.soa()));
  return outcome;
}

Outcome Response::write_any(const dns::Name& owner) {
  check(writer_.hinfo(Section::answer, owner, any_ttl, "RFC8482", ""));
  return Outcome::fixed;
}

bool is_transfer(Type type) {
  return type == Type::axfr || type == Type::ixfr;
}

// TKEY, TSIG, MAILB, MAILA: types that only questions or signatures have, none of which we do.
bool is_unknown_meta(Type type) {
  const auto number = static_cast<unsigned>(type);
  return number >= 249 && number <= 254 && !is_transfer(type);
}

}  // namespace

std::string_view name(Outcome outcome) {
  switch (outcome) {
#define X(name) \
  case Outcome::name: return #name;
    SKERRY_ANSWER_OUTCOMES(X)
#undef X
  }
  return "unknown";
}

Answered answer(const Routes& routes, std::span<const std::byte> packet, const core::IpAddress& source,
                Transport transport, std::span<std::byte> buffer) {
  dns::Query query;
  const dns::QueryKind kind = dns::read_query(packet, query);
  if (kind == dns::QueryKind::ignored) return {};
  Response response(routes, query, source, buffer.first(room_for(query, routes, transport, buffer.size())));
  switch (kind) {
    case dns::QueryKind::not_implemented:
      return response.refuse_unread(Rcode::not_implemented, Outcome::not_implemented);
    case dns::QueryKind::malformed: return response.refuse_unread(Rcode::format_error, Outcome::malformed);
    case dns::QueryKind::bad_version: return response.refuse(Rcode::bad_version, Outcome::bad_version);
    default: break;
  }
  if (query.type == Type::opt) return response.refuse_unread(Rcode::format_error, Outcome::malformed);
  if (is_unknown_meta(query.type)) return response.refuse(Rcode::not_implemented, Outcome::not_implemented);
  if (query.klass != dns::Class::in || is_transfer(query.type)) {
    return response.refuse(Rcode::refused, Outcome::refused);
  }
  return response.resolve();
}

}  // namespace skerry::routing
