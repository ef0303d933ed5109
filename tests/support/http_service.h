// A RequestService whose handlers do what a test says, and write down what happens to them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/http/server.h"

namespace skerry::testing {

// One request as a handler saw it. The hooks may be empty.
struct SeenRequest final : http::RequestHandler {
  http::ResponseSink* sink = nullptr;
  http::RequestHead* head = nullptr;
  http::BodyLength length;
  std::string path;
  std::string body;
  std::string trailers;
  bool ended = false;
  bool released = false;
  int writable = 0;
  std::optional<core::Error> cancelled;
  std::function<void(SeenRequest&)> begin, on_body, end, on_room;
  bool consumes = true;

  void on_request(http::RequestHead& request, http::BodyLength body_length) override {
    head = &request;
    length = body_length;
    path = request.path;
    if (begin) begin(*this);
  }
  void on_request_body(core::Chunk chunk) override {
    body += chunk.text();
    if (consumes) sink->consume(chunk.size());
    if (on_body) on_body(*this);
  }
  void on_request_end(const http::HeaderMap& fields) override {
    ended = true;
    for (const auto field : fields) trailers += std::string(field.name) + ": " + std::string(field.value) + "\n";
    if (end) end(*this);
  }
  void on_writable() override {
    ++writable;
    if (on_room) on_room(*this);
  }
  void on_cancelled(const core::Error& error) override { cancelled = error; }

  void answer(std::string_view text = "ok", int status = 200) {
    http::ResponseHead response;
    response.status = status;
    sink->send_head(response, http::BodyLength::known(text.size()));
    if (!text.empty()) sink->send_body(core::Chunk::copy_of(text));
    sink->finish();
  }
};

class TestService final : public http::RequestService {
 public:
  // Sets a new handler's hooks. Without it every request is answered "ok" when it is complete.
  std::function<void(SeenRequest&)> prepare = [](SeenRequest& request) {
    request.end = [](SeenRequest& self) { self.answer(); };
  };
  std::vector<std::unique_ptr<SeenRequest>> requests;
  std::vector<std::string> refused;

  SeenRequest& last() { return *requests.back(); }

  http::RequestHandler& acquire(http::ResponseSink& sink) override {
    requests.push_back(std::make_unique<SeenRequest>());
    last().sink = &sink;
    prepare(last());
    return last();
  }
  void release(http::RequestHandler& handler) override { static_cast<SeenRequest&>(handler).released = true; }
  void on_refused(const http::ConnectionInfo&, int status, const core::Error& error) override {
    refused.push_back(std::to_string(status) + " " + std::string(core::name(error.code)));
  }
};

}  // namespace skerry::testing
