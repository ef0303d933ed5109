// SimpleCall (client.h): one request on a connection of its own, its whole answer in memory, one deadline for it all.
#include <utility>

#include "core/http/client.h"

namespace skerry::http {
namespace {

using core::ErrorCode;

class Call final : public SimpleCall, private ResponseEvents {
 public:
  Call(const core::Worker& worker, SimpleRequest request, core::UniqueFunction<void(core::Result<SimpleResponse>)> done)
      : request_(std::move(request)), done_(std::move(done)), deadline_(worker.loop, [this] { time_out(); }) {
    deadline_.arm(request_.timeout);
    connection_ = ClientConnection::connect(worker, request_.address, {}, request_.tls, request_.server_name,
                                            [this](core::Result<void> result) { on_connected(std::move(result)); });
  }

 private:
  void on_connected(core::Result<void> result) {
    if (!result) return finish(result.error());
    connection_->set_events(this);
    const bool has_body = !request_.body.empty();
    connection_->send_request(request_.head, has_body ? BodyLength::known(request_.body.size()) : BodyLength::none());
    if (has_body) connection_->send_body(core::Chunk::copy_of(request_.body));
    connection_->finish_request();
  }
  void on_response(ResponseHead&& head, BodyLength) override { response_.head = std::move(head); }
  void on_response_body(core::Chunk chunk) override {
    if (chunk.size() > request_.max_body - response_.body.size()) {
      return finish(error(ErrorCode::body_too_long, "the response is longer than this call takes"));
    }
    response_.body.append(chunk.text());
  }
  void on_response_end(const HeaderMap&, bool) override { finish(std::move(response_)); }
  void on_response_error(const core::Error& failure, bool) override { finish(failure); }
  void on_closed_idle() override { finish(error(ErrorCode::closed, "closed before the request was sent")); }
  void time_out() { finish(error(ErrorCode::first_byte_timeout, "no whole answer in time")); }

  core::Error error(ErrorCode code, std::string_view what) const {
    return {code, core::ErrorSource::upstream, false, request_.address.to_string() + ": " + std::string(what)};
  }
  // `done` may destroy this call: nothing is touched after it.
  void finish(core::Result<SimpleResponse> result) {
    deadline_.cancel();
    connection_.reset();
    if (auto done = std::exchange(done_, {})) done(std::move(result));
  }

  SimpleRequest request_;
  SimpleResponse response_;
  core::UniqueFunction<void(core::Result<SimpleResponse>)> done_;
  core::Timer deadline_;
  std::unique_ptr<ClientConnection> connection_;
};

}  // namespace

std::unique_ptr<SimpleCall> SimpleCall::start(const core::Worker& worker, SimpleRequest request,
                                              core::UniqueFunction<void(core::Result<SimpleResponse>)> done) {
  return std::make_unique<Call>(worker, std::move(request), std::move(done));
}

}  // namespace skerry::http
