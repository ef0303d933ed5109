#include "origin/server/admin_service.h"

#include <nlohmann/json.hpp>

#include "origin/server/faults.h"

namespace skerry::origin {

class AdminService::Handler final : public http::RequestHandler {
 public:
  Handler(RequestCounts& counts, http::ResponseSink& sink) : counts_(counts), sink_(sink) {}

  void on_request(http::RequestHead& head, http::BodyLength) override { request_ = head; }
  void on_request_body(core::Chunk chunk) override { sink_.consume(chunk.size()); }
  void on_request_end(const http::HeaderMap&) override;
  void on_cancelled(const core::Error&) override {}

 private:
  void send(int status, std::string_view type, const std::string& body);

  RequestCounts& counts_;
  http::ResponseSink& sink_;
  http::RequestHead request_;
};

void AdminService::Handler::on_request_end(const http::HeaderMap&) {
  constexpr std::string_view json = "application/json", text = "text/plain; charset=utf-8";
  // URLs are bytes; JSON is UTF-8: what isn't is replaced.
  const auto dump = [](const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  };
  const bool get = request_.method == http::Method::get;
  const std::string_view target = request_.path;
  constexpr std::string_view one_url = "/counts?url=";
  if (get && target == "/healthz") return send(200, text, "ok\n");
  if (get && target == "/counts") {
    return send(200, json, dump({{"total", counts_.total()}, {"urls", counts_.all()}}));
  }
  if (get && target.starts_with(one_url)) {
    const auto url = decode_percent(target.substr(one_url.size()), true);
    if (!url) return send(400, text, "url: malformed percent-encoding\n");
    return send(200, json, dump({{"url", *url}, {"count", counts_.of(*url)}}));
  }
  if (request_.method == http::Method::post && target == "/reset") {
    counts_.reset();
    return send(200, json, dump({{"total", 0}}));
  }
  send(404, text, "GET /counts, GET /counts?url=URL, POST /reset, GET /healthz\n");
}

void AdminService::Handler::send(int status, std::string_view type, const std::string& body) {
  http::ResponseHead head;
  head.status = status;
  head.fields.add(http::HeaderId::content_type, type);
  head.fields.add(http::HeaderId::cache_control, "no-store");
  sink_.send_head(head, http::BodyLength::known(body.size()));
  sink_.send_body(core::Chunk::copy_of(body));
  sink_.finish();
}

AdminService::AdminService(RequestCounts& counts) : counts_(counts) {}

AdminService::~AdminService() = default;

http::RequestHandler& AdminService::acquire(http::ResponseSink& sink) {
  auto handler = std::make_unique<Handler>(counts_, sink);
  http::RequestHandler& acquired = *handler;
  handlers_.emplace(&acquired, std::move(handler));
  return acquired;
}

void AdminService::release(http::RequestHandler& handler) {
  handlers_.erase(&handler);
}

}  // namespace skerry::origin
