#include "origin/server/body_pump.h"

#include <boost/test/unit_test.hpp>

#include "core/loop/simulation.h"

namespace {

using namespace skerry;
using namespace std::chrono_literals;

// A client that takes nothing until told to.
class SlowSink final : public http::ResponseSink {
 public:
  explicit SlowSink(const core::Worker& worker) : worker_(worker) {}

  std::string waiting;
  std::uint64_t taken = 0;
  bool finished = false;
  bool aborted = false;
  void take_all() {
    taken += waiting.size();
    waiting.clear();
  }

  const core::Worker& worker() const override { return worker_; }
  const http::ConnectionInfo& connection() const override { return info_; }
  void send_interim(const http::ResponseHead&) override {}
  void send_head(const http::ResponseHead&, http::BodyLength, std::shared_ptr<const http::RenderedFields>) override {}
  void send_body(core::Chunk chunk) override { waiting += chunk.text(); }
  void finish(const http::HeaderMap*) override { finished = true; }
  void abort() override { aborted = true; }
  std::size_t queued() const override { return waiting.size(); }
  void consume(std::size_t) override {}
  void close_after() override {}
  void become_tunnel() override {}
  std::uint64_t bytes_sent() const override { return taken; }

 private:
  const core::Worker worker_;
  const http::ConnectionInfo info_;
};

struct PumpWorld {
  static constexpr std::size_t response_buffer = 64 * 1024;
  core::Simulation simulation{3, core::WallTime(std::chrono::seconds(1'700'000'000))};
  core::SimulatedHost& host = simulation.add_host("origin", core::IpAddress::v4({10, 0, 0, 1}));
  origin::FileThreads files{1, 0};  // none has room: every read is refused
  SlowSink sink{host.worker()};
  origin::BodyPump pump{sink, files, response_buffer};
};

BOOST_AUTO_TEST_SUITE(origin_body_pump)

BOOST_AUTO_TEST_CASE(four_gibibytes_wait_in_one_response_buffer_and_one_read) {
  constexpr std::size_t bound = PumpWorld::response_buffer + 128 * 1024;
  PumpWorld world;
  world.pump.start({}, {{{}, {0, (std::uint64_t{4} << 30) - 1}}}, {});
  for (int i = 0; i < 10; ++i) {
    BOOST_TEST(world.sink.queued() > PumpWorld::response_buffer);
    BOOST_TEST(world.sink.queued() <= bound);
    world.sink.take_all();
    world.pump.resume();
  }
  BOOST_TEST(!world.sink.finished);
}

BOOST_AUTO_TEST_CASE(pieces_come_in_order_and_then_the_end) {
  PumpWorld world;
  world.pump.start({}, {{"head", {}}, {{}, {0, 9}}, {"tail", {}}}, {});
  BOOST_TEST(world.sink.waiting.size() == 18u);
  BOOST_TEST(world.sink.waiting.starts_with("head"));
  BOOST_TEST(world.sink.waiting.ends_with("tail"));
  BOOST_TEST(world.sink.finished);
}

BOOST_AUTO_TEST_CASE(cut_body_is_delivered_before_the_reset) {
  PumpWorld world;
  world.pump.start({}, {{{}, {0, 9999}}}, {0, 100, false});
  BOOST_TEST(world.sink.waiting.size() == 100u);
  world.simulation.run_for(1s);
  BOOST_TEST(!world.sink.aborted);
  world.sink.take_all();
  world.simulation.run_for(1s);
  BOOST_TEST(world.sink.aborted);
  BOOST_TEST(!world.sink.finished);
}

BOOST_AUTO_TEST_CASE(read_that_finds_no_thread_ends_the_response) {
  PumpWorld world;
  origin::BodySource source;
  source.file = std::make_shared<origin::OpenFile>(-1);
  world.pump.start(source, {{{}, {0, 9}}}, {});
  world.simulation.run_for(1s);
  BOOST_TEST(world.sink.aborted);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
