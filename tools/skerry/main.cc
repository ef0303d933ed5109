// skerry: the operators' command line. Each command is one request to an edge's admin listener, or to the edge as a
// client.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tools/skerry/admin_client.h"
#include "tools/skerry/report.h"

namespace {

using namespace skerry;

struct Options {
  std::string admin = "127.0.0.1:9180";
  std::string token;
  std::string token_file;
  bool json = false;
  std::string url;
  bool soft = false;
  std::string via = "127.0.0.1:8080";
  bool head_only = false;
  std::string config;
};

int fail(const std::string& what) {
  std::fprintf(stderr, "skerry: %s\n", what.c_str());
  return 1;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string token_of(const Options& options) {
  if (!options.token.empty()) return options.token;
  std::string token;
  if (!options.token_file.empty()) {
    std::ifstream file(options.token_file);
    std::getline(file, token);
  }
  return token;
}

// Asks the admin listener and prints its answer, as it came or made readable.
template <class Report>
int admin_command(const Options& options, std::string_view method, const std::string& path, const std::string& body,
                  Report report) {
  const auto address = core::Address::parse(options.admin);
  if (!address.ok()) return fail("--admin: " + address.error().message());
  const auto answer = cli::ask_admin({*address, token_of(options)}, method, path, body);
  if (!answer.ok()) return fail(answer.error().message());
  if (answer->head.status >= 400) return fail(std::to_string(answer->head.status) + ": " + answer->body);
  print(options.json ? answer->body : report(answer->body));
  return answer->head.status == 207 ? 1 : 0;  // 207: some members were not reached
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

// The edge checks its own configuration: the program beside this one, or the one on the PATH.
int check(const Options& options, const char* self) {
  std::string edge = "skerry-edge";
  const std::string path(self);
  if (const std::size_t slash = path.rfind('/'); slash != std::string::npos) edge = path.substr(0, slash + 1) + edge;
  execlp(edge.c_str(), "skerry-edge", "--config", options.config.c_str(), "--check", nullptr);
  return fail("cannot run " + edge);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Operates Skerry edges: purge, get, explain, ring, stat, check.", "skerry"};
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--admin", options.admin, "Admin listener of the edge, ADDRESS:PORT")
      ->envname("SKERRY_ADMIN")
      ->capture_default_str();
  app.add_option("--token", options.token, "Admin token, for what changes something")->envname("SKERRY_ADMIN_TOKEN");
  app.add_option("--token-file", options.token_file, "File that holds the admin token");
  app.add_flag("--json", options.json, "Print the answer's JSON as it came");

  auto* purge =
      app.add_subcommand("purge", "Drop a URL from every edge of the PoP; exit 1 if a member could not be reached");
  purge->add_option("url", options.url, "https://host/path; //host/path means http and https")->required();
  purge->add_flag("--soft", options.soft, "Validate it with the origin instead of dropping it");
  auto* get_command =
      app.add_subcommand("get", "Ask an edge as a client would: head on standard error, body on standard output");
  get_command->add_option("url", options.url, "http://host/path")->required();
  get_command->add_option("--via", options.via, "The edge's client listener")->capture_default_str();
  get_command->add_flag("--head", options.head_only, "HEAD instead of GET");
  auto* explain = app.add_subcommand("explain", "Why a URL is or is not served from this edge's cache");
  explain->add_option("url", options.url, "http://host/path")->required();
  auto* ring = app.add_subcommand("ring", "Which edges own a URL, in order");
  ring->add_option("url", options.url, "http://host/path")->required();
  auto* stat = app.add_subcommand("stat", "What the edge has done: requests, hits, fills, store");
  auto* check_command = app.add_subcommand("check", "Check an edge's configuration file: every mistake at once");
  check_command->add_option("file", options.config, "edge.toml")->required();
  CLI11_PARSE(app, argc, argv);

  if (purge->parsed())
    return admin_command(options, "POST", "/purge", cli::purge_body(options.url, options.soft), cli::purge_report);
  if (get_command->parsed()) return get(options);
  if (explain->parsed()) return admin_command(options, "GET", "/explain?url=" + options.url, "", cli::explain_report);
  if (ring->parsed()) return admin_command(options, "GET", "/ring?url=" + options.url, "", cli::ring_report);
  if (stat->parsed()) return admin_command(options, "GET", "/stat", "", cli::stat_report);
  if (check_command->parsed()) return check(options, argv[0]);
  return 2;
}
