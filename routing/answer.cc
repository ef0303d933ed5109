#include "routing/answer.h"

#include <algorithm>
#include <array>

#include "core/dns/dnssec.h"
#include "core/dns/rdata.h"
#include "core/dns/writer.h"
#include "routing/client_subnet.h"

namespace skerry::routing {
namespace {

using dns::Rcode;
using dns::Section;
using dns::Type;

constexpr int longest_alias_chain = 8;
constexpr std::size_t smallest_udp = 512;
constexpr std::uint32_t any_ttl = 3600;           // nothing behind it can change (RFC 8482 4.2)
constexpr std::uint16_t invalid_query_type = 30;  // extended error (RFC 9824 3.5)

std::size_t room_for(const dns::Query& query, const Routes& routes, Transport transport, std::size_t buffer) {
  if (transport != Transport::udp) return buffer;
  const std::size_t udp = query.edns ? std::min<std::size_t>(query.udp_size, routes.udp_size) : smallest_udp;
  return std::min(buffer, std::max(udp, smallest_udp));
}

// In canonical order.
void sort(AnswerTable::Choice& choice) {
  auto& all = choice.addresses;
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(choice.count);
  const auto before = [](const core::IpAddress& a, const core::IpAddress& b) { return a.octets() < b.octets(); };
  for (auto ip = all.begin(); ip != end; ++ip) std::rotate(std::upper_bound(all.begin(), ip, *ip, before), ip, ip + 1);
}

class Response {
 public:
  Response(const Routes& routes, const dns::Query& query, const Asker& asker, std::span<std::byte> buffer)
      : routes_(routes), query_(query), asker_(asker), writer_(buffer) {
    edns_.udp_size = routes.udp_size;
    edns_.dnssec_ok = query.dnssec_ok;
    if (query.wants_nsid) edns_.nsid = routes.nsid;
    const bool stream = asker.transport == Transport::tcp || asker.transport == Transport::tls;
    if (query.wants_keepalive && stream) edns_.keepalive = routes.tcp_keepalive;
    if (routes.cookies && !query.cookie.empty()) set_cookie(*routes.cookies);
  }

  bool has_good_cookie() const { return with_cookie_; }

  // Only a header (and OPT): the question could not be read, or need not be repeated. Nor is it told who answers: that
  // would be longer than what was asked.
  Answered refuse_unread(Rcode rcode, Outcome outcome) {
    edns_.nsid = {};
    begin();
    writer_.set_rcode(rcode);
    return end(outcome, rcode);
  }

  Answered refuse(Rcode rcode, Outcome outcome) {
    begin_with_question();
    writer_.set_rcode(rcode);
    return end(outcome, rcode);
  }

  // A type that nobody may ask for (RFC 9824 3.5).
  Answered refuse_type() {
    edns_.extended_error = invalid_query_type;
    return refuse(Rcode::format_error, Outcome::malformed);
  }

  // No longer than the query (with a cookie 16 bytes more): nothing is won by forging its source. One who sent a cookie
  // learns the right one.
  Answered limit() {
    edns_.nsid = {};
    begin_with_question();
    const Rcode rcode = query_.cookie.empty() || !routes_.cookies ? Rcode::no_error : Rcode::bad_cookie;
    if (rcode == Rcode::no_error) writer_.set_flag(dns::flag_truncated);
    writer_.set_rcode(rcode);
    return end(Outcome::limited, rcode);
  }

  Answered confirm_cookie();
  Answered resolve();
  Answered resolve_chaos();

 private:
  void set_cookie(const CookieSecrets&);
  void begin() {
    const std::uint16_t kept = dns::opcode_mask | dns::flag_recursion_desired;  // not CD (RFC 4035 3.1.6)
    writer_.header(query_.id, static_cast<std::uint16_t>(dns::flag_response | (query_.flags & kept)));
    if (query_.subnet) {
      subnet_ = *query_.subnet;
      edns_.subnet = &subnet_;
    }
    writer_.reserve(query_.edns ? dns::MessageWriter::opt_size(edns_) : 0);
  }
  void begin_with_question() {
    begin();
    if (query_.has_question) writer_.question(query_.name, query_.type, query_.klass);
    after_question_ = writer_.mark();
  }
  Answered end(Outcome, Rcode);
  Answered end_unsigned();
  bool check(bool written) { return fits_ = fits_ && written; }
  void keep_for(std::uint32_t ttl) { ttl_ = std::min(ttl_, ttl); }

  Outcome follow(const Zone*, dns::Name name);
  Outcome write_node(const Zone&, const Node&, const dns::Name& owner);
  Outcome write_dynamic(const Zone&, const Node&, const dns::Name& owner);
  Outcome write_referral(const Zone&, const Delegation&, bool behind_alias);
  struct Absence {
    const dns::Name& owner;
    const Node* node;  // null: the name does not exist
    std::uint32_t ttl;
  };
  Outcome write_negative(const Zone&, const Absence&);
  Outcome write_any(const Zone&, const dns::Name& owner);
  bool write_set(Section, const Zone&, const dns::Name& owner, const RecordSet&, std::uint32_t ttl);
  bool write_records(Section, const dns::Name& owner, const RecordSet&, std::uint32_t ttl);
  enum class Neighbours : std::uint8_t { glue, others };
  bool write_additional(const Zone&, const RecordSet&, Neighbours);

  // The zone's answers are signed, and this asker wants that.
  bool secure(const Zone& zone) const { return query_.dnssec_ok && zone.key(); }
  bool asks_for_proof(const Zone&, const Node*) const;
  bool write_nsec(Section, const Zone&, const Absence&);
  struct Signed {
    Type type;
    std::uint32_t original_ttl;
    std::string_view records;  // in canonical form and order, behind length bytes
  };
  bool write_signature(Section, const Zone&, const dns::Name& owner, const Signed&, std::uint32_t ttl);
  bool sign_addresses(const Zone&, const dns::Name& owner, const AnswerTable::Choice&, const Dynamic&,
                      std::uint32_t ttl);
  bool is_dynamic_type(const Dynamic&) const;
  bool leads_to_dynamic(const Zone&, const dns::Name& target) const;

  const Routes& routes_;
  const dns::Query& query_;
  const Asker& asker_;
  dns::MessageWriter writer_;
  dns::MessageWriter::Edns edns_;
  dns::SubnetOption subnet_;
  Cookie cookie_;
  dns::MessageWriter::Mark after_question_{};
  std::uint32_t ttl_ = 0xffffffff;
  bool fits_ = true;
  bool authoritative_ = true;
  bool with_cookie_ = false;
  bool chosen_ = false;
  bool unsigned_ = false;          // a signature that must be there is not to be had
  bool denied_compactly_ = false;  // the name does not exist, and an NSEC record says so (RFC 9824)
};

void Response::set_cookie(const CookieSecrets& secrets) {
  const core::IpAddress client = unmapped(asker_.source);
  const CookieState state = check_cookie(secrets, query_.cookie, client, asker_.now);
  with_cookie_ = state != CookieState::none;
  if (state == CookieState::fresh) {
    edns_.cookie = query_.cookie;
    return;
  }
  cookie_ = make_cookie(secrets, query_.cookie, client, asker_.now);
  edns_.cookie = {cookie_.data(), cookie_.size()};
}

Answered Response::end(Outcome outcome, Rcode rcode) {
  if (!fits_) {
    // What fits in part is no use to anyone: the asker comes back over TCP (RFC 2181 9).
    writer_.rewind(after_question_);
    writer_.set_flag(dns::flag_truncated);
  }
  writer_.reserve(0);
  if (query_.edns) writer_.opt(edns_, rcode);
  const std::uint32_t ttl = ttl_ == 0xffffffff ? 0 : ttl_;
  const bool with_subnet = query_.subnet.has_value();
  const std::uint8_t scope = with_subnet ? subnet_.scope : std::uint8_t{0};
  const bool personal = chosen_ || !edns_.cookie.empty();
  return {writer_.finish(), outcome, !fits_, with_subnet, scope, with_cookie_, personal, ttl};
}

// RFC 7873 5.4: without a question. Half a cookie asks for the other half; a whole one asks whether it is still good.
Answered Response::confirm_cookie() {
  if (!routes_.cookies) return refuse_unread(Rcode::format_error, Outcome::malformed);
  const bool presented = query_.cookie.size() > dns::client_cookie_size;
  return refuse_unread(presented && !with_cookie_ ? Rcode::bad_cookie : Rcode::no_error, Outcome::cookie);
}

// Over UDP the asker comes back by TCP, which shows that its address is its own, and has a budget of its own.
Answered Response::end_unsigned() {
  const bool udp = asker_.transport == Transport::udp;
  const Rcode rcode = udp ? Rcode::no_error : Rcode::server_failure;
  writer_.rewind(after_question_);
  writer_.set_rcode(rcode);
  if (udp) writer_.set_flag(dns::flag_truncated);
  fits_ = true;
  ttl_ = 0;
  return end(Outcome::signing_limited, rcode);
}

Answered Response::resolve() {
  const Zone* zone = routes_.zones->find(query_.name.lower(), query_.type);
  if (!zone) return refuse(Rcode::refused, Outcome::refused);
  begin_with_question();
  const Outcome outcome = follow(zone, query_.name);
  if (unsigned_) return end_unsigned();
  Rcode rcode = Rcode::no_error;
  // RFC 9824 5: those who don't know compact denial would take the two for a contradiction.
  const bool shown = !denied_compactly_ || edns_.compact_ok;
  if (outcome == Outcome::nxdomain && shown) rcode = Rcode::name_error;
  if (outcome == Outcome::unavailable) rcode = Rcode::server_failure;
  if (authoritative_) writer_.set_flag(dns::flag_authoritative);
  writer_.set_rcode(rcode);
  return end(outcome, rcode);
}

// Walks CNAMEs as long as their targets are ours. The rcode is that of the last name (RFC 2308 2.1).
Outcome Response::follow(const Zone* zone, dns::Name name) {
  for (int i = 0; i < longest_alias_chain; ++i) {
    if (secure(*zone)) edns_.compact_ok = query_.compact_ok;
    const Zone::Found found = zone->find(name.lower());
    // DS at a delegation is the parent's own data (RFC 4035 3.1.4.1), all else there is the child's.
    const bool ours = !found.delegation || (query_.type == Type::ds && name == found.delegation->owner);
    if (!ours) return write_referral(*zone, *found.delegation, i > 0);
    if (asks_for_proof(*zone, found.node)) {
      write_nsec(Section::answer, *zone, {name, found.node, zone->negative_ttl()});
      return Outcome::fixed;
    }
    if (!found.node) return write_negative(*zone, {name, nullptr, zone->negative_ttl()});
    if (query_.type == Type::any) return write_any(*zone, name);
    const RecordSet* alias = found.node->find(Type::cname);
    if (!alias || query_.type == Type::cname) return write_node(*zone, *found.node, name);
    if (!write_set(Section::answer, *zone, name, *alias, alias->ttl)) break;
    const dns::Name target = dns::name_at(std::string_view(alias->data).substr(2));
    zone = routes_.zones->find(target.lower(), query_.type);
    // RFC 7871 7.2.1: the CNAME is for everyone, its target's addresses are not: they are asked for again.
    if (!zone || (query_.subnet && leads_to_dynamic(*zone, target))) break;
    name = target;
  }
  return Outcome::fixed;
}

bool Response::leads_to_dynamic(const Zone& zone, const dns::Name& target) const {
  const Node* node = zone.find(target.lower()).node;
  return node && node->dynamic;
}

bool Response::is_dynamic_type(const Dynamic& dynamic) const {
  if (query_.type == Type::a || query_.type == Type::aaaa) return true;
  return !dynamic.service.empty() && (query_.type == Type::https || query_.type == Type::svcb);
}

Outcome Response::write_node(const Zone& zone, const Node& node, const dns::Name& owner) {
  if (node.dynamic && is_dynamic_type(*node.dynamic)) return write_dynamic(zone, node, owner);
  const RecordSet* set = node.find(query_.type);
  if (!set) return write_negative(zone, {owner, &node, zone.negative_ttl()});
  // Additional records that don't fit are left out: the asker can do without (RFC 2181 9).
  if (write_set(Section::answer, zone, owner, *set, set->ttl)) {
    for (const Neighbours which : {Neighbours::others, Neighbours::glue}) write_additional(zone, *set, which);
  }
  return Outcome::fixed;
}

Outcome Response::write_dynamic(const Zone& zone, const Node& node, const dns::Name& owner) {
  const Dynamic& dynamic = *node.dynamic;
  chosen_ = true;
  if (routes_.table.empty()) return Outcome::unavailable;
  const Client client = locate_client(routes_.table, query_.subnet, asker_.source);
  subnet_.scope = static_cast<std::uint8_t>(client.scope);
  const std::uint32_t ttl = std::min(dynamic.ttl, routes_.table.ttl_limit(client.place.pop));
  // A family that is missing may be there when health changes: no longer remembered than an address would be.
  const Absence absence{owner, &node, std::min(ttl, zone.negative_ttl())};
  const auto choose = [&](core::AddressFamily family) { return routes_.table.choose(client.place, client.ip, family); };
  const auto all = [](const AnswerTable::Choice& choice) { return std::span(choice.addresses).first(choice.count); };
  if (query_.type == Type::a || query_.type == Type::aaaa) {
    const auto choice = choose(query_.type == Type::a ? core::AddressFamily::ipv4 : core::AddressFamily::ipv6);
    if (choice.count == 0) return write_negative(zone, absence);
    for (const core::IpAddress& ip : all(choice)) check(writer_.address(Section::answer, owner, ttl, ip));
    if (secure(zone)) sign_addresses(zone, owner, choice, dynamic, ttl);
  } else {
    auto v4 = choose(core::AddressFamily::ipv4), v6 = choose(core::AddressFamily::ipv6);
    // Hints stand inside the record: every order of them would be signed by itself.
    if (secure(zone)) sort(v4), sort(v6);
    if (v4.count + v6.count == 0) return write_negative(zone, absence);
    check(writer_.service(Section::answer, owner, ttl, {query_.type, dynamic.service, all(v4), all(v6)}));
    if (secure(zone) && fits_) {
      write_signature(Section::answer, zone, owner, {query_.type, dynamic.ttl, writer_.last_data()}, ttl);
    }
  }
  keep_for(ttl);
  return Outcome::dynamic;
}

// RFC 1034 4.3.2 3b. The glue must all be there (RFC 9471), and goes first; addresses of other servers can be asked
// for.
Outcome Response::write_referral(const Zone& zone, const Delegation& cut, bool behind_alias) {
  authoritative_ = behind_alias;
  const RecordSet* servers = cut.node->find(Type::ns);
  if (!write_records(Section::authority, cut.owner, *servers, servers->ttl)) return Outcome::referral;
  if (secure(zone)) {
    // How the child is signed, or that it is not (RFC 4035 3.1.4). Its NS records are its own to sign.
    const RecordSet* ds = cut.node->find(Type::ds);
    if (ds) write_set(Section::authority, zone, cut.owner, *ds, ds->ttl);
    if (!ds) write_nsec(Section::authority, zone, {cut.owner, cut.node, zone.negative_ttl()});
  }
  if (check(write_additional(zone, *servers, Neighbours::glue))) write_additional(zone, *servers, Neighbours::others);
  return Outcome::referral;
}

// With its signature, for those who want it.
bool Response::write_set(Section section, const Zone& zone, const dns::Name& owner, const RecordSet& set,
                         std::uint32_t ttl) {
  if (!write_records(section, owner, set, ttl)) return false;
  return !secure(zone) || write_signature(section, zone, owner, {set.type, set.ttl, set.canonical}, ttl);
}

bool Response::write_records(Section section, const dns::Name& owner, const RecordSet& set, std::uint32_t ttl) {
  bool fits = true;
  set.each([&](std::string_view data) { fits = fits && writer_.record(section, owner, set.type, ttl, data); });
  keep_for(ttl);
  return section == Section::additional ? fits : check(fits);
}

// A set whole or not at all; without its signature where there is no room for that (RFC 4035 3.1.1).
bool Response::write_additional(const Zone& zone, const RecordSet& set, Neighbours which) {
  for (const Neighbour& neighbour : set.additional) {
    const bool glue = neighbour.node->delegation != nullptr;  // never signed (RFC 4035 2.2)
    if (glue != (which == Neighbours::glue)) continue;
    for (const Type type : {Type::a, Type::aaaa}) {
      const RecordSet* addresses = neighbour.node->find(type);
      if (!addresses) continue;
      const auto before = writer_.mark();
      const std::uint32_t ttl = addresses->ttl;
      if (!write_records(Section::additional, neighbour.name, *addresses, ttl)) return writer_.rewind(before), false;
      if (glue || !secure(zone)) continue;
      write_signature(Section::additional, zone, neighbour.name, {type, ttl, addresses->canonical}, ttl);
    }
  }
  return true;
}

// The SOA tells how long the absence may be remembered (RFC 2308 5), the NSEC record what there is instead: at a name
// without a node, nothing.
Outcome Response::write_negative(const Zone& zone, const Absence& absence) {
  write_set(Section::authority, zone, zone.name(), zone.soa(), absence.ttl);
  if (secure(zone)) {
    write_nsec(Section::authority, zone, absence);
    denied_compactly_ = !absence.node;
  }
  return absence.node ? Outcome::no_data : Outcome::nxdomain;
}

Outcome Response::write_any(const Zone& zone, const dns::Name& owner) {
  static constexpr std::string_view hinfo("\0\11\7RFC8482\0", 11);
  check(writer_.record(Section::answer, owner, Type::hinfo, any_ttl, hinfo.substr(2)));
  if (secure(zone)) write_signature(Section::answer, zone, owner, {Type::hinfo, any_ttl, hinfo}, any_ttl);
  keep_for(any_ttl);
  return Outcome::fixed;
}

// NSEC and RRSIG are made when they are needed, so they are there for every name: its NSEC record, and of the
// signatures only that record's (the rest would be as many as the name has types, RFC 8482 4.1).
bool Response::asks_for_proof(const Zone& zone, const Node* node) const {
  if (!zone.key() || (query_.type != Type::nsec && query_.type != Type::rrsig)) return false;
  return node || query_.dnssec_ok;
}

// The name's own NSEC record, which reaches to the next name that could be (RFC 9824 3.1, 3.2). Of the types that
// depend on the client all but the one asked for are said to be there: the record may be kept for others (RFC 8198).
bool Response::write_nsec(Section section, const Zone& zone, const Absence& absence) {
  const auto& [owner, node, ttl] = absence;
  std::array<char, dns::nsec_size(largest_type_bitmap)> data;
  const bool here = section == Section::answer;
  const dns::Name next = dns::next_name(owner.lower(), zone.name());
  const bool depends = node && node->dynamic && is_dynamic_type(*node->dynamic);
  const auto absent = depends ? std::optional(query_.type) : std::nullopt;
  const std::size_t size =
      dns::write_nsec_data(next, node ? std::string_view(node->types) : dns::nxname_bitmap, absent, data.data());
  const std::string_view record(data.data(), size);
  keep_for(ttl);
  const bool only_signature = here && query_.type == Type::rrsig;
  if (!only_signature && !check(writer_.record(section, owner, Type::nsec, ttl, record.substr(2)))) return false;
  if (!query_.dnssec_ok && !only_signature) return true;
  return write_signature(section, zone, owner, {Type::nsec, zone.negative_ttl(), record}, ttl);  // RFC 9077
}

bool Response::sign_addresses(const Zone& zone, const dns::Name& owner, const AnswerTable::Choice& choice,
                              const Dynamic& dynamic, std::uint32_t ttl) {
  AnswerTable::Choice sorted = choice;
  sort(sorted);
  std::array<char, AnswerTable::most_addresses * 18> records;
  char* at = records.data();
  for (const core::IpAddress& ip : std::span(sorted.addresses).first(sorted.count)) {
    const std::string_view octets = ip.octets();
    *at++ = '\0';
    *at++ = static_cast<char>(octets.size());
    at = std::copy(octets.begin(), octets.end(), at);
  }
  const std::string_view all(records.data(), static_cast<std::size_t>(at - records.data()));
  return write_signature(Section::answer, zone, owner, {query_.type, dynamic.ttl, all}, ttl);
}

// The records have been written with `ttl`; the signature says what is configured, so a shorter one needs no other
// signature (RFC 4034 3.1.4).
bool Response::write_signature(Section section, const Zone& zone, const dns::Name& owner, const Signed& set,
                               std::uint32_t ttl) {
  if (!fits_ || unsigned_) return false;
  const SigningOptions& options = routes_.signing;
  const bool udp = asker_.transport == Transport::udp;
  const dns::Name name = owner.lower();
  const SigningTerms terms{*zone.key(),      zone.name(),
                           options.validity, udp ? options.per_second : options.tcp_per_second,
                           asker_.now,       zone.find_exact(name) == nullptr};
  const bool optional = section == Section::additional;
  const std::string_view data =
      asker_.signer ? asker_.signer->sign({name, set.type, set.original_ttl, set.records}, terms) : std::string_view();
  if (data.empty()) return unsigned_ = unsigned_ || !optional, false;
  const bool fits = writer_.record(section, owner, Type::rrsig, ttl, data);
  return optional ? fits : check(fits);
}

// What operators ask a server about itself; REFUSED unless configured.
Answered Response::resolve_chaos() {
  const auto is = [&](std::string_view wire) { return dns::equal_ignoring_case(query_.name.wire(), wire); };
  const bool version = is({"\7version\4bind\0", 14}) || is({"\7version\6server\0", 16});
  const bool id = is({"\2id\6server\0", 11}) || is({"\10hostname\4bind\0", 15});
  const std::string_view text = version ? routes_.chaos_version : id ? routes_.chaos_id : std::string_view();
  const bool asked = query_.type == Type::txt || query_.type == Type::any;
  if (text.empty() || !asked) return refuse(Rcode::refused, Outcome::refused);
  begin_with_question();
  writer_.set_flag(dns::flag_authoritative);
  std::array<char, 256> data;
  data[0] = static_cast<char>(text.size());
  std::copy(text.begin(), text.end(), data.begin() + 1);
  const std::string_view record(data.data(), text.size() + 1);
  check(writer_.record(Section::answer, query_.name, Type::txt, 0, record, dns::Class::chaos));
  return end(Outcome::fixed, Rcode::no_error);
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

std::string_view name(Transport transport) {
  constexpr std::string_view names[transports] = {"udp", "tcp", "tls", "https"};
  return names[static_cast<std::size_t>(transport)];
}

Answered answer(const Routes& routes, std::span<const std::byte> packet, const Asker& asker,
                std::span<std::byte> buffer) {
  dns::Query query;
  const dns::QueryKind kind = dns::read_query(packet, query);
  if (kind == dns::QueryKind::ignored) return {};
  Response response(routes, query, asker, buffer.first(room_for(query, routes, asker.transport, buffer.size())));
  // Before all else: what is wrong with a packet is told no more often than what is right.
  if (asker.over_limit && !response.has_good_cookie()) return response.limit();
  switch (kind) {
    case dns::QueryKind::not_implemented:
      return response.refuse_unread(Rcode::not_implemented, Outcome::not_implemented);
    case dns::QueryKind::malformed: return response.refuse_unread(Rcode::format_error, Outcome::malformed);
    case dns::QueryKind::bad_version: return response.refuse(Rcode::bad_version, Outcome::bad_version);
    case dns::QueryKind::no_question: return response.confirm_cookie();
    default: break;
  }
  if (query.type == Type::opt) return response.refuse_unread(Rcode::format_error, Outcome::malformed);
  if (query.type == Type::nxname) return response.refuse_type();
  if (is_unknown_meta(query.type)) return response.refuse(Rcode::not_implemented, Outcome::not_implemented);
  if (query.klass == dns::Class::chaos) return response.resolve_chaos();
  if (query.klass != dns::Class::in || is_transfer(query.type)) {
    return response.refuse(Rcode::refused, Outcome::refused);
  }
  return response.resolve();
}

}  // namespace skerry::routing
