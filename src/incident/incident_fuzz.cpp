// Fuzzes the two readers of stored data: decode() of one input, and restore() of a snapshot whose digest is
// right but whose body is anything. What is accepted must read back as itself, and an accepted state must be
// able to go on.
#include <cstddef>
#include <cstdint>

#include "kaden/incident.h"
#include "kaden/limits/engine.h"

namespace {

using namespace kaden;
using namespace kaden::incident;

void fuzz_input(std::string_view text) {
  const auto input = decode(text);
  if (!input) return;
  const std::string stored = encode(*input);
  const auto again = decode(stored);
  require(again.has_value() && encode(*again) == stored, "an accepted input reads back as itself");
  Engine engine;
  engine.apply(*input, wall_time(0), 1);
}

void go_on(Engine& engine) {
  const std::string before = engine.snapshot();
  auto twin = Engine::restore(before);
  require(twin.has_value() && twin->snapshot() == before, "an accepted state reads back as itself");
  Position position = engine.last_position();
  if (position > UINT32_MAX) return;
  const WallTime late = limits::wall_time_max;
  const auto calls = engine.live_calls();
  engine.apply(Started{"ab12"}, late, ++position);
  engine.apply(TimePassed{}, late, ++position);
  for (const CallView& view : calls) {
    engine.apply(KeyPressed{view.call, '1'}, late, ++position);
    engine.apply(CallEnded{view.call, LineOutcome::lost, ""}, late, ++position);
  }
  for (const IncidentView& view : engine.incidents(std::nullopt, 100)) {
    (void)engine.timeline(view.id);
    engine.apply(ResolveAsked{view.id, "fuzz"}, late, ++position);
  }
}

void fuzz_snapshot(std::string_view body) {
  constexpr std::string_view form = "kaden incidents 1\n";
  std::string text(form);
  text += as_view(sha256(body));
  text += body;
  auto engine = Engine::restore(text);
  if (engine) go_on(*engine);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.empty() && text.front() == '{') {
    fuzz_input(text);
  } else if (!text.empty()) {
    fuzz_snapshot(text.substr(1));
  }
  return 0;
}
