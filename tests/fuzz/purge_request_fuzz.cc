// What is posted to the admin listener's /purge, and the target by which a member of the PoP hands a purge on.
#include "core/check.h"
#include "edge/admin/purge_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::edge;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto request = parse_purge_request(text); request.ok()) {
    CHECK(!request->urls.empty() && request->urls.size() <= most_purged_urls);
  }
  if (const auto told = parse_purge_target(text); told.ok()) {
    const auto again = parse_purge_target(purge_target(told->purge, told->number));
    CHECK(again.ok());
    CHECK(again->purge.kind == told->purge.kind && again->purge.target == told->purge.target);
    CHECK(again->purge.soft == told->purge.soft && again->number.member == told->number.member);
    CHECK(again->number.boot == told->number.boot && again->number.number == told->number.number);
  }
  return 0;
}
