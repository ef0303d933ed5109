// The router's map and policy at size: 300 PoPs, 10,000 edges, 100,000 client prefixes. Prints what compiling, memory,
// look-ups and changes cost (CPU time) and who goes where, and draws the map as SVG.
//
//   route_simulation [FILE.svg]
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "routing/pop_selector.h"
#include "tests/support/synthetic_map.h"

namespace {

using namespace skerry;
using namespace skerry::routing;

constexpr std::size_t pop_count = 300, edge_count = 10'000, prefix_count = 100'000;

// CPU time, which other programs on the machine do not change much.
double milliseconds_of(const auto& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  };
  const double begun = now();
  work();
  return now() - begun;
}

std::size_t heap_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::vector<Pop> make_pops(core::Random& random, const std::vector<NetMapEntry>& clients) {
  std::vector<Pop> pops(pop_count);
  for (std::size_t i = 0; i < pop_count; ++i) {
    pops[i].name = "pop-" + std::to_string(i);
    pops[i].at = clients[random.below(clients.size())].at;  // where clients are
    pops[i].at.latitude =
        std::clamp(pops[i].at.latitude + static_cast<double>(random.below(700)) / 100 - 3.5, -89.0, 89.0);
    pops[i].at.longitude += static_cast<double>(random.below(700)) / 100 - 3.5;
  }
  for (std::size_t i = 0; i < edge_count; ++i) {
    Pop& pop = pops[i % pop_count];
    const auto octet = [&](int shift) { return static_cast<std::uint8_t>(i >> shift); };
    pop.edges.push_back(
        {pop.name + "-" + std::to_string(i / pop_count), {core::IpAddress::v4({203, 0, octet(8), octet(0)})}});
  }
  return pops;
}

PolicyState all_up(const std::vector<Pop>& pops) {
  PolicyState state;
  for (const Pop& pop : pops) state.push_back({std::vector<Availability>(pop.edges.size(), Availability::up)});
  return state;
}

// Median of many, each from the table of everything up.
template <class Change>
void measure_change(const char* what, const GeoMap& map, const std::vector<Pop>& pops, const AnswerTable& before,
                    Change change) {
  std::vector<double> times;
  for (std::size_t i = 0; i < 25; ++i) {
    PolicyState state = all_up(pops);
    change(state, i * 11 % pop_count);
    times.push_back(milliseconds_of([&] { AnswerTable::select(map, pops, state, 3, &before); }));
  }
  std::sort(times.begin(), times.end());
  std::printf("%-34s %8.1f ms (median of 25; worst %.1f)\n", what, times[times.size() / 2], times.back());
}

void measure_lookups(const AnswerTable& table, const std::vector<NetMapEntry>& clients) {
  constexpr std::size_t rounds = 1'000'000;
  std::size_t found = 0;
  const double time = milliseconds_of([&] {
    for (std::size_t i = 0; i < rounds; ++i) {
      const core::IpAddress& ip = clients[i * 7919 % clients.size()].prefix.ip;
      found += table.choose(table.locate(ip), ip, core::AddressFamily::ipv4).count;
    }
  });
  std::printf("%-34s %8.0f ns (%.1f addresses each)\n", "look-up and choice of edges", time * 1e6 / rounds,
              static_cast<double>(found) / rounds);
}

void print_distribution(const AnswerTable& table, const std::vector<Pop>& pops,
                        const std::vector<NetMapEntry>& clients) {
  std::vector<std::size_t> given(pops.size());
  std::vector<double> km;
  for (const NetMapEntry& client : clients) {
    const PopIndex pop = table.locate(client.prefix.ip).pop;
    ++given[pop];
    km.push_back(distance_km(client.at, pops[pop].at));
  }
  std::sort(given.begin(), given.end());
  std::sort(km.begin(), km.end());
  std::printf("%-34s min %zu, median %zu, max %zu; %zu PoPs without clients\n", "prefixes a PoP", given.front(),
              given[given.size() / 2], given.back(),
              static_cast<std::size_t>(std::count(given.begin(), given.end(), std::size_t{0})));
  std::printf("%-34s median %.0f km, 99 %% within %.0f km\n", "distance to the PoP", km[km.size() / 2],
              km[km.size() * 99 / 100]);
}

// Equirectangular: clients as points in their PoP's colour, PoPs as rings over them.
void draw(const std::string& file, const AnswerTable& table, const std::vector<Pop>& pops,
          const std::vector<NetMapEntry>& clients) {
  std::ofstream out(file);
  out << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-180 -90 360 180\"><rect x=\"-180\" y=\"-90\" "
         "width=\"360\" "
         "height=\"180\" fill=\"#101820\"/>\n";
  for (std::size_t i = 0; i < clients.size(); i += 10) {
    const NetMapEntry& client = clients[i];
    const unsigned hue = table.locate(client.prefix.ip).pop * 137u % 360;
    // Spread over a degree: many prefixes share a place.
    const double x = client.at.longitude + static_cast<double>(i % 97) / 97 - 0.5;
    const double y = -client.at.latitude + static_cast<double>(i % 89) / 89 - 0.5;
    out << "<circle cx=\"" << x << "\" cy=\"" << y << "\" r=\".2\" fill=\"hsl(" << hue << ",80%,60%)\"/>\n";
  }
  for (std::size_t i = 0; i < pops.size(); ++i) {
    out << "<circle cx=\"" << pops[i].at.longitude << "\" cy=\"" << -pops[i].at.latitude
        << "\" r=\".8\" fill=\"none\" stroke=\"hsl(" << i * 137 % 360 << ",80%,75%)\" stroke-width=\".25\"><title>"
        << pops[i].name << "</title></circle>\n";
  }
  out << "</svg>\n";
  std::printf("%-34s %s\n", "picture", file.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  core::Random random(1);
  // About an eighth of a whole map, from everywhere in it.
  std::vector<NetMapEntry> clients = testing::SyntheticMap(1).make(115);
  if (clients.size() > prefix_count) clients.resize(prefix_count);
  const std::vector<Pop> pops = make_pops(random, clients);
  std::printf("%zu PoPs, %zu edges, %zu client prefixes\n", pops.size(), edge_count, clients.size());
  const std::size_t heap = heap_in_use();
  NetMap net;
  net.entries = clients;
  GeoMap map;
  std::printf("%-34s %8.1f ms\n", "compiling the map",
              milliseconds_of([&] { map = GeoMap::compile(std::move(net), pops); }));
  AnswerTable table;
  const PolicyState up = all_up(pops);
  std::printf("%-34s %8.1f ms\n", "the first answer table",
              milliseconds_of([&] { table = AnswerTable::select(map, pops, up, 3); }));
  std::printf("%-34s %8.1f MiB (map with its %zu lines, and table)\n", "memory",
              static_cast<double>(heap_in_use() - heap) / (1 << 20), map.entries());
  std::printf("%-34s %zu in the map of %zu lists, %zu in the table\n", "ranges", map.v4().size() + map.v6().size(),
              map.lists(), table.ranges());
  measure_change("one edge of a PoP goes", map, pops, table,
                 [](PolicyState& state, std::size_t pop) { state[pop].edges[0] = Availability::failing; });
  measure_change("a whole PoP goes", map, pops, table, [](PolicyState& state, std::size_t pop) {
    std::fill(state[pop].edges.begin(), state[pop].edges.end(), Availability::failing);
  });
  measure_change("a PoP begins to spill", map, pops, table,
                 [](PolicyState& state, std::size_t pop) { state[pop].spill = whole_spill / 20; });
  measure_lookups(table, clients);
  print_distribution(table, pops, clients);
  if (argc > 1) draw(argv[1], table, pops, clients);
  return 0;
}
