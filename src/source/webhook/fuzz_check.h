/// webhook/fuzz_check.h - what holds for any body of any format. Room: source/webhook. Threads: one. Errors:
/// own mistakes abort.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "kaden/webhook.h"

namespace kaden::webhook {

inline void check_delivery(const Rules& rules, const Delivery& delivery) {
  const auto read = webhook::read(rules, delivery);
  if (!read) {
    require(!read.error().message.empty() && is_valid_utf8(read.error().message), "a refusal says why");
    require(refused(rules.format, 400, read.error().message).status >= 400, "a refusal is no success");
    return;
  }
  require(!read->readings.empty() || !read->note.empty(), "where there is no event, the record says why");
  for (const Reading& reading : read->readings) {
    const auto again = alarm_event_from_json(to_json(reading.event), "");
    require(again && *again == reading.event, "an event is one that the journal takes");
    require(reading.event.source == rules.source, "the source is the webhook's");
  }
  const auto repeated = webhook::read(rules, delivery);
  require(repeated && repeated->readings.size() == read->readings.size(), "a retry is read alike");
  for (std::size_t i = 0; i < read->readings.size(); ++i) {
    require(repeated->readings[i].event == read->readings[i].event, "a retry has the same ids");
  }
  require(accepted(rules.format, *read, "x").status < 300, "what was read is a success");
}

inline void check_body(Format format, const std::uint8_t* data, std::size_t size) {
  Rules rules;
  rules.format = format;
  rules.source = "fuzz";
  rules.severities = {{"odd", Severity::info}};
  // The one cast a fuzzer cannot do without: bytes are text here.
  const std::string body(reinterpret_cast<const char*>(data), size);
  check_delivery(rules, {"", body});
  const std::string token = token_in(format, body);
  const std::string kept = without_token(format, body, token);
  require(token_in(format, kept) != token || token.empty() || token == "[token]",
          "the token has left the body");
}

} // namespace kaden::webhook
