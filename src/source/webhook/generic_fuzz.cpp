// Hostile bodies, pointers and templates: the first line is a mapping of a few templates apart by blanks, the
// rest a body.
#include "fuzz_check.h"
#include "pointer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  using namespace kaden::webhook;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t end = bytes.find('\n');
  const std::string first = bytes.substr(0, end);
  const std::string body = end == std::string::npos ? "" : bytes.substr(end + 1);
  if (!is_valid_utf8(first)) return 0; // a configuration is UTF-8
  const auto words = split(first, ' ');
  Rules rules;
  rules.format = Format::generic;
  rules.source = "fuzz";
  const auto word = [&](std::size_t i) { return i < words.size() ? std::string(words[i]) : std::string(); };
  rules.map.each = word(0);
  rules.map.alarm = word(1);
  rules.map.state = word(2);
  rules.map.event_id = word(3);
  rules.map.reason = word(4);
  rules.map.labels = {{"l", word(5)}};
  rules.map.states = {{"firing", AlarmState::alarm}, {"resolved", AlarmState::ok}};
  if (!check(rules.map)) return 0;
  check_delivery(rules, {"", body});
  return 0;
}
