#include "edge/coding/transcode.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

namespace skerry::edge {
namespace {

// A coded body is cut into pieces of this size: what the store reads and sends at once.
constexpr std::size_t piece_size = 64 * 1024;
// Made once and sent many times, by threads that serve nobody: better than the usual level for answers on the fly.
constexpr int gzip_level = 7;
constexpr std::uint32_t br_quality = 7;
constexpr int zstd_level = 9;

core::Error failed(core::ErrorCode code, const char* what) {
  return {code, core::ErrorSource::internal, false, what};
}

// Output space that becomes chunks as it fills.
class Output {
 public:
  std::byte* at() {
    if (!block_) block_ = core::BlockRef(core::Block::allocate(piece_size));
    return block_->data() + used_;
  }
  std::size_t room() const { return piece_size - used_; }
  void took(std::size_t bytes) {
    used_ += bytes;
    size_ += bytes;
    if (used_ == piece_size) flush();
  }
  std::uint64_t size() const { return size_; }
  Body take() {
    flush();
    return std::move(body_);
  }

 private:
  void flush() {
    if (used_ == 0) return;
    // What is left of the last piece is not pinned for as long as the object lives.
    const std::span<const std::byte> bytes(block_->data(), used_);
    body_.push_back(used_ == piece_size ? core::Chunk(block_, block_->data(), used_) : core::Chunk::copy_of(bytes));
    block_ = core::BlockRef();
    used_ = 0;
  }

  Body body_;
  core::BlockRef block_;
  std::size_t used_ = 0;
  std::uint64_t size_ = 0;
};

// zlib's interface is not const-correct: it does not write to its input.
Bytef* input_of(const core::Chunk& chunk) {
  return reinterpret_cast<Bytef*>(const_cast<std::byte*>(chunk.data()));
}

struct Deflater {
  z_stream stream{};
  bool ready = deflateInit2(&stream, gzip_level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  ~Deflater() { deflateEnd(&stream); }
};

core::Result<Body> gzipped(const Body& body) {
  Deflater deflater;
  if (!deflater.ready) return failed(core::ErrorCode::limit_exceeded, "zlib has no memory");
  z_stream& stream = deflater.stream;
  Output out;
  for (std::size_t i = 0; i <= body.size(); ++i) {
    const bool last = i == body.size();
    stream.next_in = last ? nullptr : input_of(body[i]);
    stream.avail_in = last ? 0 : static_cast<uInt>(body[i].size());
    int state = Z_OK;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(out.at());
      const std::size_t room = out.room();
      stream.avail_out = static_cast<uInt>(room);
      state = deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
      out.took(room - stream.avail_out);
    } while (last ? state != Z_STREAM_END : stream.avail_in > 0);
  }
  return out.take();
}

core::Result<Body> brotlied(const Body& body) {
  const std::unique_ptr<BrotliEncoderState, void (*)(BrotliEncoderState*)> encoder(
      BrotliEncoderCreateInstance(nullptr, nullptr, nullptr), BrotliEncoderDestroyInstance);
  if (!encoder) return failed(core::ErrorCode::limit_exceeded, "brotli has no memory");
  BrotliEncoderSetParameter(encoder.get(), BROTLI_PARAM_QUALITY, br_quality);
  Output out;
  for (std::size_t i = 0; i <= body.size(); ++i) {
    const bool last = i == body.size();
    std::size_t left = last ? 0 : body[i].size();
    const auto* in = last ? nullptr : reinterpret_cast<const std::uint8_t*>(body[i].data());
    do {
      std::size_t room = out.room();
      const std::size_t before = room;
      auto* to = reinterpret_cast<std::uint8_t*>(out.at());
      const auto operation = last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS;
      if (!BrotliEncoderCompressStream(encoder.get(), operation, &left, &in, &room, &to, nullptr))
        return failed(core::ErrorCode::limit_exceeded, "brotli has no memory");
      out.took(before - room);
    } while (last ? !BrotliEncoderIsFinished(encoder.get()) : left > 0 || BrotliEncoderHasMoreOutput(encoder.get()));
  }
  return out.take();
}

core::Result<Body> zstd_coded(const Body& body) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (!context) return failed(core::ErrorCode::limit_exceeded, "zstd has no memory");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, zstd_level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  Output out;
  for (std::size_t i = 0; i <= body.size(); ++i) {
    const bool last = i == body.size();
    ZSTD_inBuffer in{last ? nullptr : body[i].data(), last ? 0 : body[i].size(), 0};
    std::size_t left = 0;
    do {
      ZSTD_outBuffer to{out.at(), out.room(), 0};
      left = ZSTD_compressStream2(context.get(), &to, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left)) return failed(core::ErrorCode::limit_exceeded, ZSTD_getErrorName(left));
      out.took(to.pos);
    } while (last ? left > 0 : in.pos < in.size);
  }
  return out.take();
}

struct Inflater {
  z_stream stream{};
  bool ready = inflateInit2(&stream, 15 + 16) == Z_OK;
  ~Inflater() { inflateEnd(&stream); }
};

}  // namespace

core::Result<Body> encoded(const Body& body, Coding coding) {
  switch (coding) {
    case Coding::gzip: return gzipped(body);
    case Coding::br: return brotlied(body);
    case Coding::zstd: return zstd_coded(body);
    case Coding::identity: break;
  }
  return body;
}

core::Result<Body> ungzipped(const Body& body, std::uint64_t limit) {
  Inflater inflater;
  if (!inflater.ready) return failed(core::ErrorCode::limit_exceeded, "zlib has no memory");
  z_stream& stream = inflater.stream;
  Output out;
  int state = Z_OK;
  for (const core::Chunk& chunk : body) {
    stream.next_in = input_of(chunk);
    stream.avail_in = static_cast<uInt>(chunk.size());
    while (stream.avail_in > 0) {
      // Another member follows (RFC 1952 2.2).
      if (state == Z_STREAM_END) inflateReset(&stream);
      do {
        stream.next_out = reinterpret_cast<Bytef*>(out.at());
        const std::size_t room = out.room();
        stream.avail_out = static_cast<uInt>(room);
        state = inflate(&stream, Z_NO_FLUSH);
        if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
          return failed(core::ErrorCode::corrupt, "not a gzip body");
        out.took(room - stream.avail_out);
        if (out.size() > limit) return failed(core::ErrorCode::limit_exceeded, "too large without its gzip coding");
      } while (state == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0));
    }
  }
  if (state != Z_STREAM_END) return failed(core::ErrorCode::corrupt, "a gzip body that is cut short");
  return out.take();
}

}  // namespace skerry::edge
