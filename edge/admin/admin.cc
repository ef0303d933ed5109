#include "edge/admin/admin.h"

#include "core/config/output.h"
#include "core/net/tls.h"
#include "edge/admin/explain.h"
#include "edge/admin/purge_request.h"

namespace skerry::edge {
namespace {

constexpr std::size_t longest_body = 2 << 20;  // as many URLs as a purge takes, of a kilobyte and more
// They may read the disk, and anyone who reaches the port may ask: clients' requests need the I/O threads, too.
constexpr int most_explanations = 16;  // at once

// "1.2.3.4" of "?url=…&ip=1.2.3.4", percent-decoded as far as '%XX'.
std::string query_value(std::string_view path, std::string_view name) {
  const std::size_t mark = path.find('?');
  if (mark == std::string_view::npos) return {};
  std::string_view query = path.substr(mark + 1);
  // `url=` takes the rest: a URL has its own '&'.
  if (name == "url" && query.starts_with("url=")) return std::string(query.substr(4));
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=')
      return std::string(pair.substr(name.size() + 1));
  }
  return {};
}

}  // namespace

// One admin request. It answers when its body is complete, for purges when all members have confirmed.
class AdminRequest final : public http::RequestHandler {
 public:
  AdminRequest(Admin::Context& context, std::shared_ptr<int> explanations, http::ResponseSink& sink)
      : context_(context), explanations_(std::move(explanations)), sink_(sink) {}

  void on_request(http::RequestHead& head, http::BodyLength) override { head_ = &head; }
  void on_request_body(core::Chunk chunk) override {
    sink_.consume(chunk.size());
    if (!authorised()) return;  // nobody will look at it
    if (body_.size() + chunk.size() > longest_body)
      too_long_ = true;
    else
      body_.append(chunk.text());
  }
  void on_request_end(const http::HeaderMap&) override {
    if (too_long_)
      reply(413, "text/plain", "the body is longer than 2 MiB\n");
    else
      answer();
  }
  void on_cancelled(const core::Error&) override { gone(); }
  // Answers that are still under way find nobody.
  void gone() { *alive_ = false; }

 private:
  void answer() {
    const std::string_view path = std::string_view(head_->path).substr(0, head_->path.find('?'));
    const bool get = head_->method == http::Method::get || head_->method == http::Method::head;
    if (head_->method_text == "PURGE") return authorised() ? purge_request_target() : unauthorised();
    if (!get && path == "/purge") return authorised() ? purge_body() : unauthorised();
    if (!get && path == "/reload") return authorised() ? reload() : unauthorised();
    if (!get) return reply(405, "text/plain", "method not allowed\n");
    answer_get(path);
  }

  void answer_get(std::string_view path) {
    const auto snapshot = context_.snapshot();
    if (path == "/healthz") return reply(200, "text/plain", "ok\n");
    if (path == "/readyz") return answer_ready();
    if (path == "/metrics") return reply(200, metrics::content_type, context_.registry.text());
    if (path == "/stat") return reply(200, "application/json", stat_json(*snapshot, context_.shared));
    if (path == "/config")
      return reply(200, "application/json",
                   config::to_json(config::effective(edge_table(), snapshot->config())) + "\n");
    if (path != "/ring" && path != "/explain") return reply(404, "text/plain", "no such page\n");
    auto url = http::Url::parse(query_value(head_->path, "url"));
    if (!url.ok()) return reply(400, "text/plain", "?url= must be an absolute URL: " + url.error().message() + "\n");
    const core::EventLoop& loop = context_.worker.loop;
    http::RequestHead asked = request_for(*url);
    if (path == "/ring" && !snapshot->find_site(asked))
      return reply(404, "text/plain", "no site serves " + asked.authority + "\n");
    if (path == "/ring") return reply(200, "application/json", ring_json(*url, *snapshot, loop.now()));
    answer_explain({std::move(url).value(), head_->fields});
  }

  // What the operator's request carries is what the explained one would.
  void answer_explain(ExplainedRequest asked) {
    if (*explanations_ >= most_explanations) return reply(503, "text/plain", "too many explanations at once\n");
    asked.fields.remove(http::HeaderId::authorization);
    ++*explanations_;
    explain(std::move(asked), context_.snapshot(), context_.shared, context_.worker,
            [this, alive = alive_, explanations = explanations_](const std::string& text) {
              --*explanations;
              if (*alive) reply(200, "application/json", text);
            });
  }

  void answer_ready() {
    const Readiness ready = context_.shared.readiness();
    reply(ready.ready ? 200 : 503, "application/json", ready.to_json());
  }

  bool authorised() const {
    const std::string token = context_.snapshot()->config().admin_token;
    const auto given = head_->fields.find(http::HeaderId::authorization);
    return !token.empty() && given && core::equal_in_constant_time(*given, "Bearer " + token);
  }
  void unauthorised() {
    if (context_.snapshot()->config().admin_token.empty())
      return reply(403, "text/plain", "no admin_token is configured, so nothing can be changed here\n");
    const bool wrong = head_->fields.contains(http::HeaderId::authorization);
    reply(401, "text/plain", wrong ? "the token is wrong\n" : "a token is needed: Authorization: Bearer …\n");
  }

  void purge_request_target() { start_purges({{"//" + head_->authority + head_->path}, false}); }
  void purge_body() {
    const auto request = parse_purge_request(body_);
    if (!request.ok()) return reply(400, "text/plain", request.error().message() + "\n");
    start_purges(*request);
  }

  // All or none: what was purged of a list that is wrong somewhere, or too long for now, nobody could tell.
  void start_purges(const PurgeRequest& request) {
    auto purges = purges_of(request, *context_.snapshot());
    if (!purges.ok()) return reply(400, "text/plain", purges.error().message() + "\n");
    if (!context_.relay.has_room_for(purges->size()))
      return reply(503, "text/plain", "too many purges wait; none of these was taken\n");
    unfinished_ = purges->size();
    for (Purge& purge : *purges) {
      context_.relay.purge(std::move(purge), [this, alive = alive_](core::Result<PurgeOutcome> outcome) {
        if (*alive) purged(std::move(outcome));
      });
    }
  }
  void purged(core::Result<PurgeOutcome> outcome) {
    if (!outcome.ok())
      error_ = outcome.error().message();
    else
      add_outcome(outcome_, std::move(outcome).value());
    if (--unfinished_ > 0) return;
    if (!error_.empty()) return reply(503, "text/plain", error_ + "\n");
    reply(outcome_->unreachable.empty() ? 200 : 207, "application/json", outcome_json(*outcome_));
  }

  void reload() {
    auto reloaded = context_.reload();
    if (!reloaded.ok()) return reply(409, "text/plain", reloaded.error().message() + "\n");
    std::string text = "reloaded\n";
    for (const std::string& key : *reloaded) text += "needs a restart: " + key + "\n";
    reply(200, "text/plain", text);
  }

  void reply(int status, std::string_view type, const std::string& body) {
    http::ResponseHead head;
    head.status = status;
    head.fields.add(http::HeaderId::content_type, type);
    head.fields.add(http::HeaderId::cache_control, "no-store");
    sink_.send_head(head, http::BodyLength::known(body.size()));
    if (head_->method != http::Method::head && !body.empty()) sink_.send_body(core::Chunk::copy_of(body));
    sink_.finish();
  }

  Admin::Context& context_;
  const std::shared_ptr<int> explanations_;  // how many are under way; they may outlive the request
  http::ResponseSink& sink_;
  http::RequestHead* head_ = nullptr;
  std::string body_;
  bool too_long_ = false;
  std::size_t unfinished_ = 0;
  std::optional<PurgeOutcome> outcome_;  // of all that are finished
  std::string error_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class Admin::Service final : public http::RequestService {
 public:
  explicit Service(Context context) : context_(std::move(context)) {}
  http::RequestHandler& acquire(http::ResponseSink& sink) override {
    return *new AdminRequest(context_, explanations_, sink);
  }
  void release(http::RequestHandler& handler) override {
    auto* request = static_cast<AdminRequest*>(&handler);
    request->gone();
    // It may be what called finish().
    context_.worker.loop.defer([request] { delete request; });
  }

 private:
  Context context_;
  std::shared_ptr<int> explanations_ = std::make_shared<int>(0);
};

Admin::~Admin() = default;

core::Result<std::unique_ptr<Admin>> Admin::listen(Context context, const core::Address& address) {
  std::unique_ptr<Admin> admin(new Admin);
  const core::Worker& worker = context.worker;
  admin->service_ = std::make_unique<Service>(std::move(context));
  auto server = http::Server::listen(worker, address, http::ServerLimits{}, nullptr, *admin->service_);
  if (!server.ok()) return server.error();
  admin->server_ = std::move(server).value();
  return admin;
}

const core::Address& Admin::local_address() const {
  return server_->local_address();
}

}  // namespace skerry::edge
