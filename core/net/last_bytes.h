// The end of a connection whose owner has gone before everything was sent.
//
// The loop owns it until the bytes have left, the connection fails, or ten seconds have passed. Loop's thread.
#pragma once

#include <memory>
#include <vector>

#include "core/loop/event_loop.h"
#include "core/net/network.h"

namespace skerry::core {

// Sends `bytes`, then closes `transport`.
void send_last_bytes(EventLoop&, std::unique_ptr<Stream> transport, std::vector<std::byte> bytes);

}  // namespace skerry::core
