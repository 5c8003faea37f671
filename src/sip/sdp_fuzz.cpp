// Hostile session descriptions: no crash, no slow parse, and what we choose from them is always safe to send
// to.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kaden/sdp.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // The one cast a fuzzer cannot do without: bytes are text here.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto sdp = kaden::sip::parse_sdp(text);
  if (!sdp) return 0;
  const auto media = kaden::sip::choose_media(*sdp);
  const auto answer = kaden::sip::make_answer(*sdp, {"192.0.2.1", 40000, 1, 1});
  kaden::require(media.has_value() == answer.has_value(), "an offer with a usable stream can be answered");
  if (!media) return 0;
  kaden::require(kaden::sip::is_ipv4(media->ip) && media->port != 0, "a chosen stream has an address");
  const auto again = kaden::sip::parse_sdp(*answer);
  kaden::require(again && again->media.size() == sdp->media.size(),
                 "our answer is SDP with a line for each offered one");
  return 0;
}
