// Fetches in a simulated network: an edge host that fetches, origins that answer what the test writes.
//
// One per test case; one thread. The clock moves only inside run_* calls.
#pragma once

#include <boost/test/unit_test.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/dns/resolver.h"
#include "core/loop/simulation.h"
#include "origin/fetch.h"
#include "origin/upstream.h"
#include "tests/support/stream_probe.h"

namespace skerry::testing {

using namespace std::chrono_literals;

// Keeps what a fetch reports; `on_*` hooks run at the end of the event, which they may use to destroy the fetch.
class FetchProbe final : public origin::FetchEvents {
 public:
  std::unique_ptr<origin::Fetch> fetch;
  std::vector<int> interim;
  std::optional<http::ResponseHead> head;
  std::string body;
  bool ended = false;
  std::optional<core::Error> error;
  int writable = 0;
  std::string destroy_in;  // the event in which the fetch is destroyed

  bool over() const { return ended || error.has_value(); }
  core::ErrorCode code() const { return error ? error->code : core::ErrorCode::cancelled; }

  void on_fetch_interim(const http::ResponseHead& response) override {
    interim.push_back(response.status);
    after("interim");
  }
  void on_fetch_head(http::ResponseHead&& response, http::BodyLength) override {
    BOOST_TEST(!head.has_value());
    head = std::move(response);
    after("head");
  }
  void on_fetch_body(core::Chunk chunk) override {
    BOOST_TEST(head.has_value());
    body += chunk.text();
    after("body");
  }
  void on_fetch_end(const http::HeaderMap&) override {
    BOOST_TEST(!over());
    ended = true;
    after("end");
  }
  void on_fetch_error(const core::Error& happened) override {
    BOOST_TEST(!over());
    after("error");
    error = happened;  // what is reported outlives the fetch
  }
  void on_fetch_writable() override {
    ++writable;
    after("writable");
  }

 private:
  void after(std::string_view event) {
    if (event == destroy_in) fetch.reset();
  }
};

// Answers names as the test says, on the loop's next turn.
class NameTable final : public dns::Resolver {
 public:
  explicit NameTable(const core::Worker& worker) : worker_(worker) { origin::set_resolver(worker, this); }
  ~NameTable() override { origin::set_resolver(worker_, nullptr); }

  core::Result<dns::Resolution> answer =
      core::Error{core::ErrorCode::dns_nxdomain, core::ErrorSource::upstream, false, {}};
  bool silent = false;
  int asked = 0;

  std::unique_ptr<Query> resolve(std::string_view, Done done) override {
    ++asked;
    auto query = std::make_unique<Asked>();
    query->done = std::make_shared<Done>(std::move(done));
    if (silent) return query;
    worker_.loop.defer([this, watched = std::weak_ptr<Done>(query->done)] {
      if (const auto still = watched.lock()) (*still)(answer);
    });
    return query;
  }

 private:
  struct Asked final : Query {
    std::shared_ptr<Done> done;
  };
  const core::Worker worker_;
};

struct SimulatedOrigin {
  core::SimulatedHost& host;
  ListenerProbe probe;
  std::unique_ptr<core::Listener> listener;

  explicit SimulatedOrigin(core::SimulatedHost& on, std::uint16_t port = 80) : host(on) {
    listener = std::move(host.worker().network.listen({host.ip(), port}, {}, probe).value());
  }
  std::size_t connections() const { return probe.accepted.size(); }
  StreamProbe& connection(std::size_t index = 0) { return *probe.accepted.at(index); }
  std::string url() const { return "http://" + host.ip().to_string(); }
};

struct FetchWorld {
  core::Simulation simulation{11, core::WallTime(std::chrono::seconds(1'700'000'000))};
  core::SimulatedHost& edge = simulation.add_host("edge", core::IpAddress::v4({10, 0, 0, 1}), 2);
  std::deque<SimulatedOrigin> origins;
  origin::UpstreamConfig config;
  std::shared_ptr<origin::UpstreamGroup> group;

  explicit FetchWorld(std::size_t count = 1) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto ip = core::IpAddress::v4({10, 0, 1, static_cast<std::uint8_t>(i + 1)});
      origins.emplace_back(simulation.add_host("origin-" + std::to_string(i), ip));
      config.urls.push_back(origins.back().url());
    }
  }
  void create() {
    auto created = origin::UpstreamGroup::create(config, edge.workers());
    BOOST_REQUIRE_MESSAGE(created.ok(), (created.ok() ? "" : created.error().message()));
    group = *created;
  }
  SimulatedOrigin& origin(std::size_t index = 0) { return origins.at(index); }

  static origin::FetchRequest get(std::string path = "/") {
    origin::FetchRequest request;
    request.head.path = std::move(path);
    request.head.authority = "www.example.com";
    return request;
  }
  static origin::FetchRequest with_body(http::Method method, std::string text, std::uint64_t size) {
    origin::FetchRequest request = get();
    request.head.method = method;
    request.head.method_text = std::move(text);
    request.body = http::BodyLength::known(size);
    return request;
  }
  void start(FetchProbe& probe, origin::FetchRequest request = get(), int worker = 0) {
    if (!group) create();
    probe.fetch = origin::Fetch::start(edge.worker(worker), *group, std::move(request), probe);
  }
  bool run_until(const std::function<bool()>& done, core::Duration at_most = 1s) {
    return simulation.run_until(done, at_most);
  }
  // The origin has `count` whole request heads on its connection.
  bool has_request(std::size_t origin_index, std::size_t connection, int count = 1) {
    return run_until([&, origin_index, connection, count] {
      auto& from = origin(origin_index);
      if (from.connections() <= connection) return false;
      int heads = 0;
      const std::string& text = from.connection(connection).received;
      for (std::size_t at = 0; (at = text.find("\r\n\r\n", at)) != text.npos; at += 4) ++heads;
      return heads >= count;
    });
  }
  origin::UpstreamStatus status(std::size_t index = 0) const { return group->status().at(index); }
};

constexpr std::string_view ok_hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

}  // namespace skerry::testing
