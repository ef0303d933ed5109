#include "tests/support/http_connection.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace skerry::testing {

namespace {

[[noreturn]] void lost(const char* doing) {
  throw ConnectionLost(std::string(doing) + ": " + std::strerror(errno));
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string Reply::field(std::string_view name) const {
  std::string joined;
  for (const auto& [key, value] : fields) {
    if (!same_name(key, name)) continue;
    joined += (joined.empty() ? "" : ", ") + value;
  }
  return joined;
}

bool Reply::has(std::string_view name) const {
  for (const auto& entry : fields) {
    if (same_name(entry.first, name)) return true;
  }
  return false;
}

HttpConnection::HttpConnection(std::uint16_t port, std::chrono::milliseconds deadline)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval wait{deadline.count() / 1000, (deadline.count() % 1000) * 1000};
  const int on = 1;
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return;
  const int error = errno;
  close(socket_);
  errno = error;
  lost("connect");
}

HttpConnection::~HttpConnection() {
  close(socket_);
}

void HttpConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) lost("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void HttpConnection::shut_down_writing() {
  shutdown(socket_, SHUT_WR);
}

void HttpConnection::limit_receive_buffer(int bytes) {
  setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool HttpConnection::fill() {
  char bytes[65536];
  const ssize_t got = recv(socket_, bytes, sizeof bytes, 0);
  if (got < 0) lost("receive");
  buffer_.append(bytes, static_cast<std::size_t>(got));
  return got > 0;
}

std::string HttpConnection::receive(std::size_t limit) {
  if (buffer_.empty()) fill();
  std::string bytes = buffer_.substr(0, limit);
  buffer_.erase(0, bytes.size());
  return bytes;
}

std::string HttpConnection::receive_all() {
  try {
    while (fill()) {
    }
  } catch (const ConnectionLost&) {
    if (errno != ECONNRESET) throw;
  }
  return std::exchange(buffer_, {});
}

std::string HttpConnection::line() {
  std::size_t end;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!fill()) throw ConnectionLost("the stream ended inside a line: '" + buffer_ + "'");
  }
  std::string text = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return text;
}

std::string HttpConnection::exactly(std::size_t size) {
  buffer_.reserve(size);
  while (buffer_.size() < size) {
    if (!fill()) {
      throw ConnectionLost("the stream ended after " + std::to_string(buffer_.size()) + " of " + std::to_string(size) +
                           " bytes");
    }
  }
  std::string bytes = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return bytes;
}

std::string HttpConnection::chunked_body() {
  std::string body;
  while (true) {
    const std::size_t size = std::strtoull(line().c_str(), nullptr, 16);
    if (size == 0) break;
    body += exactly(size);
    if (!line().empty()) throw ConnectionLost("a chunk is not followed by an empty line");
  }
  while (!line().empty()) {
  }
  return body;
}

Reply HttpConnection::read_head() {
  Reply reply;
  const std::string status_line = line();
  if (!status_line.starts_with("HTTP/1.1 ") || status_line.size() < 12) {
    throw ConnectionLost("not a status line: '" + status_line + "'");
  }
  reply.status = std::atoi(status_line.c_str() + 9);
  for (std::string text; !(text = line()).empty();) {
    const std::size_t colon = text.find(':');
    const std::size_t value = text.find_first_not_of(' ', colon + 1);
    reply.fields.emplace_back(text.substr(0, colon), value == std::string::npos ? "" : text.substr(value));
  }
  return reply;
}

Reply HttpConnection::read_reply(bool to_head) {
  Reply reply = read_head();
  if (to_head || reply.status / 100 == 1 || reply.status == 204 || reply.status == 304) return reply;
  if (reply.has("Transfer-Encoding")) {
    reply.body = chunked_body();
  } else if (reply.has("Content-Length")) {
    reply.body = exactly(std::strtoull(reply.field("Content-Length").c_str(), nullptr, 10));
  } else {
    while (fill()) {
    }
    reply.body = std::exchange(buffer_, {});
  }
  return reply;
}

std::string get_text(std::string_view path, std::string_view fields) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: www.example.com\r\n" + std::string(fields) + "\r\n";
}

Reply get(std::uint16_t port, std::string_view path, std::string_view fields) {
  HttpConnection connection(port);
  connection.send(get_text(path, fields));
  return connection.read_reply();
}

Reply request(std::uint16_t port, std::string_view method, std::string_view path, std::string_view fields,
              std::string_view body) {
  HttpConnection connection(port);
  std::string text = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: www.example.com\r\n";
  text += fields;
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text += "\r\n";
  text += body;
  connection.send(text);
  return connection.read_reply(method == "HEAD");
}

}  // namespace skerry::testing
