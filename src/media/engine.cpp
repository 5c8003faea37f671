// The pacing thread: commands, what came, one packet for every stream of a quarter; every 5 ms. A stream's
// packets are 20 ms apart. All at once, two thousand of them would take half of that to send, and the last
// ones be late.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <mutex>
#include <random>
#include <thread>
#include <unordered_map>
#include <utility>

#include "kaden/limits/media.h"
#include "kaden/media.h"
#include "stream.h"

namespace kaden::media {
namespace {

constexpr std::size_t quarters = 4; // of the streams; each has a tick of its own
constexpr long packet_ns = 20'000'000;
constexpr long tick_ns = packet_ns / static_cast<long>(quarters);
constexpr long over_ns = 5'000'000;
constexpr std::uint64_t catch_up_max = 5 * quarters; // ticks; a longer stall is a gap, not a burst
constexpr std::size_t taken_per_tick = limits::rtp_per_tick_max / quarters;

constexpr long second_ns = 1'000'000'000;

/// Of the clock that the timer is set by; only differences between the two are of use.
long monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * second_ns + now.tv_nsec;
}

/// Room for the packets that one stream may give in one tick.
struct Batch {
  Batch() {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      parts[i] = {buffers[i].data(), buffers[i].size()};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_name = &senders[i];
    }
  }
  int take(int fd) {
    for (mmsghdr& message : messages) message.msg_hdr.msg_namelen = sizeof(sockaddr_in);
    return recvmmsg(fd, messages.data(), static_cast<unsigned>(messages.size()), MSG_DONTWAIT, nullptr);
  }
  std::array<std::array<char, limits::rtp_datagram_bytes_max>, taken_per_tick> buffers{};
  std::array<iovec, taken_per_tick> parts{};
  std::array<sockaddr_in, taken_per_tick> senders{};
  std::array<mmsghdr, taken_per_tick> messages{};
};

/// A place in the range that differs from one start to the next. Far ends of calls that a dead predecessor
/// left still send to its ports until they are ended; a key pressed there must not be heard in a new call.
std::uint16_t first_port_to_try(const MediaSettings& settings, const runtime::Clock& clock) {
  if (settings.port_last <= settings.port_first) return settings.port_first;
  const std::uint64_t pairs = (std::uint64_t{settings.port_last} - settings.port_first) / 2 + 1;
  const std::uint64_t spread = static_cast<std::uint64_t>(to_ms(clock.wall())) * 0x9E3779B97F4A7C15U >> 32;
  return static_cast<std::uint16_t>(settings.port_first + 2 * (spread % pairs));
}

} // namespace

class MediaEngine::Impl {
 public:
  Impl(MediaSettings settings, const runtime::Clock& clock)
      : settings_(std::move(settings)),
        clock_(clock),
        writer_(clock, "recorder"),
        next_port_(first_port_to_try(settings_, clock)) {}
  ~Impl();

  Result<void> start();
  Result<OpenStream> open(StreamEvents events);
  template <class F>
  void with(StreamId id, F act);
  void close(StreamId id, std::function<void()> on_closed);
  Result<void> record(StreamId id, const std::string& path);
  MediaCounts counts() const;

 private:
  Result<std::pair<int, std::uint16_t>> bind_port();
  void run();
  void run_commands();
  void receive();
  void tick();
  void skip_tick();
  long since_due() const;

  // Config
  const MediaSettings settings_;
  // Borrowed
  const runtime::Clock& clock_;
  // Owned
  int timer_ = -1;
  int poll_ = -1;
  AtomicCounts counts_;
  runtime::Worker writer_;
  std::mutex mutex_;
  std::vector<std::function<void()>> commands_;
  bool is_ending_ = false;
  std::uint16_t next_port_;
  std::uint64_t last_id_ = 0;
  std::mt19937_64 chance_{std::random_device{}()};
  // State of the thread
  std::unordered_map<StreamId, std::unique_ptr<Stream>> by_id_;
  std::array<std::vector<Stream*>, quarters> streams_;
  std::uint64_t ticks_due_ = 0; // since started_ns_, which is when the first one was due
  long started_ns_ = 0;
  std::vector<epoll_event> ready_;
  std::unique_ptr<Batch> batch_ = std::make_unique<Batch>();
  std::thread thread_;
};

Result<void> MediaEngine::Impl::start() {
  if (settings_.port_first == 0 || settings_.port_first > settings_.port_last ||
      settings_.port_last == 65'535) {
    return fail(Fault::invalid, "media: the range of RTP ports is empty or odd");
  }
  timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  poll_ = epoll_create1(EPOLL_CLOEXEC);
  started_ns_ = monotonic_ns() + tick_ns;
  const itimerspec every{{0, tick_ns}, {started_ns_ / second_ns, started_ns_ % second_ns}};
  if (timer_ < 0 || poll_ < 0 || timerfd_settime(timer_, TFD_TIMER_ABSTIME, &every, nullptr) != 0) {
    return fail(Fault::unavailable, "media: the kernel gave no timer");
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

MediaEngine::Impl::~Impl() {
  if (thread_.joinable()) {
    {
      std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    thread_.join();
  }
  // What still records is saved here: the writer may drop what is posted to it while it ends.
  std::mutex mutex;
  std::condition_variable saved;
  std::size_t open = 0;
  for (const auto& [id, stream] : by_id_) {
    if (auto recorder = stream->take_recorder()) {
      ++open;
      recorder->finish([&] {
        std::lock_guard lock(mutex);
        --open;
        saved.notify_one();
      });
    }
  }
  std::unique_lock lock(mutex);
  saved.wait_for(lock, std::chrono::seconds(2), [&] { return open == 0; });
  if (timer_ >= 0) ::close(timer_);
  if (poll_ >= 0) ::close(poll_);
}

Result<std::pair<int, std::uint16_t>> MediaEngine::Impl::bind_port() {
  sockaddr_in here{};
  here.sin_family = AF_INET;
  if (inet_pton(AF_INET, settings_.bind_ip.c_str(), &here.sin_addr) != 1) {
    return fail(Fault::invalid, "media: the bind address is not IPv4");
  }
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Fault::unavailable, "media: no socket left");
  const int expedited = IPTOS_DSCP_EF; // RFC 4594: telephony
  static_cast<void>(setsockopt(fd, IPPROTO_IP, IP_TOS, &expedited, sizeof expedited));
  const int first = settings_.port_first + (settings_.port_first & 1);
  const int tries = (settings_.port_last - first) / 2 + 1;
  for (int i = 0; i < tries; ++i) {
    if (next_port_ < first || next_port_ > settings_.port_last)
      next_port_ = static_cast<std::uint16_t>(first);
    const std::uint16_t port = next_port_ & 0xfffe;
    next_port_ = static_cast<std::uint16_t>(port + 2);
    here.sin_port = htons(port);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0) return std::pair(fd, port);
  }
  ::close(fd);
  return fail(Fault::busy, "media: every RTP port is in use");
}

Result<OpenStream> MediaEngine::Impl::open(StreamEvents events) {
  std::lock_guard lock(mutex_);
  const auto bound = bind_port();
  if (!bound) return tl::unexpected(bound.error());
  const StreamId id{++last_id_};
  auto stream = std::make_shared<std::unique_ptr<Stream>>(
      std::make_unique<Stream>(id, bound->first, std::move(events), chance_(), counts_));
  commands_.emplace_back([this, stream] {
    Stream* const added = stream->get();
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.ptr = added;
    if (epoll_ctl(poll_, EPOLL_CTL_ADD, added->fd(), &interest) != 0) return;
    by_id_.emplace(added->id(), std::move(*stream));
    std::min_element(streams_.begin(), streams_.end(), [](const auto& a, const auto& b) {
      return a.size() < b.size();
    })->push_back(added);
  });
  return OpenStream{id, bound->second};
}

template <class F>
void MediaEngine::Impl::with(StreamId id, F act) {
  std::lock_guard lock(mutex_);
  commands_.emplace_back([this, id, act = std::move(act)]() mutable {
    const auto found = by_id_.find(id);
    if (found != by_id_.end()) act(*found->second);
  });
}

void MediaEngine::Impl::close(StreamId id, std::function<void()> on_closed) {
  std::lock_guard lock(mutex_);
  commands_.emplace_back([this, id, on_closed = std::move(on_closed)]() mutable {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    auto recorder = found->second->take_recorder();
    for (auto& quarter : streams_) std::erase(quarter, found->second.get());
    by_id_.erase(found);
    if (recorder) {
      recorder->finish(std::move(on_closed));
    } else if (on_closed) {
      writer_.post(std::move(on_closed));
    }
  });
}

Result<void> MediaEngine::Impl::record(StreamId id, const std::string& path) {
  auto file = WavFile::create(path);
  if (!file) return tl::unexpected(file.error());
  auto recorder = std::make_shared<std::unique_ptr<Recorder>>(
      std::make_unique<Recorder>(std::shared_ptr<WavFile>(std::move(*file)), writer_));
  with(id, [recorder](Stream& stream) { stream.record(std::move(*recorder)); });
  return {};
}

void MediaEngine::Impl::run() {
  runtime::name_thread("media");
  for (;;) {
    std::uint64_t expired = 0;
    if (read(timer_, &expired, sizeof expired) != sizeof expired) continue;
    {
      std::lock_guard lock(mutex_);
      if (is_ending_) break;
    }
    run_commands();
    receive();
    for (std::uint64_t i = 0; i < expired; ++i) {
      if (expired - i > catch_up_max) {
        skip_tick();
      } else {
        tick();
      }
    }
  }
  run_commands(); // so that streams opened at the very end are closed, too
}

void MediaEngine::Impl::run_commands() {
  std::vector<std::function<void()>> commands;
  {
    std::lock_guard lock(mutex_);
    commands.swap(commands_);
  }
  for (auto& command : commands) command();
}

/// One pass: a flooded stream gets its share and no more, and its socket's queue overflows alone.
void MediaEngine::Impl::receive() {
  if (by_id_.empty()) return;
  ready_.resize(by_id_.size());
  const int count = epoll_wait(poll_, ready_.data(), static_cast<int>(ready_.size()), 0);
  const SteadyTime now = clock_.steady();
  for (int i = 0; i < count; ++i) {
    auto* const stream = static_cast<Stream*>(ready_[static_cast<std::size_t>(i)].data.ptr);
    const int taken = batch_->take(stream->fd());
    for (int k = 0; k < taken; ++k) {
      const auto at = static_cast<std::size_t>(k);
      const std::string_view datagram(batch_->buffers[at].data(), batch_->messages[at].msg_len);
      stream->receive(datagram, batch_->senders[at], now);
    }
  }
}

void MediaEngine::Impl::tick() {
  if (since_due() >= packet_ns) counts_.ticks_late.fetch_add(1, std::memory_order_relaxed);
  for (Stream* stream : streams_[ticks_due_ % quarters]) {
    if (const auto done = stream->tick()) done();
  }
  if (since_due() > over_ns) counts_.ticks_over_5ms.fetch_add(1, std::memory_order_relaxed);
  counts_.ticks.fetch_add(1, std::memory_order_relaxed);
  ++ticks_due_;
}

void MediaEngine::Impl::skip_tick() {
  counts_.ticks_late.fetch_add(1, std::memory_order_relaxed);
  counts_.ticks.fetch_add(1, std::memory_order_relaxed);
  ++ticks_due_;
}

/// Nanoseconds since the tick at hand was due.
long MediaEngine::Impl::since_due() const {
  return monotonic_ns() - started_ns_ - static_cast<long>(ticks_due_) * tick_ns;
}

MediaCounts MediaEngine::Impl::counts() const {
  const auto get = [](const std::atomic<std::uint64_t>& value) {
    return value.load(std::memory_order_relaxed);
  };
  return {get(counts_.received),       get(counts_.sent),        get(counts_.malformed),
          get(counts_.wrong_sender),   get(counts_.send_failed), get(counts_.ticks),
          get(counts_.ticks_over_5ms), get(counts_.ticks_late)};
}

MediaEngine::MediaEngine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MediaEngine::~MediaEngine() = default;

Result<std::unique_ptr<MediaEngine>> MediaEngine::start(const MediaSettings& settings,
                                                        const runtime::Clock& clock) {
  auto impl = std::make_unique<Impl>(settings, clock);
  if (auto started = impl->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<MediaEngine>(new MediaEngine(std::move(impl)));
}

Result<OpenStream> MediaEngine::open(StreamEvents events) {
  return impl_->open(std::move(events));
}

void MediaEngine::connect(StreamId stream, const RemoteAudio& remote) {
  impl_->with(stream, [remote](Stream& s) { s.connect(remote); });
}

void MediaEngine::play(StreamId stream, Samples samples, std::function<void()> on_done) {
  impl_->with(stream, [samples = std::move(samples), on_done = std::move(on_done)](Stream& s) mutable {
    s.play(std::move(samples), std::move(on_done));
  });
}

void MediaEngine::stop(StreamId stream) {
  impl_->with(stream, [](Stream& s) { s.stop(); });
}

void MediaEngine::press(StreamId stream, char key, Millis length) {
  impl_->with(stream, [key, length](Stream& s) { s.press(key, length); });
}

Result<void> MediaEngine::record(StreamId stream, const std::string& path) {
  return impl_->record(stream, path);
}

void MediaEngine::close(StreamId stream, std::function<void()> on_closed) {
  impl_->close(stream, std::move(on_closed));
}

MediaCounts MediaEngine::counts() const {
  return impl_->counts();
}

} // namespace kaden::media
