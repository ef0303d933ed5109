#include "routing/pop_config.h"

namespace skerry::routing {
namespace {

using config::Applies;
using std::chrono::seconds;

const config::Table<SpillSettings>& spill_table() {
  static const config::Table<SpillSettings> table =
      config::Table<SpillSettings>("")
          .key("spill_start", &SpillSettings::start,
               {.doc =
                    "How full a PoP is, 1 being its capacity, when part of its clients begins to go to their next PoP.",
                .min = 0.1,
                .max = 2.0,
                .applies = Applies::live})
          .key("spill_stop", &SpillSettings::stop,
               {.doc = "How full it is when they begin to come back. In between nobody moves.",
                .min = 0.05,
                .max = 2.0,
                .applies = Applies::live})
          .key("spill_step", &SpillSettings::step,
               {.doc = "The largest part of a PoP's clients that moves at once.",
                .min = 0.005,
                .max = 1.0,
                .applies = Applies::live})
          .key("spill_most", &SpillSettings::most,
               {.doc = "The largest part that is ever away.", .min = 0.0, .max = 1.0, .applies = Applies::live});
  return table;
}

// "drain" has a key of its own beside this one.
std::vector<std::pair<std::string, Forced>> state_names() {
  return {{"auto", Forced::automatic}, {"up", Forced::up}, {"down", Forced::down}};
}

const config::Table<EdgeSection>& edge_table() {
  static const config::Table<EdgeSection> table =
      config::Table<EdgeSection>("An edge of the PoP.")
          .key("name", &EdgeSection::name,
               {.doc = "Unique among all edges; clients are spread by it.",
                .min = 1,
                .max = 255,
                .applies = Applies::live,
                .required = true})
          .key("addresses", &EdgeSection::addresses,
               {.doc = "What clients are told: IPv4 and IPv6. The first one is probed.",
                .min = 1,
                .max = AnswerTable::most_addresses,
                .applies = Applies::live,
                .required = true})
          .key("port", &EdgeSection::port,
               {.doc = "The client port that is probed.", .min = 1, .applies = Applies::live})
          .key("url", &EdgeSection::url,
               {.doc = "Where redirects lead: `http://name[:port]` or `https://name[:port]`.",
                .max = 300,
                .applies = Applies::live,
                .shown_default = "http:// with the first address and the port"})
          .key("weight", &EdgeSection::weight,
               {.doc = "Share of the PoP's clients relative to its other edges; 0 gives it none.",
                .min = 0.0,
                .max = 65536.0,
                .applies = Applies::live})
          .key("drain", &EdgeSection::drain, {.doc = "Send no more clients there.", .applies = Applies::live})
          .choice("state", &EdgeSection::state, state_names(),
                  {.doc = "Up or down whatever the probes say; counts before the PoP's.", .applies = Applies::live});
  return table;
}

}  // namespace

const config::Table<ProbeSection>& probe_table() {
  static const config::Table<ProbeSection> table =
      config::Table<ProbeSection>("How edges are found to be healthy.")
          .choice(
              "kind", &ProbeSection::kind,
              {{"http", ProbeKind::http},
               {"https", ProbeKind::https},
               {"tcp", ProbeKind::tcp},
               {"none", ProbeKind::none}},
              {.doc = "An HTTP(S) request that must be answered with 2xx, a TCP connect, or nothing: all edges are up.",
               .applies = Applies::live})
          .key("path", &ProbeSection::path,
               {.doc = "What is asked for over HTTP.", .min = 1, .max = 1024, .applies = Applies::live})
          .key("host", &ProbeSection::host,
               {.doc = "Host field of the request, and over https the name that the certificate must carry.",
                .max = 255,
                .applies = Applies::live,
                .shown_default = "the edge's address"})
          .key("ca_file", &ProbeSection::ca_file,
               {.doc = "PEM file of the authorities that certificates are checked against.",
                .applies = Applies::live,
                .shown_default = "the system's",
                .path = true})
          .key("verify", &ProbeSection::verify, {.doc = "Check certificates.", .applies = Applies::live})
          .key("interval", &ProbeSection::interval,
               {.doc = "Mean time between two probes of an edge.",
                .min = std::chrono::milliseconds(100),
                .max = seconds(3600),
                .applies = Applies::live})
          .key("timeout", &ProbeSection::timeout,
               {.doc = "A probe that takes longer has failed. At most three quarters of the interval.",
                .min = std::chrono::milliseconds(10),
                .max = seconds(60),
                .applies = Applies::live})
          .key("up", &ProbeSection::up,
               {.doc = "Successes in a row that bring an edge back.", .min = 1, .max = 100, .applies = Applies::live})
          .key("down", &ProbeSection::down,
               {.doc = "Failures in a row that take an edge out.", .min = 1, .max = 100, .applies = Applies::live})
          .key("flap_doublings", &ProbeSection::flap_doublings,
               {.doc = "How many times that an edge goes count at most. Each but the first doubles the successes that "
                       "bring it back (with 4: eight times as many at most); 60 successes in a row forgive one.",
                .min = 0,
                .max = 10,
                .applies = Applies::live});
  return table;
}

const config::Table<PolicySection>& policy_table() {
  static const config::Table<PolicySection> table =
      config::Table<PolicySection>("How health and load become answers.")
          .key("ttl_floor", &PolicySection::ttl_floor,
               {.doc = "Answers whose edges' health is in doubt live until it is decided, but no shorter than this.",
                .min = seconds(0),
                .max = seconds(3600),
                .applies = Applies::live})
          .key(
              "spill_interval", &PolicySection::spill_interval,
              {.doc = "Time between two steps of moving clients away from full PoPs or back. Where a PoP has a limit "
                      "it must not be shorter than the longest ttl of a dynamic name, or the effect of one step is not "
                      "seen before the next.",
               .min = std::chrono::milliseconds(100),
               .max = seconds(3600),
               .applies = Applies::live})
          .include(&PolicySection::spill, spill_table());
  return table;
}

const config::Table<PopSection>& pop_table() {
  static const config::Table<PopSection> table =
      config::Table<PopSection>("A point of presence.")
          .key("name", &PopSection::name,
               {.doc = "As the net map names it.", .min = 1, .max = 63, .applies = Applies::live, .required = true})
          .key("latitude", &PopSection::latitude,
               {.doc = "Degrees, north positive.", .min = -90.0, .max = 90.0, .applies = Applies::live})
          .key("longitude", &PopSection::longitude,
               {.doc = "Degrees, east positive.", .min = -180.0, .max = 180.0, .applies = Applies::live})
          .key("bias", &PopSection::bias,
               {.doc = "Kilometres added to every distance: positive sends clients elsewhere.",
                .min = -20000.0,
                .max = 20000.0,
                .applies = Applies::live})
          .key("reach", &PopSection::reach,
               {.doc = "Kilometres beyond which clients come only if no other PoP can have them; 0 is the whole world.",
                .min = 0.0,
                .max = 20100.0,
                .applies = Applies::live})
          .key("drain", &PopSection::drain, {.doc = "Send no more clients there.", .applies = Applies::live})
          .choice("state", &PopSection::state, state_names(),
                  {.doc = "Up or down whatever the probes say.", .applies = Applies::live})
          .key(
              "max_in_flight", &PopSection::max_in_flight,
              {.doc =
                   "Requests in flight that all its edges can take together; beyond, part of the clients goes to their "
                   "next PoP. 0: no limit.",
               .applies = Applies::live})
          .key("max_bandwidth", &PopSection::max_bandwidth,
               {.doc = "The same in bytes sent a second, if its edges report `bytes_per_second`.",
                .applies = Applies::live,
                .shown_default = "no limit"})
          .key("max_cpu", &PopSection::max_cpu,
               {.doc = "The same as a share of its edges' processors, if they report `cpu`.",
                .min = 0.0,
                .max = 1.0,
                .applies = Applies::live})
          .array("edge", &PopSection::edges, edge_table(), {.doc = "", .applies = Applies::live});
  return table;
}

}  // namespace skerry::routing
