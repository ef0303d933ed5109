#include "routing/admin.h"

#include "core/metrics/metrics.h"

namespace skerry::routing {
namespace {

constexpr std::string_view json = "application/json";
constexpr std::string_view text = "text/plain; charset=utf-8";

}  // namespace

class AdminService::Handler final : public http::RequestHandler {
 public:
  Handler(AdminContent& content, http::ResponseSink& sink) : content_(content), sink_(sink) {}

  void on_request(http::RequestHead& head, http::BodyLength) override {
    method_ = head.method;
    target_ = head.path;
    authorization_ = head.fields.find(http::HeaderId::authorization).value_or("");
  }
  void on_request_body(core::Chunk chunk) override { sink_.consume(chunk.size()); }
  void on_request_end(const http::HeaderMap&) override {
    if (method_ == http::Method::post) return change();
    if (method_ != http::Method::get && method_ != http::Method::head) {
      return send(405, text, "only GET and HEAD, and POST /reload and /state/…\n");
    }
    answer();
  }
  void on_cancelled(const core::Error&) override {}

 private:
  void answer() {
    if (target_ == "/healthz") return send(200, text, "ok\n");
    if (target_ == "/readyz") return send(content_.ready() ? 200 : 503, json, content_.readiness());
    if (target_ == "/metrics") return send(200, metrics::content_type, content_.metrics());
    if (target_ == "/config") return send(200, json, content_.configuration());
    if (target_ == "/state") return send(200, json, content_.state());
    constexpr std::string_view explained = "/explain?ip=";
    if (target_.starts_with(explained)) return explain(std::string_view(target_).substr(explained.size()));
    send(404, text, "GET /healthz, /readyz, /metrics, /config, /state, /explain?ip=ADDRESS[&ecs=PREFIX]\n");
  }

  // ADDRESS or ADDRESS&ecs=PREFIX
  void explain(std::string_view asked) {
    constexpr std::string_view ecs = "&ecs=";
    const std::size_t end = asked.find(ecs);
    const auto ip = core::IpAddress::parse(asked.substr(0, end));
    if (!ip.ok()) return send(400, text, "ip: not an IP address\n");
    if (end == std::string_view::npos) return send(200, json, content_.explanation(*ip, std::nullopt));
    const auto subnet = core::IpNetwork::parse(asked.substr(end + ecs.size()));
    if (!subnet.ok()) return send(400, text, "ecs: " + subnet.error().detail + "\n");
    send(200, json, content_.explanation(*ip, *subnet));
  }

  void change() {
    if (!content_.may_change(authorization_)) return send(401, text, "the admin token is missing or wrong\n");
    if (target_ == "/reload") return reload();
    change_state();
  }

  void reload() {
    const auto reloaded = content_.reload();
    if (!reloaded.ok()) return send(409, text, reloaded.error().message() + "\n");
    std::string body = "reloaded\n";
    for (const std::string& key : *reloaded) body += "needs a restart: " + key + "\n";
    send(200, text, body);
  }

  // POST /state/KIND/NAME/STATE
  void change_state() {
    constexpr std::string_view prefix = "/state/";
    const std::string_view target = target_;
    const std::size_t name = target.find('/', prefix.size()), state = target.rfind('/');
    if (!target.starts_with(prefix) || name == std::string_view::npos || state <= name) {
      return send(404, text, "POST /reload, /state/pop/NAME/STATE or /state/edge/NAME/STATE\n");
    }
    const auto changed =
        content_.change_state(target.substr(prefix.size(), name - prefix.size()),
                              std::string(target.substr(name + 1, state - name - 1)), target.substr(state + 1));
    switch (changed) {
      case AdminContent::Change::done: return send(200, json, content_.state());
      case AdminContent::Change::no_such_name: return send(404, text, "no PoP or edge has this name\n");
      case AdminContent::Change::no_such_state: return send(400, text, "the state is one of up, down, drain, auto\n");
    }
  }

  void send(int status, std::string_view type, const std::string& body) {
    http::ResponseHead head;
    head.status = status;
    head.fields.add(http::HeaderId::content_type, type);
    head.fields.add(http::HeaderId::cache_control, "no-store");
    sink_.send_head(head, http::BodyLength::known(body.size()));
    if (method_ != http::Method::head) sink_.send_body(core::Chunk::copy_of(body));
    sink_.finish();
  }

  AdminContent& content_;
  http::ResponseSink& sink_;
  http::Method method_ = http::Method::get;
  std::string target_;
  std::string authorization_;
};

AdminService::AdminService(AdminContent& content) : content_(content) {}

AdminService::~AdminService() = default;

http::RequestHandler& AdminService::acquire(http::ResponseSink& sink) {
  auto handler = std::make_unique<Handler>(content_, sink);
  http::RequestHandler& acquired = *handler;
  handlers_.emplace(&acquired, std::move(handler));
  return acquired;
}

void AdminService::release(http::RequestHandler& handler) {
  handlers_.erase(&handler);
}

}  // namespace skerry::routing
