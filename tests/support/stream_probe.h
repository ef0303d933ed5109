// Ends of connections for tests: they send what they are given, keep what they receive, and say what happened.
//
// `changed` runs after every event, so that a test can look whether what it waits for has come. Loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/net/network.h"

namespace skerry::testing {

class StreamProbe final : public core::StreamEvents {
 public:
  std::unique_ptr<core::Stream> stream;
  std::string received;
  bool connected = false;
  bool ended = false;
  std::optional<core::Error> failure;
  std::size_t reads = 0;
  bool reading = true;
  bool echo = false;
  std::function<void()> changed;

  void adopt(std::unique_ptr<core::Stream> accepted) {
    stream = std::move(accepted);
    stream->set_events(*this);
  }
  void send(std::string_view text) {
    unsent_ += text;
    flush();
  }
  void pause_reading(bool paused) {
    reading = !paused;
    stream->watch(reading, !unsent_.empty());
  }
  std::size_t unsent() const { return unsent_.size(); }

  void on_connected(core::Result<void> result) override {
    connected = result.ok();
    if (!connected) failure = result.error();
    if (connected) flush();
    tell();
  }
  void on_readable() override {
    std::byte buffer[16384];
    ++reads;
    const auto result = stream->read(buffer);
    if (result.status == core::IoStatus::ok) take({reinterpret_cast<const char*>(buffer), result.bytes});
    if (result.status == core::IoStatus::end) ended = true;
    if (result.status == core::IoStatus::error) failure = stream->error();
    tell();
  }
  void on_writable() override {
    flush();
    tell();
  }

 private:
  void take(std::string_view text) {
    received += text;
    if (echo) send(text);
  }
  void flush() {
    while (!unsent_.empty() && !failure) {
      const iovec part{unsent_.data(), unsent_.size()};
      const auto result = stream->write({&part, 1});
      if (result.status == core::IoStatus::error) failure = stream->error();
      if (result.status != core::IoStatus::ok) break;
      unsent_.erase(0, result.bytes);
    }
    if (!failure) stream->watch(reading, !unsent_.empty());
  }
  void tell() {
    if (changed) changed();
  }

  std::string unsent_;
};

class ListenerProbe final : public core::ListenerEvents {
 public:
  std::vector<std::unique_ptr<StreamProbe>> accepted;
  bool echo = false;
  std::function<void()> changed;
  // Puts something around an accepted stream (TLS); may be empty.
  std::function<std::unique_ptr<core::Stream>(std::unique_ptr<core::Stream>, StreamProbe&)> wrap;

  void on_accept(std::unique_ptr<core::Stream> stream) override {
    accepted.push_back(std::make_unique<StreamProbe>());
    StreamProbe& probe = *accepted.back();
    probe.echo = echo;
    probe.changed = changed;
    probe.connected = !wrap;
    probe.adopt(wrap ? wrap(std::move(stream), probe) : std::move(stream));
    if (changed) changed();
  }
};

class DatagramProbe final : public core::DatagramEvents {
 public:
  std::vector<std::string> received;
  std::vector<core::Address> from;
  std::function<void()> changed;

  void on_datagram(std::span<const std::byte> packet, const core::Address& sender) override {
    received.emplace_back(reinterpret_cast<const char*>(packet.data()), packet.size());
    from.push_back(sender);
    if (changed) changed();
  }
};

}  // namespace skerry::testing
