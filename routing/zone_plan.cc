#include "routing/zone_plan.h"

namespace skerry::routing {
namespace {

std::uint32_t count(std::chrono::seconds time) {
  return static_cast<std::uint32_t>(time.count());
}

std::string path(const char* section, std::size_t index) {
  return std::string(section) + "." + std::to_string(index);
}

// A name that stands for itself, the dot at its end optional: servers, mailboxes, CNAME targets.
bool read_absolute(const std::string& text, const std::string& at, config::Report& report, dns::Name& name) {
  const auto parsed = dns::Name::parse(text);
  if (parsed.ok()) name = parsed.value();
  if (!parsed.ok()) report.fail(at, parsed.error().detail);
  return parsed.ok();
}

// An owner name: `@`, relative to the zone, or absolute with a dot at its end.
bool read_owner(const std::string& text, const Zone& zone, const std::string& at, config::Report& report,
                dns::Name& name) {
  if (text == "@") return name = zone.name(), true;
  const bool absolute = text.ends_with('.');
  const std::string whole = absolute ? text : text + "." + zone.name().to_string();
  if (!read_absolute(whole, at, report, name)) return false;
  if (name.is_within(zone.name())) return true;
  report.fail(at, "is not inside the zone " + zone.name().to_string());
  return false;
}

class ZoneBuilder {
 public:
  ZoneBuilder(const ZoneSection& section, std::string at, config::Report& report)
      : section_(section), at_(std::move(at)), report_(report) {}

  // Null when the zone's own name or servers are wrong.
  std::unique_ptr<Zone> build() {
    if (!open()) return nullptr;
    for (std::size_t i = 0; i < section_.records.size(); ++i) {
      add_record(section_.records[i], at_ + "." + path("record", i));
    }
    for (std::size_t i = 0; i < section_.dynamic.size(); ++i) {
      add_dynamic(section_.dynamic[i], at_ + "." + path("dynamic", i));
    }
    return std::move(zone_);
  }

 private:
  bool open() {
    dns::Name name;
    if (!read_absolute(section_.name, at_ + ".name", report_, name)) return false;
    std::vector<dns::Name> servers(section_.ns.size());
    for (std::size_t i = 0; i < servers.size(); ++i) {
      if (!read_absolute(section_.ns[i], at_ + ".ns", report_, servers[i])) return false;
    }
    if (servers.empty()) return false;
    dns::Soa soa;
    soa.primary = servers.front();
    const std::string mailbox = section_.mailbox.empty() ? "hostmaster." + name.to_string() : section_.mailbox;
    if (!read_absolute(mailbox, at_ + ".mailbox", report_, soa.mailbox)) return false;
    soa.serial = section_.serial;
    soa.refresh = count(section_.refresh);
    soa.retry = count(section_.retry);
    soa.expire = count(section_.expire);
    soa.minimum = count(section_.minimum);
    zone_ = std::make_unique<Zone>(name, soa, count(section_.ttl), std::move(servers));
    return true;
  }

  // The node of an owner name, if its TTL agrees with what is there (RFC 2181 5.2) and no CNAME stands in the way.
  Node* node_for(const std::string& owner, std::chrono::seconds ttl, const std::string& at) {
    dns::Name name;
    if (!read_owner(owner, *zone_, at + ".name", report_, name)) return nullptr;
    Node& node = zone_->add(name);
    if (node.alias)
      return report_.fail(at + ".name", "has a CNAME: nothing else may be there (RFC 1034 3.6.2)"), nullptr;
    if (node.has_records() && node.ttl != count(ttl)) {
      return report_.fail(at + ".ttl", "other records of this name have another ttl"), nullptr;
    }
    node.ttl = count(ttl);
    return &node;
  }

  void add_record(const RecordSection& record, const std::string& at) {
    Node* node = node_for(record.name, record.ttl, at);
    if (!node) return;
    switch (record.type) {
      case RecordType::a: return add_addresses(record, at, core::AddressFamily::ipv4, node->v4);
      case RecordType::aaaa: return add_addresses(record, at, core::AddressFamily::ipv6, node->v6);
      case RecordType::txt: return add_texts(record, at, *node);
      case RecordType::cname: return add_alias(record, at, *node);
    }
  }

  void add_addresses(const RecordSection& record, const std::string& at, core::AddressFamily family,
                     std::vector<core::IpAddress>& to) {
    for (const std::string& value : record.values) {
      const auto ip = core::IpAddress::parse(value);
      const bool good = ip.ok() && ip->family() == family;
      if (good) to.push_back(ip.value());
      if (!good) {
        const char* kind =
            family == core::AddressFamily::ipv4 ? "\" is not an IPv4 address" : "\" is not an IPv6 address";
        report_.fail(at + ".values", "\"" + value + kind);
      }
    }
  }

  void add_texts(const RecordSection& record, const std::string& at, Node& node) {
    for (const std::string& value : record.values) {
      if (value.size() > 4096) report_.fail(at + ".values", "a text is longer than 4096 bytes");
      node.texts.push_back(value);
    }
  }

  void add_alias(const RecordSection& record, const std::string& at, Node& node) {
    dns::Name owner, target;
    if (record.values.size() != 1) return report_.fail(at + ".values", "a CNAME has exactly one value");
    if (record.name == "@" || node.has_records()) {
      return report_.fail(at + ".name", "a CNAME can't stand beside other records (RFC 1034 3.6.2)");
    }
    if (read_owner(record.name, *zone_, at, report_, owner) && owner == zone_->name()) {
      return report_.fail(at + ".name", "a CNAME can't stand at the zone's own name");
    }
    if (read_absolute(record.values[0], at + ".values", report_, target)) node.alias = target;
  }

  void add_dynamic(const DynamicSection& dynamic, const std::string& at) {
    Node* node = node_for(dynamic.name, dynamic.ttl, at);
    if (!node) return;
    if (node->dynamic) return report_.fail(at + ".name", "is listed as dynamic twice");
    if (!node->v4.empty() || !node->v6.empty()) return report_.fail(at + ".name", "has static addresses, too");
    node->dynamic = true;
  }

  const ZoneSection& section_;
  const std::string at_;
  config::Report& report_;
  std::unique_ptr<Zone> zone_;
};

}  // namespace

std::shared_ptr<const Zones> plan_zones(const std::vector<ZoneSection>& sections, config::Report& report) {
  auto zones = std::make_shared<Zones>();
  for (std::size_t i = 0; i < sections.size(); ++i) {
    auto zone = ZoneBuilder(sections[i], path("zone", i), report).build();
    if (zone && !zones->add(std::move(zone))) report.fail(path("zone", i) + ".name", "this zone is there twice");
  }
  return zones;
}

}  // namespace skerry::routing
