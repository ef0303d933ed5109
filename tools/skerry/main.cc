// skerry: the operators' command line. Each command is one request to the admin listener of an edge or router, or to an
// edge as a client; `geo`, `dnssec`, `sign` and `check` ask nobody.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include "core/clock.h"
#include "core/config/program.h"
#include "core/http/signed_url.h"
#include "tools/skerry/admin_client.h"
#include "tools/skerry/dnssec.h"
#include "tools/skerry/geo.h"
#include "tools/skerry/program_of.h"
#include "tools/skerry/report.h"

namespace {

using namespace skerry;

struct Options {
  std::string admin = "127.0.0.1:9180";
  std::string token;
  std::string token_file;
  bool json = false;
  std::string url;
  std::vector<std::string> urls;
  bool soft = false;
  std::string via = "127.0.0.1:8080";
  bool head_only = false;
  std::string config;
  std::string program;
  std::string ip, subnet;
  std::string kind, name, state;
  cli::GeoBuildOptions geo;
  std::string geo_file;
  std::string zone, zone_key;
  std::string keys;
  std::string keys_file;
  std::string key_id;
  std::int64_t good_for = 3600;
  std::vector<std::string> fields;
};

constexpr int exit_usage = 2;

int fail(std::string what) {
  while (what.ends_with('\n')) what.pop_back();  // an admin listener's answers are lines
  std::fprintf(stderr, "skerry: %s\n", what.c_str());
  return 1;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// What stands on the command line counts before the environment.
std::string token_of(const Options& options) {
  if (!options.token.empty()) return options.token;
  std::string token;
  if (!options.token_file.empty()) {
    std::ifstream file(options.token_file);
    std::getline(file, token);
  } else if (const char* given = std::getenv("SKERRY_ADMIN_TOKEN")) {
    token = given;
  }
  return token;
}

// Asks the admin listener and prints its answer, as it came or made readable.
template <class Report>
int admin_command(const Options& options, std::string_view method, const std::string& path, const std::string& body,
                  Report report) {
  const auto address = core::Address::parse(options.admin);
  if (!address.ok()) return fail("--admin: " + address.error().message());
  const std::string token = token_of(options);
  if (token.empty() && !options.token_file.empty()) return fail("no token can be read from " + options.token_file);
  const auto answer = cli::ask_admin({*address, token, options.fields}, method, path, body);
  if (!answer.ok()) return fail(answer.error().message());
  if (answer->head.status >= 400) return fail(std::to_string(answer->head.status) + ": " + answer->body);
  print(options.json ? answer->body : report(answer->body));
  return answer->head.status == 207 ? 1 : 0;  // 207: some members were not reached
}

std::string as_it_came(const std::string& answer) {
  return answer;
}

// Readiness as the edge or router itself judges it: 0 or 1, and one line that says why.
int ready(const Options& options) {
  const auto address = core::Address::parse(options.admin);
  if (!address.ok()) return fail("--admin: " + address.error().message());
  const auto answer = cli::ask_admin({*address, {}, {}}, "GET", "/readyz", "");
  if (!answer.ok()) return fail(answer.error().message());
  print(options.json ? answer->body : cli::ready_report(answer->body));
  return answer->head.status == 200 ? 0 : 1;
}

int get(const Options& options) {
  const auto url = http::Url::parse(options.url);
  if (!url.ok()) return fail(url.error().message());
  const auto via = core::Address::parse(options.via);
  if (!via.ok()) return fail("--via: " + via.error().message());
  http::SimpleRequest request;
  request.address = *via;
  request.timeout = std::chrono::minutes(5);
  request.max_body = std::size_t{1} << 30;
  request.head.method = options.head_only ? http::Method::head : http::Method::get;
  request.head.method_text = options.head_only ? "HEAD" : "GET";
  request.head.authority = url->authority();
  request.head.path = url->path;
  const auto answer = cli::ask(std::move(request));
  if (!answer.ok()) return fail(answer.error().message());
  std::fprintf(stderr, "%d %s\n", answer->head.status, std::string(http::reason_phrase(answer->head.status)).c_str());
  for (const auto field : answer->head.fields) {
    std::fprintf(stderr, "%s: %s\n", std::string(field.name).c_str(), std::string(field.value).c_str());
  }
  std::fprintf(stderr, "\n");
  print(answer->body);
  return answer->head.status < 400 ? 0 : 1;
}

// A whole file of keys, or what stands on the command line or in the environment.
std::string keys_of(const Options& options) {
  if (options.keys_file.empty()) return options.keys;
  std::ifstream file(options.keys_file);
  return {std::istreambuf_iterator<char>(file), {}};
}

int sign(const Options& options) {
  const auto url = http::Url::parse(options.url);
  if (!url.ok()) return fail(url.error().message());
  const auto keys = http::parse_signing_keys(keys_of(options));
  if (!keys.ok()) return fail(keys.error().detail);
  const auto key = std::find_if(keys->begin(), keys->end(), [&](const http::SigningKey& one) {
    return options.key_id.empty() || one.id == options.key_id;
  });
  if (key == keys->end()) return fail("no such key: give it with --key, --key-file or SKERRY_SIGNING_KEYS");
  const auto now = std::chrono::floor<std::chrono::seconds>(core::system_clock().wall().time_since_epoch());
  print(std::string(http::name(url->scheme)) + "://" + url->authority() +
        http::signed_target(url->path, *key, now.count() + options.good_for) + "\n");
  return 0;
}

CLI::App* add_sign_command(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("sign", "Sign a URL for a site with signed_urls; nothing is asked of an edge");
  command->add_option("url", options.url, "https://host/path")->required();
  command->add_option("--key", options.keys, "id=secret, as in the site's signing_keys")
      ->envname("SKERRY_SIGNING_KEYS");
  command->add_option("--key-file", options.keys_file, "File that holds the keys: the site's signing_keys_file");
  command->add_option("--key-id", options.key_id, "Which of several keys; otherwise the first");
  command->add_option("--for", options.good_for, "How long the URL is good, such as 90s, 10m, 12h or 7d")
      ->transform(
          CLI::AsNumberWithUnit(std::map<std::string, std::int64_t>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}},
                                CLI::AsNumberWithUnit::CASE_SENSITIVE))
      ->capture_default_str();
  return command;
}

// Each program checks its own configuration: the one beside this one, or the one on the PATH.
int check(const Options& options, const char* self) {
  const std::string name = options.program.empty() ? cli::program_of(options.config) : "skerry-" + options.program;
  const std::string path(self);
  const std::string program = path.substr(0, path.rfind('/') + 1) + name;  // no slash: npos + 1 is 0
  execlp(program.c_str(), name.c_str(), "--config", options.config.c_str(), "--check", nullptr);
  return fail("cannot run " + program);
}

// Routers listen at another port than edges.
void use_router_port(const CLI::App& app, Options& options) {
  if (app.get_option("--admin")->count() == 0 && !std::getenv("SKERRY_ADMIN")) options.admin = "127.0.0.1:9190";
}

void add_router_commands(CLI::App& app, Options& options) {
  auto* explain = app.add_subcommand("explain-ip", "Where a router sends a client, and why (admin: 127.0.0.1:9190)");
  explain->add_option("ip", options.ip, "The client's address; with --ecs the resolver's")->required();
  explain->add_option("--ecs", options.subnet,
                      "The client subnet that the resolver sends along (RFC 7871): 192.0.2.0/24");
  app.add_subcommand("pops", "Every PoP and edge of a router: state, load, spill");
  auto* set = app.add_subcommand("set-state", "Set a PoP or an edge up, down, to drain, or back to auto");
  set->add_option("kind", options.kind, "pop or edge")->required()->check(CLI::IsMember({"pop", "edge"}));
  set->add_option("name", options.name, "Its name")->required();
  set->add_option("state", options.state, "up, down, drain or auto")->required();
}

void add_geo_commands(CLI::App& app, Options& options) {
  auto* geo = app.add_subcommand("geo", "MaxMind DB files: make one from your own table, or see what one holds");
  geo->require_subcommand(1);
  auto* build = geo->add_subcommand("build", "From lines `prefix latitude longitude` or `prefix country`");
  build->add_option("input", options.geo.input, "The lines; the longest prefix counts")->required();
  build->add_option("output", options.geo.output, "map.mmdb")->required();
  build->add_flag("--flat", options.geo.flat, "latitude and longitude at the top of each record, not in `location`");
  build->add_flag("--ipv4-only", options.geo.ipv4_only, "Leave IPv6 out");
  geo->add_subcommand("check", "Read the whole file as the router does, and count")
      ->add_option("file", options.geo_file, "map.mmdb")
      ->required();
}

void add_dnssec_commands(CLI::App& app, Options& options) {
  auto* dnssec = app.add_subcommand("dnssec", "Keys of signed zones");
  dnssec->require_subcommand(1);
  const auto add = [&](const char* name, const char* what) {
    auto* command = dnssec->add_subcommand(name, what);
    command->add_option("zone", options.zone, "For instance cdn.example.com")->required();
    command->add_option("file", options.zone_key, "The private key, as the zone's dnssec_key names it")->required();
  };
  add("keygen", "Make a key in a new file, and print the DS record for the parent zone");
  add("ds", "Print the DS record for the parent zone");
  add("dnskey", "Print the DNSKEY record, for trust anchors");
}

int dnssec_command(const CLI::App& dnssec, const Options& options) {
  if (dnssec.got_subcommand("keygen")) return cli::dnssec_keygen(options.zone, options.zone_key);
  if (dnssec.got_subcommand("ds")) return cli::dnssec_ds(options.zone, options.zone_key);
  return cli::dnssec_dnskey(options.zone, options.zone_key);
}

void add_edge_commands(CLI::App& app, Options& options) {
  auto* purge =
      app.add_subcommand("purge", "Drop URLs from every edge of the PoP; exit 1 if a member could not be reached");
  purge->add_option("url", options.urls, "https://host/path; //host/path means http and https; 1000 at most")
      ->required();
  purge->add_flag("--soft", options.soft, "Validate it with the origin instead of dropping it");
  auto* get =
      app.add_subcommand("get", "Ask an edge as a client would: head on standard error, body on standard output");
  get->add_option("url", options.url, "http://host/path")->required();
  get->add_option("--via", options.via, "The edge's client listener")->capture_default_str();
  get->add_flag("--head", options.head_only, "HEAD instead of GET");
  auto* explain = app.add_subcommand("explain", "Why a URL is or is not served from this edge's cache");
  explain->add_option("url", options.url, "http://host/path")->required();
  explain->add_option("-H,--header", options.fields, "\"Name: value\" that the request would carry; may be repeated")
      ->allow_extra_args(false);
  app.add_subcommand("ring", "Which edges own a URL, in order")
      ->add_option("url", options.url, "http://host/path")
      ->required();
  app.add_subcommand("stat", "What the edge has done: requests, hits, fills, store");
  app.add_subcommand("ready", "Whether an edge or router takes clients, and why not; exit 1 if it does not");
  app.add_subcommand("reload", "An edge or router takes its configuration over anew; exit 1, and why, if it does not");
}

void add_check_command(CLI::App& app, Options& options) {
  auto* check = app.add_subcommand("check", "Check the configuration file of an edge or router: every mistake at once");
  check->add_option("file", options.config, "edge.toml or router.toml")->required();
  check->add_option("--program", options.program, "Whose it is; otherwise its sections tell")
      ->check(CLI::IsMember({"edge", "router"}));
}

// The code to leave with; none: it was another command.
std::optional<int> edge_command(const CLI::App& app, const Options& options) {
  if (app.got_subcommand("purge"))
    return admin_command(options, "POST", "/purge", cli::purge_body(options.urls, options.soft), cli::purge_report);
  if (app.got_subcommand("get")) return get(options);
  if (app.got_subcommand("explain"))
    return admin_command(options, "GET", "/explain?url=" + options.url, "", cli::explain_report);
  if (app.got_subcommand("ring"))
    return admin_command(options, "GET", "/ring?url=" + options.url, "", cli::ring_report);
  if (app.got_subcommand("stat")) return admin_command(options, "GET", "/stat", "", cli::stat_report);
  if (app.got_subcommand("ready")) return ready(options);
  if (app.got_subcommand("reload")) return admin_command(options, "POST", "/reload", "", as_it_came);
  return std::nullopt;
}

int router_or_file_command(const CLI::App& app, Options& options) {
  use_router_port(app, options);
  if (app.got_subcommand("explain-ip"))
    return admin_command(options, "GET",
                         "/explain?ip=" + options.ip + (options.subnet.empty() ? "" : "&ecs=" + options.subnet), "",
                         cli::explain_ip_report);
  if (app.got_subcommand("pops")) return admin_command(options, "GET", "/state", "", cli::pops_report);
  if (app.got_subcommand("set-state")) {
    const std::string path = "/state/" + options.kind + "/" + options.name + "/" + options.state;
    return admin_command(options, "POST", path, "", cli::pops_report);
  }
  if (app.got_subcommand("dnssec")) return dnssec_command(*app.get_subcommand("dnssec"), options);
  if (!app.got_subcommand("geo")) return 2;
  const CLI::App* geo = app.get_subcommand("geo");
  return geo->got_subcommand("build") ? cli::geo_build(options.geo) : cli::geo_check(options.geo_file);
}

// What was wrong with the command line, on one line; help and version are no mistakes.
int leave_with(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  std::string what = (chosen.empty() ? "" : chosen.front()->get_name() + ": ") + error.what() + " (try --help)";
  if (chosen.empty()) {
    const std::vector<std::string> words = app.remaining();
    const auto word = std::find_if(words.begin(), words.end(), [](const std::string& one) { return one[0] != '-'; });
    what = "which command? skerry --help lists them";
    if (word != words.end()) {
      std::vector<std::string> known;
      for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
      const std::string meant = config::nearest_name(*word, known);
      what = "no command \"" + *word + "\"" + (meant.empty() ? "" : " (did you mean \"" + meant + "\"?)") +
             ": skerry --help lists them";
    }
  }
  fail(std::move(what));
  return exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Operates Skerry edges and routers.", "skerry"};
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", config::version_line("skerry"), "Print the version, and leave");
  app.add_option("--admin", options.admin, "Admin listener of the edge, ADDRESS:PORT")
      ->envname("SKERRY_ADMIN")
      ->capture_default_str();
  app.add_option("--token", options.token, "Admin token, for what changes something; otherwise SKERRY_ADMIN_TOKEN");
  app.add_option("--token-file", options.token_file, "File that holds the admin token")->check(CLI::ExistingFile);
  app.add_flag("--json", options.json, "Print the answer's JSON as it came");

  add_edge_commands(app, options);
  auto* sign_command = add_sign_command(app, options);
  add_check_command(app, options);
  add_router_commands(app, options);
  add_geo_commands(app, options);
  add_dnssec_commands(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return leave_with(app, error);
  }

  if (const auto code = edge_command(app, options)) return *code;
  if (sign_command->parsed()) return sign(options);
  if (app.got_subcommand("check")) return check(options, argv[0]);
  return router_or_file_command(app, options);
}
