// One event loop, its network and its random numbers: what a connection, an exchange and a fetch live on for life.
//
// A program starts N Workers on N threads (or one Simulation drives many on one thread). Code on a worker takes no
// locks and never blocks; other threads reach it by post().
#pragma once

#include <memory>

#include "core/loop/event_loop.h"
#include "core/net/network.h"
#include "core/random.h"

namespace skerry::core {

struct Worker {
  EventLoop& loop;
  Network& network;  // sockets that report to `loop`
  Random& random;
  int index;  // 0 … workers - 1
};

}  // namespace skerry::core
