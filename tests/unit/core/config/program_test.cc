#include "core/config/program.h"

#include <boost/test/unit_test.hpp>

using namespace skerry;

namespace {

config::Program program(bool sound) {
  config::Program program;
  program.name = "skerry-test";
  program.summary = "Tests.";
  program.examples = "  skerry-test --config x.toml\n";
  program.reference = [] { return std::string("the reference\n"); };
  program.check = [sound](const std::optional<std::string>& file, const config::Environment&) {
    config::Report report;
    report.set_file(file.value_or("environment"));
    if (!sound) report.add({{1, 2, {}}, "[a].b", "is wrong", {}});
    if (!sound) report.add({{3, 4, {}}, "[a].c", "is wrong", {}});
    return report;
  };
  return program;
}

config::CommandLine run(std::vector<const char*> arguments, const config::Environment& environment = {},
                        bool sound = true) {
  arguments.insert(arguments.begin(), "skerry-test");
  return config::parse_command_line(static_cast<int>(arguments.size()), arguments.data(), program(sound), environment);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_program)

BOOST_AUTO_TEST_CASE(the_file_comes_from_the_option_or_else_from_the_environment) {
  BOOST_TEST(run({"--config", "a.toml"}).file.value() == "a.toml");
  BOOST_TEST(run({"-c", "a.toml"}, {{"SKERRY_CONFIG", "b.toml"}}).file.value() == "a.toml");
  BOOST_TEST(run({}, {{"SKERRY_CONFIG", "b.toml"}}).file.value() == "b.toml");
  const auto from_environment = run({}, {{"SKERRY_EDGE_LISTEN", "x"}});
  BOOST_TEST(!from_environment.exit.has_value());
  BOOST_TEST(!from_environment.file.has_value());
}

BOOST_AUTO_TEST_CASE(nothing_to_go_by_is_a_usage_error) {
  const auto line = run({}, {{"PATH", "/bin"}});
  BOOST_TEST(line.exit.value() == 2);
  BOOST_TEST(line.errors == "skerry-test: no configuration: give --config FILE (try --help)\n");
}

BOOST_AUTO_TEST_CASE(check_prints_ok_or_every_problem) {
  const auto sound = run({"--config", "a.toml", "--check"});
  BOOST_TEST(sound.exit.value() == 0);
  BOOST_TEST(sound.output == "a.toml: ok\n");
  const auto broken = run({"--config", "a.toml", "--check"}, {}, false);
  BOOST_TEST(broken.exit.value() == 2);
  BOOST_TEST(broken.output.empty());
  BOOST_TEST(broken.errors == "a.toml:1:2: [a].b: is wrong\na.toml:3:4: [a].c: is wrong\n");
}

BOOST_AUTO_TEST_CASE(help_version_and_reference_need_no_configuration) {
  const auto help = run({"--help"});
  BOOST_TEST(help.exit.value() == 0);
  for (const char* expected : {"--config", "--check", "--reference", "Examples", "skerry-test --config x.toml"})
    BOOST_TEST(help.output.find(expected) != std::string::npos, help.output);
  BOOST_TEST(run({"--version"}).output.starts_with("skerry-test 0."));
  BOOST_TEST(run({"--reference"}).output == "the reference\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_option_is_one_line_that_names_it) {
  const auto line = run({"--no-such-option"});
  BOOST_TEST(line.exit.value() == 2);
  BOOST_TEST(line.errors.find("--no-such-option") != std::string::npos, line.errors);
  BOOST_TEST(std::count(line.errors.begin(), line.errors.end(), '\n') == 1);
}

BOOST_AUTO_TEST_SUITE_END()
