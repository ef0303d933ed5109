#include <CLI/CLI.hpp>

#include "core/config/program.h"
#include "origin/server/options.h"

namespace skerry::origin {

namespace {

struct Texts {
  std::string listen = "127.0.0.1:8000";
  std::string admin_listen;
  std::vector<std::string> cache_control;
  std::vector<std::string> tls;
};

void describe(CLI::App& app, OriginOptions& options, Texts& texts) {
  app.set_version_flag("--version", config::version_line("skerry-origin"), "Print the version, and leave");
  app.add_option("--listen", texts.listen, "Address and port to serve on; port 0: any free one")
      ->envname("SKERRY_ORIGIN_LISTEN")
      ->capture_default_str();
  app.add_option("--admin-listen", texts.admin_listen,
                 "Address and port of /counts, /reset and /healthz; default: none")
      ->envname("SKERRY_ORIGIN_ADMIN_LISTEN");
  app.add_option("--root", options.root, "Directory to serve; default: only /_gen/SIZE and /_echo")
      ->envname("SKERRY_ORIGIN_ROOT");
  app.add_option("--cache-control", texts.cache_control,
                 "PATTERN=VALUE, repeatable, the last match counts; otherwise max-age=3600; empty VALUE: none")
      ->envname("SKERRY_ORIGIN_CACHE_CONTROL");
  app.add_flag("--faults", options.faults, "Misbehave where a request asks for it (README.md, \"Faults\")")
      ->envname("SKERRY_ORIGIN_FAULTS");
  app.add_option("--tls", texts.tls, "Certificate chain and key (PEM): serve https")->expected(2);
  app.add_option("--workers", options.workers, "Threads that serve")
      ->envname("SKERRY_ORIGIN_WORKERS")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--port-file", options.port_file, "File to write the addresses to when ready");
  app.add_flag("--log", options.log, "Print one line per request")->envname("SKERRY_ORIGIN_LOG");
}

// Turns texts into values; returns what is wrong with them, one line each.
std::string complete(OriginOptions& options, const Texts& texts) {
  std::string problems;
  const auto address = core::Address::parse(texts.listen);
  if (address) options.listen = *address;
  if (!address) problems += "--listen: " + address.error().detail + "\n";
  if (!texts.admin_listen.empty()) {
    const auto admin = core::Address::parse(texts.admin_listen);
    if (admin) options.admin_listen = *admin;
    if (!admin) problems += "--admin-listen: " + admin.error().detail + "\n";
  }
  for (const std::string& text : texts.cache_control) {
    auto rule = parse_cache_rule(text);
    if (rule) options.cache_control.push_back(*rule);
    if (!rule) problems += "--cache-control: " + rule.error().detail + "\n";
  }
  if (texts.tls.size() == 2) {
    options.certificate_file = texts.tls[0];
    options.key_file = texts.tls[1];
  }
  return problems;
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  OriginOptions options;
  Texts texts;
  CLI::App app("A small static origin with validators, ranges and, on demand, misbehaviour.", "skerry-origin");
  describe(app, options, texts);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return {std::nullopt, app.help(), 0};
  } catch (const CLI::CallForVersion& version) {
    return {std::nullopt, std::string(version.what()) + "\n", 0};
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, "skerry-origin: " + std::string(error.what()) + "\n", 1};
  }
  if (std::string problems = complete(options, texts); !problems.empty()) {
    return {std::nullopt, std::move(problems), 1};
  }
  return {std::move(options), {}, 0};
}

}  // namespace skerry::origin
