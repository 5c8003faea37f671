// Hostile RTP: no crash, the payload lies within the datagram, and a storm of events gives at most one key a
// packet.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kaden/rtp.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto packet = kaden::media::parse_rtp(text);
  if (!packet) return 0;
  kaden::require(packet->payload.size() + kaden::media::rtp_header_bytes <= text.size(),
                 "the payload is inside");
  const auto event = kaden::media::parse_key_event(packet->payload);
  if (!event) return 0;
  kaden::media::KeyFold fold;
  static_cast<void>(fold.take(packet->header, *event, kaden::SteadyTime{}));
  kaden::require(!fold.take(packet->header, *event, kaden::SteadyTime{}),
                 "the same packet again is not a second press");
  return 0;
}
