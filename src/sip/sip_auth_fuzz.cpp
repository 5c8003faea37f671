// Hostile challenges and INFO bodies: no crash, and never a line break in what we would send.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kaden/sip_auth.h"
#include "kaden/sip_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(kaden::sip::key_of_info("application/dtmf-relay", text));
  static_cast<void>(kaden::sip::is_sip_uri(text));
  const auto challenge = kaden::sip::parse_challenge(text);
  if (!challenge) return 0;
  const auto answer =
      kaden::sip::answer_challenge(*challenge, {"user", "secret"}, "INVITE", "sip:a@b", "cnonce");
  kaden::require(answer.find("secret") == std::string::npos || text.find("secret") != std::string_view::npos,
                 "the password never leaves");
  return 0;
}
