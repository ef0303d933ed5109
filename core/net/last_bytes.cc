#include "core/net/last_bytes.h"

namespace skerry::core {
namespace {

constexpr Duration linger_time = std::chrono::seconds(10);

class LastBytes final : public KeptByLoop, private StreamEvents {
 public:
  LastBytes(EventLoop& loop, std::unique_ptr<Stream> transport, std::vector<std::byte> bytes)
      : loop_(loop),
        transport_(std::move(transport)),
        bytes_(std::move(bytes)),
        give_up_(loop, [this] { loop_.let_go(*this); }) {
    transport_->set_events(*this);
    transport_->watch(false, true);
    give_up_.arm(linger_time);
  }

 private:
  void on_readable() override {}
  void on_writable() override {
    const iovec part{bytes_.data() + sent_, bytes_.size() - sent_};
    const IoResult result = transport_->write({&part, 1});
    sent_ += result.bytes;
    if (result.status == IoStatus::error || sent_ == bytes_.size()) loop_.let_go(*this);
  }

  EventLoop& loop_;
  std::unique_ptr<Stream> transport_;
  std::vector<std::byte> bytes_;
  std::size_t sent_ = 0;
  Timer give_up_;
};

}  // namespace

void send_last_bytes(EventLoop& loop, std::unique_ptr<Stream> transport, std::vector<std::byte> bytes) {
  loop.keep(std::make_unique<LastBytes>(loop, std::move(transport), std::move(bytes)));
}

}  // namespace skerry::core
