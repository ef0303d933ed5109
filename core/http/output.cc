#include "core/http/output.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace skerry::http {
namespace {

// A burst of pipelined heads may grow the buffers; an idle connection keeps no more than this of them.
constexpr std::size_t kept_text = 16 * 1024;
constexpr std::size_t kept_segments = 64;
// A response that never drains for hours (slow reader, chunked) must not keep its written framing.
constexpr std::size_t compact_at = 1024;

}  // namespace

// The last segment if it is text, else a new one: text that follows text is one part of a write.
Output::Segment& Output::text_segment() {
  if (first_ == segments_.size() || !segments_.back().chunk.empty()) segments_.push_back({{}, text_.size(), 0});
  return segments_.back();
}

void Output::append(std::string_view text) {
  if (text.empty()) return;
  append_with([&](std::string& out) { out.append(text); });
}

void Output::append(core::Chunk chunk) {
  if (chunk.empty()) return;
  size_ += chunk.size();
  segments_.push_back({std::move(chunk), 0, 0});
}

std::size_t Output::gather(std::span<iovec> parts) const {
  std::size_t used = 0;
  for (std::size_t i = first_; i < segments_.size() && used < parts.size(); ++i, ++used) {
    const Segment& segment = segments_[i];
    const void* data = segment.chunk.empty() ? static_cast<const void*>(text_.data() + segment.text_at)
                                             : static_cast<const void*>(segment.chunk.data());
    parts[used] = {const_cast<void*>(data), segment.size()};  // writev only reads
  }
  return used;
}

void Output::consume(std::size_t n) {
  CHECK(n <= size_);
  size_ -= n;
  if (size_ == 0) return clear();
  while (n > 0) {
    Segment& segment = segments_[first_];
    const std::size_t taken = std::min(n, segment.size());
    n -= taken;
    if (taken == segment.size()) {
      segment.chunk = {};
      ++first_;
    } else if (segment.chunk.empty()) {
      segment.text_at += taken;
      segment.text_size -= taken;
    } else {
      segment.chunk.remove_prefix(taken);
    }
  }
  if (first_ >= compact_at) compact();
}

void Output::clear() {
  segments_.clear();
  text_.clear();
  first_ = 0;
  size_ = 0;
  if (text_.capacity() > kept_text) std::string().swap(text_);
  if (segments_.capacity() > kept_segments) std::vector<Segment>().swap(segments_);
}

void Output::compact() {
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
  std::string text;
  for (Segment& segment : segments_) {
    if (!segment.chunk.empty()) continue;
    const std::size_t at = text.size();
    text.append(text_, segment.text_at, segment.text_size);
    segment.text_at = at;
  }
  text_.swap(text);
}

}  // namespace skerry::http
