// What a codec wants written: text and chunks in order, handed to the stream as one gathered write.
//
// Small text (heads, chunk framing) is copied into one reused buffer; bodies stay references. Owned by a codec.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/chunk.h"

namespace skerry::http {

class Output {
 public:
  void append(std::string_view text);
  void append(core::Chunk chunk);
  std::string& text_buffer();

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // Fills `parts` from the front; returns how many were used. Valid until the next append or consume.
  std::size_t gather(std::span<iovec> parts) const;
  // Drops `n` bytes that were written.
  void consume(std::size_t n);

 private:
  std::size_t size_ = 0;
};

}  // namespace skerry::http
