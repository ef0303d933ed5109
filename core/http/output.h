// What a codec wants written: text and chunks in order, handed to the stream as one gathered write.
//
// Small text (heads, chunk framing) is copied into one reused buffer; bodies stay references. Owned by a codec.
#pragma once

#include <sys/uio.h>

#include <cstddef>
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
  // Lets `write(std::string&)` append text in place; it must not change what is there.
  template <class Write>
  void append_with(Write write) {
    Segment& segment = text_segment();
    const std::size_t before = text_.size();
    write(text_);
    const std::size_t added = text_.size() - before;
    segment.text_size += added;
    size_ += added;
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // Fills `parts` from the front; returns how many were used. Valid until the next append or consume.
  std::size_t gather(std::span<iovec> parts) const;
  // Drops `n` bytes that were written.
  void consume(std::size_t n);
  // Drops everything.
  void clear();

 private:
  struct Segment {
    core::Chunk chunk;    // empty: text
    std::size_t text_at;  // offset into text_
    std::size_t text_size;
    std::size_t size() const { return text_size + chunk.size(); }
  };
  Segment& text_segment();
  void compact();

  std::string text_;
  std::vector<Segment> segments_;  // those before first_ are written
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace skerry::http
