#include "edge/parts.h"

#include <algorithm>

namespace skerry::edge {

std::optional<std::string_view> strong_etag(const http::HeaderMap& fields) {
  const auto etag = fields.find(http::HeaderId::etag);
  if (!etag || etag->empty() || etag->front() != '"') return std::nullopt;
  return etag;
}

std::optional<Outline> outline_of(const http::HeaderMap& fields) {
  // Two of them contradict each other; a multipart answer has none.
  if (fields.count(http::HeaderId::content_range) != 1) return std::nullopt;
  const auto content = parse_content_range(*fields.find(http::HeaderId::content_range));
  if (!content || !content->size) return std::nullopt;
  return Outline{content->range, *content->size, std::string(strong_etag(fields).value_or(""))};
}

// A line feed can't occur in a key made of a request.
std::string outline_key(std::string_view variant_key) {
  return std::string(variant_key) + "\noutline";
}

std::string part_key(std::string_view variant_key, std::string_view etag, std::uint64_t number) {
  std::string key(variant_key);
  key.append("\npart:").append(std::to_string(number)).append(":").append(etag);
  return key;
}

ByteRange part_range(std::uint64_t number, std::uint64_t size) {
  const std::uint64_t first = number * part_size;
  return {first, std::min(first + part_size, size) - 1};
}

bool answers(const PartRequest& part, const http::ResponseHead& response) {
  if (response.status != 206) return false;
  const auto outline = outline_of(response.fields);
  return outline && outline->range == part.range && outline->size == part.size && outline->etag == part.etag;
}

void ObjectKeeper::take(const core::Chunk& chunk) {
  if (writer_ && !writer_->append(chunk)) writer_.reset();
}

void ObjectKeeper::complete() {
  const bool stored = writer_ && writer_->commit();
  writer_.reset();
  if (stored && kept_) kept_();
}

PartKeeper::PartKeeper(const core::Worker& worker, ObjectStore& store, ObjectHead head, Outline outline)
    : worker_(worker),
      store_(store),
      head_(std::move(head)),
      outline_(std::move(outline)),
      offset_(outline_.range.first),
      part_end_(offset_) {}

void PartKeeper::take(const core::Chunk& chunk) {
  core::Chunk rest = chunk;
  while (!rest.empty()) {
    if (offset_ == part_end_) begin_part(offset_ / part_size);
    core::Chunk piece = rest.slice(0, std::min<std::uint64_t>(rest.size(), part_end_ - offset_));
    rest.remove_prefix(piece.size());
    offset_ += piece.size();
    if (writer_ && !writer_->append(piece)) writer_.reset();
    if (offset_ == part_end_ && writer_) {
      writer_->commit();
      writer_.reset();
    }
  }
}

void PartKeeper::begin_part(std::uint64_t number) {
  const ByteRange part = part_range(number, outline_.size);
  part_end_ = part.last + 1;
  if (part.first != offset_ || part.last > outline_.range.last) return;
  ObjectHead head = head_;
  head.key = part_key(head_.key, outline_.etag, number);
  Reason why_not = Reason::none;
  writer_ = store_.begin(worker_, std::move(head), part.size(), why_not);
}

}  // namespace skerry::edge
