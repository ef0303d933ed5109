// Boost.Test's main, plus one rule of ours: a test case that asserts nothing has proved nothing, and fails.
#define BOOST_TEST_MODULE skerry
#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>

namespace {

class FailEmptyCases final : public boost::unit_test::test_observer {
 public:
  FailEmptyCases() { boost::unit_test::framework::register_observer(*this); }
  // After Boost's own: 1.74 reads a flag of its first observer that only that observer's test_start() sets. Before it,
  // the flag is whatever was in memory, and now and then no test runs ("Test setup error").
  int priority() override { return 100; }
  void test_unit_finish(const boost::unit_test::test_unit& unit, unsigned long) override {
    if (unit.p_type != boost::unit_test::TUT_CASE) return;
    const auto& results = boost::unit_test::results_collector.results(unit.p_id);
    if (results.p_skipped || results.p_assertions_passed + results.p_assertions_failed > 0) return;
    empty_ = true;
    std::fprintf(stderr, "%s: no assertion was checked\n", unit.full_name().c_str());
  }
  ~FailEmptyCases() override {
    if (empty_) std::_Exit(201);
  }

 private:
  bool empty_ = false;
};
FailEmptyCases fail_empty_cases;

}  // namespace

// libmaxminddb 1.7 forgets what it had read of a file's description when the rest of it is broken.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libmaxminddb";
}
