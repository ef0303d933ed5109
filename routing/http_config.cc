#include "routing/http_config.h"

#include <algorithm>
#include <set>

namespace skerry::routing {
namespace {

using config::Applies;
using std::chrono::seconds;

const config::Table<HttpHost>& host_table() {
  static const config::Table<HttpHost> table =
      config::Table<HttpHost>("A name whose requests are sent on to edges.")
          .key("name", &HttpHost::name,
               {.doc = "As clients ask for it, without port.",
                .min = 1,
                .max = 255,
                .applies = Applies::live,
                .required = true})
          .key("large", &HttpHost::large,
               {.doc =
                    "Paths of large objects, such as `/video/*` (`*` is any characters, the query included): they are "
                    "sent straight to the edge that owns the URL.",
                .max = 64,
                .applies = Applies::live});
  return table;
}

const config::Table<HttpRoutingSettings>& settings_table() {
  static const config::Table<HttpRoutingSettings> table =
      config::Table<HttpRoutingSettings>("")
          .key("trusted", &HttpRoutingSettings::trusted,
               {.doc = "Networks whose X-Forwarded-For counts, and who may ask `/route` for any address.",
                .max = 256,
                .applies = Applies::live})
          .key("ttl", &HttpRoutingSettings::ttl,
               {.doc = "How long a client may keep a redirect; shorter while the edge is in doubt.",
                .min = seconds(0),
                .max = seconds(86400),
                .applies = Applies::live})
          .array("host", &HttpRoutingSettings::hosts, host_table(), {.doc = "", .applies = Applies::live});
  return table;
}

bool is_host_name(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

const config::Table<HttpSection>& http_table() {
  static const config::Table<HttpSection> table =
      config::Table<HttpSection>("Routing over HTTP: redirects to edges, and `/route?ip=ADDRESS&url=URL` as JSON.")
          .key("listen", &HttpSection::listen, {.doc = "Addresses for HTTP.", .max = 64})
          .key("tls_listen", &HttpSection::tls_listen, {.doc = "Addresses for HTTPS.", .max = 64})
          .key("certificate", &HttpSection::certificate,
               {.doc = "PEM file: the certificate, then those above it.", .path = true})
          .key("key", &HttpSection::key, {.doc = "PEM file: its key.", .path = true})
          .include(&HttpSection::settings, settings_table());
  return table;
}

void check_http_section(const HttpSection& section, config::Report& report) {
  if (!section.tls_listen.empty() && (section.certificate.empty() || section.key.empty())) {
    report.fail("http.tls_listen", "needs certificate and key");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < section.settings.hosts.size(); ++i) {
    const std::string& name = section.settings.hosts[i].name;
    const std::string at = "http.host." + std::to_string(i) + ".name";
    if (!is_host_name(name)) report.fail(at, "must be a host name in lower case, without port");
    if (!names.insert(name).second) report.fail(at, "this host is there twice");
  }
}

}  // namespace skerry::routing
