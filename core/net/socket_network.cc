#include "core/net/socket_network.h"

#include <netinet/tcp.h>

#include <cerrno>

#include "core/net/socket.h"
#include "core/net/socket_datagram.h"
#include "core/net/socket_stream.h"

namespace skerry::core {
namespace {

constexpr int accepts_a_wake_up = 32;  // then the connections already open have their turn
constexpr Duration accept_pause = std::chrono::milliseconds(100);

class SocketListener final : public Listener, private FdEvents {
 public:
  SocketListener(LibeventLoop& loop, Descriptor socket, SocketCounters& counters, ListenerEvents& events)
      : loop_(loop),
        socket_(std::move(socket)),
        local_(local_address_of(socket_)),
        counters_(counters),
        events_(events),
        resume_(loop, [this] { watch_->set(!paused_, false); }) {
    watch_.emplace(loop, socket_.get(), static_cast<FdEvents&>(*this));
    watch_->set(true, false);
  }
  ~SocketListener() {
    *alive_ = false;
    watch_.reset();
  }

  const Address& local_address() const override { return local_; }
  void pause(bool paused) override {
    paused_ = paused;
    watch_->set(!paused_ && !resume_.armed(), false);
  }

 private:
  void on_fd_readable() override;
  void on_fd_writable() override {}
  void accept_failed(int error);

  LibeventLoop& loop_;
  const Descriptor socket_;
  const Address local_;
  SocketCounters& counters_;
  ListenerEvents& events_;
  Timer resume_;
  std::optional<FdWatch> watch_;
  bool paused_ = false;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // outlives this where streams are given out
};

void SocketListener::on_fd_readable() {
  const auto alive = alive_;
  for (int i = 0; i < accepts_a_wake_up && *alive && watch_->readable(); ++i) {
    SocketAddress peer;
    Descriptor socket(accept4(socket_.get(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.valid()) {
      accept_failed(errno);
      break;
    }
    events_.on_accept(SocketStream::accepted(loop_, std::move(socket), peer.to_address()));
  }
}

void SocketListener::accept_failed(int error) {
  // The rest are the failures of single connections that were gone before we took them (accept(2)).
  if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM) return;
  counters_.accept_failures.fetch_add(1, std::memory_order_relaxed);
  resume_.arm(accept_pause);
  watch_->set(false, false);
}

Result<Descriptor> listening_socket(const Address& address, PortSharing sharing, int backlog) {
  auto socket = open_socket(address, SOCK_STREAM);
  if (!socket) return socket.error();
  set_option(*socket, SOL_SOCKET, SO_REUSEADDR, 1);
  // Accepted sockets inherit it: no call for each connection.
  set_option(*socket, IPPROTO_TCP, TCP_NODELAY, 1);
  if (auto bound = bind_socket(*socket, address, sharing); !bound) return bound.error();
  if (::listen(socket->get(), backlog) != 0) return socket_error(errno, address);
  return socket;
}

Result<Descriptor> datagram_socket(const Address& address) {
  auto socket = open_socket(address, SOCK_DGRAM);
  if (!socket) return socket.error();
  const auto sharing = address.port == 0 ? PortSharing::exclusive : PortSharing::shared;
  if (auto bound = bind_socket(*socket, address, sharing); !bound) return bound.error();
  return socket;
}

}  // namespace

SocketNetwork::SocketNetwork(LibeventLoop& loop) : loop_(loop) {}
SocketNetwork::~SocketNetwork() = default;

Result<std::unique_ptr<Listener>> SocketNetwork::listen(const Address& address, const ListenOptions& options,
                                                        ListenerEvents& events) {
  const auto sharing = options.share_port ? PortSharing::shared : PortSharing::exclusive;
  auto socket = listening_socket(address, sharing, options.backlog);
  if (!socket) return socket.error();
  return std::unique_ptr<Listener>(new SocketListener(loop_, std::move(*socket), counters_, events));
}

std::unique_ptr<Stream> SocketNetwork::connect(const Address& address, const ConnectOptions& options,
                                               StreamEvents& events) {
  return SocketStream::connect(loop_, address, options, events);
}

Result<std::unique_ptr<Datagram>> SocketNetwork::bind_datagram(const Address& address, DatagramEvents& events) {
  auto socket = datagram_socket(address);
  if (!socket) return socket.error();
  if (!room_) room_ = std::make_unique<DatagramRoom>();
  return std::unique_ptr<Datagram>(new SocketDatagram(loop_, std::move(*socket), *room_, counters_, events));
}

Result<std::unique_ptr<BlockingDatagram>> SocketNetwork::bind_blocking_datagram(const Address& address) {
  auto socket = datagram_socket(address);
  if (!socket) return socket.error();
  return std::unique_ptr<BlockingDatagram>(new SocketBlockingDatagram(std::move(*socket)));
}

Result<void> check_port_is_free(const Address& address) {
  const auto socket = listening_socket(address, PortSharing::exclusive, 1);
  if (!socket) return socket.error();
  return {};
}

}  // namespace skerry::core
