#include "routing/doh.h"

#include "core/base64.h"

namespace skerry::routing {
namespace {

constexpr std::size_t longest_query = 65535;
constexpr std::string_view message_type = "application/dns-message";

// The media type without parameters, in any case.
bool is_dns_message(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return dns::equal_ignoring_case(type, message_type);
}

}  // namespace

std::string query_in_target(std::string_view target) {
  const std::size_t mark = target.find('?');
  std::string_view rest = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    std::string query;
    if (pair.starts_with("dns=")) return core::decode_base64(pair.substr(4), core::Base64::url, query) ? query : "";
  }
  return {};
}

class DohService::Handler final : public http::RequestHandler {
 public:
  Handler(DohService& service, http::ResponseSink& sink) : service_(service), sink_(sink) {}

  void on_request(http::RequestHead& head, http::BodyLength) override {
    method_ = head.method;
    const std::string_view target = head.path;
    known_path_ = target.substr(0, target.find('?')) == service_.path_;
    dns_message_ = is_dns_message(head.fields.find(http::HeaderId::content_type).value_or(""));
    if (method_ == http::Method::get || method_ == http::Method::head) query_ = query_in_target(target);
  }

  void on_request_body(core::Chunk chunk) override {
    sink_.consume(chunk.size());
    too_long_ = too_long_ || query_.size() + chunk.size() > longest_query;
    if (!too_long_ && method_ == http::Method::post) query_.append(chunk.text());
  }

  void on_request_end(const http::HeaderMap&) override {
    const bool post = method_ == http::Method::post;
    if (!known_path_) return refuse(404, "DNS is asked at " + service_.path_ + "\n");
    if (!post && method_ != http::Method::get && method_ != http::Method::head) {
      return refuse(405, "only GET, HEAD and POST\n");
    }
    if (post && !dns_message_) return refuse(415, "the body must be application/dns-message\n");
    if (too_long_) return refuse(413, "no DNS query is longer than 65535 bytes\n");
    answer_query();
  }

  void on_cancelled(const core::Error&) override {}

 private:
  void answer_query() {
    Asker asker;
    asker.source = sink_.connection().client.ip;
    asker.transport = Transport::https;
    const core::WallTime wall = sink_.worker().loop.wall();
    asker.now = unix_seconds(wall);
    asker.signer = service_.signer_;
    const Answered answered =
        answer(service_.routes_.get(), std::as_bytes(std::span(query_)), asker, service_.answer_room_);
    service_.counts_.count(answered);
    service_.log_.note(wall, asker, answered, std::as_bytes(std::span(query_)));
    if (answered.size == 0) return refuse(400, "not a DNS query\n");
    const auto* bytes = reinterpret_cast<const char*>(service_.answer_room_.data());
    // RFC 8484 5.1: not longer than the shortest TTL.
    const std::string cache_control =
        (answered.personal ? "private, max-age=" : "max-age=") + std::to_string(answered.ttl);
    send(200, message_type, cache_control, {bytes, answered.size});
  }

  void refuse(int status, std::string_view text) { send(status, "text/plain; charset=utf-8", "no-store", text); }

  void send(int status, std::string_view type, std::string_view cache_control, std::string_view body) {
    http::ResponseHead head;
    head.status = status;
    head.fields.add(http::HeaderId::content_type, type);
    head.fields.add(http::HeaderId::cache_control, cache_control);
    sink_.send_head(head, http::BodyLength::known(body.size()));
    if (method_ != http::Method::head) sink_.send_body(core::Chunk::copy_of(body));
    sink_.finish();
  }

  DohService& service_;
  http::ResponseSink& sink_;
  http::Method method_ = http::Method::get;
  bool known_path_ = false;
  bool dns_message_ = false;
  bool too_long_ = false;
  std::string query_;
};

DohService::DohService(const Published<Routes>& routes, std::string path, QueryLane log, Signer* signer)
    : path_(std::move(path)), routes_(routes), log_(log), signer_(signer), answer_room_(longest_query) {}

DohService::~DohService() = default;

http::RequestHandler& DohService::acquire(http::ResponseSink& sink) {
  auto handler = std::make_unique<Handler>(*this, sink);
  http::RequestHandler& acquired = *handler;
  handlers_.emplace(&acquired, std::move(handler));
  return acquired;
}

void DohService::release(http::RequestHandler& handler) {
  handlers_.erase(&handler);
}

}  // namespace skerry::routing
