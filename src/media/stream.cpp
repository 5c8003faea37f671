#include "stream.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace kaden::media {
namespace {

constexpr std::size_t waiting_keys_max = 32;
constexpr int loud_mean =
    250; // mean magnitude of a packet that counts as speech; comfort noise lies below 100
constexpr Millis speech_min{200}; // shorter noise is not speech
constexpr Millis pause_min{
    800}; // longer than the gaps between words, shorter than the pause after a sentence
constexpr Millis tick_length{20};

void count(std::atomic<std::uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

} // namespace

Stream::Stream(StreamId id, int fd, StreamEvents events, std::uint64_t chance, AtomicCounts& counts)
    : counts_(counts),
      id_(id),
      fd_(fd),
      events_(std::move(events)),
      ssrc_(static_cast<std::uint32_t>(chance)),
      timestamp_(static_cast<std::uint32_t>(chance >> 16)),
      sequence_(static_cast<std::uint16_t>(chance >> 48)) {}

Stream::~Stream() {
  close(fd_);
}

void Stream::connect(const RemoteAudio& remote) {
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(remote.port);
  if (inet_pton(AF_INET, remote.ip.c_str(), &target.sin_addr) != 1 || remote.port == 0) return;
  const bool is_moved =
      target.sin_addr.s_addr != target_.sin_addr.s_addr || target.sin_port != target_.sin_port;
  remote_ = remote;
  if (!is_moved) return;
  target_ = target;
  if (is_latched_) {
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;
    static_cast<void>(::connect(fd_, &nobody, sizeof nobody));
  }
  is_latched_ = false;
}

void Stream::play(Samples samples, std::function<void()> on_done) {
  samples_ = samples ? std::move(samples) : std::make_shared<const std::vector<std::int16_t>>();
  at_ = 0;
  on_done_ = std::move(on_done);
}

void Stream::stop() {
  samples_.reset();
  on_done_ = nullptr;
}

void Stream::press(char key, Millis length) {
  const auto event = event_of_key(key);
  if (event && keys_waiting_.size() < waiting_keys_max) keys_waiting_.emplace_back(*event, length);
}

bool Stream::is_believed(const sockaddr_in& from) {
  if (from.sin_addr.s_addr != target_.sin_addr.s_addr) return false;
  if (is_latched_) return from.sin_port == target_.sin_port;
  if (!remote_->may_use_other_port && from.sin_port != target_.sin_port) return false;
  // From now on the kernel drops everybody else, and sending needs no address.
  is_latched_ = true;
  target_.sin_port = from.sin_port;
  static_cast<void>(::connect(fd_, reinterpret_cast<const sockaddr*>(&target_), sizeof target_));
  return true;
}

void Stream::receive(std::string_view datagram, const sockaddr_in& from, SteadyTime now) {
  if (!remote_) return;
  const auto packet = parse_rtp(datagram);
  const int type = packet ? packet->header.payload_type : -1;
  const bool is_speech = type == 0 || type == 8;
  const bool is_event =
      type == remote_->own_event_payload || (remote_->event_payload && type == *remote_->event_payload);
  if (!packet || !(is_speech || is_event)) return count(counts_.malformed);
  if (!is_believed(from)) return count(counts_.wrong_sender);
  count(counts_.received);
  if (!has_received_) {
    has_received_ = true;
    if (events_.on_first_packet) events_.on_first_packet();
  }
  if (is_speech) return take_speech(*packet);
  const auto event = parse_key_event(packet->payload);
  const auto key = event ? keys_.take(packet->header, *event, now) : std::nullopt;
  if (key && events_.on_key) events_.on_key(*key);
}

void Stream::take_speech(const RtpPacket& packet) {
  if (packet.payload.empty() || (!recorder_ && !events_.on_pause)) return;
  const Law law = packet.header.payload_type == 0 ? Law::mu : Law::a;
  std::vector<std::int16_t> samples(packet.payload.size());
  std::int64_t magnitude = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = decode(law, static_cast<std::uint8_t>(packet.payload[i]));
    magnitude += std::abs(static_cast<int>(samples[i]));
  }
  if (magnitude > loud_mean * static_cast<std::int64_t>(samples.size())) was_loud_ = true;
  if (recorder_) recorder_->take(packet.header.timestamp, std::move(samples));
}

void Stream::listen_for_pause() {
  if (!events_.on_pause) return;
  if (std::exchange(was_loud_, false)) {
    loud_ += tick_length;
    quiet_ = Millis(0);
    return;
  }
  quiet_ += tick_length;
  if (loud_ < speech_min || quiet_ < pause_min) return;
  loud_ = Millis(0);
  events_.on_pause();
}

void Stream::send(bool marker, std::uint8_t payload_type, std::uint32_t timestamp,
                  std::size_t payload_bytes) {
  std::array<unsigned char, rtp_header_bytes> header{};
  write_rtp_header({marker, payload_type, sequence_++, timestamp, ssrc_}, header);
  std::copy(header.begin(), header.end(), packet_.begin());
  const std::size_t size = rtp_header_bytes + payload_bytes;
  const auto* address = reinterpret_cast<const sockaddr*>(&target_);
  const ssize_t sent = is_latched_
                           ? ::send(fd_, packet_.data(), size, MSG_DONTWAIT)
                           : ::sendto(fd_, packet_.data(), size, MSG_DONTWAIT, address, sizeof target_);
  count(sent < 0 ? counts_.send_failed : counts_.sent);
}

bool Stream::send_key() {
  if (!remote_->event_payload) {
    keys_waiting_.clear();
    return false;
  }
  if (!key_ && !keys_waiting_.empty()) {
    key_.emplace(keys_waiting_.front().first, timestamp_, keys_waiting_.front().second);
    keys_waiting_.pop_front();
  }
  const auto packet = key_ ? key_->next() : std::nullopt;
  if (!packet) {
    key_.reset();
    return false;
  }
  const auto payload = write_key_event(packet->event);
  std::copy(payload.begin(), payload.end(), packet_.begin() + rtp_header_bytes);
  send(packet->marker, static_cast<std::uint8_t>(*remote_->event_payload), packet->timestamp, payload.size());
  return true;
}

std::function<void()> Stream::fill_speech(bool& marker) {
  unsigned char* const out = packet_.data() + rtp_header_bytes;
  std::size_t filled = 0;
  if (samples_) {
    marker = at_ == 0;
    filled = std::min<std::size_t>(samples_per_packet, samples_->size() - at_);
    for (std::size_t i = 0; i < filled; ++i) out[i] = encode(remote_->law, (*samples_)[at_ + i]);
    at_ += filled;
  }
  std::fill(out + filled, out + samples_per_packet, silence(remote_->law));
  if (!samples_ || at_ < samples_->size()) return nullptr;
  samples_.reset();
  return std::exchange(on_done_, nullptr);
}

std::function<void()> Stream::tick() {
  if (!remote_) return nullptr;
  listen_for_pause();
  if (!remote_->is_listening) return nullptr;
  std::function<void()> done;
  if (!send_key()) {
    bool marker = !is_first_sent_;
    done = fill_speech(marker);
    const std::uint8_t type = remote_->law == Law::mu ? 0 : 8;
    send(marker || !is_first_sent_, type, timestamp_, samples_per_packet);
    is_first_sent_ = true;
  }
  timestamp_ += samples_per_packet;
  return done;
}

} // namespace kaden::media
