// A store on a storage that was opened already: how tests and simulations run the disk tier in memory.
#pragma once

#include <memory>

#include "edge/store/tiered_store.h"

namespace skerry::edge {

// `config.path` must not be empty (it only says that there is a disk tier); ObjectStore::open comes here, too.
core::Result<std::unique_ptr<ObjectStore>> open_store_on(std::unique_ptr<SegmentStorage>, const MemoryConfig&,
                                                         const StoreConfig&, core::Clock&, int workers, OpenReport);

}  // namespace skerry::edge
