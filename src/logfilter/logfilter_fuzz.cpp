// Hostile patterns against hostile lines: the first line of the input is the pattern, the rest the message.
// What is read must match and extract without a crash, in bounded time, and alike for the same input.
#include <cstddef>
#include <cstdint>

#include "kaden/metric_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  // The one cast a fuzzer cannot do without: bytes are text here.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(std::min(end + 1, text.size()));

  const auto pattern = logfilter::Pattern::parse(text.substr(0, end));
  if (!pattern) {
    require(pattern.error().fault == Fault::invalid && !pattern.error().message.empty(), "a fault says why");
    return 0;
  }
  require(pattern->text() == text.substr(0, end), "a pattern keeps its text");
  const logfilter::Message message(line);
  const bool matches = pattern->matches(message);
  require(matches == pattern->matches(logfilter::Message(line)), "the same line matches again");
  const auto values = pattern->extract(message);
  if (pattern->kind() == logfilter::Pattern::Kind::terms) require(values.empty(), "terms select nothing");
  for (const auto& [name, value] : values) {
    const auto selector = logfilter::Selector::parse(name, *pattern);
    require(selector.has_value(), "what was extracted can be selected");
    if (pattern->kind() == logfilter::Pattern::Kind::json) {
      require(selector->text_of(message) == value, "a selector gives what was extracted");
    }
  }
  if (matches && pattern->kind() == logfilter::Pattern::Kind::json) {
    require(message.object() != nullptr, "a JSON pattern matches objects only");
  }
  return 0;
}
