// A blocking HTTP/1.1 client for scenarios: raw bytes in and out, a deadline on every wait, no politeness.
//
// It sends exactly what the test says, right or wrong, and it never retries: what a test sees is what went over the
// wire.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skerry::testing {

// Connection refused, reset, closed early or silent past the deadline.
class ConnectionLost : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Reply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  // All values of a field, joined by ", "; empty when there is none. Names match in any letter case.
  std::string field(std::string_view name) const;
  bool has(std::string_view name) const;
};

class HttpConnection {
 public:
  explicit HttpConnection(std::uint16_t port, std::chrono::milliseconds deadline = std::chrono::seconds(30));
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void send(std::string_view bytes);
  // No more bytes will follow from this side.
  void shut_down_writing();
  // Between 1 and `limit` bytes; empty at the end of the stream.
  std::string receive(std::size_t limit = 65536);
  // Everything up to the end of the stream; a reset counts as the end.
  std::string receive_all();
  // One whole reply; interim ones (1xx) are returned like any other. `to_head`: the request was a HEAD.
  Reply read_reply(bool to_head = false);
  // The head alone; the body stays to be received.
  Reply read_head();
  // The kernel's receive buffer, to make a slow reader really slow. Before the first byte arrives.
  void limit_receive_buffer(int bytes);

 private:
  bool fill();
  std::string line();
  std::string exactly(std::size_t size);
  std::string chunked_body();

  int socket_ = -1;
  std::string buffer_;  // received, not yet handed out
};

// One request on a connection of its own. `fields` are whole lines with CRLF.
Reply get(std::uint16_t port, std::string_view path, std::string_view fields = "");
Reply request(std::uint16_t port, std::string_view method, std::string_view path, std::string_view fields = "",
              std::string_view body = "");

// The request line and Host that get() sends, for tests that keep a connection.
std::string get_text(std::string_view path, std::string_view fields = "");

}  // namespace skerry::testing
