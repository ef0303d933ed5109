#include "edge/reason.h"

namespace skerry::edge {

std::string_view name(Outcome outcome) {
  switch (outcome) {
#define X(id, text) \
  case Outcome::id: return text;
    SKERRY_OUTCOMES(X)
#undef X
  }
  return "unknown";
}

std::string_view name(Reason reason) {
  switch (reason) {
#define X(id, text) \
  case Reason::id: return text;
    SKERRY_REASONS(X)
#undef X
  }
  return "unknown";
}

}  // namespace skerry::edge
