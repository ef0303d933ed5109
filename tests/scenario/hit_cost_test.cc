// What a hit may cost: counts, which are stable, not times.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <regex>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

bool sanitized() {
  return std::string_view(SKERRY_SANITIZE) != "";
}

struct OnlyUninstrumented {
  OnlyUninstrumented() {
    if (sanitized()) skip("counts of an instrumented program say nothing about the real one");
  }
};

// The counter that tests/preload/malloc_counter.cc adds to, mapped here too.
class AllocationCounter {
 public:
  explicit AllocationCounter(const TempDir& folder) : file_(folder.write("allocations", std::string(8, '\0'))) {
    const int file = open(file_.c_str(), O_RDWR | O_CLOEXEC);
    counter_ = static_cast<std::atomic<std::uint64_t>*>(mmap(nullptr, 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    close(file);
  }
  ~AllocationCounter() { munmap(counter_, 8); }
  std::uint64_t count() const { return counter_->load(); }
  std::vector<std::pair<std::string, std::string>> environment() const {
    return {{"LD_PRELOAD", program("libskerry_malloc_counter.so")}, {"MALLOC_COUNTER_FILE", file_}};
  }

 private:
  std::string file_;
  std::atomic<std::uint64_t>* counter_;
};

// Replies that are right, with this Strict-Transport-Security.
int ask(HttpConnection& connection, int times, std::string_view security = "", std::string_view more_fields = "") {
  int good = 0;
  const std::string request =
      get_text("/_gen/1k/hot", "User-Agent: test\r\nAccept: */*\r\n" + std::string(more_fields));
  for (int i = 0; i < times; ++i) {
    connection.send(request);
    const Reply reply = connection.read_reply();
    good += reply.status == 200 && reply.body.size() == 1024 && reply.field("Strict-Transport-Security") == security;
  }
  return good;
}

std::uint64_t number_of(const std::string& text, const char* expression) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex(expression))) return 0;
  return std::strtoull(match[1].str().c_str(), nullptr, 10);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hit_cost, *boost::unit_test::fixture<OnlyUninstrumented>())

BOOST_AUTO_TEST_CASE(ten_thousand_hits_after_warm_up_allocate_nothing) {
  TempDir folder;
  OriginProcess origin;
  AllocationCounter allocations(folder);
  EdgeOptions options;
  options.origin = origin.url();
  options.edge_keys = "access_log = \"" + folder / "access.log" + "\"\n";
  options.environment = allocations.environment();
  EdgeProcess edge(folder, options);
  BOOST_REQUIRE(allocations.count() > 100);  // the counter is in place: starting a program allocates

  HttpConnection connection(edge.port());
  BOOST_TEST(ask(connection, 2000) == 2000);
  const std::uint64_t before = allocations.count();
  BOOST_TEST(ask(connection, 10000) == 10000);
  BOOST_TEST(allocations.count() - before == 0u);
  BOOST_TEST(origin.requests() == 1u);
}

BOOST_AUTO_TEST_CASE(ten_thousand_hits_of_a_site_with_rules_allocate_nothing_either) {
  TempDir folder;
  OriginProcess origin;
  AllocationCounter allocations(folder);
  EdgeOptions options;
  options.origin = origin.url();
  options.edge_keys = "access_log = \"" + folder / "access.log" + "\"\n";
  options.site_keys = R"(deny = ["192.0.2.0/24", "2001:db8::/32"]
rate_limit = "1000000/s"
redirects = ["/old/* /new/*"]
cors_origins = ["https://app.example.com"]
response_header_set = ["Strict-Transport-Security: max-age=60"]
response_header_remove = ["Server"]
)";
  options.environment = allocations.environment();
  EdgeProcess edge(folder, options);

  HttpConnection connection(edge.port());
  constexpr std::string_view edited = "max-age=60";
  BOOST_TEST(ask(connection, 2000, edited) == 2000);
  const std::uint64_t before = allocations.count();
  BOOST_TEST(ask(connection, 10000, edited) == 10000);
  BOOST_TEST(allocations.count() - before == 0u);
}

BOOST_AUTO_TEST_CASE(ten_thousand_hits_behind_a_trusted_proxy_allocate_nothing_either) {
  for (const char* field : {"x-forwarded-for", "forwarded"}) {
    TempDir folder;
    OriginProcess origin;
    AllocationCounter allocations(folder);
    EdgeOptions options;
    options.origin = origin.url();
    options.edge_keys = "access_log = \"" + folder / "access.log" +
                        "\"\ntrusted_proxies = [\"127.0.0.0/8\"]\nforwarded_field = \"" + field + "\"\n";
    options.environment = allocations.environment();
    EdgeProcess edge(folder, options);

    HttpConnection connection(edge.port());
    constexpr std::string_view hops =
        "X-Forwarded-For: unknown, 203.0.113.7, [2001:db8:cafe::17:9]:4711, 127.0.0.2\r\nX-Forwarded-Proto: http\r\n"
        "Forwarded: for=_hidden, for=\"[2001:db8:cafe::17:9]:4711\";proto=http, for=127.0.0.2;proto=http\r\n";
    BOOST_TEST(ask(connection, 2000, "", hops) == 2000);
    const std::uint64_t before = allocations.count();
    BOOST_TEST(ask(connection, 10000, "", hops) == 10000);
    BOOST_TEST(allocations.count() - before == 0u, field);
    BOOST_TEST(read_file(folder / "access.log").find("2001:db8:cafe::17:9") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(ten_thousand_hits_on_a_url_that_varies_allocate_nothing_either) {
  TempDir folder;
  OriginProcess origin;
  AllocationCounter allocations(folder);
  EdgeOptions options;
  options.origin = origin.url();
  options.edge_keys = "access_log = \"" + folder / "access.log" + "\"\n";
  options.environment = allocations.environment();
  EdgeProcess edge(folder, options);

  HttpConnection connection(edge.port());
  const auto hits = [&](int times) {
    const std::string request =
        get_text("/_gen/1k/kinds?header=Vary:accept-encoding,accept-language,x-some-rather-long-field-name",
                 "Accept-Encoding: gzip, br;q=0.5\r\n"
                 "Accept-Language: en-GB, de;q=0.7, *;q=0.1\r\n"
                 "X-Some-Rather-Long-Field-Name: blue\r\n");
    int good = 0;
    for (int i = 0; i < times; ++i) {
      connection.send(request);
      const Reply reply = connection.read_reply();
      good += reply.status == 200 && reply.field("Vary").find("x-some-rather-long") != std::string::npos;
    }
    return good;
  };
  BOOST_TEST(hits(2000) == 2000);
  const std::uint64_t before = allocations.count();
  BOOST_TEST(hits(10000) == 10000);
  BOOST_TEST(allocations.count() - before == 0u);
  BOOST_TEST(origin.requests() == 1u);
}

BOOST_AUTO_TEST_CASE(at_fifty_connections_a_hit_costs_at_most_2_2_system_calls) {
  TempDir folder;
  OriginProcess origin;
  EdgeOptions options;
  options.origin = origin.url();
  options.edge_keys = "access_log = \"" + folder / "access.log" + "\"\n";
  EdgeProcess edge(folder, options);
  BOOST_REQUIRE(get(edge.port(), "/_gen/1k/hot").status == 200);

  Process trace({{"strace", "-f", "-c", "-o", folder / "calls", "-p", std::to_string(edge.process().pid())}, {}, {}});
  trace.wait_for_line("attached");
  const std::string url = "http://127.0.0.1:" + std::to_string(edge.port()) + "/_gen/1k/hot";
  const Finished load =
      run({{"wrk", "-t1", "-c50", "-d4s", "-H", "Host: www.example.com", url}, {}, {}}, std::chrono::seconds(60));
  trace.send(SIGINT);
  trace.wait();
  BOOST_REQUIRE(load.exit_code == 0);
  BOOST_TEST(load.output.find("Non-2xx") == std::string::npos, load.output);

  const std::string calls = read_file(folder / "calls");
  const auto requests = static_cast<double>(number_of(load.output, "([0-9]+) requests in"));
  // "100.00    0.345678           1    123456       12 total", the column of errors may be missing.
  const auto total = static_cast<double>(number_of(calls, "100\\.00 +[0-9.]+ +[0-9]+ +([0-9]+) .*total"));
  BOOST_REQUIRE(requests > 1000);
  BOOST_REQUIRE(total > 0);
  BOOST_TEST(total / requests <= 2.2, total / requests << " system calls a hit\n" << calls);
}

BOOST_AUTO_TEST_SUITE_END()
