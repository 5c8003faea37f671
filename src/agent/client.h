/// client.h - requests to one endpoint over one connection that is kept. Room: agent, inside. Threads: one.
/// Errors: timeout, unavailable, denied (the certificate), invalid (no HTTP).
#pragma once

#include <string>
#include <string_view>

#include "kaden/channel.h"
#include "kaden/http.h"
#include "kaden/runtime.h"

namespace kaden::agent {

using channel::Address;
using channel::Channel;
using channel::parse_address;
using channel::Trust;

class Client {
 public:
  Client(Address address, std::string ca_file, const runtime::Clock& clock);
  const Address& address() const { return address_; }
  /// One POST and its answer. A kept connection that turns out to be dead is opened again, once. `headers`
  /// hold Host.
  Result<http::Response> post(const http::Headers& headers, std::string_view body, Millis patience);

 private:
  Result<void> connect(SteadyTime deadline);
  Result<void> go_on(Result<Channel::State> (Channel::*step)(), SteadyTime deadline);
  Result<void> wait(Channel::State wanted, SteadyTime deadline);
  Result<http::Response> exchange(std::string_view head, std::string_view body, SteadyTime deadline,
                                  bool& answered);

  // Borrowed
  const runtime::Clock& clock_;
  // Owned
  const Address address_;
  Trust trust_;
  Channel channel_;
};

} // namespace kaden::agent
