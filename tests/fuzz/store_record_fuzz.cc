// Records as a hostile disk could hold them. What decodes must encode back to what decodes the same. A second pass puts
// the right checksum on the input, so that the parser behind it is reached.
#include <xxhash.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "edge/store/record.h"

using namespace skerry::edge;

namespace {

void try_head(std::string_view record) {
  const auto stored = decode_head(record);
  if (!stored) return;
  const std::string again = encode_head(stored->head, stored->body);
  const auto twice = decode_head(again + std::string(record.substr(stored->head_bytes)));
  if (!twice || twice->head.key != stored->head.key || twice->head.fields.size() != stored->head.fields.size()) abort();
}

void try_contents(std::string_view record) {
  const auto contents = decode_contents(record);
  if (!contents) return;
  const auto twice = decode_contents(encode_contents(*contents));
  if (!twice || twice->entries.size() != contents->entries.size()) abort();
}

std::string with_checksum(std::string text, std::size_t covered) {
  const std::uint64_t sum = XXH3_64bits(text.data(), covered);
  text.replace(covered, sizeof sum, reinterpret_cast<const char*>(&sum), sizeof sum);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try_head(text);
  try_contents(text);
  if (size < 16) return 0;
  std::uint32_t head_size = 0;
  std::memcpy(&head_size, data + 4, sizeof head_size);
  if (head_size >= 16 && head_size <= size) try_head(with_checksum(text, head_size - 8));
  try_contents(with_checksum(text, size - 8));
  return 0;
}
