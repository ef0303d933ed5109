// Certificates for tests, made by the openssl command: a CA and one leaf signed by it.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

namespace skerry::testing {

struct TestCertificates {
  std::string ca;    // PEM files
  std::string cert;  // leaf
  std::string key;
};

// Writes ca.pem, ca.key, cert.pem and key.pem into `directory` (which must exist). `names`: DNS names (wildcards too)
// and IP addresses for subjectAltName. Throws std::runtime_error with openssl's output when that fails.
TestCertificates make_certificates(const std::string& directory, const std::vector<std::string>& names);

}  // namespace skerry::testing
