// Prometheus' text format, version 0.0.4: escaping and number forms. Used by Registry::text().
#pragma once

#include <string>
#include <string_view>

#include "core/metrics/metrics.h"

namespace skerry::metrics {

class Exposition {
 public:
  void family(std::string_view name, std::string_view help, std::string_view kind);
  void sample(std::string_view name, const Labels&, double);
  void sample(std::string_view name, const Labels&, std::uint64_t);
  void sample(std::string_view name, const Labels&, std::int64_t);
  // `units` of its integers make one base unit: a division keeps short decimals short.
  void histogram(std::string_view name, const Labels&, const Histogram&, double units);
  std::string take() { return std::move(text_); }

 private:
  void series(std::string_view name, std::string_view suffix, const Labels& labels, std::string_view bound = {});
  void label(std::string_view name, std::string_view value, bool first);

  std::string text_;
};

}  // namespace skerry::metrics
