// How many speaking streams one core paces, against a bare loop of sendmmsg on one socket, in the same run.
// Every stream sends 172 bytes each 20 ms to a socket nobody reads; CPU time is counted, and ticks that came
// late.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "kaden/media.h"

namespace kaden::media {
namespace {

constexpr int seconds_long = 4;

double cpu_seconds(int who) {
  rusage use{};
  getrusage(who, &use);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(use.ru_utime) + of(use.ru_stime);
}

/// Where it all goes: a bound socket whose queue overflows.
class Sink {
 public:
  Sink() : fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    static_cast<void>(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address));
    socklen_t size = sizeof address;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  }
  ~Sink() { close(fd_); }
  sockaddr_in address{};

 private:
  int fd_;
};

/// The least anybody can do: the same packets at the same pace, prepared once, 64 a call.
double bare_loop(std::size_t streams, const Sink& sink) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
  const itimerspec every{{0, 20'000'000}, {0, 20'000'000}};
  timerfd_settime(timer, 0, &every, nullptr);
  std::array<char, 172> packet{};
  iovec part{packet.data(), packet.size()};
  std::array<mmsghdr, 64> messages{};
  sockaddr_in to = sink.address;
  for (mmsghdr& m : messages) {
    m.msg_hdr.msg_name = &to;
    m.msg_hdr.msg_namelen = sizeof to;
    m.msg_hdr.msg_iov = &part;
    m.msg_hdr.msg_iovlen = 1;
  }
  const double before = cpu_seconds(RUSAGE_SELF);
  for (int tick = 0; tick < seconds_long * 50; ++tick) {
    std::uint64_t expired = 0;
    static_cast<void>(read(timer, &expired, sizeof expired) == 0);
    for (std::size_t left = streams; left > 0;) {
      const auto n = static_cast<unsigned>(std::min<std::size_t>(left, messages.size()));
      static_cast<void>(sendmmsg(fd, messages.data(), n, 0));
      left -= n;
    }
  }
  const double spent = cpu_seconds(RUSAGE_SELF) - before;
  close(timer);
  close(fd);
  return spent;
}

void speaking_streams(benchmark::State& state) {
  const auto streams = static_cast<std::size_t>(state.range(0));
  const Sink sink;
  auto speech = std::make_shared<std::vector<std::int16_t>>(8'000 * 60);
  for (std::size_t i = 0; i < speech->size(); ++i) {
    (*speech)[i] = static_cast<std::int16_t>(8'000.0 * std::sin(static_cast<double>(i) * 0.3));
  }
  while (state.KeepRunning()) {
    const runtime::SystemClock clock;
    auto engine = MediaEngine::start({"127.0.0.1", 10'000, 29'998}, clock);
    if (!engine) return state.SkipWithError(engine.error().message.c_str());
    for (std::size_t i = 0; i < streams; ++i) {
      const auto stream = (*engine)->open({});
      if (!stream) return state.SkipWithError(stream.error().message.c_str());
      RemoteAudio remote;
      remote.ip = "127.0.0.1";
      remote.port = ntohs(sink.address.sin_port);
      (*engine)->connect(stream->id, remote);
      (*engine)->play(stream->id, speech, nullptr);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const MediaCounts start = (*engine)->counts();
    const double before = cpu_seconds(RUSAGE_SELF);
    std::this_thread::sleep_for(std::chrono::seconds(seconds_long));
    const double spent = cpu_seconds(RUSAGE_SELF) - before;
    const MediaCounts end = (*engine)->counts();
    engine->reset();
    const double bare = bare_loop(streams, sink);
    const double cores = spent / seconds_long;
    state.counters["cores"] = cores;
    state.counters["streams_per_core"] = static_cast<double>(streams) / cores;
    state.counters["bare_per_core"] = static_cast<double>(streams) / (bare / seconds_long);
    state.counters["ratio_to_bare"] = spent / bare;
    state.counters["late_tick_share"] =
        static_cast<double>(end.ticks_late - start.ticks_late) / static_cast<double>(end.ticks - start.ticks);
    state.counters["late_5ms_share"] = static_cast<double>(end.ticks_over_5ms - start.ticks_over_5ms) /
                                       static_cast<double>(end.ticks - start.ticks);
    state.counters["packets_per_s"] = static_cast<double>(end.sent - start.sent) / seconds_long;
  }
}

BENCHMARK(speaking_streams)->Arg(200)->Arg(1'000)->Arg(2'000)->Iterations(1)->Unit(benchmark::kSecond);

} // namespace
} // namespace kaden::media
