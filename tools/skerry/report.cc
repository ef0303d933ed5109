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

// The requests of one kind by outcome, and how many of them the PoP had. What an edge answers by itself (probes,
// redirects, refusals) asks no cache, so it is told and not counted.
std::string request_lines(std::string_view who, const json& outcomes) {
  const std::uint64_t local = outcomes.value("local", 0ull);
  std::uint64_t total = 0, hits = 0;
  std::string lines;
  for (const auto& [outcome, value] : outcomes.items()) {
    const auto count = value.get<std::uint64_t>();
    if (outcome == "local" || count == 0) continue;
    total += count;
    if (outcome == "hit" || outcome == "peer-hit" || outcome == "stale" || outcome == "revalidated") hits += count;
    lines += fmt::format("{:<28}{}\n", fmt::format("{}: {}", who, outcome), count);
  }
  if (local > 0) lines += fmt::format("{:<28}{}\n", fmt::format("{}: answered here", who), local);
  if (total == 0) return lines;
  return lines + fmt::format("{:<28}{}\n{:<28}{:.1f} %\n", fmt::format("{}: requests", who), total,
                             fmt::format("{}: hit ratio", who),
                             100.0 * static_cast<double>(hits) / static_cast<double>(total));
}

// --- of routers

std::string percent(const json& table, const char* key) {
  return table.contains(key) ? fmt::format("{:.0f} %", 100 * table[key].get<double>()) : "-";
}

// "2 of 3 edges up, 40 % full, 10 % spilled, set to drain"
std::string standing_of(const json& pop) {
  std::string text = fmt::format("{} of {} edges up", pop.value("healthy_edges", 0ull), pop["edges"].size());
  if (pop.contains("utilisation")) text += ", " + percent(pop, "utilisation") + " full";
  if (pop.value("spill", 0.0) > 0) text += ", " + percent(pop, "spill") + " spilled";
  if (pop.contains("said_by_admin")) text += ", set to " + pop.value("said_by_admin", "");
  return text;
}

std::string edge_line(const json& edge) {
  std::string line = fmt::format("  {:<20}{:<10}weight {:<8g}", edge.value("name", ""), edge.value("state", ""),
                                 edge.value("weight", 0.0));
  if (edge.contains("in_flight")) line += fmt::format("{} in flight  ", edge["in_flight"].get<std::int64_t>());
  for (const char* words : {"note", "failure"}) {
    if (edge.contains(words)) line += edge[words].get<std::string>() + "  ";
  }
  if (edge.contains("said_by_admin")) line += "set to " + edge.value("said_by_admin", "") + "  ";
  if (edge.contains("clients_gone_in_seconds"))
    line += fmt::format("clients gone in {} s", edge["clients_gone_in_seconds"].get<std::int64_t>());
  while (line.ends_with(' ')) line.pop_back();
  return line + "\n";
}

std::string addresses(const json& list) {
  std::string text;
  for (const json& address : list) text += (text.empty() ? "" : " ") + address.get<std::string>();
  return text.empty() ? "none" : text;
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
    const bool owned = chain.value("owner_is_this_edge", false);
    out += fmt::format("owners    {}{}\n", owners.empty() ? "this edge alone" : owners,
                       owned ? "  (owned here)" : "  (asked of its owner)");
    if (!owned)
      out += fmt::format("ask       {0}, which owns it and keeps it: skerry --admin ADDRESS-OF-{0} explain {1}\n",
                         chain["owners"][0].get<std::string>(), chain.value("url", ""));
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
    if (ring["owners"].empty()) out += "this edge alone\n";
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
    std::string out = fmt::format("{:<28}{}\n", "edge", stat.value("edge", ""));
    out += request_lines("clients", stat["requests"]) + request_lines("peers", stat["peer_requests"]);
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

std::string ready_report(std::string_view text) {
  return rendered(text, [](const json& answer) {
    std::string why = answer.value("why", "");  // an edge's; routers say what is the case
    if (answer.value("draining", false)) why = "draining";
    if (why.empty() && !answer.value("probed", true)) why = "its edges are not probed yet";
    if (why.empty() && answer.value("all_edges_down", false)) why = "no edge is up";
    const bool ready = answer.value("ready", false);
    return std::string(ready ? "ready" : "not ready") + (why.empty() ? "" : ": " + why) + "\n";
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

std::string pops_report(std::string_view text) {
  return rendered(text, [](const json& state) {
    std::string out = fmt::format("answers hold edges that are {}\n", state.value("answers_hold", "?"));
    for (const json& pop : state["pops"]) {
      out += fmt::format("{:<22}{}\n", pop.value("pop", ""), standing_of(pop));
      for (const json& edge : pop["edges"]) out += edge_line(edge);
    }
    return out;
  });
}

std::string explain_ip_report(std::string_view text) {
  return rendered(text, [](const json& answer) {
    const bool resolver = answer.contains("ecs");
    std::string out = fmt::format("{:<10}{}\n", resolver ? "resolver" : "client", answer.value("ip", ""));
    if (resolver) {
      out += fmt::format("subnet    {}\ndecides   {}\n", answer.value("ecs", ""), answer.value("ecs_decides", ""));
    }
    if (answer.contains("error")) return out + fmt::format("error     {}\n", answer.value("error", ""));
    out += fmt::format("source    {}{}\n", answer.value("source", ""),
                       answer.contains("prefix") ? " (" + answer.value("prefix", "") + ")" : "");
    if (answer.contains("latitude"))
      out +=
          fmt::format("place     {:.2f} {:.2f}\n", answer["latitude"].get<double>(), answer["longitude"].get<double>());
    int rank = 0;
    for (const json& pop : answer["list"]) {
      out += fmt::format("{:<10}{}. {}: {}", rank == 0 ? "PoPs" : "", rank + 1, pop.value("pop", ""), standing_of(pop));
      if (pop.contains("distance_km")) out += fmt::format(", {:.0f} km away", pop["distance_km"].get<double>());
      out += "\n";
      ++rank;
    }
    out += fmt::format("choice    {}{}{}\n", answer.value("choice", ""),
                       answer.value("spilled", false) ? " (spilled)" : "",
                       answer.value("all_down", false) ? " (no edge is up anywhere)" : "");
    out += fmt::format("A         {}\nAAAA      {}\n", addresses(answer["a"]), addresses(answer["aaaa"]));
    if (!resolver) return out + fmt::format("good for  {}\n", answer.value("block", ""));
    return out + fmt::format("scope     {}: the resolver keeps the answer for {}\n", answer["ecs_scope"].get<int>(),
                             answer.value("ecs_kept_for", ""));
  });
}

}  // namespace skerry::cli
