// Fuzzes the reading of evaluation sets, and what is reported of any.
#include <cstddef>
#include <cstdint>

#include "kaden/evaluation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const auto cases = modelapi::read_cases({reinterpret_cast<const char*>(data), size});
  if (!cases) {
    require(!cases.error().message.empty(), "a refusal says why");
    return 0;
  }
  modelapi::Tally tally;
  for (const modelapi::Case& each : *cases) {
    require(!each.id.empty() && !each.event.alarm.empty(), "a text has an id and an alarm");
    tally.add(each, {TriageOutcome::judged, Severity::info, {{Language::en, "x"}}, {}}, Millis(1));
    tally.add(each, {TriageOutcome::late, {}, {}, "late"}, Millis(1));
  }
  require(is_valid_utf8(tally.report("model", Language::ja)), "a report is text");
  return 0;
}
