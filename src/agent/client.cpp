#include "client.h"

#include "kaden/http_answer.h"

namespace kaden::agent {

using channel::request_head;
using channel::ResponseReader;
using channel::SocketAddress;

Client::Client(Address address, std::string ca_file, const runtime::Clock& clock)
    : clock_(clock), address_(std::move(address)), trust_(std::move(ca_file)) {}

Result<void> Client::wait(Channel::State wanted, SteadyTime deadline) {
  if (wait_for(channel_, wanted, deadline - clock_.steady())) return {};
  return fail(Fault::timeout, "no answer in time");
}

Result<void> Client::go_on(Result<Channel::State> (Channel::*step)(), SteadyTime deadline) {
  for (;;) {
    const auto state = (channel_.*step)();
    if (!state) return tl::unexpected(state.error());
    if (*state == Channel::State::done) return {};
    if (auto waited = wait(*state, deadline); !waited) return waited;
  }
}

Result<void> Client::connect(SteadyTime deadline) {
  const auto addresses = resolve(address_);
  if (!addresses) return tl::unexpected(addresses.error());
  Result<void> last = fail(Fault::unavailable, address_.host + " has no address");
  for (const SocketAddress& to : *addresses) {
    auto channel = Channel::connect(to, address_, &trust_);
    if (!channel) {
      last = tl::unexpected(channel.error());
      continue;
    }
    channel_ = std::move(*channel);
    last = go_on(&Channel::finish_connect, deadline);
    if (last) last = go_on(&Channel::finish_handshake, deadline);
    if (last) return last;
    channel_.close();
  }
  return last;
}

Result<http::Response> Client::exchange(std::string_view head, std::string_view body, SteadyTime deadline,
                                        bool& answered) {
  for (std::string_view* const part : {&head, &body}) {
    while (!part->empty()) {
      const auto state = channel_.send(*part);
      if (!state) return tl::unexpected(state.error());
      if (*state == Channel::State::done) break;
      if (auto waited = wait(*state, deadline); !waited) return tl::unexpected(waited.error());
    }
  }
  ResponseReader reader;
  std::string bytes;
  for (;;) {
    bytes.clear();
    bool closed = false;
    const auto state = channel_.receive(bytes, closed);
    if (!state) return tl::unexpected(state.error());
    if (*state != Channel::State::done) {
      if (auto waited = wait(*state, deadline); !waited) {
        answered = true; // it may be at work: asking again could do it twice
        return tl::unexpected(waited.error());
      }
      continue;
    }
    answered = answered || !bytes.empty();
    const auto read = closed ? reader.end() : reader.feed(bytes);
    if (!read) return tl::unexpected(read.error());
    if (*read != ResponseReader::State::whole) continue;
    if (closed || !reader.keeps_alive()) channel_.close();
    return reader.response();
  }
}

Result<http::Response> Client::post(const http::Headers& headers, std::string_view body, Millis patience) {
  const SteadyTime deadline = clock_.steady() + patience;
  const std::string head = request_head("POST", address_.target, headers, body.size());
  const bool kept = channel_.is_idle();
  Result<http::Response> response = fail(Fault::unavailable, "not connected");
  bool answered = false;
  if (kept) response = exchange(head, body, deadline, answered);
  if (!kept || (!response && !answered)) {
    channel_.close();
    if (const auto connected = connect(deadline); !connected)
      return fail_while(address_.authority, connected.error());
    response = exchange(head, body, deadline, answered);
  }
  if (response) return response;
  channel_.close();
  return fail_while(address_.authority, response.error());
}

} // namespace kaden::agent
