/// kaden/sdp.h - session descriptions for one audio stream (RFC 4566, offer and answer RFC 3264). Room: sip.
/// Uses: base. Kaden offers PCMU (0), PCMA (8) and telephone-event (101, RFC 4733) at 8 kHz, 20 ms. Addresses
/// are IPv4. Threads: values; any. Errors: Fault::invalid for text that is not SDP or has no stream we can
/// speak on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::sip {

enum class Direction : std::uint8_t { sendrecv, sendonly, recvonly, inactive };

struct SdpMedia {
  std::string kind;     ///< "audio"
  std::string protocol; ///< "RTP/AVP"
  std::vector<std::string> formats;
  std::string
      ip; ///< dotted quad, from the media's own or the session's c= line; empty when it is no IPv4 address
  std::uint16_t port = 0; ///< 0: refused
  Direction direction = Direction::sendrecv;
  std::optional<int> event_payload; ///< of telephone-event/8000
  bool operator==(const SdpMedia&) const = default;
};
struct Sdp {
  std::vector<SdpMedia> media;
  bool operator==(const Sdp&) const = default;
};

/// Where and how to send audio.
struct RemoteMedia {
  std::string ip;
  std::uint16_t port = 0;
  int payload = 0;                           ///< 0 PCMU or 8 PCMA
  std::optional<int> event_payload;          ///< none: the far end takes no telephone-event
  Direction direction = Direction::sendrecv; ///< as the far end said it
  bool operator==(const RemoteMedia&) const = default;
};

struct LocalMedia {
  std::string ip;
  std::uint16_t port = 0;
  std::uint64_t session = 1; ///< o= line: same for all descriptions of one call
  std::uint64_t version = 1; ///< o= line: plus one whenever the description changes
};

/// At most 8,192 bytes, 8 media, 32 formats each; unknown lines are skipped. Bytes are never trusted.
Result<Sdp> parse_sdp(std::string_view text);

/// The first audio stream over RTP/AVP with an address, a port and PCMU or PCMA (the first that is listed).
Result<RemoteMedia> choose_media(const Sdp& sdp);

std::string make_offer(const LocalMedia& local);

/// To a parsed offer: the chosen stream accepted with the mirrored direction, every other one refused (port
/// 0), in the offer's order (RFC 3264 section 6). Fault::invalid when nothing can be chosen.
Result<std::string> make_answer(const Sdp& offer, const LocalMedia& local);

/// Dotted quad only, each part 0 to 255 without leading zeros.
bool is_ipv4(std::string_view text);

} // namespace kaden::sip
