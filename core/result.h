// What can go wrong, and a value-or-error type for the data plane, where nothing throws.
//
// An Error says what happened, who caused it and whether another attempt can help: these three decide the status, the
// metric and the retry, so no caller parses text. Immutable values: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/check.h"

namespace skerry::core {

// Who caused an error: decides between 4xx (client), 502/504 (upstream) and 500/503 (internal).
enum class ErrorSource : std::uint8_t { client, upstream, internal };

// Every failure the programs can report. The printable name is the one users see in logs, metrics and headers.
// clang-format off
#define SKERRY_ERROR_CODES(X) \
  X(invalid_argument) X(invalid_configuration) X(not_found) X(permission_denied) X(address_in_use) \
  X(limit_exceeded) X(overloaded) X(cancelled) X(io_error) X(disk_full) X(corrupt) X(unsupported) \
  X(connect_refused) X(connect_timeout) X(connect_failed) X(no_healthy_upstream) X(closed) X(reset) \
  X(read_timeout) X(write_timeout) X(first_byte_timeout) X(idle_timeout) X(tls_handshake) X(tls_verify) \
  X(dns_nxdomain) X(dns_failed) X(dns_timeout) X(dns_malformed) X(malformed_head) X(malformed_request_line) \
  X(malformed_status_line) X(malformed_field) X(head_too_large) X(uri_too_long) X(bad_version) X(bad_host) \
  X(bad_content_length) X(conflicting_framing) X(unsupported_transfer_coding) X(bad_chunk) X(body_cut_short) \
  X(body_too_long) X(bad_method) X(bad_expectation) X(header_timeout) X(body_timeout) X(loop_detected) \
  X(misdirected) X(bad_peer_credentials) X(stale_membership) X(bad_proxy_header) X(proxy_not_allowed)
// clang-format on

enum class ErrorCode : std::uint16_t {
#define X(name) name,
  SKERRY_ERROR_CODES(X)
#undef X
};

// The code's name as users see it, for instance "connect_refused".
std::string_view name(ErrorCode);
std::string_view name(ErrorSource);

struct Error {
  ErrorCode code = ErrorCode::io_error;
  ErrorSource source = ErrorSource::internal;
  bool retryable = false;  // another attempt (a fresh connection, another upstream) may succeed
  std::string detail;      // for people: what was being done, to what; may be empty

  // "connect_refused: 127.0.0.1:81" for logs and command lines.
  std::string message() const;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  T& value() & {
    CHECK(ok());
    return *value_;
  }
  const T& value() const& {
    CHECK(ok());
    return *value_;
  }
  T&& value() && {
    CHECK(ok());
    return std::move(*value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    CHECK(!ok());
    return error_;
  }

 private:
  std::optional<T> value_;
  Error error_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    CHECK(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace skerry::core
