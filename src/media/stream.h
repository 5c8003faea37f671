// One stream: its socket, what it plays, whom it believes. Touched by the engine's thread only. Room: media,
// inside.
#pragma once

#include <netinet/in.h>

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>

#include "kaden/media.h"
#include "kaden/rtp.h"
#include "recorder.h"

namespace kaden::media {

struct AtomicCounts {
  std::atomic<std::uint64_t> received{0}, sent{0}, malformed{0}, wrong_sender{0}, send_failed{0}, ticks{0},
      ticks_over_5ms{0}, ticks_late{0};
};

class Stream {
 public:
  /// Takes the socket over. `chance` seeds SSRC, sequence and timestamp (RFC 3550 5.1 wants them
  /// unpredictable).
  Stream(StreamId id, int fd, StreamEvents events, std::uint64_t chance, AtomicCounts& counts);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  StreamId id() const { return id_; }
  int fd() const { return fd_; }

  void connect(const RemoteAudio& remote);
  void play(Samples samples, std::function<void()> on_done);
  void stop();
  void press(char key, Millis length);
  void record(std::unique_ptr<Recorder> recorder) { recorder_ = std::move(recorder); }
  std::unique_ptr<Recorder> take_recorder() { return std::move(recorder_); }

  void receive(std::string_view datagram, const sockaddr_in& from, SteadyTime now);
  /// One packet, and what became of the last 20 ms. The returned call, if any, is the player's on_done.
  std::function<void()> tick();

 private:
  bool is_believed(const sockaddr_in& from);
  void take_speech(const RtpPacket& packet);
  void listen_for_pause();
  void send(bool marker, std::uint8_t payload_type, std::uint32_t timestamp, std::size_t payload_bytes);
  bool send_key();
  std::function<void()> fill_speech(bool& marker);

  // Borrowed
  AtomicCounts& counts_;
  // Owned
  const StreamId id_;
  const int fd_;
  const StreamEvents events_;
  std::unique_ptr<Recorder> recorder_;
  // State: sending
  std::optional<RemoteAudio> remote_;
  sockaddr_in target_{};
  std::uint32_t ssrc_;
  std::uint32_t timestamp_;
  std::uint16_t sequence_;
  bool is_first_sent_ = false;
  Samples samples_;
  std::size_t at_ = 0;
  std::function<void()> on_done_;
  std::optional<KeySender> key_;
  std::deque<std::pair<std::uint8_t, Millis>> keys_waiting_;
  std::array<unsigned char, rtp_header_bytes + samples_per_packet> packet_{};
  // State: receiving
  bool is_latched_ = false;
  bool has_received_ = false;
  KeyFold keys_;
  bool was_loud_ = false; // in this tick
  Millis loud_{};
  Millis quiet_{};
};

} // namespace kaden::media
