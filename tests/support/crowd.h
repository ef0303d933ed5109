// Many clients at once in one thread: each asks for a body that the test knows, compares every byte as it arrives, and
// keeps none of it.
//
// Owned by the test. Answers need a Content-Length; each client has a connection of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace skerry::testing {

struct Visitor {
  std::uint16_t port = 0;
  std::string request;                          // all its bytes
  std::uint64_t first = 0;                      // where in the body its answer begins (a range)
  std::optional<std::uint64_t> leaves_after{};  // hangs up once so many bytes of body came
  bool waits = false;                           // reads no body until those who don't wait are done

  int status = 0;              // 0: no head came
  std::uint64_t length = 0;    // as announced
  std::uint64_t received = 0;  // of the body
  bool wrong = false;          // a byte that is not the body's
  bool done = false;           // the connection ended, or everything announced is here
  std::string head{};          // as it came, status line and fields

  bool whole() const { return (status == 200 || status == 206) && !wrong && received == length; }
};

class Crowd {
 public:
  // `body` is what every visitor should get, or a part of it; it outlives the crowd.
  explicit Crowd(std::string_view body) : body_(body) {}
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Connects and sends at once. The reference stays good.
  Visitor& add(Visitor visitor);
  // Until everybody is done. Throws at the deadline.
  void run(std::chrono::seconds deadline = std::chrono::seconds(60));
  // Until this one has received so many bytes, or is done.
  void run_until_received(const Visitor& visitor, std::uint64_t bytes);

  std::size_t size() const { return clients_.size(); }
  std::size_t whole() const;
  // Whoever was given a body that ended early without looking so, or a byte that is not the body's.
  std::size_t deceived() const;

 private:
  struct Client {
    Visitor visitor;
    int socket = -1;
    std::string unparsed;  // of the head
  };
  void step(int timeout);
  void read(Client& client);
  bool take_head(Client& client, std::string_view bytes, std::size_t& used);
  void take_body(Client& client, std::string_view bytes);
  void finish(Client& client);
  void watch(Client& client, bool add);
  void wake_waiting();

  const std::string_view body_;
  int epoll_ = -1;
  std::deque<Client> clients_;
  std::size_t busy_ = 0;  // not done and not waiting
  std::size_t open_ = 0;
};

}  // namespace skerry::testing
