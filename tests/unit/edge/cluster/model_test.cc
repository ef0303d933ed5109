// RFC 9111 as a model simple enough to be right by reading it, against a whole edge over random responses, requests
// and times. A sequence that tells them apart is cut down to the steps that matter before it is printed.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <optional>
#include <random>

#include "core/http/date.h"
#include "simulated_pop.h"

using namespace skerry;
using namespace skerry::edge::test;

namespace {

using Seconds = std::chrono::seconds;
using Fields = std::map<std::string, std::string>;

// What the origin says from this step on.
struct Speech {
  int status = 200;
  std::string control;          // Cache-Control
  std::optional<int> expires;   // seconds from now
  std::optional<int> modified;  // seconds ago
  std::optional<int> age;
  bool etag = false;
  bool varies = false;
};

struct Ask {
  std::string language;
  bool authorized = false;
  bool only_if_cached = false;
  bool conditional = false;  // with the validator of what the origin has now
};

struct Step {
  enum class Kind { speak, change, wait, ask } kind = Kind::ask;
  Speech speech;
  int seconds = 0;
  Ask ask;
};

std::string text(const Step& step) {
  switch (step.kind) {
    case Step::Kind::change: return "the content changes";
    case Step::Kind::wait: return "wait " + std::to_string(step.seconds);
    case Step::Kind::ask:
      return "ask language=" + step.ask.language + (step.ask.authorized ? " authorized" : "") +
             (step.ask.only_if_cached ? " only-if-cached" : "") + (step.ask.conditional ? " conditional" : "");
    case Step::Kind::speak: break;
  }
  const Speech& say = step.speech;
  const auto number = [](const char* name, const std::optional<int>& value) {
    return value ? std::string(name) + std::to_string(*value) : std::string();
  };
  return "origin: " + std::to_string(say.status) + " '" + say.control + "'" + number(" expires=", say.expires) +
         number(" modified=", say.modified) + number(" age=", say.age) + (say.etag ? " etag" : "") +
         (say.varies ? " vary" : "");
}

// --- the model

// Directives of our own making only: names and numbers without blanks or quotes.
std::optional<int> directive(const std::string& control, const std::string& name) {
  const std::string all = "," + control + ",";
  const std::size_t at = all.find("," + name);
  if (at == std::string::npos) return std::nullopt;
  const char next = all[at + 1 + name.size()];
  if (next == ',') return 0;
  return next == '=' ? std::optional(std::stoi(all.substr(at + 2 + name.size()))) : std::nullopt;
}

struct Kept {
  int status;
  std::string version;
  Fields fields;
  std::string language;  // of the request, if the response varies
  int received;
  int order;

  bool has(const char* name) const { return fields.contains(name); }
  std::optional<int> says(const char* name) const {
    return has("Cache-Control") ? directive(fields.at("Cache-Control"), name) : std::nullopt;
  }
  int number(const char* name) const { return std::stoi(fields.at(name)); }

  // RFC 9111 4.2.1 and 4.2.2; Expires and Last-Modified are kept as seconds of the simulation. Nothing: the origin said
  // nothing about it.
  std::optional<int> lifetime() const {
    if (const auto value = says("s-maxage")) return value;
    if (const auto value = says("max-age")) return value;
    if (has("Expires")) return std::max(0, number("Expires") - received);
    const bool heuristic = status == 200 || status == 404 || says("public");
    if (has("Last-Modified") && heuristic) return std::min(86400, (received - number("Last-Modified")) / 10);
    return std::nullopt;
  }
  int age(int now) const { return (has("Age") ? number("Age") : 0) + now - received; }
  int stale_for(int now) const { return age(now) - lifetime().value_or(0); }
  bool reusable() const { return !says("no-cache"); }
  // RFC 9111 5.2.2.5, 5.2.2.7
  bool for_nobody_else() const { return says("no-store") || says("private"); }
  // 3.5
  bool withheld_from_others(const Ask& request) const {
    return request.authorized && !says("public") && !says("must-revalidate") && !says("s-maxage");
  }
  bool fresh(int now) const { return reusable() && stale_for(now) < 0; }
  // 5.2.2.10: s-maxage means proxy-revalidate, unless stale-* stands beside it.
  bool never_stale() const {
    const bool asks = says("stale-while-revalidate") || says("stale-if-error");
    return says("must-revalidate") || says("proxy-revalidate") || (says("s-maxage") && !asks);
  }
  bool within(const char* window, int now) const {
    return reusable() && !never_stale() && stale_for(now) < says(window).value_or(0);
  }
  bool has_validator() const { return has("ETag") || has("Last-Modified"); }
};

struct Expected {
  bool asked = false;  // the origin, before or after the answer
  int status = 0;
  std::string version;
};

// One URL behind one shared cache.
class Model {
 public:
  Fields said;  // by the origin, as of now
  int status = 200;
  std::string version;

  Expected ask(const Ask& request, int now) {
    const Kept* found = find(request.language);
    if (found && found->fresh(now)) return answer(*found, request, false);
    if (found && found->within("stale-while-revalidate", now)) {
      const Kept stale = *found;
      Ask anonymous = request;
      anonymous.authorized = false;
      fetch(anonymous, stale, now, true);
      return answer(stale, request, true);
    }
    if (request.only_if_cached) return {false, 504, ""};
    return fetch(request, found ? std::optional(*found) : std::nullopt, now, false);
  }

 private:
  // RFC 9111 4.1: of those that match the most recent.
  const Kept* find(const std::string& language) const {
    const Kept* best = nullptr;
    for (const Kept& kept : kept_) {
      const bool matches = !kept.has("Vary") || kept.language == language;
      if (matches && (!best || kept.order > best->order)) best = &kept;
    }
    return best;
  }

  static Expected answer(const Kept& kept, const Ask& request, bool asked, const std::string& now_etag) {
    const bool same =
        request.conditional && kept.status == 200 && kept.has("ETag") && kept.fields.at("ETag") == now_etag;
    return {asked, same ? 304 : kept.status, kept.version};
  }
  Expected answer(const Kept& kept, const Ask& request, bool asked) const {
    return answer(kept, request, asked, etag());
  }
  std::string etag() const { return "\"/m" + version + "\""; }

  // 4.3.4: by the 304's own validators. One without any answers those that were sent; one that begins to vary is about
  // what was selected for this request.
  bool selects(const Kept& stale) const {
    if (said.contains("Vary") && !stale.has("Vary")) return false;
    if (said.contains("ETag") || !said.contains("Last-Modified")) return true;
    return stale.has("Last-Modified") && said.at("Last-Modified") == stale.fields.at("Last-Modified");
  }

  Expected fetch(const Ask& request, const std::optional<Kept>& stale, int now, bool background) {
    const bool error = status == 503;
    // 4.3.3, 4.3.4. The origin compares with what it has, whether it says so in ETag or not.
    if (stale && stale->has("ETag") && stale->fields.at("ETag") == etag() && selects(*stale)) {
      Kept updated = *stale;
      for (const auto& [name, value] : said) updated.fields[name] = value;
      if (!said.contains("Age")) updated.fields.erase("Age");
      updated.received = now;
      // What others may not have is not laid over what they get: then all of it is asked for, and is this client's.
      if (!updated.for_nobody_else() && !updated.withheld_from_others(request)) {
        keep(updated, *stale);
        return answer(updated, request, true);
      }
    }
    Kept came{status, version, said, request.language, now, 0};
    if (error && stale && !background && stale->within("stale-if-error", now)) return answer(*stale, request, true);
    if (may_store(came, request)) {
      keep(came, came);
    } else if (stale && !error && (came.for_nobody_else() || !came.withheld_from_others(request))) {
      kept_.clear();  // displaced
    }
    return answer(came, request, true);
  }

  // RFC 9111 3, and that what could never be of use is not kept.
  static bool may_store(const Kept& came, const Ask& request) {
    if (came.for_nobody_else() || came.withheld_from_others(request)) return false;
    const bool fresh = came.age(came.received) < came.lifetime().value_or(0);
    if (fresh && !came.says("no-cache")) return true;
    if (came.status >= 500) return false;
    if (!came.lifetime() &&
        !(came.says("no-cache") && (came.says("public") || came.status == 200 || came.status == 404)))
      return false;
    const bool windows =
        came.says("stale-while-revalidate").value_or(0) > 0 || came.says("stale-if-error").value_or(0) > 0;
    return came.has_validator() || (windows && !came.says("no-cache"));
  }

  void keep(Kept kept, const Kept& instead_of) {
    kept.order = ++order_;
    std::erase_if(kept_, [&](const Kept& other) {
      return other.has("Vary") == instead_of.has("Vary") &&
             (!other.has("Vary") || other.language == instead_of.language);
    });
    kept_.push_back(std::move(kept));
  }

  std::vector<Kept> kept_;
  int order_ = 0;
};

// --- both, side by side

std::string date(core::WallTime when) {
  std::string text;
  http::append_http_date(text, when);
  return text;
}

// Nothing: they agree. Otherwise what differs, at which step.
std::optional<std::string> difference(const std::vector<Step>& steps) {
  SimulatedPop pop(1, 1);
  core::Worker& worker = pop.client.worker();
  const core::WallTime start = worker.loop.wall();
  Model model;
  pop.origin.fields.clear();
  pop.origin.etags = false;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const int now = static_cast<int>(std::chrono::duration_cast<Seconds>(worker.loop.wall() - start).count());
    switch (step.kind) {
      case Step::Kind::wait: pop.simulation.run_for(Seconds(step.seconds)); break;
      case Step::Kind::change: pop.origin.version = model.version = "-" + std::to_string(i); break;
      case Step::Kind::speak: {
        const Speech& say = step.speech;
        pop.origin.status = model.status = say.status;
        pop.origin.etags = say.etag;
        Fields fields;
        if (!say.control.empty()) fields["Cache-Control"] = say.control;
        if (say.age) fields["Age"] = std::to_string(*say.age);
        if (say.varies) fields["Vary"] = "Accept-Language";
        pop.origin.fields.assign(fields.begin(), fields.end());
        if (say.expires) {
          pop.origin.fields.emplace_back("Expires", date(start + Seconds(now + *say.expires)));
          fields["Expires"] = std::to_string(now + *say.expires);
        }
        if (say.modified) {
          pop.origin.fields.emplace_back("Last-Modified", date(start + Seconds(now - *say.modified)));
          fields["Last-Modified"] = std::to_string(now - *say.modified);
        }
        model.said = fields;
        break;
      }
      case Step::Kind::ask: break;
    }
    if (pop.origin.etags) model.said["ETag"] = "\"/m" + model.version + "\"";
    if (step.kind != Step::Kind::ask) continue;
    std::vector<std::pair<std::string, std::string>> fields;
    if (!step.ask.language.empty()) fields.emplace_back("Accept-Language", step.ask.language);
    if (step.ask.authorized) fields.emplace_back("Authorization", "Basic eA==");
    if (step.ask.only_if_cached) fields.emplace_back("Cache-Control", "only-if-cached");
    if (step.ask.conditional) fields.emplace_back("If-None-Match", "\"/m" + model.version + "\"");
    const int before = pop.origin.total();
    const Expected expected = model.ask(step.ask, now);
    const Answer answer = pop.get(0, "/m", fields);
    pop.simulation.run_for(std::chrono::milliseconds(10));  // what goes on behind the answer
    const bool asked = pop.origin.total() > before;
    const bool has_body = expected.status != 304 && expected.status != 504;
    const std::string body = SimulatedOrigin::body_of("/m" + expected.version, pop.origin.body_size);
    std::string what;
    if (asked != expected.asked) what += expected.asked ? " the origin was not asked" : " the origin was asked";
    if (answer.status != expected.status)
      what += " status " + std::to_string(answer.status) + " instead of " + std::to_string(expected.status);
    if (has_body && answer.status == expected.status && answer.body != body)
      what += " another version than '" + expected.version + "'";
    if (!what.empty())
      return "step " + std::to_string(i) + ":" + what + " (" +
             std::string(answer.fields.find("Cache-Status").value_or("")) + ")";
  }
  return std::nullopt;
}

template <class T>
T pick(std::mt19937& random, std::initializer_list<T> choices) {
  return *(choices.begin() + random() % choices.size());
}

Speech random_speech(std::mt19937& random) {
  Speech say;
  say.status = pick(random, {200, 200, 200, 200, 404, 503});
  const auto add = [&](const std::string& name, std::optional<int> value) {
    say.control += (say.control.empty() ? "" : ",") + name + (value ? "=" + std::to_string(*value) : "");
  };
  if (random() % 4 != 0) add("max-age", pick(random, {0, 5, 20, 100}));
  if (random() % 6 == 0) add("s-maxage", pick(random, {0, 5, 50}));
  if (random() % 4 == 0) add("stale-while-revalidate", pick(random, {0, 10, 40}));
  if (random() % 4 == 0) add("stale-if-error", pick(random, {0, 10, 200}));
  for (const char* flag : {"no-store", "no-cache", "private", "public", "must-revalidate", "proxy-revalidate"}) {
    if (random() % 9 == 0) add(flag, std::nullopt);
  }
  if (random() % 3 == 0) say.expires = pick(random, {-10, 0, 7, 60});
  if (random() % 3 == 0) say.modified = pick(random, {10, 100, 1000});
  if (random() % 5 == 0) say.age = pick(random, {0, 3, 30});
  say.etag = random() % 2 == 0;
  say.varies = random() % 4 == 0;
  return say;
}

std::vector<Step> random_steps(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Step> steps;
  const std::size_t count = 4 + random() % 16;
  while (steps.size() < count) {
    Step step;
    step.kind = steps.empty() ? Step::Kind::speak
                              : pick(random, {Step::Kind::speak, Step::Kind::change, Step::Kind::wait, Step::Kind::wait,
                                              Step::Kind::ask, Step::Kind::ask, Step::Kind::ask});
    step.speech = random_speech(random);
    step.seconds = pick(random, {1, 4, 5, 6, 19, 20, 45, 150});
    step.ask.language = pick<const char*>(random, {"", "de", "fr"});
    step.ask.authorized = random() % 8 == 0;
    step.ask.only_if_cached = random() % 10 == 0;
    step.ask.conditional = random() % 6 == 0;
    steps.push_back(step);
  }
  return steps;
}

// Leaves out what is not needed for a difference, until nothing can be left out.
std::vector<Step> shrunk(std::vector<Step> steps) {
  for (std::size_t i = 0; i < steps.size();) {
    std::vector<Step> fewer = steps;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (difference(fewer)) {
      steps = std::move(fewer);
      i = 0;
    } else {
      ++i;
    }
  }
  return steps;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rfc9111_model)

BOOST_AUTO_TEST_CASE(random_histories_of_one_url_go_as_the_model_says) {
  int differences = 0;
  for (unsigned seed = 1; seed <= 1500 && differences < 3; ++seed) {
    const std::vector<Step> steps = random_steps(seed);
    if (!difference(steps)) continue;
    ++differences;
    const std::vector<Step> fewest = shrunk(steps);
    std::string story = "seed " + std::to_string(seed) + "\n";
    for (const Step& step : fewest) story += "  " + text(step) + "\n";
    BOOST_ERROR(story + difference(fewest).value_or("?"));
  }
  BOOST_TEST(differences == 0);
}

BOOST_AUTO_TEST_SUITE_END()
