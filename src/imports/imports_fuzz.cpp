// Fuzzes both readers: whatever is taken gives text of one kind of line only, and a script in which nothing
// of the input gets out of its quotes.
#include <cstddef>
#include <cstdint>

#include "kaden/imports.h"

namespace {

using namespace kaden;

void check_rules(std::string_view yaml) {
  require(is_valid_utf8(yaml), "rules are UTF-8");
  for (const std::string_view line : split(yaml, '\n')) {
    const bool is_known = line.empty() || line.starts_with("#") || line.starts_with("alarms:") ||
                          line.starts_with("  #") || line.starts_with("  - name: \"") ||
                          line.starts_with("    ");
    require(is_known, "no line comes from the input alone");
  }
}

/// What stands outside of the single quotes of a line, as sh reads it.
std::string outside_of_quotes(std::string_view line) {
  std::string out;
  bool is_open = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\'') {
      is_open = !is_open;
    } else if (!is_open && line[i] == '\\') {
      ++i;
    } else if (!is_open) {
      out.push_back(line[i]);
    }
  }
  return is_open ? "open" : out;
}

void check_script(std::string_view script) {
  require(is_valid_utf8(script), "a script is UTF-8");
  for (const std::string_view line : split(script, '\n')) {
    if (!line.starts_with("aws ")) continue;
    const std::string outside = outside_of_quotes(line);
    const std::string_view end = " --cli-input-json  --endpoint-url \"$KADEN_URL\" || failed=$((failed + 1))";
    require(outside == "aws cloudwatch put-metric-alarm" + std::string(end) ||
                outside == "aws cloudwatch put-composite-alarm" + std::string(end),
            "nothing of the input stands outside of the quotes");
  }
  std::size_t others = 0;
  for (const std::string_view line : split(script, '\n'))
    others += line.empty() || line.starts_with("#") || line.starts_with("aws ") ? 0U : 1U;
  constexpr std::size_t lines_of_its_own = 6; // two before the requests, four behind them
  require(others == lines_of_its_own, "no line comes from the input alone");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Language language : {Language::ja, Language::en}) {
    for (const auto requests : {imports::Requests::none, imports::Requests::rest, imports::Requests::all}) {
      const auto rules = imports::rules_of_cloudwatch_alarms(text, language, requests);
      if (!rules) continue;
      require(rules->rules <= rules->taken, "a rule stands for an alarm or more");
      require(rules->requests <= rules->left_out, "an alarm is a rule or a request");
      check_rules(rules->yaml);
      if (requests == imports::Requests::none) {
        require(rules->script.empty(), "no script was asked for");
      } else {
        check_script(rules->script);
      }
    }
    const auto advice = imports::advice_for_cloudwatch_agent(text, "https://10.0.0.2:8480", language);
    if (advice) require(is_valid_utf8(advice->text), "advice is UTF-8");
  }
  return 0;
}
