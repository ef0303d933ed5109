#include "core/result.h"

namespace skerry::core {

std::string_view name(ErrorCode code) {
  switch (code) {
#define X(name) \
  case ErrorCode::name: return #name;
    SKERRY_ERROR_CODES(X)
#undef X
  }
  return "unknown";
}

std::string_view name(ErrorSource source) {
  switch (source) {
    case ErrorSource::client: return "client";
    case ErrorSource::upstream: return "upstream";
    case ErrorSource::internal: return "internal";
  }
  return "unknown";
}

std::string Error::message() const {
  std::string text(name(code));
  if (!detail.empty()) text.append(": ").append(detail);
  return text;
}

}  // namespace skerry::core
