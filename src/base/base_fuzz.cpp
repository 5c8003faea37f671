// Fuzzes the text parsers of base: JSON to an alarm event and back, times, UTF-8, percent decoding.
#include <cstddef>
#include <cstdint>

#include "kaden/base.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto value = parse_json(text)) {
    if (const auto event = alarm_event_from_json(*value, "event")) {
      const auto again = alarm_event_from_json(to_json(*event), "event");
      require(again.has_value() && *again == *event, "an accepted event reads back as itself");
    }
  }
  if (const auto at = parse_iso8601(text)) {
    require(parse_iso8601(to_iso8601(*at)) == *at, "a time reads back as itself");
  }
  require(!is_valid_utf8(text) || is_valid_utf8(cut_utf8(text, size / 2)), "a cut keeps UTF-8 valid");
  (void)percent_decode(text, true);
  (void)xml_escape(text);
  (void)glob_match(text.substr(0, size / 4), text.substr(size / 4));
  return 0;
}
