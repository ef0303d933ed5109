// One client connection: a stream, its codec, and the handler of the request being answered.
//
// Reads are given to the codec, what the codec has to say leaves in one gathered write when the callback that caused it
// is over. One lazily armed timer serves all deadlines. Owned by a Server, on its worker; it is destroyed only after
// the callbacks that run on it.
#pragma once

#include <memory>
#include <vector>

#include "core/http/codec.h"
#include "core/http/h1_renderer.h"
#include "core/http/server.h"
#include "core/loop/deferred_call.h"

namespace skerry::http {

class ServerConnection;

// Read buffers that connections share: an idle connection holds none.
class BlockPool {
 public:
  core::BlockRef take();
  // Kept only if nobody else refers to it.
  void give(core::BlockRef block);
  static constexpr std::size_t block_size = 32 * 1024;

 private:
  static constexpr std::size_t most = 64;
  std::vector<core::BlockRef> blocks_;
};

// What the connections of one Server share.
struct ServerContext {
  const core::Worker& worker;
  const ServerLimits limits;
  RequestService& service;
  BlockPool blocks;
  DateLine date;
};

class ServerConnection final : private core::StreamEvents, private ServerCodecEvents, private ResponseSink {
 public:
  class Owner {
   public:
    // The connection has no stream any more; it is to be destroyed once the callbacks under way have returned.
    virtual void on_connection_closed(ServerConnection&) = 0;

   protected:
    ~Owner() = default;
  };

  ServerConnection(ServerContext&, Owner&, std::shared_ptr<const core::TlsContext>, std::unique_ptr<core::Stream>);
  ~ServerConnection();

  // Finishes the response under way, takes no further request.
  void drain();
  // Ends it now: a reset for the client.
  void cut(const core::Error& reason);

  std::size_t index = 0;  // in the owner's table

 private:
  using TimePoint = core::TimePoint;

  void on_connected(core::Result<void>) override;
  void on_readable() override;
  void on_writable() override;

  void on_request(StreamId, RequestHead&, BodyLength) override;
  void on_request_body(StreamId, core::Chunk) override;
  void on_request_end(StreamId, const HeaderMap& trailers) override;
  void on_stream_error(StreamId, int status, const core::Error&) override;

  const core::Worker& worker() const override { return context_.worker; }
  const ConnectionInfo& connection() const override { return info_; }
  void send_interim(const ResponseHead&) override;
  void send_head(const ResponseHead&, BodyLength, std::shared_ptr<const RenderedFields>) override;
  void send_body(core::Chunk) override;
  void finish(const HeaderMap* trailers) override;
  void abort() override;
  std::size_t queued() const override { return codec_->output().size(); }
  void consume(std::size_t n) override;
  void close_after() override { codec_->close_after(stream_id_); }
  void become_tunnel() override;
  std::uint64_t bytes_sent() const override;

  void start_codec();
  void read_input();
  bool make_room();
  void feed_codec();
  void advance();
  void run_input();
  void settle();
  void flush();
  void tell_writable();
  void finish_close();
  void update_watch();
  void release_block();
  void wake();
  void refuse(StreamId, int status, const core::Error&);
  void cancel_handler(const core::Error&);
  void broken(const core::Error&);
  void close();

  void update_deadline();
  TimePoint read_deadline(InputState) const;
  void expire();
  core::EventLoop& loop() const { return context_.worker.loop; }

  ServerContext& context_;
  Owner& owner_;
  ConnectionInfo info_;
  std::unique_ptr<core::Stream> stream_;  // null: closed
  std::unique_ptr<ServerCodec> codec_;    // null until a proxy's header was read and a TLS handshake is over
  core::DeferredCall work_;

  // Input read and not yet used by the codec: it waits for its turn.
  core::BlockRef block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool input_ended_ = false;
  bool end_told_ = false;
  bool inside_ = false;  // advance() follows, so nothing needs to be scheduled
  bool watches_read_ = true;
  bool watches_write_ = false;

  RequestHandler* handler_ = nullptr;
  StreamId stream_id_ = 0;
  bool head_sent_ = false;
  bool done_ = false;  // the handler has finished or aborted, and waits for its release
  bool finished_ = false;
  bool tunnel_ = false;
  bool request_ended_ = false;
  bool aborted_ = false;
  bool cancelled_ = false;
  std::uint64_t response_bytes_ = 0;

  bool write_blocked_ = false;
  std::size_t most_queued_ = 0;  // since the handler was last told of room
  bool shut_down_ = false;
  bool lingering_ = false;
  std::size_t lingered_ = 0;

  core::Timer timer_;
  TimePoint armed_for_ = TimePoint::max();
  TimePoint deadline_ = TimePoint::max();
  InputState last_state_ = InputState::idle;
  StreamId last_stream_ = 0;
  TimePoint anchor_;          // since when the codec has waited for what it waits for
  TimePoint write_progress_;  // when the kernel last took something, or the write began to wait
  bool progress_ = false;     // bytes came since the last look at the deadline
};

}  // namespace skerry::http
