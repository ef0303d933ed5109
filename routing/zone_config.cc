#include "routing/zone_config.h"

#include "core/dns/rdata.h"

namespace skerry::routing {
namespace {

using config::Applies;
using std::chrono::seconds;

constexpr seconds longest_ttl{7 * 86400};

bool parse_type(RecordSection& record, const std::string& text, std::string& problem) {
  const auto type = dns::parse_type(text);
  if (type && dns::is_data_type(*type)) return record.type = *type, true;
  problem = "must be a record type such as A, MX or TYPE99";
  return false;
}

std::string format_type(const RecordSection& record) {
  return dns::type_name(record.type);
}

const config::Table<RecordSection>& record_table() {
  static const config::Table<RecordSection> table =
      config::Table<RecordSection>("A static record set.")
          .key("name", &RecordSection::name,
               {.doc = "Relative to the zone; `@` is the zone itself, `*` a wildcard; with a dot at its end absolute.",
                .applies = Applies::live,
                .required = true})
          .text("type", "record type", parse_type, format_type,
                {.doc =
                     "Type of the records: A, AAAA, CAA, CNAME, DS, HTTPS, MX, NS, PTR, SRV, SVCB, TXT, or TYPEnnn for "
                     "any other.",
                 .applies = Applies::live,
                 .required = true})
          .key("values", &RecordSection::values,
               {.doc = "One record for each, in the text form of its type, such as \"10 mail.example.com\" for MX; "
                       "names in "
                       "it are absolute. For TXT the text itself.",
                .min = 1,
                .max = 64,
                .applies = Applies::live,
                .required = true})
          .key("ttl", &RecordSection::ttl,
               {.doc = "Time to live; the same for all records of one name and type.",
                .min = seconds(0),
                .max = longest_ttl,
                .applies = Applies::live});
  return table;
}

const config::Table<DynamicSection>& dynamic_table() {
  static const config::Table<DynamicSection> table =
      config::Table<DynamicSection>("A name whose addresses are those of the client's nearest healthy edges.")
          .key("name", &DynamicSection::name,
               {.doc = "Relative to the zone; `@` is the zone itself.", .applies = Applies::live, .required = true})
          .key("ttl", &DynamicSection::ttl,
               {.doc = "Time to live: how long a dead edge may still be tried.",
                .min = seconds(0),
                .max = seconds(86400),
                .applies = Applies::live})
          .key("alpn", &DynamicSection::alpn,
               {.doc =
                    "Answer HTTPS and SVCB (RFC 9460), too, with these protocols, for instance [\"h2\", \"http/1.1\"], "
                    "and the same edges' addresses as hints. Browsers then use https.",
                .max = 16,
                .applies = Applies::live})
          .key("https_port", &DynamicSection::https_port,
               {.doc = "The edges' port for https, told in HTTPS and SVCB records if it is not 443.",
                .min = 1,
                .applies = Applies::live});
  return table;
}

}  // namespace

const config::Table<ZoneSection>& zone_table() {
  static const config::Table<ZoneSection> table =
      config::Table<ZoneSection>("A zone that the router is authoritative for.")
          .key("name", &ZoneSection::name,
               {.doc = "For instance `cdn.example.com`.", .applies = Applies::live, .required = true})
          .key("file", &ZoneSection::file,
               {.doc = "A zone file (RFC 1035 5) with the zone's SOA, NS and other records. Records and dynamic names "
                       "given here are added to it.",
                .applies = Applies::live,
                .path = true})
          .key("ns", &ZoneSection::ns,
               {.doc = "Its name servers, unless a file names them; the first is the SOA's primary.",
                .max = 13,
                .applies = Applies::live})
          .key("mailbox", &ZoneSection::mailbox,
               {.doc = "Who is responsible, with a dot for the @ (SOA RNAME).",
                .applies = Applies::live,
                .shown_default = "hostmaster.<zone>"})
          .key("serial", &ZoneSection::serial, {.doc = "SOA serial number.", .applies = Applies::live})
          .key("refresh", &ZoneSection::refresh,
               {.doc = "SOA refresh.", .min = seconds(1), .max = longest_ttl, .applies = Applies::live})
          .key("retry", &ZoneSection::retry,
               {.doc = "SOA retry.", .min = seconds(1), .max = longest_ttl, .applies = Applies::live})
          .key("expire", &ZoneSection::expire,
               {.doc = "SOA expire.", .min = seconds(1), .max = seconds(0x7fffffff), .applies = Applies::live})
          .key("minimum", &ZoneSection::minimum,
               {.doc = "How long the absence of a name or type may be remembered (RFC 2308).",
                .min = seconds(0),
                .max = seconds(86400),
                .applies = Applies::live})
          .key("ttl", &ZoneSection::ttl,
               {.doc = "Time to live of SOA and NS.", .min = seconds(0), .max = longest_ttl, .applies = Applies::live})
          .key("dnssec_key", &ZoneSection::dnssec_key,
               {.doc = "Sign the zone's answers (DNSSEC) with this private key: a PEM file from `skerry dnssec "
                       "keygen`. Its "
                       "DS record (`skerry dnssec ds`) belongs into the parent zone.",
                .applies = Applies::live,
                .shown_default = "not signed",
                .path = true})
          .key("dnssec_standby_keys", &ZoneSection::dnssec_standby_keys,
               {.doc =
                    "Keys whose DNSKEY records are told, too, but which sign nothing: the next one before a change of "
                    "keys, the last one after it.",
                .max = 4,
                .applies = Applies::live,
                .path = true})
          .array("record", &ZoneSection::records, record_table(), {.doc = "", .applies = Applies::live})
          .array("dynamic", &ZoneSection::dynamic, dynamic_table(), {.doc = "", .applies = Applies::live});
  return table;
}

}  // namespace skerry::routing
