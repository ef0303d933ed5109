// What one hit costs in calls and allocations, counted: they don't depend on the machine.
#include <boost/test/unit_test.hpp>

#include "core/http/server.h"
#include "core/loop/manual_loop.h"
#include "tests/support/allocation_counter.h"

using namespace skerry;
using namespace skerry::http;
using namespace std::chrono_literals;

namespace {

// A stream that gives what it is told to and counts; nothing in it allocates.
class CountedStream final : public core::Stream {
 public:
  std::string_view input;
  core::StreamEvents* events = nullptr;
  int reads = 0, empty_reads = 0, writes = 0, watches = 0;
  std::size_t written = 0;

  void set_events(core::StreamEvents& to) override { events = &to; }
  core::IoResult read(std::span<std::byte> buffer) override {
    ++reads;
    if (input.empty()) {
      ++empty_reads;
      return {};
    }
    const std::size_t size = std::min(buffer.size(), input.size());
    std::copy_n(reinterpret_cast<const std::byte*>(input.data()), size, buffer.data());
    input.remove_prefix(size);
    return {core::IoStatus::ok, size};
  }
  core::IoResult write(std::span<const iovec> parts) override {
    ++writes;
    std::size_t size = 0;
    for (const iovec& part : parts) size += part.iov_len;
    written += size;
    return {core::IoStatus::ok, size};
  }
  void watch(bool, bool) override { ++watches; }
  void shutdown_write() override {}
  void abort() override {}
  const core::Error& error() const override { return error_; }
  const core::Address& peer_address() const override { return address_; }
  const core::Address& local_address() const override { return address_; }

 private:
  core::Error error_;
  core::Address address_;
};

class OneListener final : public core::Network {
 public:
  core::ListenerEvents* events = nullptr;

  core::Result<std::unique_ptr<core::Listener>> listen(const core::Address&, const core::ListenOptions&,
                                                       core::ListenerEvents& to) override {
    struct Listening final : core::Listener {
      core::Address address;
      const core::Address& local_address() const override { return address; }
      void pause(bool) override {}
    };
    events = &to;
    return std::unique_ptr<core::Listener>(std::make_unique<Listening>());
  }
  std::unique_ptr<core::Stream> connect(const core::Address&, const core::ConnectOptions&,
                                        core::StreamEvents&) override {
    return nullptr;
  }
  core::Result<std::unique_ptr<core::Datagram>> bind_datagram(const core::Address&, core::DatagramEvents&) override {
    return core::Error{};
  }
  core::Result<std::unique_ptr<core::BlockingDatagram>> bind_blocking_datagram(const core::Address&) override {
    return core::Error{};
  }
};

// Answers everything at once with the same stored object.
class HitService final : public RequestService, private RequestHandler {
 public:
  HitService() {
    HeaderMap fields;
    fields.add("Content-Type", "text/plain");
    fields.add("ETag", "\"1\"");
    stored_ = std::make_shared<RenderedFields>(std::move(fields));
  }
  RequestHandler& acquire(ResponseSink& sink) override {
    sink_ = &sink;
    return *this;
  }
  void release(RequestHandler&) override {}

 private:
  void on_request(RequestHead&, BodyLength) override {
    head_.clear();
    head_.fields.add(HeaderId::age, "1");
    sink_->send_head(head_, BodyLength::known(body_.size()), stored_);
    sink_->send_body(body_);
    sink_->finish();
  }
  void on_cancelled(const core::Error&) override {}

  ResponseSink* sink_ = nullptr;
  ResponseHead head_;
  std::shared_ptr<const RenderedFields> stored_;
  const core::Chunk body_ = core::Chunk::copy_of(std::string(1024, 'b'));
};

struct Fixture {
  core::ManualClock clock{core::WallTime(784111777s)};
  core::ManualLoop loop{clock};
  OneListener network;
  core::Random random{1};
  core::Worker worker{loop, network, random, 0};
  HitService service;
  std::unique_ptr<Server> server;
  CountedStream* stream = nullptr;

  Fixture() {
    auto opened = Server::listen(worker, {}, {}, nullptr, service);
    BOOST_REQUIRE(opened.ok());
    server = std::move(*opened);
    auto accepted = std::make_unique<CountedStream>();
    stream = accepted.get();
    network.events->on_accept(std::move(accepted));
  }
  void arrive(std::string_view bytes) {
    stream->input = bytes;
    stream->events->on_readable();
    loop.run();
  }
};

const std::string request =
    "GET /some/path?with=query HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: test/1.0\r\nAccept: */*\r\n"
    "Accept-Encoding: gzip, br\r\nX-Own-Field: value\r\n\r\n";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(http_hit_path, Fixture)

BOOST_AUTO_TEST_CASE(a_hit_is_one_read_and_one_write) {
  for (int i = 0; i < 1000; ++i) arrive(request);
  BOOST_TEST(stream->reads == 1000);
  BOOST_TEST(stream->writes == 1000);
  BOOST_TEST(stream->empty_reads == 0);
  BOOST_TEST(stream->watches == 0);
  BOOST_TEST(stream->written > 1000u * 1024);
}

BOOST_AUTO_TEST_CASE(pipelined_hits_leave_in_one_write) {
  std::string many;
  for (int i = 0; i < 30; ++i) many += request;
  arrive(many);
  BOOST_TEST(stream->reads == 1);
  BOOST_TEST(stream->writes == 1);
  BOOST_TEST(stream->written > 30u * 1024);
}

BOOST_AUTO_TEST_CASE(hits_allocate_nothing_once_warm) {
  for (int i = 0; i < 100; ++i) arrive(request);
  const std::size_t before = testing::allocations().count;
  for (int i = 0; i < 10'000; ++i) {
    if (i % 100 == 0) clock.advance(1s);
    arrive(request);
  }
  const std::size_t made = testing::allocations().count - before;
  BOOST_TEST(made == 0u);
  BOOST_TEST(stream->writes == 10'100);
}

BOOST_AUTO_TEST_SUITE_END()
