// Makes the handlers of one worker's listener, and writes the log line when one is done.
#pragma once

#include <memory>
#include <unordered_map>

#include "origin/server/content_handler.h"

namespace skerry::origin {

class ContentService final : public http::RequestService {
 public:
  explicit ContentService(const OriginContent& content) : content_(content) {}

  http::RequestHandler& acquire(http::ResponseSink&) override;
  void release(http::RequestHandler&) override;

 private:
  const OriginContent& content_;
  std::unordered_map<http::RequestHandler*, std::unique_ptr<ContentHandler>> handlers_;
};

}  // namespace skerry::origin
