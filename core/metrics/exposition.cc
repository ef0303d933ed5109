#include "core/metrics/exposition.h"

#include <fmt/format.h>

#include <cmath>

namespace skerry::metrics {
namespace {

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// HELP lines escape backslash and line feed, label values quotes as well.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\n') {
      out.append("\\n");
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out.push_back('\\');
    out.push_back(c);
  }
}

}  // namespace

void Exposition::family(std::string_view name, std::string_view help, std::string_view kind) {
  text_.append("# HELP ").append(name).append(" ");
  append_escaped(text_, help, false);
  text_.append("\n# TYPE ").append(name).append(" ").append(kind).append("\n");
}

void Exposition::sample(std::string_view name, const Labels& labels, double value) {
  series(name, {}, labels);
  text_.append(number(value)).append("\n");
}

void Exposition::sample(std::string_view name, const Labels& labels, std::uint64_t value) {
  series(name, {}, labels);
  text_.append(std::to_string(value)).append("\n");
}

void Exposition::sample(std::string_view name, const Labels& labels, std::int64_t value) {
  series(name, {}, labels);
  text_.append(std::to_string(value)).append("\n");
}

void Exposition::histogram(std::string_view name, const Labels& labels, const Histogram& histogram, double units) {
  std::uint64_t below = 0;
  const std::size_t bounds = histogram.bounds().size();
  for (std::size_t i = 0; i <= bounds; ++i) {
    below += histogram.count_in(i);
    const std::string bound =
        i == bounds ? "+Inf" : fmt::format("{:.9g}", static_cast<double>(histogram.bounds()[i]) / units);
    series(name, "_bucket", labels, bound);
    text_.append(std::to_string(below)).append("\n");
  }
  series(name, "_sum", labels);
  text_.append(number(static_cast<double>(histogram.sum()) / units)).append("\n");
  // The count is the last bucket's, read once: both must agree while workers go on counting.
  series(name, "_count", labels);
  text_.append(std::to_string(below)).append("\n");
}

void Exposition::series(std::string_view name, std::string_view suffix, const Labels& labels, std::string_view bound) {
  text_.append(name).append(suffix);
  bool first = true;
  for (const auto& [key, value] : labels) {
    label(key, value, first);
    first = false;
  }
  if (!bound.empty()) label("le", bound, first);
  text_.append(labels.empty() && bound.empty() ? " " : "} ");
}

void Exposition::label(std::string_view name, std::string_view value, bool first) {
  text_.append(first ? "{" : ",").append(name).append("=\"");
  append_escaped(text_, value, true);
  text_.push_back('"');
}

}  // namespace skerry::metrics
