// The first line is an expression, the rest a text: what is found lies in the text, each group in what was
// found, and no budget is overdrawn.
#include <cstddef>
#include <cstdint>
#include <string>

#include "kaden/regex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const std::string input(data, data + size);
  const std::size_t line = input.find('\n');
  const auto parsed = regex::Regex::parse(input.substr(0, line));
  if (!parsed) {
    require(!parsed.error().message.empty(), "a refusal says why");
    return 0;
  }
  const std::string text = line == std::string::npos ? input : input.substr(line + 1);
  regex::Budget budget{30'000};
  const auto found = parsed->find_in(text, budget);
  if (!found) return 0;
  require(found->begin <= found->end && found->end <= text.size(), "a match lies in the text");
  require(found->groups.size() == parsed->names().size(), "each group has its place");
  for (const auto& group : found->groups) {
    if (!group) continue;
    require(group->data() >= text.data() + found->begin &&
                group->data() + group->size() <= text.data() + found->end,
            "a group lies in the match");
  }
  return 0;
}
