// Small POSTs over 8 keep-alive connections, one server thread, the handler answering at once: the server's
// share of the path of one alarm event. The client side runs on a thread of its own and costs about as much
// again.
#include <benchmark/benchmark.h>

#include <deque>

#include "kaden/http.h"
#include "test_peer.h"

namespace kaden::http {
namespace {

void small_posts(benchmark::State& state) {
  Server server({},
                [](const Request&, const Reply& reply) { reply(text_response(202, "{\"position\":1}")); });
  require(server.start().has_value(), "the server starts");
  std::deque<Peer> peers;
  for (int i = 0; i < 8; ++i) peers.emplace_back(server.port());
  const std::string body(300, 'x');
  const std::string request =
      "POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer 0123456789abcdef\r\n"
      "Content-Type: application/json\r\nContent-Length: 300\r\n\r\n" +
      body;
  for (auto _ : state) {
    for (Peer& peer : peers) require(peer.send(request), "the server is there");
    for (Peer& peer : peers) benchmark::DoNotOptimize(peer.response());
  }
  state.SetItemsProcessed(state.iterations() * 8);
}
BENCHMARK(small_posts)->UseRealTime();

} // namespace
} // namespace kaden::http
