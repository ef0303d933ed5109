#include "routing/prober.h"

#include <algorithm>
#include <optional>

namespace skerry::routing {

// One edge under observation: a probe now and then, at most one at a time.
class Prober::Probe final : core::StreamEvents {
 public:
  Probe(Prober& owner, ProbeTarget target)
      : target_(std::move(target)),
        health_(owner.settings_.thresholds),
        owner_(owner),
        next_(owner.worker_.loop, [this] { begin(); }),
        deadline_(owner.worker_.loop, [this] { end("connect_timeout"); }) {
    next_.arm(core::Duration(0));
  }

  const ProbeTarget& target() const { return target_; }
  const EdgeHealth& health() const { return health_; }
  void carry_over(const Probe& earlier) { health_.carry_over(earlier.health_); }

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
    call_ = http::SimpleCall::start(owner_.worker_, std::move(request), [this](auto response) {
      if (!response.ok()) return end(response.error().message());
      const int status = response->head.status;
      end(status >= 200 && status < 300 ? std::string() : "status " + std::to_string(status));
    });
  }

  void on_connected(core::Result<void> connected) override {
    end(connected.ok() ? std::string() : connected.error().message());
  }
  void on_readable() override {}
  void on_writable() override {}

  void end(std::string why) {
    deadline_.cancel();
    stream_.reset();
    if (!why.empty()) ++owner_.failures_;
    const bool success = why.empty();
    if (health_.observe(success, std::move(why))) owner_.changed_(target_, health_);
  }

  const ProbeTarget target_;
  EdgeHealth health_;
  Prober& owner_;
  std::unique_ptr<http::SimpleCall> call_;
  std::unique_ptr<core::Stream> stream_;
  core::Timer next_;
  core::Timer deadline_;
};

Prober::Prober(const core::Worker& worker, ProbeSettings settings, std::vector<ProbeTarget> targets, Changed changed)
    : worker_(worker), settings_(std::move(settings)), changed_(std::move(changed)) {
  if (settings_.kind == ProbeKind::none) return;
  for (ProbeTarget& target : targets) edges_.push_back(std::make_unique<Probe>(*this, std::move(target)));
}

Prober::~Prober() = default;

void Prober::carry_over(const Prober& earlier) {
  for (const auto& edge : edges_) {
    for (const auto& old : earlier.edges_) {
      const bool same = old->target().edge == edge->target().edge && old->target().address == edge->target().address;
      if (same) edge->carry_over(*old);
    }
  }
}

void Prober::apply_to(EdgeStates& states) const {
  for (const auto& edge : edges_) {
    if (!edge->health().up()) states[edge->target().pop][edge->target().index] = false;
  }
}

const EdgeHealth* Prober::health(PopIndex pop, std::size_t index) const {
  for (const auto& edge : edges_) {
    if (edge->target().pop == pop && edge->target().index == index) return &edge->health();
  }
  return nullptr;
}

bool Prober::settled() const {
  return std::all_of(edges_.begin(), edges_.end(), [](const auto& edge) { return edge->health().known(); });
}

}  // namespace skerry::routing
