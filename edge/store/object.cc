#include "edge/object.h"

#include <utility>

#include "core/check.h"

namespace skerry::edge {
namespace {

// One control block, the vector entries and the allocator's rounding: what the sizes below leave out.
constexpr std::size_t bookkeeping = 192;

std::size_t size_of(const ObjectHead& head, const http::RenderedFields& rendered) {
  constexpr std::size_t field_entry = 16;
  return sizeof(Object) + sizeof(http::RenderedFields) + bookkeeping + head.key.capacity() +
         head.primary_key.capacity() + head.host.capacity() + head.path.capacity() + head.vary.capacity() +
         2 * (head.fields.text_size() + head.fields.size() * field_entry) + rendered.h1.capacity();
}

}  // namespace

std::shared_ptr<const http::RenderedFields> rendered_for_clients(const ObjectHead& head) {
  http::HeaderMap fields = head.fields;
  fields.remove(http::HeaderId::surrogate_control);
  fields.remove(http::HeaderId::x_cache);                                // another cache's: ours stands in its place
  if (head.status == 206) fields.remove(http::HeaderId::content_range);  // each answer names its own
  return std::make_shared<const http::RenderedFields>(std::move(fields));
}

Object::Object(ObjectHead head, std::vector<core::Chunk> body, DiskLocation location)
    : head_(std::move(head)),
      rendered_(rendered_for_clients(head_)),
      body_(std::move(body)),
      location_(location),
      memory_size_(size_of(head_, *rendered_)),
      checked_epoch_(head_.epoch) {
  std::uint64_t total = 0;
  for (const auto& chunk : body_) {
    total += chunk.size();
    memory_size_ += chunk.pinned() + sizeof(core::Chunk) + sizeof(core::Block);
  }
  CHECK(total == head_.body_size);
}

Object::Object(ObjectHead head, DiskLocation location)
    : head_(std::move(head)),
      rendered_(rendered_for_clients(head_)),
      location_(location),
      on_disk_(true),
      memory_size_(size_of(head_, *rendered_)),
      checked_epoch_(head_.epoch) {}

}  // namespace skerry::edge
