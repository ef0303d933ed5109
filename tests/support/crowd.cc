#include "tests/support/crowd.h"

#include <arpa/inet.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace skerry::testing {

namespace {

constexpr std::size_t read_size = 256 * 1024;

int connected_socket(std::uint16_t port) {
  const int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (handle < 0 || connect(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error(std::string("crowd: connect: ") + std::strerror(errno));
  }
  return handle;
}

std::uint64_t length_in(const std::string& head) {
  const char* found = strcasestr(head.c_str(), "\r\ncontent-length:");
  return found ? std::strtoull(found + 17, nullptr, 10) : 0;
}

}  // namespace

Crowd::~Crowd() {
  for (const Client& client : clients_) {
    if (client.socket >= 0) close(client.socket);
  }
  if (epoll_ >= 0) close(epoll_);
}

Visitor& Crowd::add(Visitor visitor) {
  if (epoll_ < 0) epoll_ = epoll_create1(EPOLL_CLOEXEC);
  Client& client = clients_.emplace_back();
  client.visitor = std::move(visitor);
  client.socket = connected_socket(client.visitor.port);
  const std::string& request = client.visitor.request;
  if (send(client.socket, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    throw std::runtime_error("crowd: the request was not taken");
  }
  ++open_;
  if (!client.visitor.waits) ++busy_;
  watch(client, true);
  return client.visitor;
}

void Crowd::watch(Client& client, bool add) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &client;
  epoll_ctl(epoll_, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, client.socket, &event);
}

void Crowd::run(std::chrono::seconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (open_ > 0) {
    if (busy_ == 0) wake_waiting();
    step(100);
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("crowd: somebody is not done in time");
  }
}

void Crowd::run_until_received(const Visitor& visitor, std::uint64_t bytes) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!visitor.done && visitor.received < bytes) {
    step(100);
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("crowd: nothing came in time");
  }
}

void Crowd::wake_waiting() {
  for (Client& client : clients_) {
    if (!client.visitor.waits || client.visitor.done) continue;
    client.visitor.waits = false;
    ++busy_;
    watch(client, false);
  }
}

void Crowd::step(int timeout) {
  epoll_event events[256];
  const int count = epoll_wait(epoll_, events, 256, timeout);
  for (int i = 0; i < count; ++i) read(*static_cast<Client*>(events[i].data.ptr));
}

void Crowd::read(Client& client) {
  static std::vector<char> buffer(read_size);
  // Who waits takes the head alone: a byte at a time, so that no body comes along with it.
  const std::size_t limit = client.visitor.waits ? 1 : buffer.size();
  const ssize_t got = recv(client.socket, buffer.data(), limit, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return finish(client);
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  std::size_t used = 0;
  if (client.visitor.status == 0 && !take_head(client, bytes, used)) return;
  take_body(client, bytes.substr(used));
  Visitor& visitor = client.visitor;
  if (visitor.received >= visitor.length) return finish(client);
  if (visitor.leaves_after && visitor.received >= *visitor.leaves_after) return finish(client);
  if (visitor.waits) {
    epoll_event nothing{};
    nothing.data.ptr = &client;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, client.socket, &nothing);
  }
}

bool Crowd::take_head(Client& client, std::string_view bytes, std::size_t& used) {
  const std::size_t before = client.unparsed.size();
  client.unparsed.append(bytes);
  const std::size_t end = client.unparsed.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  used = end + 4 - before;
  client.visitor.head = client.unparsed.substr(0, end + 2);
  client.visitor.status = std::atoi(client.visitor.head.c_str() + sizeof "HTTP/1.1");
  client.visitor.length = length_in(client.visitor.head);
  client.unparsed = {};
  return true;
}

void Crowd::take_body(Client& client, std::string_view bytes) {
  Visitor& visitor = client.visitor;
  const std::uint64_t at = visitor.first + visitor.received;
  const std::string_view expected = at < body_.size() ? body_.substr(at, bytes.size()) : std::string_view();
  visitor.wrong = visitor.wrong || (visitor.status < 300 && bytes != expected);
  visitor.received += bytes.size();
}

void Crowd::finish(Client& client) {
  close(client.socket);
  client.socket = -1;
  client.visitor.done = true;
  --open_;
  if (!client.visitor.waits) --busy_;
}

std::size_t Crowd::whole() const {
  return static_cast<std::size_t>(
      std::count_if(clients_.begin(), clients_.end(), [](const Client& client) { return client.visitor.whole(); }));
}

std::size_t Crowd::deceived() const {
  return static_cast<std::size_t>(std::count_if(clients_.begin(), clients_.end(), [this](const Client& client) {
    const Visitor& visitor = client.visitor;
    const bool short_but_whole =
        visitor.status == 200 && visitor.received == visitor.length && visitor.length != body_.size();
    return visitor.wrong || short_but_whole;
  }));
}

}  // namespace skerry::testing
