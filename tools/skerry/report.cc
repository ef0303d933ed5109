#include "tools/skerry/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace skerry::cli {
namespace {

using nlohmann::json;

std::string joined(const json& names) {
  std::string text;
  for (const json& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

std::string copy_line(const json& copy) {
  std::string held = copy.value("held", "?");
  if (copy.contains("segment")) held += fmt::format(" (segment {})", copy.value("segment", 0ull));
  std::string line = fmt::format("copy      {}: {} ({})", held, copy.value("verdict", "?"), copy.value("reason", "?"));
  if (copy.contains("age")) {
    line += fmt::format(", status {}, {} bytes, age {} of {} s, ttl {} s", copy.value("status", 0),
                        copy.value("size", 0ull), copy.value("age", 0ll), copy.value("lifetime", 0ll),
                        copy.value("ttl", 0ll));
  }
  if (!copy.value("selected_by", "").empty()) line += ", selected by " + copy.value("selected_by", "");
  return line + "\n";
}

std::string past_line(const json& past) {
  std::string line = fmt::format("past      {} {} s ago", past.value("fate", "?"), past.value("seconds_ago", 0ll));
  if (past.value("from", "") == "disk") line += ", from disk";
  if (past.contains("purge")) {
    const json& purge = past["purge"];
    line += fmt::format(", by a {} purge of kind {} {} s ago (epoch {})", purge.value("soft", false) ? "soft" : "hard",
                        purge.value("kind", "?"), purge.value("seconds_ago", 0ll), purge.value("epoch", 0ull));
  }
  return line + "\n";
}

// Runs `render` on parsed JSON; anything unexpected in it gives the text back as it came.
template <class Render>
std::string rendered(std::string_view text, Render render) {
  const json parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object()) return std::string(text);
  try {
    return render(parsed);
  } catch (const json::exception&) {
    return std::string(text);
  }
}

}  // namespace

std::string explain_report(std::string_view text) {
  return rendered(text, [](const json& chain) {
    std::string out = fmt::format("url       {}\nedge      {}\n", chain.value("url", ""), chain.value("edge", ""));
    if (!chain.contains("site")) return out + fmt::format("refused   {}\n", chain.value("reason", ""));
    out += fmt::format("site      {}\nkey       {}\n", chain.value("site", ""), chain.value("key", ""));
    if (chain.contains("rules") && chain["rules"].contains("reason")) {
      const json& rules = chain["rules"];
      out += fmt::format("rules     {} ({}) {}\n", rules.value("status", 0), rules.value("reason", ""),
                         rules.value("location", ""));
    }
    const std::string owners = joined(chain["owners"]);
    out += fmt::format("owners    {}{}\n", owners.empty() ? "this edge alone" : owners,
                       chain.value("owner_is_this_edge", false) ? "  (owned here)" : "  (asked of its owner)");
    for (const json& copy : chain["copies"]) out += copy_line(copy);
    for (const json& variant : chain["other_variants"]) {
      out += fmt::format("variant   held, not for this request: {} differs\n", joined(variant["differs_on"]));
    }
    for (const json& past : chain["past"]) out += past_line(past);
    for (const json& upstream : chain["origin"]) {
      const std::string failing = fmt::format(" (skipped: {})", upstream.value("last_failure", "failing"));
      out += fmt::format("origin    {}{}, {} requests, {} failures\n", upstream.value("url", ""),
                         upstream.value("ejected", false) ? failing : "", upstream.value("requests", 0ull),
                         upstream.value("failures", 0ull));
    }
    return out;
  });
}

std::string ring_report(std::string_view text) {
  return rendered(text, [](const json& ring) {
    std::string out = fmt::format("{}\nmembership {}\n", ring.value("url", ""), ring.value("membership", 0ull));
    int place = 0;
    for (const json& member : ring["owners"]) {
      out += fmt::format("{}. {}  {}  weight {}{}{}\n", ++place, member.value("name", ""), member.value("peer", ""),
                         member.value("weight", 0.0), member.value("self", false) ? "  (this edge)" : "",
                         member.value("skipped", false) ? "  (skipped: failing)" : "");
    }
    return out;
  });
}

std::string stat_report(std::string_view text) {
  return rendered(text, [](const json& stat) {
    std::uint64_t total = 0;
    std::string out = fmt::format("{:<28}{}\n", "edge", stat.value("edge", ""));
    for (const auto& [outcome, count] : stat["requests"].items()) {
      total += count.get<std::uint64_t>();
      if (count.get<std::uint64_t>() > 0)
        out += fmt::format("{:<28}{}\n", "requests: " + outcome, count.get<std::uint64_t>());
    }
    const std::uint64_t hits = stat["requests"].value("hit", 0ull) + stat["requests"].value("stale", 0ull) +
                               stat["requests"].value("revalidated", 0ull);
    out += fmt::format("{:<28}{}\n", "requests", total);
    out += fmt::format("{:<28}{:.1f} %\n", "hit ratio",
                       total == 0 ? 0.0 : 100.0 * static_cast<double>(hits) / static_cast<double>(total));
    for (const auto& [name, count] : stat["counters"].items()) {
      if (count.get<std::uint64_t>() > 0) out += fmt::format("{:<28}{}\n", name, count.get<std::uint64_t>());
    }
    for (const auto& [name, value] : stat["store"].items()) {
      if (value.is_number() && value.get<std::uint64_t>() > 0)
        out += fmt::format("{:<28}{}\n", "store: " + name, value.get<std::uint64_t>());
    }
    return out;
  });
}

std::string purge_report(std::string_view text) {
  return rendered(text, [](const json& outcome) {
    std::string out = "purged at " + joined(outcome["applied_by"]) + "\n";
    if (!outcome["unreachable"].empty()) out += "NOT REACHED: " + joined(outcome["unreachable"]) + "\n";
    return out;
  });
}

std::string purge_body(const std::vector<std::string>& urls, bool soft) {
  return json({{"urls", urls}, {"soft", soft}}).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace skerry::cli
