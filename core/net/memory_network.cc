#include "core/net/memory_network.h"

#include <algorithm>
#include <deque>

#include "core/loop/deferred_call.h"
#include "core/net/memory_stream.h"

namespace skerry::core {

// Ports shared by several sockets of one host are served in turn.
class MemoryListener final : public Listener {
 public:
  MemoryListener(MemoryHost& host, EventLoop& loop, const Address& local, const ListenOptions& options,
                 ListenerEvents& events)
      : host_(host), loop_(loop), local_(local), options_(options), events_(events), tell_(loop, [this] {
          accept_next();
        }) {
    host_.listeners.push_back(this);
  }
  ~MemoryListener() override {
    std::erase(host_.listeners, this);
    for (const Waiting& waiting : backlog_) waiting.connection->close(1, true);
  }

  const Address& local_address() const override { return local_; }
  void pause(bool paused) override {
    paused_ = paused;
    if (!paused_ && !backlog_.empty()) tell_.schedule();
  }

  bool shares_port() const { return options_.share_port; }
  bool has_room() const { return backlog_.size() < static_cast<std::size_t>(options_.backlog); }
  void arrived(std::shared_ptr<MemoryConnection> connection, const Address& from, const Address& to) {
    backlog_.push_back({std::move(connection), from, to});
    if (!paused_) tell_.schedule();
  }

 private:
  struct Waiting {
    std::shared_ptr<MemoryConnection> connection;
    Address from, to;
  };

  void accept_next() {
    if (paused_ || backlog_.empty()) return;
    Waiting next = std::move(backlog_.front());
    backlog_.pop_front();
    if (!backlog_.empty()) tell_.schedule();
    events_.on_accept(std::make_unique<MemoryStream>(loop_, std::move(next.connection), 1, next.to, next.from));
  }

  MemoryHost& host_;
  EventLoop& loop_;
  const Address local_;
  const ListenOptions options_;
  ListenerEvents& events_;
  DeferredCall tell_;
  std::deque<Waiting> backlog_;
  bool paused_ = false;
};

class MemoryDatagram final : public Datagram {
 public:
  MemoryDatagram(MemoryWire& wire, MemoryHost& host, EventLoop& loop, const Address& local, DatagramEvents& events)
      : wire_(wire), host_(host), local_(local), events_(events), tell_(loop, [this] { tell_next(); }) {
    host_.datagrams.push_back(this);
  }
  ~MemoryDatagram() override { std::erase(host_.datagrams, this); }

  const Address& local_address() const override { return local_; }
  void send(std::span<const std::byte> packet, const Address& to) override;
  void arrived(std::string packet, const Address& from) {
    if (waiting_.size() >= receive_queue) return;
    waiting_.push_back({std::move(packet), from});
    tell_.schedule();
  }

 private:
  static constexpr std::size_t receive_queue = 1024;
  struct Packet {
    std::string bytes;
    Address from;
  };

  void tell_next() {
    const Packet next = std::move(waiting_.front());
    waiting_.pop_front();
    if (!waiting_.empty()) tell_.schedule();
    events_.on_datagram(std::as_bytes(std::span(next.bytes.data(), next.bytes.size())), next.from);
  }

  MemoryWire& wire_;
  MemoryHost& host_;
  const Address local_;
  DatagramEvents& events_;
  DeferredCall tell_;
  std::deque<Packet> waiting_;
};

namespace {

bool is_wildcard(const IpAddress& ip) {
  return std::all_of(ip.octets().begin(), ip.octets().end(), [](char octet) { return octet == 0; });
}

// The socket of the list that packets to `to` belong to; of several the one whose turn it is (they rotate).
template <class Socket>
Socket* find_socket(std::vector<Socket*>& sockets, const Address& to) {
  const auto takes = [&](const Socket* socket) {
    const Address& local = socket->local_address();
    return local.port == to.port && (local.ip == to.ip || is_wildcard(local.ip));
  };
  const auto found = std::find_if(sockets.begin(), sockets.end(), takes);
  if (found == sockets.end()) return nullptr;
  Socket* socket = *found;
  std::rotate(found, found + 1, sockets.end());
  return socket;
}

template <class Socket>
bool port_taken(const std::vector<Socket*>& sockets, const Address& address) {
  return std::any_of(sockets.begin(), sockets.end(), [&](const Socket* socket) {
    const Address& local = socket->local_address();
    return local.port == address.port && (local.ip == address.ip || is_wildcard(local.ip) || is_wildcard(address.ip));
  });
}

template <class Socket>
Address with_port(Address address, MemoryHost& host, const std::vector<Socket*>& sockets) {
  do {
    address.port = host.take_port();
  } while (port_taken(sockets, address));
  return address;
}

Error not_bound(ErrorCode code, const Address& address, std::string_view why) {
  return {code, ErrorSource::internal, false, address.to_string() + ": " + std::string(why)};
}

bool belongs_to(const IpAddress& ip, const MemoryHost& host) {
  return ip == host.ip || ip.is_loopback() || is_wildcard(ip);
}

// A connection request has arrived at a host.
void connection_asked(MemoryWire& wire, const std::shared_ptr<MemoryConnection>& connection, const Address& from,
                      const Address& to) {
  MemoryHost& host = connection->host(1);
  MemoryListener* listener = find_socket(host.listeners, to);
  if (listener && !listener->has_room()) return;  // the kernel drops the SYN: the caller's deadline ends it
  if (listener) {
    host.connections.push_back(connection);
    listener->arrived(connection, from, to);
  }
  connection->answer_connect(listener != nullptr, to);
}

}  // namespace

void MemoryDatagram::send(std::span<const std::byte> packet, const Address& to) {
  MemoryHost* target = wire_.find_host(to.ip, host_);
  if (!host_.alive || !target || wire_.loses_datagram(host_.ip, target->ip)) return;
  std::string bytes(reinterpret_cast<const char*>(packet.data()), packet.size());
  const Address from{is_wildcard(local_.ip) ? (to.ip.is_loopback() ? to.ip : host_.ip) : local_.ip, local_.port};
  wire_.deliver(host_.ip, target->ip, [target, to, from, bytes = std::move(bytes)]() mutable {
    if (MemoryDatagram* socket = find_socket(target->datagrams, to)) socket->arrived(std::move(bytes), from);
  });
}

Result<std::unique_ptr<Listener>> MemoryNetwork::listen(const Address& address, const ListenOptions& options,
                                                        ListenerEvents& events) {
  if (!belongs_to(address.ip, host_)) {
    return not_bound(ErrorCode::invalid_argument, address, "not an address of this host");
  }
  const bool all_share = std::all_of(host_.listeners.begin(), host_.listeners.end(), [&](const MemoryListener* other) {
    return other->local_address().port != address.port || (other->shares_port() && options.share_port);
  });
  if (address.port != 0 && !all_share && port_taken(host_.listeners, address)) {
    return not_bound(ErrorCode::address_in_use, address, "Address already in use");
  }
  const Address local = address.port == 0 ? with_port(address, host_, host_.listeners) : address;
  return std::unique_ptr<Listener>(new MemoryListener(host_, loop_, local, options, events));
}

std::unique_ptr<Stream> MemoryNetwork::connect(const Address& address, const ConnectOptions& options,
                                               StreamEvents& events) {
  MemoryHost* target = wire_.find_host(address.ip, host_);
  const IpAddress from_ip = options.from ? *options.from : (address.ip.is_loopback() ? address.ip : host_.ip);
  const Address from{from_ip, host_.take_port()};
  auto connection = std::make_shared<MemoryConnection>(wire_, host_, target ? *target : host_);
  auto stream = std::make_unique<MemoryStream>(loop_, connection, 0, from, address);
  stream->set_events(events);
  stream->wait_for_connection();
  if (!host_.alive) return stream;  // nobody is left to hear of it
  if (!target) {
    stream->connect_finished(
        Error{ErrorCode::connect_failed, ErrorSource::upstream, true, address.to_string() + ": No route to host"});
    return stream;
  }
  std::erase_if(host_.connections, [](const auto& weak) { return weak.expired(); });
  host_.connections.push_back(connection);
  connection->ask([&wire = wire_, from, address](const std::shared_ptr<MemoryConnection>& asked) {
    connection_asked(wire, asked, from, address);
  });
  return stream;
}

Result<std::unique_ptr<Datagram>> MemoryNetwork::bind_datagram(const Address& address, DatagramEvents& events) {
  if (!belongs_to(address.ip, host_)) {
    return not_bound(ErrorCode::invalid_argument, address, "not an address of this host");
  }
  const Address local = address.port == 0 ? with_port(address, host_, host_.datagrams) : address;
  return std::unique_ptr<Datagram>(new MemoryDatagram(wire_, host_, loop_, local, events));
}

Result<std::unique_ptr<BlockingDatagram>> MemoryNetwork::bind_blocking_datagram(const Address& address) {
  return not_bound(ErrorCode::unsupported, address, "a thread that blocks cannot be simulated");
}

}  // namespace skerry::core
