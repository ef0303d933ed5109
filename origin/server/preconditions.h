// Conditional requests as the origin judges them (RFC 9110 13.2.2). Pure; any thread.
#pragma once

#include "core/http/head.h"

namespace skerry::origin {

// 200: go on. 304 or 412: that is the answer. `response` holds the current ETag and Last-Modified.
int evaluate_preconditions(const http::RequestHead& request, const http::HeaderMap& response);

}  // namespace skerry::origin
