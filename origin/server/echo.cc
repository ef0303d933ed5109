#include "origin/server/echo.h"

#include <xxhash.h>

#include <utility>

#include "core/http/list.h"

namespace skerry::origin {

void Echo::FreeState::operator()(XXH3_state_s* state) const {
  XXH3_freeState(state);
}

Echo::Echo(http::ResponseSink& sink, const http::RequestHead& request) : sink_(&sink), hash_(XXH3_createState()) {
  CHECK(hash_ != nullptr);
  XXH3_64bits_reset(hash_.get());
  const auto upgrade = request.fields.find(http::HeaderId::upgrade);
  if (!upgrade || request.method != http::Method::get) return;
  tunnel_ = true;
  http::ResponseHead head;
  head.status = 101;
  head.fields.add(http::HeaderId::upgrade, *upgrade);
  head.fields.add(http::HeaderId::connection, "Upgrade");
  sink_->send_head(head, http::BodyLength::none());
  sink_->become_tunnel();
}

Echo::~Echo() = default;

void Echo::body(core::Chunk chunk) {
  const std::size_t size = chunk.size();
  size_ += size;
  XXH3_64bits_update(hash_.get(), chunk.data(), size);
  if (tunnel_) sink_->send_body(std::move(chunk));
  if (tunnel_ && sink_->queued() > http::ServerLimits().response_buffer) {
    held_ += size;
  } else {
    sink_->consume(size);
  }
}

void Echo::on_writable() {
  if (held_ > 0) sink_->consume(std::exchange(held_, 0));
}

std::string Echo::text(const http::RequestHead& request) const {
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(XXH3_64bits_digest(hash_.get())));
  std::string text = "method: " + request.method_text + "\ntarget: " + request.path + "\nhost: " + request.authority +
                     "\nlength: " + std::to_string(size_) + "\nxxh3: " + hash + "\n\n";
  for (const auto field : request.fields) text.append(field.name).append(": ").append(field.value).append("\n");
  return text;
}

}  // namespace skerry::origin
