// Fuzzes templates (any bytes must expand, within the limit) and call scripts read from JSON.
#include <cstddef>
#include <cstdint>

#include "kaden/limits/alarm_events.h"
#include "kaden/script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  const script::FieldValues fields = {
      {"machine", "web-01"}, {"alarm", std::string(text.substr(0, size / 2))}, {"x", " "}};
  const script::Utterance utterance = script::expand(Language::ja, text, fields);
  const std::string spoken = script::to_text(utterance);
  require(spoken.size() <= limits::say_bytes_max, "an expansion is bounded");
  if (!spoken.empty()) require(trim(spoken) == spoken, "an expansion has no blanks around it");
  for (const script::Span& span : utterance.spans) require(!span.text.empty(), "a span has text");
  if (is_valid_utf8(text))
    require(is_valid_utf8(spoken) || !is_valid_utf8(fields.at("alarm")), "UTF-8 stays valid");
  const auto checked = script::check_template(text);
  if (!checked) require(checked.error().message.starts_with("column "), "a fault has its column");

  if (const auto value = parse_json(text)) {
    if (const auto read = script::call_script_from_json(*value)) {
      const auto again = script::call_script_from_json(script::to_json(*read));
      require(again.has_value() && *again == *read, "an accepted script reads back as itself");
    }
  }
  return 0;
}
