// A row of the log store as another program, a bad disk or an intruder may have left it: the first two bytes
// say how long it claims to be, the rest is its bytes. What can be read lies inside, ascends, and packs
// again.
#include <cstddef>
#include <cstdint>

#include "chunk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  using namespace kaden::logstore;
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t claimed = data[0] == 0xff && data[1] == 0xff ? bytes.size() : data[0] * 256U + data[1];
  const auto chunk = unpack(bytes, claimed, 1'790'000'000'000);
  if (!chunk) return 0;
  std::vector<Event> events;
  std::int64_t before = 0;
  for (const auto& line : chunk->lines) {
    require(line.ms >= before, "events ascend");
    before = line.ms;
    events.push_back({wall_time(line.ms), std::string(chunk->message(line))});
  }
  for (const Slice slice : slices_of(events)) {
    const Packed packed = pack(slice);
    const auto again = unpack(packed.bytes, packed.raw_bytes, to_ms(slice.front().at));
    require(again && again->lines.size() == slice.size(), "what was read packs again");
  }
  return 0;
}
