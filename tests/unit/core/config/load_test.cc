#include "core/config/load.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "core/config/output.h"
#include "core/config/toml.h"
#include "tests/support/temp_dir.h"

using namespace skerry;
using config::Table;
using namespace std::chrono_literals;

namespace {

enum class Color { red, green };

struct Server {
  std::string name = "unnamed";
  std::vector<core::Address> listen;
  int workers = 4;
  core::Duration timeout = 10s;
  core::Bytes memory = core::operator""_MiB(64);
  std::size_t buffer = 4096;
  double ratio = 0.5;
  bool fast = false;
  Color color = Color::red;
  std::string token;
  std::map<std::string, std::string> labels;
};

struct Route {
  std::string path;
  core::Duration ttl = 1s;
};

struct Site {
  std::vector<std::string> hosts;
  core::Duration ttl = 5s;
  std::vector<Route> routes;
};

struct Whole {
  Server server;
  std::vector<Site> sites;
};

const Table<Whole>& table() {
  static const Table<Server> server =
      Table<Server>("The server.")
          .key("name", &Server::name, {.doc = "Who it is.", .max = 8})
          .key("listen", &Server::listen, {.doc = "Where.", .min = 1, .required = true})
          .key("workers", &Server::workers, {.doc = "Threads.", .min = 1, .max = 64})
          .key("timeout", &Server::timeout, {.doc = "How long.", .min = 1ms, .applies = config::Applies::live})
          .key("memory", &Server::memory, {.doc = "How much.", .min = core::Bytes{1024}})
          .key("buffer", &Server::buffer, {.doc = "Per connection.", .max = 65536, .unit = config::Unit::bytes})
          .key("ratio", &Server::ratio, {.doc = "Share.", .min = 0.0, .max = 1.0})
          .key("fast", &Server::fast, {.doc = "Yes or no."})
          .choice("color", &Server::color, {{"red", Color::red}, {"green", Color::green}}, {.doc = "Which."})
          .secret("token", &Server::token, {.doc = "Known to few."})
          .key("labels", &Server::labels, {.doc = "Anything."});
  static const Table<Route> route = Table<Route>("A route.")
                                        .key("path", &Route::path, {.doc = "Pattern.", .required = true})
                                        .key("ttl", &Route::ttl, {.doc = "Lifetime."});
  static const Table<Site> site = Table<Site>("A site.")
                                      .key("hosts", &Site::hosts, {.doc = "Names.", .required = true})
                                      .key("ttl", &Site::ttl, {.doc = "Lifetime."})
                                      .array("route", &Site::routes, route, {}, [](const Site& above) {
                                        return Route{{}, above.ttl};
                                      });
  static const Table<Whole> whole =
      Table<Whole>("").table("server", &Whole::server, server).array("site", &Whole::sites, site, {.required = true});
  return whole;
}

struct Files {
  std::string log, name, key;
  std::vector<std::string> keys;
  std::map<std::string, std::string> pages;
};

const Table<Files>& files_table() {
  static const Table<Files> table = Table<Files>("")
                                        .key("log", &Files::log, {.doc = "", .path = true})
                                        .key("name", &Files::name, {.doc = ""})
                                        .key("keys", &Files::keys, {.doc = "", .path = true})
                                        .key("pages", &Files::pages, {.doc = "", .path = true})
                                        .secret("key", &Files::key, {.doc = ""});
  return table;
}

constexpr std::string_view smallest = "[server]\nlisten = \"127.0.0.1:80\"\n[[site]]\nhosts = [\"a\"]\n";

config::Loaded<Whole> load(std::string_view text, const config::Environment& environment = {}) {
  return config::load_text(table(), text, "x.toml", environment);
}

std::string only_problem(const config::Loaded<Whole>& loaded) {
  const auto lines = loaded.report.lines();
  BOOST_TEST_REQUIRE(lines.size() == 1u);
  return lines[0];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_load)

BOOST_AUTO_TEST_CASE(every_type_is_read_and_what_is_left_out_keeps_its_default) {
  const auto loaded = load(R"(
[server]
name = "one"
listen = ["127.0.0.1:80", "[::1]:80"]
workers = 2
timeout = "1m"
buffer = "16KiB"
ratio = 0.25
fast = true
color = "green"
labels = { a = "1", b = "2" }
[[site]]
hosts = "a.example"
[[site]]
hosts = ["b.example"]
)");
  BOOST_TEST_REQUIRE(loaded.ok());
  const Server& server = loaded.config.server;
  BOOST_TEST(server.name == "one");
  BOOST_TEST(server.listen.size() == 2u);
  BOOST_TEST(server.workers == 2);
  BOOST_TEST((server.timeout == 1min));
  BOOST_TEST((server.memory == core::operator""_MiB(64)));
  BOOST_TEST(server.buffer == 16384u);
  BOOST_TEST(server.ratio == 0.25);
  BOOST_TEST(server.fast);
  BOOST_TEST((server.color == Color::green));
  BOOST_TEST(server.labels.at("b") == "2");
  BOOST_TEST(loaded.config.sites.size() == 2u);
  BOOST_TEST(loaded.config.sites[1].hosts[0] == "b.example");
}

BOOST_AUTO_TEST_CASE(all_mistakes_are_reported_at_once_with_line_and_column) {
  const auto loaded = load(R"([server]
listn = ["127.0.0.1:80"]
workers = 65
  timeout = "10 parsecs"
color = "blue"
[[site]]
ttl = 5
[sitee]
x = 1
)");
  const std::vector<std::string> expected = {
      "x.toml:1:1: [server].listen: missing: it is required",
      "x.toml:2:1: [server].listn: unknown key (did you mean \"listen\"?)",
      "x.toml:3:11: [server].workers: must be 1 … 64",
      "x.toml:4:13: [server].timeout: must be a duration with a unit such as \"250ms\", \"10s\", \"1h30m\" or \"1d\"",
      "x.toml:5:9: [server].color: must be one of: red, green",
      "x.toml:6:1: [site.0].hosts: missing: it is required",
      "x.toml:7:7: [site.0].ttl: must be a duration with a unit such as \"250ms\", \"10s\", \"1h30m\" or \"1d\"",
      "x.toml:8:2: [sitee]: unknown section (did you mean \"site\"?)",
  };
  BOOST_TEST(loaded.report.lines() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_syntax_error_is_reported_alone_with_its_place) {
  const auto loaded = load("[server]\nlisten = [\"127.0.0.1:80\"\nworkers = 1\n");
  BOOST_TEST(only_problem(loaded).starts_with("x.toml:3:"), only_problem(loaded));
  BOOST_TEST(only_problem(loaded).find("syntax error") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(bounds_hold_for_every_kind_of_value) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"name = \"much too long\"", "must be at most 8 characters"},
      {"workers = 0", "must be 1 … 64"},
      {"timeout = \"1us\"", "must be at least 1ms"},
      {"memory = 1023", "must be at least 1KiB"},
      {"buffer = \"65KiB\"", "must be at most 64KiB"},
      {"ratio = 1.01", "must be 0.0 … 1.0"},
  };
  for (const auto& [line, expected] : rows) {
    const auto loaded = load("[server]\nlisten = \"127.0.0.1:80\"\n" + line + "\n[[site]]\nhosts = \"a\"\n");
    BOOST_TEST(only_problem(loaded).find(expected) != std::string::npos, only_problem(loaded));
  }
  const auto empty = load("[server]\nlisten = []\n[[site]]\nhosts = \"a\"\n");
  BOOST_TEST(only_problem(empty).find("must be not empty") != std::string::npos, only_problem(empty));
}

BOOST_AUTO_TEST_CASE(wrong_types_say_what_was_expected) {
  for (const char* line : {"name = 1", "workers = \"2\"", "fast = 1", "timeout = 10", "labels = \"x\"", "ratio = nan",
                           "memory = true", "color = 3", "name = 1979-05-27", "name = [\"a\"]"}) {
    const auto loaded =
        load("[server]\nlisten = \"127.0.0.1:80\"\n" + std::string(line) + "\n[[site]]\nhosts = \"a\"\n");
    BOOST_TEST(!loaded.ok(), line);
    for (const std::string& problem : loaded.report.lines()) BOOST_TEST(problem.starts_with("x.toml:3:"), problem);
  }
}

BOOST_AUTO_TEST_CASE(a_section_of_the_wrong_shape_is_explained) {
  const auto single = load("[server]\nlisten = \"127.0.0.1:80\"\n[site]\nhosts = \"a\"\n");
  BOOST_TEST(only_problem(single).find("write [[site]]") != std::string::npos, only_problem(single));
  const auto value = load("server = 1\n[[site]]\nhosts = \"a\"\n");
  BOOST_TEST(only_problem(value).find("must be a section: [server]") != std::string::npos, only_problem(value));
}

BOOST_AUTO_TEST_CASE(a_route_starts_from_what_its_site_says) {
  const auto loaded = load(std::string(smallest) +
                           "ttl = \"9s\"\n[[site.route]]\npath = \"/a\"\n[[site.route]]\npath = "
                           "\"/b\"\nttl = \"2s\"\n");
  BOOST_TEST_REQUIRE(loaded.ok());
  const auto& routes = loaded.config.sites[0].routes;
  BOOST_TEST_REQUIRE(routes.size() == 2u);
  BOOST_TEST((routes[0].ttl == 9s));
  BOOST_TEST((routes[1].ttl == 2s));
}

BOOST_AUTO_TEST_CASE(variables_are_expanded_inside_strings_only) {
  const config::Environment environment = {{"WHO", "me"}, {"TWO", "a\"\nworkers = 7"}};
  auto loaded = load(
      "[server]\nname = \"${WHO}$${WHO}!\"\nlisten = \"127.0.0.1:80\"\nlabels = { x = \"${TWO}\" }\n"
      "[[site]]\nhosts = [\"${WHO}.example\"]\n",
      environment);
  BOOST_TEST(only_problem(loaded).find("at most 8 characters") != std::string::npos);
  loaded = load(
      "[server]\nname = \"${WHO}$${\"\nlisten = \"127.0.0.1:80\"\nlabels = { x = \"${TWO}\" }\n"
      "[[site]]\nhosts = [\"${WHO}.example\"]\n",
      environment);
  BOOST_TEST_REQUIRE(loaded.ok());
  BOOST_TEST(loaded.config.server.name == "me${");
  BOOST_TEST(loaded.config.server.labels.at("x") == "a\"\nworkers = 7");
  BOOST_TEST(loaded.config.server.workers == 4);  // text can't become structure
  BOOST_TEST(loaded.config.sites[0].hosts[0] == "me.example");
}

BOOST_AUTO_TEST_CASE(an_undefined_or_malformed_variable_is_an_error_at_its_string) {
  const auto loaded =
      load("[server]\nname = \"${NOBODY}\"\nlisten = \"127.0.0.1:80\"\n[[site]]\nhosts = [\"${1}\", \"${x\"]\n");
  const auto lines = loaded.report.lines();
  BOOST_TEST_REQUIRE(lines.size() == 3u);
  BOOST_TEST(lines[0].starts_with("x.toml:2:8: [server].name: the environment variable NOBODY is not set"), lines[0]);
  BOOST_TEST(lines[1].starts_with("x.toml:5:10:"), lines[1]);
  BOOST_TEST(lines[2].starts_with("x.toml:5:18:"), lines[2]);
}

BOOST_AUTO_TEST_CASE(a_variable_may_have_a_default_as_in_shells_and_compose_files) {
  struct Row {
    std::string text, meaning;
  };
  const config::Environment environment = {{"SET", "value"}, {"EMPTY", ""}};
  const Row rows[] = {{"${SET:-other}", "value"},
                      {"${UNSET:-other}", "other"},
                      {"${EMPTY:-other}", "other"},
                      {"a${UNSET:-}b", "ab"},
                      {"${UNSET:-1:2-3 $4}", "1:2-3 $4"},
                      {"${UNSET:-${SET}", "${SET"},  // ends at the first }: a default holds no variable
                      {"$${UNSET:-x}", "${UNSET:-x}"}};
  for (const Row& row : rows) {
    std::string text = row.text, problem;
    BOOST_TEST(config::expand_variables(text, environment, problem), row.text << ": " << problem);
    BOOST_TEST(text == row.meaning, row.text);
  }
  for (const std::string wrong : {"${:-x}", "${SET-x}", "${SET:x}", "${1:-x}", "${UNSET:-x", "${ SET:-x}"}) {
    std::string text = wrong, problem;
    BOOST_TEST(!config::expand_variables(text, environment, problem), wrong);
    BOOST_TEST(problem.find("${ must be followed by") != std::string::npos, wrong << ": " << problem);
    BOOST_TEST(text == wrong);
  }
}

BOOST_AUTO_TEST_CASE(relative_paths_are_taken_from_the_files_folder_and_those_of_variables_from_where_one_is) {
  const testing::TempDir folder;
  folder.write("etc/secrets/key", "s3cret\n");
  const std::string file = folder.write("etc/x.toml",
                                        "log = \"log/access.log\"\nname = \"no/path\"\nkey_file = \"secrets/key\"\n"
                                        "keys = [\"a.key\", \"/b.key\"]\n"
                                        "pages = { a = \"a.html\", b = \"/b.html\" }\n");
  auto loaded = config::load(files_table(), file, {});
  BOOST_TEST_REQUIRE(loaded.ok());
  BOOST_TEST(loaded.config.log == folder / "etc/log/access.log");
  BOOST_TEST(loaded.config.name == "no/path");
  BOOST_TEST(loaded.config.key == "s3cret");
  BOOST_TEST(loaded.config.pages.at("a") == folder / "etc/a.html");
  BOOST_TEST(loaded.config.pages.at("b") == "/b.html");
  BOOST_TEST_REQUIRE(loaded.config.keys.size() == 2u);
  BOOST_TEST(loaded.config.keys[0] == folder / "etc/a.key");
  BOOST_TEST(loaded.config.keys[1] == "/b.key");
  loaded = config::load(files_table(), file, {{"SKERRY_LOG", "here.log"}, {"SKERRY_PAGES_A", "here.html"}});
  BOOST_TEST_REQUIRE(loaded.ok());
  BOOST_TEST(loaded.config.log == "here.log");
  BOOST_TEST(loaded.config.pages.at("a") == "here.html");
  for (const std::string word : {"-", "off", ""}) {
    const std::string with_word = folder.write("etc/y.toml", "log = \"" + word + "\"\n");
    BOOST_TEST(config::load(files_table(), with_word, {}).config.log == word);
  }
}

BOOST_AUTO_TEST_CASE(expansion_is_bounded) {
  const config::Environment environment = {{"BIG", std::string(40'000, 'x')}};
  const auto loaded = load("[server]\nlisten = \"127.0.0.1:80\"\n[[site]]\nhosts = [\"${BIG}${BIG}\"]\n", environment);
  BOOST_TEST(only_problem(loaded).find("longer than 64 KiB") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_secret_is_read_from_its_file_without_the_line_end_and_never_shown) {
  testing::TempDir folder;
  const std::string file = folder.write("token", "s3cret\n");
  const auto loaded =
      load("[server]\nlisten = \"127.0.0.1:80\"\ntoken_file = \"" + file + "\"\n[[site]]\nhosts = \"a\"\n");
  BOOST_TEST_REQUIRE(loaded.ok());
  BOOST_TEST(loaded.config.server.token == "s3cret");
  const config::Value shown = config::effective(table(), loaded.config);
  BOOST_TEST(config::to_toml(shown).find("token = \"***\"") != std::string::npos);
  BOOST_TEST(config::to_json(shown).find("s3cret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_secret_given_twice_missing_or_no_file_is_an_error) {
  testing::TempDir folder;
  const std::string head = "[server]\nlisten = \"127.0.0.1:80\"\n";
  const std::string tail = "\n[[site]]\nhosts = \"a\"\n";
  const std::string file = folder.write("token", "s3cret");
  const auto both = load(head + "token = \"x\"\ntoken_file = \"" + file + "\"" + tail);
  BOOST_TEST(only_problem(both) == "x.toml:4:1: [server].token_file: give either token or token_file, not both");
  const auto missing = load(head + "token_file = \"/nonexistent\"" + tail);
  BOOST_TEST(only_problem(missing).find("cannot read /nonexistent") != std::string::npos);
  const auto device = load(head + "token_file = \"/dev/zero\"" + tail);
  BOOST_TEST(only_problem(device).find("not a regular file") != std::string::npos);
  const auto empty = load(head + "token_file = \"" + folder.write("empty", "\n") + "\"" + tail);
  BOOST_TEST(only_problem(empty).find("is empty") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_missing_huge_or_no_file_is_one_clear_line) {
  testing::TempDir folder;
  const std::string huge = folder.write("huge.toml", std::string((4 << 20) + 1, '#'));
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"/nonexistent/x.toml", "/nonexistent/x.toml"}, {huge, "at most 4MiB"}, {"/dev/null", "not a regular file"}};
  for (const auto& [file, expected] : rows) {
    const auto loaded = config::load(table(), std::optional<std::string>(file), {});
    BOOST_TEST(only_problem(loaded).find(expected) != std::string::npos, only_problem(loaded));
  }
}

BOOST_AUTO_TEST_CASE(keys_nested_without_end_are_refused_before_the_parser_sees_them) {
  std::string dotted = "a";
  for (int i = 0; i < 100'000; ++i) dotted += ".a";
  BOOST_TEST(only_problem(load(dotted + " = 1\n")).starts_with("x.toml:1:34: nested too deep"));
  BOOST_TEST(!load("x = " + std::string(100'000, '[')).ok());
  // Dots in strings and comments don't count.
  std::string dots(100, '.');
  BOOST_TEST(load(std::string(smallest) + "# " + dots + "\n").ok());
  BOOST_TEST(load("[server]\nlisten = \"127.0.0.1:80\"\nlabels = { x = \"" + dots + "\", y = '''" + dots +
                  "''' }\n[[site]]\nhosts = \"a\"\n")
                 .ok());
}

BOOST_AUTO_TEST_CASE(problems_stay_printable_and_few) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "k" + std::to_string(i) + " = 1\n";
  BOOST_TEST(load(text).report.lines().size() == 101u);
  const auto loaded = load(std::string(smallest) + "\"a\\u001b[2J\\n\" = 1\n");
  BOOST_TEST(only_problem(loaded).find_first_of("\x1b\n") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
