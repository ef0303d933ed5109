// A signed zone as other people's validators see it: delv and a validating unbound, by the DS and DNSKEY records that
// `skerry dnssec` prints.
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "tests/support/http_connection.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using namespace skerry::testing;

namespace {

const char* const zone_file =
    "$TTL 5m\n"
    "@ SOA NS Hostmaster 7 1h 15m 2w 30s\n"
    "@ NS ns\n"
    "@ MX 10 Mail\n"
    "@ MX 5 a.mail\n"
    "ns A 192.0.2.53\n"
    "mail A 192.0.2.25\n"
    "mail A 192.0.2.4\n"
    "a.mail AAAA 2001:db8::25\n"
    "deep.ent TXT x\n"
    "*.wild TXT \"Any\"\n"
    "*.alias CNAME www\n"
    "svc HTTPS 1 . alpn=\"h2,h3\" port=8443\n"
    "_sip._tcp SRV 1 2 5060 Mail\n"
    "odd TYPE4711 \\# 3 010203\n"
    "child NS ns\n"
    "sub NS ns.sub\n"
    "ns.sub A 192.0.2.98\n"
    "signed NS ns.elsewhere.example.\n"
    "signed DS 12345 13 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF\n"
    "big TXT ";

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string dnssec_command(const std::vector<std::string>& words, int exit_code = 0) {
  std::vector<std::string> arguments = {program("skerry"), "dnssec"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  const Finished done = run({arguments, {}, {}});
  BOOST_TEST(done.exit_code == exit_code, done.output);
  return done.output.substr(0, done.output.find_last_not_of('\n') + 1);
}

// A router with the signed zone example.com, the unsigned child.example.com, and one edge that nobody probes.
struct SignedZone {
  TempDir folder;
  std::string key = folder / "zone.key";
  std::string ds = dnssec_command({"keygen", "example.com", key});
  std::uint16_t dns = free_port(), admin = free_port();
  std::unique_ptr<Process> router;

  SignedZone() {
    folder.write("zone", zone_file + ("\"" + std::string(250, 'x') + "\" ") + "\"" + std::string(250, 'y') + "\" \"" +
                             std::string(250, 'z') + "\" \"" + std::string(250, 'w') + "\" \"" + std::string(250, 'v') +
                             "\"\n");
    router = std::make_unique<Process>(
        Command{{program("skerry-router"), "--config", folder.write("router.toml", config())}, {}, {}});
    router->wait_for_line("listening on admin");
  }

  std::string config(const std::string& more = {}) const {
    return "[router]\nlisten = [\"127.0.0.1:" + std::to_string(dns) +
           "\"]\nworkers = 1\nadmin_listen = \"127.0.0.1:" + std::to_string(admin) + "\"\n" + more +
           "[probe]\nkind = \"none\"\n[[zone]]\nname = \"example.com\"\nfile = \"" + folder.path() +
           "/zone\"\ndnssec_key = \"" + key +
           "\"\n[[zone.dynamic]]\nname = \"www\"\nttl = \"20s\"\nalpn = [\"h2\"]\n"
           "[[zone.dynamic]]\nname = \"four\"\n"
           "[[zone]]\nname = \"child.example.com\"\nns = [\"ns.example.com\"]\n[[zone.record]]\nname = \"www\"\n"
           "type = \"A\"\nvalues = [\"192.0.2.77\"]\n"
           "[[pop]]\nname = \"lon\"\n[[pop.edge]]\nname = \"lon-1\"\n"
           "addresses = [\"203.0.113.9\", \"203.0.113.1\", \"2001:db8::1\"]\n";
  }

  std::string dig(std::vector<std::string> question, std::uint16_t port = 0) const {
    std::vector<std::string> arguments = {
        "dig", "+dnssec", "+tries=2", "+time=10", "-p", std::to_string(port ? port : dns), "@127.0.0.1"};
    arguments.insert(arguments.end(), question.begin(), question.end());
    return run({arguments, {}, {}}).output;
  }

  std::string metrics() const {
    HttpConnection connection(admin);
    connection.send("GET /metrics HTTP/1.1\r\nHost: router\r\n\r\n");
    return connection.read_reply().body;
  }
};

// Debian's unbound, which validates what the router says of example.com by its DS record.
struct Validator {
  std::uint16_t port = free_port();
  std::unique_ptr<Process> process;

  explicit Validator(const SignedZone& zone) {
    const std::string config =
        "server:\n interface: 127.0.0.1\n port: " + std::to_string(port) +
        "\n do-daemonize: no\n username: \"\"\n chroot: \"\"\n directory: \"" + zone.folder.path() +
        "\"\n pidfile: \"\"\n use-syslog: no\n verbosity: 1\n val-log-level: 2\n do-not-query-localhost: no\n"
        " num-threads: 1\n aggressive-nsec: yes\n module-config: \"validator iterator\"\n trust-anchor: \"" +
        zone.ds + "\"\nremote-control:\n control-enable: no\nstub-zone:\n name: example.com\n stub-addr: 127.0.0.1@" +
        std::to_string(zone.dns) + "\n";
    const std::string file = zone.folder.write("unbound.conf", config);
    process = std::make_unique<Process>(Command{{"/usr/sbin/unbound", "-d", "-c", file}, {}, {}});
    process->wait_for_line("start of service");
  }
};

struct Question {
  const char* name;
  const char* type;
  const char* found;  // in the answer; null: it says that there is nothing
};
const Question questions[] = {
    {"www.example.com", "A", "203.0.113.1"},   {"www.example.com", "AAAA", "2001:db8::1"},
    {"www.example.com", "HTTPS", "h2"},        {"WWW.example.com", "A", "203.0.113.9"},
    {"mail.example.com", "A", "192.0.2.25"},   {"example.com", "MX", "5 a."},
    {"example.com", "SOA", "7 3600"},          {"example.com", "DNSKEY", "257 3 13"},
    {"svc.example.com", "HTTPS", "8443"},      {"_sip._tcp.example.com", "SRV", "5060"},
    {"odd.example.com", "TYPE4711", "010203"}, {"x.wild.example.com", "TXT", "Any"},
    {"a.b.wild.example.com", "TXT", "Any"},    {"x.alias.example.com", "A", "203.0.113.1"},
    {"big.example.com", "TXT", "zzz"},         {"signed.example.com", "DS", "12345"},
    {"www.example.com", "TXT", nullptr},       {"four.example.com", "HTTPS", nullptr},
    {"nobody.example.com", "A", nullptr},      {"a.b.nobody.example.com", "AAAA", nullptr},
    {"ent.example.com", "A", nullptr},         {"x.wild.example.com", "A", nullptr},
    {"x.alias.example.com", "TXT", nullptr},   {"child.example.com", "DS", nullptr},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(dnssec)

BOOST_FIXTURE_TEST_CASE(delv_validates_answers_and_denials_by_the_printed_key, SignedZone) {
  std::istringstream record(dnssec_command({"dnskey", "example.com", key}));
  std::string owner, klass, type, flags, protocol, algorithm, base64;
  record >> owner >> klass >> type >> flags >> protocol >> algorithm >> base64;
  BOOST_TEST(type == "DNSKEY");
  const std::string anchor = folder.write("anchor", "trust-anchors { \"example.com\" static-key " + flags + " " +
                                                        protocol + " " + algorithm + " \"" + base64 + "\"; };\n");
  for (const Question& question : questions) {
    const std::string output = run({{"delv", "-p", std::to_string(dns), "@127.0.0.1", "-a", anchor, "+root=example.com",
                                     question.name, question.type},
                                    {},
                                    {}})
                                   .output;
    BOOST_TEST(has(output, "fully validated"), question.name << " " << question.type << ": " << output);
    BOOST_TEST(has(output, question.found ? question.found : "-$NXRRSET"), output);
  }
}

BOOST_FIXTURE_TEST_CASE(a_validating_resolver_takes_every_answer_for_authentic, SignedZone) {
  const Validator validator(*this);
  for (const Question& question : questions) {
    const std::string output = dig({question.name, question.type}, validator.port);
    BOOST_TEST(has(output, "status: NOERROR"), output);
    BOOST_TEST(has(output, "flags: qr rd ra ad;"), question.name << " " << question.type << ": " << output);
    BOOST_TEST(has(output, question.found ? question.found : "\tSOA\t"), output);
  }
  // A child without keys is provably so: its answers are let through, as what they are.
  const std::string child = dig({"www.child.example.com", "A"}, validator.port);
  BOOST_TEST(has(child, "192.0.2.77"), child);
  BOOST_TEST(has(child, "flags: qr rd ra;"), child);
}

BOOST_FIXTURE_TEST_CASE(a_key_that_is_not_in_the_parent_is_found_out, SignedZone) {
  const Validator validator(*this);
  BOOST_TEST(has(dig({"mail.example.com", "A"}, validator.port), "flags: qr rd ra ad;"));
  const std::string other = folder / "other.key";
  dnssec_command({"keygen", "example.com", other});
  std::string changed = config();
  changed.replace(changed.find(key), key.size(), other);
  folder.write("router.toml", changed);
  router->send(SIGHUP);
  router->wait_for_line("reloaded");
  BOOST_TEST(has(dig({"www.example.com", "A"}, validator.port), "status: SERVFAIL"));
  folder.write("router.toml", config());
}

BOOST_FIXTURE_TEST_CASE(keys_are_changed_without_a_moment_of_doubt, SignedZone) {
  // The next key is told, its DS goes into the parent, it takes over, and the old one is told for a while.
  const std::string next = folder / "next.key";
  const std::string next_ds = dnssec_command({"keygen", "example.com", next});
  const auto with_keys = [&](const std::string& signing, const std::string& beside) {
    std::string text = config();
    const std::string line = "dnssec_key = \"" + key + "\"\n";
    text.replace(text.find(line), line.size(),
                 "dnssec_key = \"" + signing + "\"\ndnssec_standby_keys = [\"" + beside + "\"]\n");
    folder.write("router.toml", text);
    router->send(SIGHUP);
  };
  with_keys(key, next);
  router->wait_for_line("reloaded");
  const Validator by_old(*this);
  ds = next_ds;
  BOOST_TEST(has(dig({"www.example.com", "A"}, by_old.port), "flags: qr rd ra ad;"));
  with_keys(next, key);
  router->wait_for_line("reloaded", 1);
  const Validator by_new(*this);
  BOOST_TEST(has(dig({"www.example.com", "A"}, by_new.port), "flags: qr rd ra ad;"));
  // It still holds the keys as they were told before, and believes the new one's signatures.
  BOOST_TEST(has(dig({"mail.example.com", "A"}, by_old.port), "flags: qr rd ra ad;"));
}

BOOST_FIXTURE_TEST_CASE(referrals_and_denials_look_as_the_rfcs_say, SignedZone) {
  const std::string referral = dig({"+norec", "www.sub.example.com", "A"});
  BOOST_TEST(has(referral, "flags: qr;"), referral);
  BOOST_TEST(has(referral, "\\000.sub.example.com. NS RRSIG NSEC"), referral);
  const std::string denial = dig({"+norec", "nobody.example.com", "A"});
  BOOST_TEST(has(denial, "status: NOERROR"), denial);
  BOOST_TEST(has(denial, "\\000.nobody.example.com. RRSIG NSEC TYPE128"), denial);
  const std::string plain = dig({"+norec", "+nodnssec", "nobody.example.com", "A"});
  BOOST_TEST(has(plain, "status: NXDOMAIN"), plain);
  BOOST_TEST(!has(plain, "RRSIG"), plain);
  BOOST_TEST(has(dig({"+norec", "nobody.example.com", "TYPE128"}), "status: FORMERR"));
  // Over UDP the large set is cut, and dig comes back by TCP.
  const std::string big = dig({"+norec", "big.example.com", "TXT"});
  BOOST_TEST(has(big, "(TCP)"), big);
  BOOST_TEST(has(big, "RRSIG"), big);
  BOOST_TEST(has(metrics(), "skerry_dns_signatures_total{result=\"made\"}"));
}

BOOST_FIXTURE_TEST_CASE(a_flood_of_names_costs_no_more_signatures_than_the_budget, SignedZone) {
  folder.write("router.toml", config("[dnssec]\nsignatures_per_second = 1\ntcp_signatures_per_second = 1000\n"));
  router->send(SIGHUP);
  router->wait_for_line("reloaded");
  std::string batch;
  for (int i = 0; i < 40; ++i) batch += "n" + std::to_string(i) + ".example.com A\n";
  const std::string answers = dig({"-f", folder.write("batch", batch)});
  std::size_t validatable = 0;
  for (std::size_t at = 0; (at = answers.find("\tNSEC\t", at)) != std::string::npos; ++at) ++validatable;
  BOOST_TEST(validatable == 40u, answers);  // whoever comes back by TCP is served
  const std::string numbers = metrics();
  BOOST_TEST(has(numbers, "outcome=\"signing_limited\""));
  BOOST_TEST(!has(numbers, "skerry_dns_signatures_total{result=\"refused\"} 0"), numbers);
}

BOOST_FIXTURE_TEST_CASE(a_key_that_can_not_be_used_stops_the_start_and_no_reload, SignedZone) {
  ::chmod(key.c_str(), 0644);
  const Finished check = run({{program("skerry-router"), "--config", folder / "router.toml", "--check"}, {}, {}});
  BOOST_TEST(check.exit_code == 2, check.output);
  BOOST_TEST(has(check.output, "dnssec_key"), check.output);
  BOOST_TEST(has(check.output, "open to everybody"), check.output);
  router->send(SIGHUP);
  router->wait_for_line("reload_refused");
  BOOST_TEST(has(dig({"www.example.com", "A"}), "RRSIG"));
  BOOST_TEST(has(dnssec_command({"ds", "example.com", key}, 1), "open to everybody"));
  BOOST_TEST(has(dnssec_command({"keygen", "example.com", key}, 1), "File exists"));
}

BOOST_AUTO_TEST_SUITE_END()
