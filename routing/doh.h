// DNS over HTTPS (RFC 8484): a query as `?dns=` of a GET or as the body of a POST; the same answers as everywhere.
//
// A RequestService for core's HTTP server, on the main loop's thread. Answers may be cached as long as their records,
// by shared caches only if they are the same for all.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "core/http/server.h"
#include "routing/answer_counts.h"
#include "routing/published.h"
#include "routing/query_log.h"

namespace skerry::routing {

class DohService final : public http::RequestService {
 public:
  // `path`: for instance "/dns-query". `routes` and `signer` outlive the service; without a signer it answers SERVFAIL
  // to those who want signatures of a signed zone.
  DohService(const Published<Routes>& routes, std::string path, QueryLane log = {}, Signer* signer = nullptr);
  ~DohService() override;

  http::RequestHandler& acquire(http::ResponseSink&) override;
  void release(http::RequestHandler&) override;
  const AnswerCounts& counts() const { return counts_; }

 private:
  class Handler;

  const std::string path_;
  Published<Routes>::Reader routes_;
  const QueryLane log_;
  Signer* const signer_;
  AnswerCounts counts_;
  std::vector<std::byte> answer_room_;
  std::unordered_map<http::RequestHandler*, std::unique_ptr<Handler>> handlers_;
};

// The query of a GET: the `dns` parameter of a target such as "/dns-query?dns=AAAB…". Empty: it is missing, or not
// base64url.
std::string query_in_target(std::string_view target);

}  // namespace skerry::routing
