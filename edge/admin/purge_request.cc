#include "edge/admin/purge_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "edge/admin/explain.h"
#include "edge/cache_key.h"

namespace skerry::edge {
namespace {

using nlohmann::json;

core::Result<std::vector<Purge>> purges_of_url(const std::string& text, bool soft, const Snapshot& snapshot) {
  std::vector<std::string> urls = {text};
  if (text.starts_with("//")) urls = {"http:" + text, "https:" + text};
  std::vector<Purge> purges;
  for (const std::string& candidate : urls) {
    auto url = http::Url::parse(candidate);
    if (!url.ok()) return url.error();
    http::RequestHead request = request_for(*url);
    const Site* site = snapshot.find_site(request);
    if (!site)
      return core::Error{core::ErrorCode::misdirected, core::ErrorSource::client, false,
                         "no site serves " + request.authority};
    Purge purge;
    purge.soft = soft;
    make_primary_key(request, site->key, purge.target);
    purges.push_back(std::move(purge));
  }
  return purges;
}

}  // namespace

core::Result<PurgeRequest> parse_purge_request(std::string_view body) {
  const core::Error malformed{
      core::ErrorCode::invalid_argument, core::ErrorSource::client, false,
      R"(expected {"url": "https://host/path", "soft": false}, or "urls" with 1 to 1000 of them)"};
  const json parsed = json::parse(body, nullptr, false);
  if (!parsed.is_object() || parsed.contains("url") == parsed.contains("urls")) return malformed;
  for (const auto& [key, value] : parsed.items()) {
    if (key != "url" && key != "urls" && key != "soft") return malformed;
  }
  if (parsed.contains("soft") && !parsed["soft"].is_boolean()) return malformed;
  const json urls = parsed.contains("url") ? json::array({parsed["url"]}) : parsed["urls"];
  if (!urls.is_array() || urls.empty() || urls.size() > most_purged_urls) return malformed;
  PurgeRequest request;
  request.soft = parsed.value("soft", false);
  for (const json& url : urls) {
    if (!url.is_string()) return malformed;
    request.urls.push_back(url.get<std::string>());
  }
  return request;
}

core::Result<std::vector<Purge>> purges_of(const PurgeRequest& request, const Snapshot& snapshot) {
  std::vector<Purge> purges;
  for (const std::string& url : request.urls) {
    auto found = purges_of_url(url, request.soft, snapshot);
    if (!found.ok()) {
      core::Error error = found.error();
      error.detail = url + ": " + error.detail;
      return error;
    }
    for (Purge& purge : *found) purges.push_back(std::move(purge));
  }
  return purges;
}

void add_outcome(std::optional<PurgeOutcome>& all, PurgeOutcome one) {
  if (!all) {
    all = std::move(one);
    return;
  }
  const auto among = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  all->epoch = std::max(all->epoch, one.epoch);
  std::erase_if(all->applied_by, [&](const std::string& name) { return !among(one.applied_by, name); });
  for (std::string& name : one.unreachable) {
    if (!among(all->unreachable, name)) all->unreachable.push_back(std::move(name));
  }
}

std::string outcome_json(const PurgeOutcome& outcome) {
  const json told = {
      {"epoch", outcome.epoch}, {"applied_by", outcome.applied_by}, {"unreachable", outcome.unreachable}};
  return told.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace skerry::edge
