#include "tests/support/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace skerry::testing {

namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

[[noreturn]] void become(std::vector<std::string> arguments, const Command& command, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Whoever runs the tests in the background may have had SIGINT ignored, and a shell can't trap what it was born
  // ignoring.
  for (const int number : {SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGPIPE}) signal(number, SIG_DFL);
  dup2(open("/dev/null", O_RDONLY), 0);
  dup2(output, 1);
  dup2(output, 2);
  if (!command.directory.empty() && chdir(command.directory.c_str()) != 0) _exit(126);
  for (const auto& [name, value] : command.environment) setenv(name.c_str(), value.c_str(), 1);
  execvp(arguments.front().c_str(), pointers(arguments).data());
  std::fprintf(stderr, "cannot run %s: %s\n", arguments.front().c_str(), std::strerror(errno));
  _exit(127);
}

// A field of /proc/PID/status in bytes ("VmRSS").
std::uint64_t status_field(pid_t pid, std::string_view name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10) * 1024;
  }
  throw std::runtime_error("no " + std::string(name) + " for process " + std::to_string(pid));
}

}  // namespace

Process::Process(const Command& command) : name_(command.arguments.at(0)) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  pid_ = fork();
  if (pid_ == 0) become(command.arguments, command, pipe_ends[1]);
  close(pipe_ends[1]);
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  reader_ = std::thread([this, fd = pipe_ends[0]] { read_output(fd); });
}

Process::~Process() {
  if (!reaped_) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  reader_.join();
}

void Process::read_output(int fd) {
  char bytes[65536];
  for (ssize_t got; (got = read(fd, bytes, sizeof bytes)) > 0;) {
    const std::lock_guard lock(mutex_);
    output_.append(bytes, static_cast<std::size_t>(got));
    changed_.notify_all();
  }
  close(fd);
  const std::lock_guard lock(mutex_);
  output_ended_ = true;
  changed_.notify_all();
}

void Process::fail(const std::string& what) {
  throw std::runtime_error(name_ + ": " + what + "; it wrote:\n" + output());
}

std::string Process::wait_for_line(std::string_view text, int skip) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::unique_lock lock(mutex_);
  std::size_t line_start = 0;
  while (true) {
    for (std::size_t end; (end = output_.find('\n', line_start)) != std::string::npos; line_start = end + 1) {
      const std::string_view line = std::string_view(output_).substr(line_start, end - line_start);
      if (line.find(text) != std::string_view::npos && skip-- == 0) return std::string(line);
    }
    const bool ended = output_ended_;
    if (ended || changed_.wait_until(lock, deadline) == std::cv_status::timeout) {
      lock.unlock();
      fail((ended ? "ended without the line '" : "no line in time with '") + std::string(text) + "'");
    }
  }
}

void Process::send(int signal) {
  if (!reaped_) ::kill(pid_, signal);
}

int Process::wait(std::chrono::milliseconds deadline) {
  if (reaped_) return exit_code_;
  const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  pollfd end{descriptor, POLLIN, 0};
  const int ready = poll(&end, 1, static_cast<int>(deadline.count()));
  close(descriptor);
  if (ready <= 0) fail("still runs after " + std::to_string(deadline.count()) + " ms");
  int status = 0;
  waitpid(pid_, &status, 0);
  reaped_ = true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  // Its last words may still be in the pipe. A grandchild that holds the pipe must not hold us.
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(2), [this] { return output_ended_; });
  return exit_code_;
}

void Process::kill() {
  send(SIGKILL);
  wait();
}

bool Process::running() {
  siginfo_t info{};
  return !reaped_ && waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

std::string Process::output() {
  const std::lock_guard lock(mutex_);
  return output_;
}

Finished run(const Command& command, std::chrono::milliseconds deadline) {
  Process process(command);
  const int code = process.wait(deadline);
  return {code, process.output()};
}

std::string program(std::string_view name) {
  return SKERRY_BINARY_DIR "/" + std::string(name);
}

// Below the kernel's ephemeral ports, so that no outgoing connection can sit on one between this look and its use;
// counted up from a place of this process's own, so that tests that run side by side don't meet.
std::uint16_t free_port() {
  static std::uint32_t next = static_cast<std::uint32_t>(getpid()) * 61;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const auto port = static_cast<std::uint16_t>(20000 + next++ % 12000);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool bound =
        bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && listen(listener, 1) == 0;
    close(listener);
    if (bound) return port;
  }
  throw std::runtime_error("no free port");
}

std::uint64_t resident_memory(pid_t pid) {
  return status_field(pid, "VmRSS");
}
std::uint64_t peak_memory(pid_t pid) {
  return status_field(pid, "VmHWM");
}

void reset_peak_memory(pid_t pid) {
  // proc(5): writing 5 to clear_refs resets VmHWM to the present resident size.
  std::ofstream("/proc/" + std::to_string(pid) + "/clear_refs") << "5";
}

void skip(std::string_view why) {
  std::fprintf(stderr, "skipped: %.*s\n", static_cast<int>(why.size()), why.data());
  std::fflush(nullptr);
  std::_Exit(77);
}

}  // namespace skerry::testing
