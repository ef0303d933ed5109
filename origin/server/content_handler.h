// One request at skerry-origin: a file, generated content or the echo, judged by method, conditions and ranges, bent by
// the faults it asks for.
//
// One per request, on its worker; made and destroyed by ContentService.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/http/server.h"
#include "origin/server/body_pump.h"
#include "origin/server/document_root.h"
#include "origin/server/echo.h"
#include "origin/server/faults.h"
#include "origin/server/file_threads.h"
#include "origin/server/options.h"
#include "origin/server/representation.h"
#include "origin/server/request_counts.h"

namespace skerry::origin {

// What all requests share. Outlives every service.
struct OriginContent {
  const OriginOptions& options;
  const DocumentRoot* root;  // null: none
  FileThreads& files;
  RequestCounts& counts;
  http::ServerLimits limits;
};

class ContentHandler final : public http::RequestHandler {
 public:
  ContentHandler(const OriginContent&, http::ResponseSink&);
  ~ContentHandler();

  void on_request(http::RequestHead&, http::BodyLength) override;
  void on_request_body(core::Chunk) override;
  void on_request_end(const http::HeaderMap& trailers) override;
  void on_writable() override;
  void on_cancelled(const core::Error&) override {}

  // "127.0.0.1:4711 GET /a 200", for the log, once it is over; status 0: the client left first.
  std::string log_line() const;

 private:
  // The way back for a file that is found after this was destroyed. Its pointer is the worker's alone.
  struct Link {
    ContentHandler* handler;
  };

  void answer();
  void answer_with_status();
  void answer_path();
  void find_file(std::string path);
  void on_found(core::Result<DocumentRoot::Found>);
  // `ruled_as`: the path that Cache-Control rules are matched with.
  void send_representation(const Representation&, std::string_view ruled_as);
  void send_text(int status, std::string text);
  void send_head(http::ResponseHead&, http::BodyLength);
  void send_garbage();
  void apply_header_faults(http::HeaderMap&) const;

  const OriginContent& content_;
  http::ResponseSink& sink_;
  http::RequestHead request_;
  std::string client_;
  std::string path_;  // decoded, without the query
  Faults faults_;
  int status_ = 0;
  std::shared_ptr<Link> link_;
  std::optional<Echo> echo_;
  BodyPump pump_;
  core::Timer delay_;
};

}  // namespace skerry::origin
