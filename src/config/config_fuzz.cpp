// Any bytes as a configuration file: an error of bounded size or settings, never a crash or a stall.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kaden/config.h"

namespace {

using namespace kaden;

config::Environment environment() {
  return {[](const std::string&) -> Result<config::FileText> {
            return config::FileText{"0123456789abcdef", 0600};
          },
          [](const std::string&) { return std::optional<std::string>("fedcba9876543210"); }};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const config::Environment around = environment();
  const std::string text(data, data + size);
  const auto settings = config::parse(text, "fuzz.yaml", around);
  if (!settings) {
    require(!settings.error().message.empty(), "a refusal has a reason");
    require(is_valid_utf8(settings.error().message), "a refusal can be shown");
    require(settings.error().message.size() < 100'000, "a refusal can be read");
    return 0;
  }
  require(settings == config::parse(text, "fuzz.yaml", around), "the same text gives the same settings");
  for (const auto& policy : settings->engine.policies) {
    require(!policy.levels.empty() && policy.rounds > 0, "a policy calls somebody");
  }
  return 0;
}
