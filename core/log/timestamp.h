// Times in log lines, in UTC. Any thread; without a look at time zones, whose file the C library would read at the
// first line.
#pragma once

#include <ctime>
#include <string>

#include "core/clock.h"

namespace skerry::log {

// Year, month, day, hour, minute and second; the rest is zero.
std::tm calendar(core::WallTime);
// "2026-11-30T02:18:29.123Z" (RFC 3339).
void append_timestamp(std::string& out, core::WallTime);

}  // namespace skerry::log
