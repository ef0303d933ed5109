#include "routing/dns_udp.h"

namespace skerry::routing {

UdpResponder::UdpResponder(std::unique_ptr<core::BlockingDatagram> socket, const Published<Routes>& routes,
                           QueryLane log, std::size_t signature_cache)
    : socket_(std::move(socket)),
      routes_(routes),
      signer_(signature_cache),
      log_(log),
      queries_(batch * query_room),
      responses_(batch * response_room),
      incoming_(batch),
      outgoing_(batch) {}

UdpResponder::~UdpResponder() {
  socket_->wake();
  if (thread_.joinable()) thread_.join();
}

void UdpResponder::start() {
  thread_ = std::thread([this] { run(); });
}

void UdpResponder::run() {
  Published<Routes>::Reader reader(routes_);
  while (true) {
    for (std::size_t i = 0; i < batch; ++i) {
      incoming_[i].data = std::span<std::byte>(queries_).subspan(i * query_room, query_room);
    }
    const std::size_t received = socket_->receive(incoming_);
    if (received == 0) return;
    answer_batch(reader.get(), received);
  }
}

void UdpResponder::answer_batch(const Routes& routes, std::size_t received) {
  // One look at the clocks serves the whole batch.
  const core::TimePoint now = core::system_clock().now();
  Asker asker;
  const core::WallTime wall = core::system_clock().wall();
  asker.now = unix_seconds(wall);
  asker.signer = &signer_;
  std::size_t ready = 0;
  for (std::size_t i = 0; i < received; ++i) {
    const auto room = std::span<std::byte>(responses_).subspan(i * response_room, response_room);
    asker.source = incoming_[i].peer.ip;
    asker.over_limit = routes.limiter && routes.limiter->over(asker.source, now);
    const Answered answered = answer(routes, incoming_[i].data, asker, room);
    counts_.count(answered);
    log_.note(wall, asker, answered, incoming_[i].data);
    if (answered.outcome == Outcome::limited && !routes.limiter->slips()) continue;
    // Port 0 can't be answered: only a forger sends from there.
    if (answered.size == 0 || incoming_[i].peer.port == 0) continue;
    outgoing_[ready++] = {incoming_[i].peer, room.first(answered.size), incoming_[i].local};
  }
  if (ready > 0) socket_->send(std::span<const core::DatagramMessage>(outgoing_).first(ready));
}

}  // namespace skerry::routing
