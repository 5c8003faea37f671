/// kaden/rtp.h - RTP packets (RFC 3550 section 5.1) and telephone events (RFC 4733). Room: media. Uses: base.
/// Threads: values; any. Errors: nullopt for a packet that is not RTP; it is counted and dropped, never
/// answered.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kaden/base.h"

namespace kaden::media {

inline constexpr std::size_t rtp_header_bytes = 12;
inline constexpr std::uint32_t samples_per_packet = 160; ///< 20 ms at 8 kHz

struct RtpHeader {
  bool marker = false;
  std::uint8_t payload_type = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  bool operator==(const RtpHeader&) const = default;
};
struct RtpPacket {
  RtpHeader header;
  std::string_view payload; ///< points into the datagram
};

/// Version 2; contributing sources, an extension and padding are skipped and must lie within the datagram.
std::optional<RtpPacket> parse_rtp(std::string_view datagram);
void write_rtp_header(const RtpHeader& header, std::array<unsigned char, rtp_header_bytes>& out);

/// RFC 4733 2.3: event, end bit, volume, duration in timestamp units.
struct KeyEvent {
  std::uint8_t event = 0; ///< 0-9, 10 *, 11 #, 12-15 A-D
  bool is_end = false;
  std::uint16_t duration = 0;
  bool operator==(const KeyEvent&) const = default;
};
std::optional<KeyEvent> parse_key_event(std::string_view payload);
std::array<unsigned char, 4> write_key_event(const KeyEvent& event);
std::optional<char> key_of_event(std::uint8_t event);
std::optional<std::uint8_t> event_of_key(char key);

/// Folds the many packets of one press into one key, told at its first packet. One press is (SSRC,
/// timestamp); a press of over 8 s goes on in a new segment (2.5.1.3) and stays one. A press whose end is
/// lost closes after 160 ms without a packet: 3 x ptime + 100 ms.
class KeyFold {
 public:
  /// The key, when this packet starts a press.
  std::optional<char> take(const RtpHeader& header, const KeyEvent& event, SteadyTime now);

 private:
  struct Press {
    std::uint32_t ssrc = 0;
    std::uint32_t first_timestamp = 0;
    std::uint16_t duration = 0;
    std::uint8_t event = 0;
    bool is_open = false;
    SteadyTime last{};
  };
  std::optional<Press> press_;
};

/// One press as packets, one every 20 ms: a start with the marker, growing durations, the end three times
/// (2.5.1.4).
class KeySender {
 public:
  struct Packet {
    bool marker = false;
    std::uint32_t timestamp = 0;
    KeyEvent event;
  };
  /// `length` is rounded up to packets of 20 ms and lies within 40 ms and 5 s.
  KeySender(std::uint8_t event, std::uint32_t timestamp, Millis length);
  /// nullopt when the press is over.
  std::optional<Packet> next();

 private:
  std::uint8_t event_;
  std::uint32_t timestamp_;
  int packets_;
  int sent_ = 0;
};

} // namespace kaden::media
