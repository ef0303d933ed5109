#include "core/config/output.h"

#include <boost/test/unit_test.hpp>

#include "core/config/load.h"

using namespace skerry;
using config::Table;

namespace {

struct Item {
  std::string name = "an \"item\"\n";
  int size = 1;
};
struct Whole {
  int workers = 2;
  std::string secret = "hidden";
  std::vector<std::string> list = {"a", "b"};
  double share = 1;
  std::vector<Item> items;
};

const Table<Whole>& table() {
  static const Table<Item> item =
      Table<Item>("An item.")
          .key("name", &Item::name, {.doc = "Its name | more."})
          .key("size", &Item::size, {.doc = "Its size.", .min = 1, .applies = config::Applies::live});
  static const Table<Whole> whole = Table<Whole>("")
                                        .key("workers", &Whole::workers, {.doc = "Threads.", .min = 1, .max = 9})
                                        .secret("secret", &Whole::secret, {.doc = "Secret."})
                                        .key("list", &Whole::list, {.doc = "List."})
                                        .key("share", &Whole::share, {.doc = "Share."})
                                        .array("item", &Whole::items, item, {});
  return whole;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_output)

BOOST_AUTO_TEST_CASE(the_effective_configuration_can_be_read_back) {
  Whole whole;
  whole.items.resize(2);
  whole.items[1].size = 7;
  const std::string text = config::to_toml(config::effective(table(), whole));
  const auto again = config::load_text(table(), text, "x", {});
  BOOST_TEST_REQUIRE(again.ok());
  BOOST_TEST(again.config.items.size() == 2u);
  BOOST_TEST(again.config.items[1].size == 7);
  BOOST_TEST(again.config.items[0].name == whole.items[0].name);
  BOOST_TEST(again.config.list == whole.list);
  BOOST_TEST(again.config.share == 1.0);
  BOOST_TEST(again.config.secret == "***");
}

BOOST_AUTO_TEST_CASE(json_is_escaped) {
  Whole whole;
  whole.items.resize(1);
  const std::string text = config::to_json(config::effective(table(), whole));
  BOOST_TEST(text ==
             "{\"workers\": 2, \"secret\": \"***\", \"list\": [\"a\", \"b\"], \"share\": 1.0, \"item\": "
             "[{\"name\": \"an \\\"item\\\"\\u000a\", \"size\": 1}]}\n");
}

BOOST_AUTO_TEST_CASE(the_reference_holds_every_key_with_its_default_and_bounds) {
  const std::string text = config::reference_markdown(table().schema(), "skerry-test", "Intro.");
  for (const char* expected : {"## skerry-test\n\nIntro.", "| `workers` | integer | `2` | 1 … 9 | restart | Threads. |",
                               "| `secret` | secret | none |  | restart | Secret. |", "| `secret_file` | path |",
                               "### `[[item]]`", "| `size` | integer | `1` | at least 1 | reload | Its size. |",
                               "Its name \\| more.", "Environment: `SKERRY_ITEM_<N>_<KEY>`"})
    BOOST_TEST(text.find(expected) != std::string::npos, expected << " is not in\n" << text);
}

BOOST_AUTO_TEST_CASE(a_reload_names_what_needs_a_restart_secrets_included) {
  Whole running, loaded;
  running.items.resize(1);
  loaded.items.resize(1);
  BOOST_TEST(config::changes_needing_restart(table(), running, loaded).empty());
  loaded.items[0].size = 5;
  BOOST_TEST(config::changes_needing_restart(table(), running, loaded).empty());
  loaded.workers = 3;
  loaded.secret = "other";
  loaded.items[0].name = "x";
  const std::vector<std::string> expected = {"workers", "secret", "[item.0].name"};
  BOOST_TEST(config::changes_needing_restart(table(), running, loaded) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
