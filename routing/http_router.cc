#include "routing/http_router.h"

#include <algorithm>

#include "core/config/toml.h"
#include "core/http/url.h"

namespace skerry::routing {
namespace {

using config::Value;

constexpr std::string_view json = "application/json";
constexpr std::string_view text = "text/plain; charset=utf-8";
constexpr std::string_view api_path = "/route";

// `authority` is lower case (http::RequestHead); an IPv6 address stands in brackets.
std::string_view host_of(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return has_port ? authority.substr(0, colon) : authority;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// A parameter of the query, percent-decoded; nothing if it is not there.
std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (!pair.starts_with(name) || pair.substr(name.size(), 1) != "=") continue;
    const std::string_view value = pair.substr(name.size() + 1);
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const bool encoded = value[i] == '%' && i + 2 < value.size() && hex(value[i + 1]) >= 0 && hex(value[i + 2]) >= 0;
      out += encoded ? static_cast<char>(hex(value[i + 1]) * 16 + hex(value[i + 2])) : value[i];
      if (encoded) i += 2;
    }
    return out;
  }
  return std::nullopt;
}

}  // namespace

class HttpRouter::Handler final : public http::RequestHandler {
 public:
  Handler(HttpRouter& owner, http::ResponseSink& sink) : owner_(owner), source_(owner.source_), sink_(sink) {}

  void on_request(http::RequestHead& head, http::BodyLength) override {
    method_ = head.method;
    target_ = head.path;
    host_ = host_of(head.authority);
    const auto& trusted = source_.http_settings().trusted;
    client_ = client_behind(sink_.connection().client.ip, head.fields.joined("x-forwarded-for"), trusted);
    const core::IpAddress& peer = sink_.connection().client.ip;
    trusted_ = std::any_of(trusted.begin(), trusted.end(),
                           [&](const core::IpNetwork& network) { return network.contains(peer); });
  }
  void on_request_body(core::Chunk chunk) override { sink_.consume(chunk.size()); }
  void on_request_end(const http::HeaderMap&) override {
    if (const HttpHost* host = find_host(host_)) return redirect(*host);
    if (target_ == api_path || target_.starts_with("/route?")) return answer_api();
    ++owner_.counts_.misdirected;
    send(421, text, "this host is not routed here\n");
  }
  void on_cancelled(const core::Error&) override {}

 private:
  const HttpHost* find_host(std::string_view name) const {
    for (const HttpHost& host : source_.http_settings().hosts) {
      if (host.name == name) return &host;
    }
    return nullptr;
  }
  HttpDecision decide(const HttpHost& host, const core::IpAddress& client, std::string_view path) const {
    const bool large = std::any_of(host.large.begin(), host.large.end(),
                                   [&](const std::string& pattern) { return matches_pattern(pattern, path); });
    return decide_http(source_.answer_table(), source_.pops(), client, path, large);
  }

  void redirect(const HttpHost& host) {
    if (!target_.starts_with('/')) return refuse("only paths are routed\n");  // OPTIONS *
    const HttpDecision decision = decide(host, client_, target_);
    if (!decision.edge) return unavailable();
    ++(decision.owner ? owner_.counts_.to_owner : owner_.counts_.redirected);
    // 307 keeps method and body (RFC 9110 15.4.8); for what has none 302 is known to every client.
    const bool plain = method_ == http::Method::get || method_ == http::Method::head;
    head_.status = plain ? 302 : 307;
    head_.fields.add(http::HeaderId::location, decision.location);
    send_with_head(text, decision.location + "\n", "private, max-age=" + std::to_string(ttl_of(decision)));
  }

  std::int64_t ttl_of(const HttpDecision& decision) const {
    const auto pop = static_cast<PopIndex>(decision.pop - source_.pops().data());
    const auto limit = static_cast<std::int64_t>(source_.answer_table().ttl_limit(pop));
    return std::min<std::int64_t>(source_.http_settings().ttl.count(), limit);
  }

  // Anyone may ask for itself; for other addresses only who is trusted, or it would be a map of everybody for
  // everybody.
  void answer_api() {
    if (method_ != http::Method::get && method_ != http::Method::head) return send(405, text, "only GET and HEAD\n");
    const std::string_view query =
        target_.size() > api_path.size() ? std::string_view(target_).substr(api_path.size() + 1) : std::string_view();
    core::IpAddress client = client_;
    if (const auto given = parameter(query, "ip")) {
      const auto ip = core::IpAddress::parse(*given);
      if (!ip.ok()) return refuse("ip: not an IP address\n");
      if (!trusted_ && *ip != client) return send(403, text, "ip: only your own address\n");
      client = *ip;
    }
    const auto url = http::Url::parse(parameter(query, "url").value_or(""));
    if (!url.ok()) return refuse("url: not an absolute http or https URL\n");
    const HttpHost* host = find_host(url->host);
    if (!host) return send(404, text, "url: this host is not routed here\n");
    const HttpDecision decision = decide(*host, client, url->path);
    if (!decision.edge) return unavailable();
    ++owner_.counts_.api;
    send(200, json, described(client, decision));
  }

  std::string described(const core::IpAddress& client, const HttpDecision& decision) const {
    Value value;
    value.add("ip", Value::of(client.to_string()));
    value.add("pop", Value::of(decision.pop->name));
    value.add("edge", Value::of(decision.edge->name));
    value.add("location", Value::of(decision.location));
    value.add("owner", Value::of(decision.owner));
    value.add("scope", Value::of(std::int64_t{decision.scope}));
    value.add("ttl", Value::of(ttl_of(decision)));
    return config::to_json(value) + "\n";
  }

  void refuse(const std::string& why) {
    ++owner_.counts_.refused;
    send(400, text, why);
  }
  void unavailable() {
    ++owner_.counts_.unavailable;
    send(503, text, "no edge to send you to\n");
  }
  void send(int status, std::string_view type, const std::string& body) {
    head_.status = status;
    send_with_head(type, body, "no-store");
  }
  void send_with_head(std::string_view type, const std::string& body, const std::string& cache_control) {
    head_.fields.add(http::HeaderId::content_type, type);
    head_.fields.add(http::HeaderId::cache_control, cache_control);
    sink_.send_head(head_, http::BodyLength::known(body.size()));
    if (method_ != http::Method::head) sink_.send_body(core::Chunk::copy_of(body));
    sink_.finish();
  }

  HttpRouter& owner_;
  const HttpRoutingSource& source_;
  http::ResponseSink& sink_;
  http::ResponseHead head_;
  http::Method method_ = http::Method::get;
  std::string target_, host_;
  core::IpAddress client_;
  bool trusted_ = false;
};

HttpRouter::HttpRouter(const HttpRoutingSource& source) : source_(source) {}

HttpRouter::~HttpRouter() = default;

http::RequestHandler& HttpRouter::acquire(http::ResponseSink& sink) {
  auto handler = std::make_unique<Handler>(*this, sink);
  http::RequestHandler& acquired = *handler;
  handlers_.emplace(&acquired, std::move(handler));
  return acquired;
}

void HttpRouter::release(http::RequestHandler& handler) {
  handlers_.erase(&handler);
}

}  // namespace skerry::routing
