// Drives the HTTP/1.1 codecs from byte strings and writes down what they say: for table tests and fuzzing.
//
// The notes don't depend on how the input was cut: body pieces that follow each other are joined.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/http/h1_client_codec.h"
#include "core/http/h1_server_codec.h"

namespace skerry::testing {

class Notes {
 public:
  void add(std::string_view line) {
    in_body_ = false;
    text_.append(line).append("\n");
  }
  void body(std::string_view bytes) {
    if (!in_body_) text_ += "body \n";
    in_body_ = true;
    text_.insert(text_.size() - 1, bytes);
  }
  void fields(const http::HeaderMap& fields) {
    for (const auto field : fields) add(std::string(field.name) + ": " + std::string(field.value));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool in_body_ = false;
};

inline std::string to_text(http::BodyLength length) {
  switch (length.kind) {
    case http::BodyLength::Kind::none: return "none";
    case http::BodyLength::Kind::known: return std::to_string(length.size);
    default: return "unknown";
  }
}

// Takes everything the codec has to write.
inline std::string drain(http::Output& output) {
  std::string all;
  while (!output.empty()) {
    iovec parts[8];
    std::size_t bytes = 0;
    for (std::size_t i = 0, used = output.gather(parts); i < used; ++i) {
      all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
      bytes += parts[i].iov_len;
    }
    output.consume(bytes);
  }
  return all;
}

// Gives `input` to a codec in pieces as long as `cuts` say, in turn (none: all at once); returns what it didn't use.
template <class Codec>
std::string feed(Codec& codec, std::string_view input, std::span<const std::size_t> cuts = {}) {
  std::string unused;
  for (std::size_t at = 0, turn = 0; at < input.size(); ++turn) {
    const std::size_t size = cuts.empty() ? input.size() : std::min(cuts[turn % cuts.size()], input.size() - at);
    unused.append(input.substr(at, size));
    at += size;
    const core::Chunk copy = core::Chunk::copy_of(unused);
    core::Block* block = core::Block::allocate(unused.size());
    std::copy(copy.bytes().begin(), copy.bytes().end(), block->data());
    unused.erase(0, codec.receive(core::BlockRef(block), block->data(), copy.size()));
  }
  return unused;
}

// A server codec whose requests are answered with an empty 204 when they are complete, unless told otherwise.
class ServerCodecProbe final : public http::ServerCodecEvents {
 public:
  explicit ServerCodecProbe(const http::ServerLimits& limits = {}, http::Scheme scheme = http::Scheme::http)
      : codec(limits, scheme, date, *this) {}

  http::DateLine date;
  http::H1ServerCodec codec;
  Notes notes;
  bool answers = true;
  bool consumes = true;
  int errors = 0;
  int last_status = 0;
  core::ErrorCode last_error{};

  void answer(http::StreamId id, int status = 204, std::string_view body = {}) {
    http::ResponseHead head;
    head.status = status;
    codec.write_head(id, head, http::BodyLength::known(body.size()), nullptr);
    codec.write_body(id, core::Chunk::copy_of(body));
    codec.write_end(id, nullptr);
  }

  void on_request(http::StreamId id, http::RequestHead& head, http::BodyLength length) override {
    notes.add("request " + head.method_text + " " + std::string(http::name(head.scheme)) + " [" + head.authority +
              "] " + head.path + " " + (head.version == http::Version::http_1_0 ? "1.0" : "1.1") + " " +
              to_text(length));
    notes.fields(head.fields);
  }
  void on_request_body(http::StreamId id, core::Chunk chunk) override {
    notes.body(chunk.text());
    if (consumes) codec.consume(id, chunk.size());
  }
  void on_request_end(http::StreamId id, const http::HeaderMap& trailers) override {
    notes.add("end");
    notes.fields(trailers);
    if (answers) answer(id);
  }
  void on_stream_error(http::StreamId, int status, const core::Error& error) override {
    ++errors;
    last_status = status;
    last_error = error.code;
    notes.add("error " + std::to_string(status) + " " + std::string(core::name(error.code)));
  }
};

// A client codec with one request under way.
class ClientCodecProbe final : public http::ClientCodecEvents {
 public:
  explicit ClientCodecProbe(std::string_view method = "GET", const http::ClientLimits& limits = {})
      : codec(limits, *this) {
    request.method_text = method;
    request.method = http::method_of(method);
    request.authority = "example.com";
    request.path = "/";
  }
  void start(http::BodyLength length = http::BodyLength::none()) { stream = codec.write_request(request, length); }

  http::RequestHead request;
  http::H1ClientCodec codec;
  http::StreamId stream = 0;
  Notes notes;
  int errors = 0;
  int responses = 0;
  int ends = 0;
  bool reusable = false;
  core::ErrorCode last_error{};

  void on_interim(http::StreamId, const http::ResponseHead& head) override {
    notes.add("interim " + std::to_string(head.status));
    notes.fields(head.fields);
  }
  void on_response(http::StreamId, http::ResponseHead&& head, http::BodyLength length) override {
    ++responses;
    notes.add("response " + std::to_string(head.status) + " (" + head.reason + ") " + to_text(length));
    notes.fields(head.fields);
  }
  void on_response_body(http::StreamId, core::Chunk chunk) override { notes.body(chunk.text()); }
  void on_response_end(http::StreamId, const http::HeaderMap& trailers) override {
    ++ends;
    reusable = codec.reusable();
    notes.add("end");
    notes.fields(trailers);
  }
  void on_response_error(http::StreamId, const core::Error& error) override {
    ++errors;
    last_error = error.code;
    notes.add("error " + std::string(core::name(error.code)));
  }
};

}  // namespace skerry::testing
