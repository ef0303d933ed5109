// A real program run by a test: started with arguments and environment, its output kept, its end awaited with a
// deadline.
//
// Owned by the test that started it; the destructor kills and reaps it, and the kernel does so if the test itself dies.
// Start it from the test's main thread (the kernel ties the child's life to the thread that forked).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace skerry::testing {

struct Command {
  std::vector<std::string> arguments;  // the program first; found in $PATH
  std::vector<std::pair<std::string, std::string>> environment;
  std::string directory;  // empty: where the test runs
};

class Process {
 public:
  static constexpr std::chrono::seconds patience{60};

  explicit Process(const Command& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  // The first line that contains `text`, past lines included. Throws, with all output, when the program ends without it
  // or the time is up. `skip` lines that match are passed over.
  std::string wait_for_line(std::string_view text, int skip = 0);
  void send(int signal);
  // Exit code, or 128 + signal. Throws when it still runs at the deadline.
  int wait(std::chrono::milliseconds deadline = patience);
  // SIGKILL, then wait().
  void kill();
  bool running();
  // Everything written to stdout and stderr so far.
  std::string output();

 private:
  void read_output(int fd);
  [[noreturn]] void fail(const std::string& what);

  std::string name_;
  pid_t pid_ = -1;
  int exit_code_ = -1;
  bool reaped_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string output_;         // guarded by mutex_
  bool output_ended_ = false;  // guarded by mutex_
  std::thread reader_;
};

struct Finished {
  int exit_code;
  std::string output;
};
// Starts the command, waits for its end, returns exit code and output.
Finished run(const Command& command, std::chrono::milliseconds deadline = Process::patience);

// A path below the folder of built programs ("skerry-edge").
std::string program(std::string_view name);

// A TCP port of 127.0.0.1 that nobody listens on now, another one at each call.
std::uint16_t free_port();

// Resident memory in bytes, and its peak since start (or since reset_peak_memory).
std::uint64_t resident_memory(pid_t pid);
std::uint64_t peak_memory(pid_t pid);
void reset_peak_memory(pid_t pid);

// Ends the test program with ctest's "skipped" code after saying why; only before anything was started.
[[noreturn]] void skip(std::string_view why);

}  // namespace skerry::testing
