// Fuzzes both readers: whatever is taken gives text of one kind of line only.
#include <cstddef>
#include <cstdint>

#include "kaden/imports.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Language language : {Language::ja, Language::en}) {
    if (const auto rules = imports::rules_of_cloudwatch_alarms(text, language)) {
      require(is_valid_utf8(rules->yaml), "rules are UTF-8");
      require(rules->rules <= rules->taken, "a rule stands for an alarm or more");
      for (const std::string_view line : split(rules->yaml, '\n')) {
        const bool is_known = line.empty() || line.starts_with("#") || line.starts_with("alarms:") ||
                              line.starts_with("  #") || line.starts_with("  - name: \"") ||
                              line.starts_with("    ");
        require(is_known, "no line comes from the input alone");
      }
    }
    const auto advice = imports::advice_for_cloudwatch_agent(text, "https://10.0.0.2:8480", language);
    if (advice) require(is_valid_utf8(advice->text), "advice is UTF-8");
  }
  return 0;
}
