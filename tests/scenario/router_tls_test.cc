// The router and TLS: probes over https believe only the right certificate, and redirects are given over https.
#include <boost/test/unit_test.hpp>

#include "tests/support/certificates.h"
#include "tests/support/dig.h"
#include "tests/support/pop.h"

using namespace skerry::testing;
using boost::test_tools::per_element;

namespace {

std::string local(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

// An edge that speaks TLS, the only one of the near PoP; the far one's is not probed by anybody who could fail it.
struct SecureEdge {
  TempDir folder, others;
  OriginProcess origin;
  const std::uint16_t secure = free_port(), dns = free_port(), admin = free_port(), https = free_port();
  const TestCertificates certificates = make_certificates(folder.path(), {"www.example.com", "127.0.0.1"});
  EdgeProcess edge{folder, edge_options()};
  std::unique_ptr<Process> router;

  EdgeOptions edge_options() const {
    EdgeOptions options;
    options.origin = origin.url();
    options.edge_keys = "tls_listen = \"" + local(secure) + "\"\n";
    options.sections = "[[certificate]]\ncert = \"" + certificates.cert + "\"\nkey = \"" + certificates.key + "\"\n";
    return options;
  }

  void start(const std::string& probe, const std::string& more = {}) {
    const std::string text =
        "[router]\nlisten = [\"" + local(dns) + "\"]\nadmin_listen = \"" + local(admin) +
        "\"\nworkers = 1\n[router.clients]\n\"0.0.0.0/0\" = \"near\"\n[probe]\nkind = \"https\"\ninterval = \"400ms\"\n"
        "timeout = \"300ms\"\nup = 1\ndown = 1\n" +
        probe + more +
        "[[zone]]\nname = \"cdn.example\"\nns = [\"ns.example\"]\n[[zone.dynamic]]\nname = \"www\"\n"
        "[[pop]]\nname = \"near\"\n[[pop.edge]]\nname = \"near-1\"\naddresses = [\"127.0.0.1\"]\nport = " +
        std::to_string(secure) +
        "\nurl = \"https://near-1.example.net\"\n[[pop]]\nname = \"far\"\nstate = \"up\"\n[[pop.edge]]\n"
        "name = \"far-1\"\naddresses = [\"127.0.0.2\"]\nport = 9\n";
    router = std::make_unique<Process>(
        Command{{program("skerry-router"), "--config", folder.write("router.toml", text)}, {}, {}});
    router->wait_for_line("listening on admin");
  }
  std::vector<std::string> asked() const { return dig(dns, {"www.cdn.example", "A"}); }
  // Until the edge was probed: every look is a request of its own.
  bool probed() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (get(admin, "/readyz").body.find("\"probed\": true") == std::string::npos) {
      if (std::chrono::steady_clock::now() > deadline) return false;
    }
    return true;
  }
  std::string ca(const TestCertificates& of) const { return "ca_file = \"" + of.ca + "\"\n"; }
};

const std::vector<std::string> near = {"127.0.0.1"}, far = {"127.0.0.2"};

}  // namespace

BOOST_AUTO_TEST_SUITE(router_tls)

BOOST_FIXTURE_TEST_CASE(an_edge_that_is_ready_over_https_is_up, SecureEdge) {
  start(ca(certificates));
  BOOST_REQUIRE(probed());
  BOOST_TEST(asked() == near, per_element());
  edge.kill();
  router->wait_for_line("edge_down pop=\"near\"");
  BOOST_TEST(asked() == far, per_element());
  edge.start();
  router->wait_for_line("edge_up pop=\"near\"");
  BOOST_TEST(asked() == near, per_element());
}

BOOST_FIXTURE_TEST_CASE(an_edge_whose_certificate_is_wrong_is_down_and_the_log_says_why, SecureEdge) {
  const TestCertificates strangers = make_certificates(others.path(), {"www.example.com", "127.0.0.1"});
  const struct {
    const char* what;
    std::string probe;
    const std::vector<std::string>& answer;
  } rows[] = {
      {"the name that is asked for", ca(certificates) + "host = \"www.example.com\"\n", near},
      {"another name", ca(certificates) + "host = \"www.example.org\"\n", far},
      {"another authority", ca(strangers), far},
      {"nobody looks", "verify = false\n", near},
  };
  for (const auto& row : rows) {
    start(row.probe);
    BOOST_REQUIRE_MESSAGE(probed(), row.what);
    BOOST_TEST_CONTEXT(row.what) {
      if (row.answer == far) {
        const std::string line = router->wait_for_line("edge_down pop=\"near\"");
        BOOST_TEST(line.find("tls_verify") != std::string::npos, line);
      }
      BOOST_TEST(asked() == row.answer, per_element());
    }
  }
}

BOOST_FIXTURE_TEST_CASE(redirects_are_given_over_https, SecureEdge) {
  start(ca(certificates), "[http]\ntls_listen = [\"" + local(https) + "\"]\ncertificate = \"" + certificates.cert +
                              "\"\nkey = \"" + certificates.key + "\"\n[[http.host]]\nname = \"www.example.com\"\n");
  BOOST_REQUIRE(probed());
  const Finished curl = run({{"curl", "--silent", "--include", "--max-time", "20", "--cacert", certificates.ca,
                              "--resolve", "www.example.com:" + std::to_string(https) + ":127.0.0.1",
                              "https://www.example.com:" + std::to_string(https) + "/a?b=c"},
                             {},
                             {}});
  BOOST_TEST(curl.output.find("302 Found") != std::string::npos, curl.output);
  BOOST_TEST(curl.output.find("https://near-1.example.net/a?b=c") != std::string::npos, curl.output);
  const Finished plain =
      run({{"curl", "--silent", "--include", "--max-time", "20", "http://" + local(https) + "/"}, {}, {}});
  BOOST_TEST(plain.output.find("302") == std::string::npos, plain.output);
}

BOOST_AUTO_TEST_SUITE_END()
