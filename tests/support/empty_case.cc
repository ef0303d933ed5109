// A test case that asserts nothing, for the rule of test_main.cc that it fails: checks.empty_case runs it.
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(empty)

BOOST_AUTO_TEST_CASE(nothing_is_asserted) {}

BOOST_AUTO_TEST_SUITE_END()
