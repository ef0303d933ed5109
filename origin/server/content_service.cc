#include "origin/server/content_service.h"

#include <cstdio>

namespace skerry::origin {

http::RequestHandler& ContentService::acquire(http::ResponseSink& sink) {
  auto handler = std::make_unique<ContentHandler>(content_, sink);
  http::RequestHandler& acquired = *handler;
  handlers_.emplace(&acquired, std::move(handler));
  return acquired;
}

void ContentService::release(http::RequestHandler& handler) {
  const auto found = handlers_.find(&handler);
  CHECK(found != handlers_.end());
  if (content_.options.log) {
    // Standard output may block; a full queue drops the line rather than the request.
    content_.files.submit([line = found->second->log_line() + "\n"] {
      std::fwrite(line.data(), 1, line.size(), stdout);
      std::fflush(stdout);
    });
  }
  handlers_.erase(found);
}

}  // namespace skerry::origin
