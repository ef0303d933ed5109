// The real programs as fixtures: an origin, an edge, three edges that share one PoP's content.
//
// Each writes its own configuration below a TempDir, listens on free ports of 127.0.0.1, is ready when the constructor
// returns, and ends with the object.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_connection.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace skerry::testing {

class OriginProcess {
 public:
  // `more`: further arguments of skerry-origin. Faults on demand are enabled.
  explicit OriginProcess(const std::vector<std::string>& more = {});

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Requests since the start or the last reset: all of them, or those for one path with its query.
  std::uint64_t requests() const;
  std::uint64_t requests(std::string_view path) const;
  void reset_counts() const;
  Process& process() { return *process_; }
  // Again, on the same ports, once the process has ended.
  void start();

 private:
  const std::vector<std::string> more_;
  std::uint16_t port_;
  std::uint16_t admin_port_;
  std::unique_ptr<Process> process_;
};

struct Member {
  std::string name;
  std::uint16_t peer_port;
};

struct EdgeOptions {
  std::string name = "edge-1";
  std::string address = "127.0.0.1";  // for clients
  std::string origin;                 // one URL
  std::string store;                  // a directory; empty: memory only
  std::string store_size = "1GiB";
  std::string memory = "256MiB";
  int workers = 1;
  std::string edge_keys;  // more lines of [edge], of the one [[site]], and whole sections
  std::string site_keys;
  std::string sections;
  std::vector<Member> members;  // this edge among them, or none
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> wrapper;  // a program that runs the edge ("strace", "-c")
};

class EdgeProcess {
 public:
  static constexpr std::string_view token = "the-operators-token";

  EdgeProcess(const TempDir& folder, EdgeOptions options);

  std::uint16_t port() const { return port_; }
  std::uint16_t admin_port() const { return admin_port_; }
  const std::string& config_file() const { return config_file_; }
  Process& process() { return *process_; }

  // Starts again with the same ports, configuration file and store, once the process has ended.
  void start();
  // SIGTERM; returns the exit code.
  int stop();
  void kill() { process_->kill(); }
  // Writes the configuration anew from changed options (ports stay), without telling the process.
  void rewrite(EdgeOptions options);
  const EdgeOptions& options() const { return options_; }

  // The sum over all lines of the metrics page that begin so: a name, or a name with the start of its labels.
  double metric(std::string_view name) const;
  Reply admin(std::string_view method, std::string_view path, std::string_view body = "") const;

 private:
  std::string config_text() const;

  EdgeOptions options_;
  std::uint16_t port_;
  std::uint16_t admin_port_;
  std::string config_file_;
  std::unique_ptr<Process> process_;
};

// Three edges of one PoP in front of an origin, each with a store of its own unless `memory_only`.
class PopOfThree {
 public:
  enum class Tiers { memory_only, memory_and_disk };
  explicit PopOfThree(Tiers tiers = Tiers::memory_and_disk, const EdgeOptions& defaults = {});

  OriginProcess& origin() { return origin_; }
  EdgeProcess& edge(std::size_t index) { return *edges_.at(index); }
  const TempDir& folder() const { return folder_; }

 private:
  TempDir folder_;
  OriginProcess origin_;
  std::array<std::unique_ptr<EdgeProcess>, 3> edges_;
};

}  // namespace skerry::testing
