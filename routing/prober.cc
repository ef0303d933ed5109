#include "routing/prober.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "core/log/log.h"
#include "routing/load_report.h"

namespace skerry::routing {
namespace {

// Thousands of edges are not all asked in the first millisecond.
core::Duration first_delay(const core::Worker& worker, std::size_t edges, core::Duration interval) {
  const auto spread = std::min<core::Duration>(interval, std::chrono::microseconds(200) * edges);
  return core::Duration(worker.random.below(static_cast<std::uint64_t>(spread.count()) + 1));
}

}  // namespace

// One edge under observation: a probe now and then, at most one at a time.
class Prober::Probe final : core::StreamEvents {
 public:
  Probe(Prober& owner, ProbeTarget target, core::Duration first)
      : target_(std::move(target)),
        health_(owner.settings_.thresholds),
        owner_(owner),
        next_(owner.worker_.loop, [this] { begin(); }),
        deadline_(owner.worker_.loop, [this] { end("connect_timeout"); }) {
    next_.arm(first);
  }

  const ProbeTarget& target() const { return target_; }
  const EdgeHealth& health() const { return health_; }
  const std::optional<EdgeLoad>& load() const { return load_; }
  void carry_over(const Probe& earlier) {
    health_.carry_over(earlier.health_);
    load_ = earlier.load_;
  }

 private:
  void begin() {
    ++owner_.probes_;
    const auto interval = static_cast<std::uint64_t>(owner_.settings_.interval.count());
    // Not in step with others, and never two of one edge at once: the timeout is shorter than three quarters of it.
    next_.arm(core::Duration(interval * 3 / 4 + owner_.worker_.random.below(interval / 2 + 1)));
    call_.reset();
    stream_.reset();
    if (owner_.settings_.kind == ProbeKind::tcp) return begin_tcp();
    begin_http();
  }

  void begin_tcp() {
    deadline_.arm(owner_.settings_.timeout);
    stream_ = owner_.worker_.network.connect(target_.address, {}, *this);
  }

  void begin_http() {
    http::SimpleRequest request;
    request.address = target_.address;
    request.head.authority = owner_.settings_.host.empty() ? target_.address.to_string() : owner_.settings_.host;
    request.head.path = owner_.settings_.path;
    request.head.fields.add(http::HeaderId::user_agent, "skerry-router");
    request.timeout = owner_.settings_.timeout;
    request.max_body = 64 * 1024;
    if (owner_.settings_.kind == ProbeKind::https) {
      request.tls = owner_.settings_.tls;
      request.server_name = owner_.settings_.host.empty() ? target_.address.ip.to_string() : owner_.settings_.host;
      request.head.scheme = http::Scheme::https;
    }
    call_ = http::SimpleCall::start(owner_.worker_, std::move(request), [this](auto response) {
      if (!response.ok()) return end(response.error().message());
      const int status = response->head.status;
      const bool success = status >= 200 && status < 300;
      end(success ? std::string() : "status " + std::to_string(status), load_in(*response));
    });
  }

  void on_connected(core::Result<void> connected) override {
    end(connected.ok() ? std::string() : connected.error().message());
  }
  void on_readable() override {}
  void on_writable() override {}

  // Whatever serves may be probed: only an answer that says it is JSON is read as a report.
  std::optional<EdgeLoad> load_in(const http::SimpleResponse& response) {
    const auto type = response.head.fields.find(http::HeaderId::content_type);
    if (response.head.status != 200 || !type || !type->starts_with("application/json")) return std::nullopt;
    const auto load = parse_load_report(response.body);
    if (load.ok()) return *load;
    if (owner_.bad_reports_++ == 0) {
      log::warn("load_report_refused", {{"edge", target_.edge}, {"reason", load.error().detail}});
    }
    return std::nullopt;
  }

  // `why` empty: success. What this probe does not tell is not known any more.
  void end(std::string why, const std::optional<EdgeLoad>& load = std::nullopt) {
    deadline_.cancel();
    stream_.reset();
    const bool success = why.empty();
    load_ = success ? load : std::nullopt;
    if (!success) ++owner_.failures_;
    const bool first = !health_.known();
    if (first) --owner_.unsettled_;
    const bool doubted = health_.results_to_change() > 0;
    const bool changed = health_.observe(success, std::move(why));
    if (changed) return owner_.listener_(target_, health_, ProbeNews::changed);
    const bool told = first ? owner_.settled() : doubted != (health_.results_to_change() > 0);
    if (told) owner_.listener_(target_, health_, ProbeNews::doubt);
  }

  const ProbeTarget target_;
  EdgeHealth health_;
  std::optional<EdgeLoad> load_;
  Prober& owner_;
  std::unique_ptr<http::SimpleCall> call_;
  std::unique_ptr<core::Stream> stream_;
  core::Timer next_;
  core::Timer deadline_;
};

Prober::Prober(const core::Worker& worker, ProbeSettings settings, std::vector<ProbeTarget> targets, Listener listener)
    : worker_(worker), settings_(std::move(settings)), listener_(std::move(listener)) {
  if (settings_.kind == ProbeKind::none) return;
  const std::size_t count = targets.size();
  unsettled_ = count;
  for (ProbeTarget& target : targets) {
    const core::Duration first = first_delay(worker_, count - 1, settings_.interval);
    if (by_pop_.size() <= target.pop) by_pop_.resize(target.pop + 1u);
    auto& in_pop = by_pop_[target.pop];
    if (in_pop.size() <= target.index) in_pop.resize(target.index + 1);
    const std::size_t index = target.index;
    edges_.push_back(std::make_unique<Probe>(*this, std::move(target), first));
    in_pop[index] = edges_.back().get();
  }
}

Prober::~Prober() = default;

void Prober::carry_over(const Prober& earlier) {
  std::unordered_map<std::string_view, const Probe*> by_name;
  for (const auto& old : earlier.edges_) by_name.emplace(old->target().edge, old.get());
  for (const auto& edge : edges_) {
    const auto old = by_name.find(edge->target().edge);
    if (old == by_name.end() || old->second->target().address != edge->target().address) continue;
    if (old->second->health().known() && !edge->health().known()) --unsettled_;
    edge->carry_over(*old->second);
  }
}

void Prober::apply_to(EdgeStates& states) const {
  for (const auto& edge : edges_) {
    if (!edge->health().up()) states[edge->target().pop][edge->target().index] = false;
  }
}

const Prober::Probe* Prober::find(PopIndex pop, std::size_t index) const {
  return pop < by_pop_.size() && index < by_pop_[pop].size() ? by_pop_[pop][index] : nullptr;
}

const EdgeHealth* Prober::health(PopIndex pop, std::size_t index) const {
  const Probe* probe = find(pop, index);
  return probe ? &probe->health() : nullptr;
}

std::optional<EdgeLoad> Prober::load(PopIndex pop, std::size_t index) const {
  const Probe* probe = find(pop, index);
  return probe ? probe->load() : std::nullopt;
}

std::optional<core::Duration> Prober::time_to_change(PopIndex pop, std::size_t index) const {
  const EdgeHealth* state = health(pop, index);
  if (!state || state->results_to_change() == 0) return std::nullopt;
  return settings_.interval * state->results_to_change();
}

}  // namespace skerry::routing
