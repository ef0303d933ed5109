// An edge as far as probes see it: whatever is asked, it tells its load.
#pragma once

#include <string>

#include "core/http/server.h"

namespace skerry::testing {

struct TellingEdge final : http::RequestService, http::RequestHandler {
  int status = 200;
  std::string type = "application/json";
  std::string body = R"({"in_flight":7})";

  http::RequestHandler& acquire(http::ResponseSink& sink) override { return sink_ = &sink, *this; }
  void release(http::RequestHandler&) override {}
  void on_request(http::RequestHead&, http::BodyLength) override {}
  void on_request_body(core::Chunk chunk) override { sink_->consume(chunk.size()); }
  void on_cancelled(const core::Error&) override {}
  void on_request_end(const http::HeaderMap&) override {
    const std::string sent = status == 204 ? "" : body;
    http::ResponseHead head;
    head.status = status;
    head.fields.add(http::HeaderId::content_type, type);
    sink_->send_head(head, http::BodyLength::known(sent.size()));
    if (!sent.empty()) sink_->send_body(core::Chunk::copy_of(sent));
    sink_->finish();
  }

 private:
  http::ResponseSink* sink_ = nullptr;
};

}  // namespace skerry::testing
