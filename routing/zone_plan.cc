#include "routing/zone_plan.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/dns/master_file.h"
#include "core/dns/service_binding.h"
#include "routing/zone_builder.h"

namespace skerry::routing {
namespace {

using dns::Type;

constexpr std::size_t largest_file = 64 * 1024 * 1024;

std::uint32_t count(std::chrono::seconds time) {
  return static_cast<std::uint32_t>(time.count());
}

std::string path(const char* section, std::size_t index) {
  return std::string(section) + "." + std::to_string(index);
}

bool read_file(const std::string& file, std::string& text) {
  std::ifstream in(file, std::ios::binary);
  std::istreambuf_iterator<char> at(in), end;
  for (; at != end && text.size() <= largest_file; ++at) text.push_back(*at);
  return in.is_open() && !in.bad();
}

// A name that stands for itself, the dot at its end optional: servers, mailboxes, CNAME targets.
bool read_absolute(const std::string& text, const std::string& at, config::Report& report, dns::Name& name) {
  const auto parsed = dns::Name::parse(text);
  if (parsed.ok()) name = parsed.value();
  if (!parsed.ok()) report.fail(at, parsed.error().detail);
  return parsed.ok();
}

// One zone section: its own keys, then its file, records and dynamic names, all into one builder.
class ZonePlan {
 public:
  ZonePlan(const ZoneSection& section, const SigningOptions& signing, std::string at, config::Report& report)
      : section_(section), signing_(signing), at_(std::move(at)), report_(report) {}

  // Null when something is wrong with the zone; the report knows what.
  std::unique_ptr<Zone> build() {
    dns::Name name;
    if (!read_absolute(section_.name, at_ + ".name", report_, name)) return nullptr;
    builder_ = std::make_unique<ZoneBuilder>(name);
    if (!add_keys()) return nullptr;
    const bool opened = section_.file.empty() ? add_apex() : add_file();
    if (!opened) return nullptr;
    for (std::size_t i = 0; i < section_.records.size(); ++i) {
      add_records(section_.records[i], at_ + "." + path("record", i));
    }
    for (std::size_t i = 0; i < section_.dynamic.size(); ++i) {
      add_dynamic(section_.dynamic[i], at_ + "." + path("dynamic", i));
    }
    auto zone = builder_->finish(place({section_.file.empty() ? at_ + ".name" : at_ + ".file"}));
    for (const ZoneProblem& problem : builder_->problems()) tell(places_[problem.place], problem.message);
    return zone;
  }

 private:
  // A key of the configuration, or a place in the zone's file.
  struct Where {
    std::string key;
    dns::TextPlace in_file{0, 0};
  };
  std::size_t place(Where where) {
    places_.push_back(std::move(where));
    return places_.size() - 1;
  }
  void tell(const Where& where, const std::string& message) {
    if (where.in_file.line == 0) return report_.fail(where.key, message);
    // Not by fail(), which keeps one problem a key.
    const std::string at =
        section_.file + ":" + std::to_string(where.in_file.line) + ":" + std::to_string(where.in_file.column) + ": ";
    report_.add({{}, config::subject_of(at_ + ".file"), at + message, {}});
  }

  bool add_keys() {
    if (section_.dnssec_key.empty()) {
      if (section_.dnssec_standby_keys.empty()) return true;
      report_.fail(at_ + ".dnssec_standby_keys", "need a dnssec_key that signs");
      return false;
    }
    auto key = dns::SigningKey::read(section_.dnssec_key);
    if (!key.ok()) return report_.fail(at_ + ".dnssec_key", key.error().detail), false;
    std::vector<std::shared_ptr<const dns::SigningKey>> beside;
    for (const std::string& file : section_.dnssec_standby_keys) {
      auto other = dns::SigningKey::read(file);
      if (!other.ok()) return report_.fail(at_ + ".dnssec_standby_keys", other.error().detail), false;
      beside.push_back(std::move(other).value());
    }
    builder_->sign_with(std::move(key).value(), beside, count(signing_.validity / 2));
    return true;
  }

  // SOA and NS from the section's own keys.
  bool add_apex() {
    if (section_.ns.empty()) {
      report_.fail(at_ + ".ns", "is missing: a zone has name servers here, or a file that names them");
      return false;
    }
    const std::size_t here = place({at_ + ".ns"});
    std::string primary;
    for (const std::string& text : section_.ns) {
      dns::Name server;
      if (!read_absolute(text, at_ + ".ns", report_, server)) return false;
      if (primary.empty()) primary = server.wire();
      builder_->add(builder_->name(), Type::ns, count(section_.ttl), server.wire(), here);
    }
    dns::Name mailbox;
    const std::string text = section_.mailbox.empty() ? "hostmaster." + builder_->name().to_string() : section_.mailbox;
    if (!read_absolute(text, at_ + ".mailbox", report_, mailbox)) return false;
    std::string soa = primary.append(mailbox.wire());
    dns::append_u32(soa, section_.serial);
    for (auto time : {section_.refresh, section_.retry, section_.expire, section_.minimum}) {
      dns::append_u32(soa, count(time));
    }
    builder_->add(builder_->name(), Type::soa, count(section_.ttl), soa, here);
    return true;
  }

  // The file holds SOA and NS itself.
  bool add_file() {
    for (const char* key : {".ns", ".mailbox", ".serial", ".refresh", ".retry", ".expire", ".minimum", ".ttl"}) {
      if (report_.given(at_ + key)) report_.fail(at_ + key, "the zone's file says this");
    }
    std::string text;
    const std::string key = at_ + ".file";
    if (!read_file(section_.file, text)) return report_.fail(key, "\"" + section_.file + "\" can't be read"), false;
    if (text.size() > largest_file) return report_.fail(key, "the file is longer than 64 MiB"), false;
    std::vector<dns::TextProblem> problems;
    const auto take = [&](const dns::MasterRecord& record) {
      builder_->add(record.owner, record.type, record.ttl, record.data, place({key, record.place}));
    };
    dns::read_master_file(text, builder_->name(), take, problems);
    for (const dns::TextProblem& problem : problems) tell({key, problem.place}, problem.message);
    return problems.empty();
  }

  // An owner name: `@`, relative to the zone, or absolute with a dot at its end.
  bool read_owner(const std::string& text, const std::string& at, dns::Name& name) {
    const auto parsed = dns::read_name_text({text, false, {}}, builder_->name());
    if (parsed.ok()) name = parsed.value();
    if (!parsed.ok()) report_.fail(at, parsed.error().detail);
    return parsed.ok();
  }

  void add_records(const RecordSection& record, const std::string& at) {
    dns::Name owner;
    if (!read_owner(record.name, at + ".name", owner)) return;
    const std::size_t here = place({at + ".name"});
    for (const std::string& value : record.values) {
      std::string data, problem;
      if (record.type == Type::txt && value.size() <= 4096) {
        data = dns::text_data(value);
      } else if (record.type == Type::txt) {
        problem = "a text is longer than 4096 bytes";
      } else if (record.type == Type::soa) {
        problem = "the SOA record is made from the zone's own keys";
      } else {
        dns::read_rdata_value(record.type, value, data, problem);
      }
      if (!problem.empty()) report_.fail(at + ".values", problem);
      if (problem.empty()) builder_->add(owner, record.type, count(record.ttl), data, here);
    }
  }

  void add_dynamic(const DynamicSection& dynamic, const std::string& at) {
    dns::Name owner;
    if (!read_owner(dynamic.name, at + ".name", owner)) return;
    Dynamic made{count(dynamic.ttl), {}};
    std::string ids;
    if (!dns::encode_alpn(dynamic.alpn, ids)) {
      return report_.fail(at + ".alpn", "a protocol's name has 1 to 255 characters");
    }
    if (!ids.empty()) {
      append_parameter(made.service, dns::ServiceKey::alpn, ids);
      std::string port;
      dns::append_u16(port, dynamic.https_port);
      if (dynamic.https_port != 443) append_parameter(made.service, dns::ServiceKey::port, port);
    }
    builder_->add_dynamic(owner, std::move(made), place({at + ".name"}));
  }

  static void append_parameter(std::string& to, dns::ServiceKey key, const std::string& value) {
    dns::append_u16(to, static_cast<std::uint16_t>(key));
    dns::append_u16(to, static_cast<std::uint16_t>(value.size()));
    to.append(value);
  }

  const ZoneSection& section_;
  const SigningOptions& signing_;
  const std::string at_;
  config::Report& report_;
  std::unique_ptr<ZoneBuilder> builder_;
  std::vector<Where> places_;
};

// A signed zone that does not delegate a zone of ours below it denies, with a signature, that there is one: whoever
// validates would take the lower zone's answers for forged.
void check_parent(const dns::Name& name, const Zones& zones, const std::string& at, config::Report& report) {
  const Zone* parent = name.is_root() ? nullptr : zones.find(name.parent());
  if (!parent || !parent->key()) return;
  if (parent->find(name).delegation) return;
  report.fail(at, "the zone above it, " + parent->name().to_string() +
                      ", is signed and must delegate it: NS records for this name are missing there");
}

}  // namespace

std::shared_ptr<const Zones> plan_zones(const std::vector<ZoneSection>& sections, const SigningOptions& signing,
                                        config::Report& report) {
  auto zones = std::make_shared<Zones>();
  for (std::size_t i = 0; i < sections.size(); ++i) {
    auto zone = ZonePlan(sections[i], signing, path("zone", i), report).build();
    if (zone && !zones->add(std::move(zone))) report.fail(path("zone", i) + ".name", "this zone is there twice");
  }
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const auto name = dns::Name::parse(sections[i].name);
    if (name.ok()) check_parent(name->lower(), *zones, path("zone", i) + ".name", report);
  }
  return zones;
}

std::chrono::seconds longest_dynamic_ttl(const std::vector<ZoneSection>& zones) {
  std::chrono::seconds longest{0};
  for (const ZoneSection& zone : zones) {
    for (const DynamicSection& dynamic : zone.dynamic) longest = std::max(longest, dynamic.ttl);
  }
  return longest;
}

}  // namespace skerry::routing
