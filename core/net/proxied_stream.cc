#include "core/net/proxied_stream.h"

#include <algorithm>
#include <optional>

#include "core/net/proxy_header.h"

namespace skerry::core {
namespace {

class ProxiedStream final : public Stream {
 public:
  explicit ProxiedStream(std::unique_ptr<Stream> transport)
      : transport_(std::move(transport)),
        peer_(transport_->peer_address()),
        local_(transport_->local_address()),
        header_(std::make_unique<ProxyHeader>()) {}

  void set_events(StreamEvents& events) override { transport_->set_events(events); }
  IoResult read(std::span<std::byte> buffer) override {
    return header_ ? read_header(buffer) : transport_->read(buffer);
  }
  IoResult write(std::span<const iovec> parts) override { return transport_->write(parts); }
  void watch(bool readable, bool writable) override { transport_->watch(readable, writable); }
  void shutdown_write() override { transport_->shutdown_write(); }
  void abort() override { transport_->abort(); }
  const Error& error() const override { return error_ ? *error_ : transport_->error(); }
  const Address& peer_address() const override { return peer_; }
  const Address& local_address() const override { return local_; }
  bool identified() const override { return header_ == nullptr; }

 private:
  IoResult read_header(std::span<std::byte> buffer);
  std::size_t take_header(std::span<std::byte> bytes);
  IoResult header_ended();
  IoResult refuse(std::string_view problem);

  const std::unique_ptr<Stream> transport_;
  Address peer_, local_;
  std::unique_ptr<ProxyHeader> header_;  // null: read
  std::optional<Error> error_;           // of the header
};

// What came behind the header moves to the buffer's front, so nothing has to be kept for the next read. A full buffer
// is not the end of what is there, and is read on.
IoResult ProxiedStream::read_header(std::span<std::byte> buffer) {
  if (error_) return {IoStatus::error, 0};
  while (header_) {
    const IoResult got = transport_->read(buffer);
    if (got.status == IoStatus::end) return header_ended();
    if (got.status != IoStatus::ok) return got;
    const bool drained = got.bytes < buffer.size();
    const std::size_t rest = take_header(buffer.first(got.bytes));
    if (error_) return {IoStatus::error, 0};
    if (drained) return {rest > 0 ? IoStatus::ok : IoStatus::would_block, rest};
    if (header_) continue;
    const IoResult more = transport_->read(buffer.subspan(rest));
    if (rest == 0) return more;
    return {IoStatus::ok, rest + more.bytes};
  }
  return {};
}

// Returns how many bytes of the client's now lie at the front.
std::size_t ProxiedStream::take_header(std::span<std::byte> bytes) {
  const std::size_t used = header_->receive(bytes);
  if (header_->state() == ProxyHeader::State::incomplete) return 0;
  if (header_->state() == ProxyHeader::State::malformed) {
    refuse(header_->problem());
    return 0;
  }
  if (const auto& told = header_->addresses()) {
    peer_ = told->source;
    local_ = told->destination;
  }
  header_.reset();
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end(), bytes.begin());
  return bytes.size() - used;
}

// Balancers look whether the port is open by connecting and saying nothing: no mistake.
IoResult ProxiedStream::header_ended() {
  if (header_->empty()) return {IoStatus::end, 0};
  return refuse("the connection ended within the header");
}

IoResult ProxiedStream::refuse(std::string_view problem) {
  error_ = Error{ErrorCode::bad_proxy_header, ErrorSource::client, false, std::string(problem)};
  return {IoStatus::error, 0};
}

}  // namespace

std::unique_ptr<Stream> proxied(std::unique_ptr<Stream> transport) {
  return std::make_unique<ProxiedStream>(std::move(transport));
}

}  // namespace skerry::core
