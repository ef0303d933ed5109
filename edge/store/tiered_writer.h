// One response on its way into the store. Pieces stay in memory while the body may become a memory-tier object, and
// go to the disk as they fill up once it can't be a single record.
//
// Belongs to one worker, as every ObjectWriter.
#pragma once

#include <memory>
#include <vector>

#include "edge/store/tiered_store.h"

namespace skerry::edge {

class TieredWriter final : public ObjectWriter {
 public:
  TieredWriter(TieredStore&, const core::Worker&, ObjectHead);
  ~TieredWriter() override;

  bool append(const core::Chunk&) override;
  bool congested() override;
  void set_on_drained(core::Task on_drained) override;
  std::uint64_t readable() const override;
  void read(std::uint64_t offset, core::UniqueFunction<void(core::Result<core::Chunk>)> done) override;
  ObjectPtr commit() override;

 private:
  bool add(core::Chunk);
  bool finish_piece();
  bool refuse();
  void give_up_disk();
  void release_memory();
  std::vector<core::Chunk> take_body();

  TieredStore& store_;
  core::EventLoop& loop_;
  ObjectHead head_;
  std::uint64_t size_ = 0;
  Piece open_;                                        // the piece being filled
  std::vector<std::shared_ptr<const Piece>> pieces_;  // finished ones, while all of them are kept in memory
  std::uint32_t finished_ = 0;                        // pieces
  bool in_memory_ = true;
  bool to_disk_;
  bool dead_ = false;
  std::size_t held_ = 0;             // of the store's share for fills
  std::shared_ptr<LargeBody> body_;  // once something went to the disk
  std::shared_ptr<DrainWaiter> waiter_;
};

}  // namespace skerry::edge
