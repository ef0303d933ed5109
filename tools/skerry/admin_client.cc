#include "tools/skerry/admin_client.h"

#include <algorithm>
#include <optional>

#include "core/http/list.h"
#include "core/loop/libevent_loop.h"
#include "core/net/socket_network.h"
#include "core/random.h"

namespace skerry::cli {
namespace {

// A thousand purges, each on every member's disk before the next, or a router that reads a large map anew.
constexpr std::chrono::minutes patience{2};

}  // namespace

core::Result<http::SimpleResponse> ask(http::SimpleRequest request) {
  auto made = core::LibeventLoop::create();
  if (!made.ok()) return made.error();
  core::LibeventLoop& loop = **made;
  core::SocketNetwork network(loop);
  core::Random random(core::seed_from_system());
  const core::Worker worker{loop, network, random, 0};
  std::optional<core::Result<http::SimpleResponse>> answer;
  const auto call = http::SimpleCall::start(worker, std::move(request), [&](core::Result<http::SimpleResponse> result) {
    answer.emplace(std::move(result));
    loop.stop();
  });
  loop.run();
  return std::move(*answer);
}

core::Result<http::SimpleResponse> ask_admin(const AdminTarget& target, std::string_view method,
                                             const std::string& path, std::string body) {
  http::SimpleRequest request;
  request.address = target.address;
  request.head.method = http::method_of(method);
  request.head.method_text = method;
  request.head.authority = target.address.to_string();
  request.head.path = path;
  if (!target.token.empty()) request.head.fields.add(http::HeaderId::authorization, "Bearer " + target.token);
  if (!body.empty()) request.head.fields.add(http::HeaderId::content_type, "application/json");
  for (const std::string& field : target.fields) {
    const std::size_t colon = std::min(field.find(':'), field.size());
    const std::string_view value = std::string_view(field).substr(std::min(colon + 1, field.size()));
    request.head.fields.add(field.substr(0, colon), http::trim_blanks(value));
  }
  request.body = std::move(body);
  request.timeout = patience;
  auto answer = ask(std::move(request));
  if (!answer.ok()) {
    core::Error error = answer.error();
    error.detail =
        "admin listener at " + target.address.to_string() + (error.detail.empty() ? "" : ": " + error.detail);
    return error;
  }
  return answer;
}

}  // namespace skerry::cli
