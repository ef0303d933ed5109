// An AccessRecord as bytes in a ring: packed by the worker, unpacked by the log's writer. Neither allocates.
#pragma once

#include <cstddef>
#include <span>

#include "core/log/access_log.h"

namespace skerry::log {

std::size_t packed_size(const AccessRecord&);
// `to` has room for packed_size().
void pack(const AccessRecord&, std::byte* to);
// The texts point into `from`.
AccessRecord unpack(std::span<const std::byte> from);

}  // namespace skerry::log
