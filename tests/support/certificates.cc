#include "tests/support/certificates.h"

#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "core/net/address.h"

namespace skerry::testing {
namespace {

void run(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run: " + command);
  std::string output;
  char buffer[4096];
  while (const std::size_t got = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, got);
  if (pclose(pipe) != 0) throw std::runtime_error(command + "\n" + output);
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += text.empty() ? "" : ",";
    text += (core::IpAddress::parse(name).ok() ? "IP:" : "DNS:") + name;
  }
  return text;
}

}  // namespace

TestCertificates make_certificates(const std::string& directory, const std::vector<std::string>& names) {
  const std::string in = "cd '" + directory + "' && openssl ";
  const std::string new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes ";
  run(in + "req -x509 " + new_key + "-keyout ca.key -out ca.pem -days 30 -subj '/CN=test CA'");
  run(in + "req " + new_key + "-keyout key.pem -out leaf.csr -subj '/CN=test leaf'");
  std::ofstream(directory + "/leaf.ext") << "subjectAltName=" << alternative_names(names)
                                         << "\nbasicConstraints=CA:FALSE\n";
  run(in + "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile leaf.ext -out cert.pem");
  return {directory + "/ca.pem", directory + "/cert.pem", directory + "/key.pem"};
}

}  // namespace skerry::testing
