#include "tests/support/dig.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "tests/support/process.h"

namespace skerry::testing {

std::vector<std::string> dig(std::uint16_t port, const std::vector<std::string>& question) {
  std::vector<std::string> arguments = {"dig",       "+short", "+tries=2", "+time=5", "-p", std::to_string(port),
                                        "@127.0.0.1"};
  arguments.insert(arguments.end(), question.begin(), question.end());
  const Finished finished = run({arguments, {}, {}});
  if (finished.exit_code != 0) throw std::runtime_error("dig: " + finished.output);
  std::istringstream lines(finished.output);
  std::vector<std::string> answers;
  for (std::string line; std::getline(lines, line);) answers.push_back(line);
  std::sort(answers.begin(), answers.end());
  return answers;
}

}  // namespace skerry::testing
