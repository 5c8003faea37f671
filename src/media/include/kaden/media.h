/// kaden/media.h - thousands of telephone audio streams, paced by one thread. Room: media. Uses: base,
/// runtime. Every 5 ms it takes what came and sends one packet for a quarter of the streams, so each has its
/// 20 ms. Silence is sent while nothing plays, so that far ends and the gateways between never miss us.
/// Threads: functions from any thread, they never block on the network; StreamEvents come on the engine's own
/// thread and must not block. Errors: busy (no free port), unavailable (no socket, no file). Unknown stream
/// ids are ignored.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/g711.h"
#include "kaden/runtime.h"

namespace kaden::media {

/// 8 kHz mono, shared with whoever made it.
using Samples = std::shared_ptr<const std::vector<std::int16_t>>;
enum class StreamId : std::uint64_t {};

struct MediaSettings {
  std::string bind_ip = "127.0.0.1";
  std::uint16_t port_first = 20'000; ///< even ports of this range, both ends included
  std::uint16_t port_last = 29'998;
};

/// The far end, as its session description says.
struct RemoteAudio {
  std::string ip;
  std::uint16_t port = 0;
  Law law = Law::mu;
  std::optional<int> event_payload; ///< for keys we send; none: press() does nothing
  int own_event_payload = 101;      ///< what we told the far end to use
  bool is_listening = true;         ///< false: it put us on hold, nothing is sent
  bool may_use_other_port = false;  ///< believe the first packet's port, whatever the description says
};

struct StreamEvents {
  std::function<void()> on_first_packet; ///< the first RTP packet that was accepted
  std::function<void(char)> on_key;      ///< once per press, at its start (RFC 4733)
  std::function<void()> on_pause;        ///< speech was heard, then 800 ms of quiet
};

struct OpenStream {
  StreamId id{};
  std::uint16_t port = 0;
};

struct MediaCounts {
  std::uint64_t received = 0, sent = 0;
  std::uint64_t malformed = 0;    ///< not RTP, or a payload nobody agreed on: dropped
  std::uint64_t wrong_sender = 0; ///< not from the agreed address: dropped
  std::uint64_t send_failed = 0;
  std::uint64_t ticks = 0;          ///< of 5 ms
  std::uint64_t ticks_over_5ms = 0; ///< whose last packet left over 5 ms after it was due
  std::uint64_t ticks_late = 0;     ///< that began a packet's time or more behind
};

class MediaEngine {
 public:
  static Result<std::unique_ptr<MediaEngine>> start(const MediaSettings& settings,
                                                    const runtime::Clock& clock);
  /// Closes all streams and completes their recordings.
  ~MediaEngine();
  MediaEngine(const MediaEngine&) = delete;
  MediaEngine& operator=(const MediaEngine&) = delete;

  /// Binds a port; nothing is sent or accepted before connect().
  Result<OpenStream> open(StreamEvents events);
  /// Starts to send and to listen. Packets are taken from that address and port only. With may_use_other_port
  /// the port may differ once, with the first packet (a gateway behind NAT, RFC 4961), and is fixed from then
  /// on. A repeat moves the stream.
  void connect(StreamId stream, const RemoteAudio& remote);
  /// From the next tick on, instead of what plays. `on_done` comes when it was played to its end, and only
  /// then.
  void play(StreamId stream, Samples samples, std::function<void()> on_done);
  void stop(StreamId stream);
  /// Sends a key (RFC 4733); one at a time, a second waits for the first.
  void press(StreamId stream, char key, Millis length);
  /// Writes what is heard to a WAV file (kaden/wav.h), from now on.
  Result<void> record(StreamId stream, const std::string& path);
  /// After this at most one more event comes. `on_closed`: when the recording is complete; on another thread.
  void close(StreamId stream, std::function<void()> on_closed = {});

  MediaCounts counts() const;

 private:
  class Impl;
  explicit MediaEngine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::media
