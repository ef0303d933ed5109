// How the programs begin, end, and take a new configuration: what an operator sees.
#include <signal.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0, end; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
    lines.push_back(text.substr(start, end - start));
  }
  return lines;
}

EdgeOptions in_front_of(const OriginProcess& origin) {
  EdgeOptions options;
  options.origin = origin.url();
  return options;
}

constexpr const char* five_mistakes = R"([edge]
listen = ["127.0.0.1:99999"]
workerss = 2

[memory]
size = "12 bananas"

[[site]]
hosts = []
origin = ["ftp://origin.example.com"]
)";

}  // namespace

BOOST_AUTO_TEST_SUITE(start_and_stop)

BOOST_AUTO_TEST_CASE(a_port_in_use_is_one_line_on_stderr_and_a_failure) {
  TempDir folder;
  OriginProcess origin;
  EdgeProcess first(folder, in_front_of(origin));
  const Finished second = run({{program("skerry-edge"), "--config", first.config_file()}, {}, {}});
  BOOST_TEST(second.exit_code == 1, second.output);
  BOOST_TEST(lines_of(second.output).size() == 1u, second.output);
  BOOST_TEST(second.output.find(std::to_string(first.port())) != std::string::npos, second.output);
  BOOST_TEST(get(first.port(), "/_gen/1k/a").status == 200);
}

// With SO_REUSEPORT a second process could open a port that the first one has, and would get half of what comes.
BOOST_AUTO_TEST_CASE(a_port_of_another_kind_in_use_is_told_too) {
  TempDir folder;
  OriginProcess origin;
  EdgeOptions options = in_front_of(origin);
  options.members = {{options.name, free_port()}, {"another", free_port()}};
  const EdgeProcess first(folder, options);
  const std::string alone = "[edge]\nname = \"" + options.name + "\"\nlisten = [\"127.0.0.1:0\"]\n";
  const std::string site = "[[site]]\nhosts = [\"*\"]\norigin = [\"" + origin.url() + "\"]\n";
  const auto address = [](std::uint16_t port) { return "\"127.0.0.1:" + std::to_string(port) + "\"\n"; };
  const std::vector<std::pair<std::uint16_t, std::string>> rows = {
      {first.admin_port(), alone + "admin_listen = " + address(first.admin_port()) + site},
      {options.members[0].peer_port,
       alone + "admin_listen = \"127.0.0.1:0\"\n" + site +
           "[pop]\nname = \"test\"\nsecret = \"a secret of this test's PoP\"\npeer_listen = " +
           address(options.members[0].peer_port) + "[[pop.member]]\nname = \"" + options.name +
           "\"\npeer = " + address(options.members[0].peer_port)}};
  for (const auto& [port, text] : rows) {
    const Finished second = run({{program("skerry-edge"), "--config", folder.write("second.toml", text)}, {}, {}});
    BOOST_TEST(second.exit_code == 1, second.output);
    BOOST_TEST(second.output.find(std::to_string(port)) != std::string::npos, second.output);
  }
}

BOOST_AUTO_TEST_CASE(five_mistakes_in_a_configuration_are_all_told_with_line_and_column) {
  TempDir folder;
  const std::string file = folder.write("edge.toml", five_mistakes);
  for (const char* how : {"--check", "--config"}) {
    std::vector<std::string> arguments = {program("skerry-edge"), "--config", file};
    if (std::string_view(how) == "--check") arguments.push_back(how);
    const Finished told = run({arguments, {}, {}});
    BOOST_TEST(told.exit_code == 2);
    for (const char* place : {":2:", ":3:", ":6:", ":9:", ":10:"}) {
      const auto lines = lines_of(told.output);
      BOOST_TEST(std::any_of(lines.begin(), lines.end(),
                             [&](const std::string& line) {
                               return line.find("edge.toml" + std::string(place)) != std::string::npos;
                             }),
                 "nothing about line " << place << " in\n"
                                       << told.output);
    }
    BOOST_TEST(told.output.find("did you mean \"workers\"") != std::string::npos, told.output);
  }
}

BOOST_AUTO_TEST_CASE(a_sound_configuration_passes_the_check_without_starting_anything) {
  TempDir folder;
  OriginProcess origin;
  EdgeProcess edge(folder, in_front_of(origin));  // its ports are taken: a check must not want them
  const Finished checked = run({{program("skerry-edge"), "--config", edge.config_file(), "--check"}, {}, {}});
  BOOST_TEST(checked.exit_code == 0, checked.output);
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_named) {
  const Finished told = run({{program("skerry-edge"), "--config", "/nonexistent/edge.toml"}, {}, {}});
  BOOST_TEST(told.exit_code == 2);
  BOOST_TEST(lines_of(told.output).size() == 1u, told.output);
  BOOST_TEST(told.output.find("/nonexistent/edge.toml") != std::string::npos, told.output);
}

BOOST_AUTO_TEST_CASE(everything_can_come_from_the_environment) {
  OriginProcess origin;
  const std::uint16_t port = free_port();
  Process edge({{program("skerry-edge")},
                {{"SKERRY_EDGE_LISTEN", "127.0.0.1:" + std::to_string(port)},
                 {"SKERRY_EDGE_ADMIN_LISTEN", "127.0.0.1:" + std::to_string(free_port())},
                 {"SKERRY_SITE_0_HOSTS", "*"},
                 {"SKERRY_SITE_0_ORIGIN", origin.url()}},
                {}});
  edge.wait_for_line("listening");
  BOOST_TEST(get(port, "/_gen/1k/a").body.size() == 1024u);
}

BOOST_AUTO_TEST_CASE(an_unknown_variable_of_ours_is_an_error) {
  const Finished told = run({{program("skerry-edge")},
                             {{"SKERRY_EDGE_LISTEN", "127.0.0.1:0"},
                              {"SKERRY_SITE_0_HOSTS", "*"},
                              {"SKERRY_SITE_0_ORIGIN", "http://127.0.0.1:1"},
                              {"SKERRY_EDGE_WORKRES", "2"}},
                             {}});
  BOOST_TEST(told.exit_code == 2);
  BOOST_TEST(told.output.find("SKERRY_EDGE_WORKRES") != std::string::npos, told.output);
}

BOOST_AUTO_TEST_CASE(a_response_under_way_is_finished_before_the_edge_ends_with_0) {
  TempDir folder;
  OriginProcess origin;
  EdgeProcess edge(folder, in_front_of(origin));
  HttpConnection connection(edge.port());
  connection.send(get_text("/_gen/256k/slow?slow=131072"));  // takes two seconds
  const Reply head = connection.read_head();
  BOOST_TEST(head.status == 200);
  edge.process().send(SIGTERM);
  std::size_t received = 0;
  for (std::string bytes; !(bytes = connection.receive()).empty();) received += bytes.size();
  BOOST_TEST(received == 256u * 1024);
  BOOST_TEST(edge.process().wait() == 0);
}

BOOST_AUTO_TEST_CASE(an_edge_that_drains_takes_clients_until_its_delay_is_over_and_says_that_it_is_not_ready) {
  TempDir folder;
  OriginProcess origin;
  EdgeOptions options = in_front_of(origin);
  options.edge_keys = "drain_delay = \"1h\"\n";
  EdgeProcess edge(folder, options);
  BOOST_TEST(get(edge.port(), "/.well-known/skerry/ready").status == 200);
  edge.process().send(SIGTERM);
  edge.process().wait_for_line("draining");
  BOOST_TEST(get(edge.port(), "/_gen/1k/a").status == 200);
  const Reply ready = get(edge.port(), "/.well-known/skerry/ready");
  BOOST_TEST(ready.status == 503);
  BOOST_TEST(ready.body.find("draining") != std::string::npos, ready.body);
  HttpConnection connection(edge.port());
  connection.send(get_text("/_gen/256k/slow?slow=262144"));  // takes a second
  BOOST_TEST(connection.read_head().status == 200);
  edge.process().send(SIGTERM);  // asked again: the delay ends, and what is under way is still finished
  std::size_t received = 0;
  for (std::string bytes; !(bytes = connection.receive()).empty();) received += bytes.size();
  BOOST_TEST(received == 256u * 1024);
  BOOST_TEST(edge.process().wait() == 0);

  options.edge_keys = "drain_delay = \"100ms\"\n";
  edge.rewrite(options);
  edge.start();
  edge.process().send(SIGTERM);
  BOOST_TEST(edge.process().wait() == 0);
}

BOOST_AUTO_TEST_CASE(an_idle_edge_ends_with_0_at_once) {
  TempDir folder;
  OriginProcess origin;
  EdgeProcess edge(folder, in_front_of(origin));
  HttpConnection idle(edge.port());
  idle.send(get_text("/_gen/1k/a"));
  BOOST_TEST(idle.read_reply().status == 200);
  edge.process().send(SIGTERM);
  BOOST_TEST(edge.process().wait(std::chrono::seconds(10)) == 0);
}

BOOST_AUTO_TEST_CASE(a_reload_gives_new_requests_the_new_site_and_keeps_connections) {
  TempDir folder;
  OriginProcess origin;
  EdgeProcess edge(folder, in_front_of(origin));
  HttpConnection connection(edge.port());
  const std::string request = "GET /_gen/1k/a HTTP/1.1\r\nHost: new.example.com\r\n\r\n";
  connection.send(get_text("/_gen/1k/a"));
  BOOST_TEST(connection.read_reply().status == 200);

  EdgeOptions changed = edge.options();
  changed.sections = "[[site]]\nhosts = [\"new.example.com\"]\norigin = [\"" + origin.url() + "\"]\n";
  edge.rewrite(changed);
  edge.process().send(SIGHUP);
  edge.process().wait_for_line("reload");
  connection.send(request);
  BOOST_TEST(connection.read_reply().status == 200);
}

BOOST_AUTO_TEST_CASE(a_bad_file_at_a_reload_changes_nothing_and_says_why) {
  TempDir folder;
  OriginProcess origin;
  EdgeProcess edge(folder, in_front_of(origin));
  EdgeOptions broken = edge.options();
  broken.edge_keys = "listn = 1\n";
  edge.rewrite(broken);
  edge.process().send(SIGHUP);
  edge.process().wait_for_line("listn");
  BOOST_TEST(get(edge.port(), "/_gen/1k/a").status == 200);
}

BOOST_AUTO_TEST_CASE(every_program_explains_itself_and_refuses_unknown_options) {
  for (const char* name : {"skerry-edge", "skerry-origin", "skerry-router", "skerry"}) {
    BOOST_TEST_CONTEXT(name) {
      const Finished help = run({{program(name), "--help"}, {}, {}});
      BOOST_TEST(help.exit_code == 0);
      BOOST_TEST(help.output.find("--help") != std::string::npos);
      std::vector<std::string> arguments = {program(name), "--no-such-option"};
      if (std::string_view(name) == "skerry") arguments.insert(arguments.begin() + 1, "stat");
      const Finished unknown = run({arguments, {}, {}});
      BOOST_TEST(unknown.exit_code != 0);
      BOOST_TEST(unknown.output.find("--no-such-option") != std::string::npos, unknown.output);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_reference_page_is_what_the_programs_print) {
  std::string printed;
  for (const char* name : {"skerry-edge", "skerry-router"}) {
    const Finished reference = run({{program(name), "--reference"}, {}, {}});
    BOOST_TEST(reference.exit_code == 0);
    printed += (printed.empty() ? "" : "\n") + reference.output;
  }
  BOOST_TEST((read_file(SKERRY_SOURCE_DIR "/conf/reference.md") == printed), "run tools/dev reference");
}

BOOST_AUTO_TEST_SUITE_END()
