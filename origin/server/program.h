// skerry-origin as a whole: workers, listeners, file threads, and the orderly way down.
#pragma once

#include <memory>

#include "core/result.h"
#include "origin/server/options.h"

namespace skerry::origin {

// Everything that runs. Made and destroyed by main's thread.
class OriginProgram {
 public:
  // Listens and serves. Errors name the flag or address.
  static core::Result<std::unique_ptr<OriginProgram>> start(const OriginOptions&);
  virtual ~OriginProgram() = default;

  // With the ports that were given, for instance "127.0.0.1:8000"; admin: empty if there is none.
  virtual std::string address() const = 0;
  virtual std::string admin_address() const = 0;
  // Returns after SIGTERM or SIGINT, when the last response was sent or 10 s are over.
  virtual void run_until_signal() = 0;
};

}  // namespace skerry::origin
