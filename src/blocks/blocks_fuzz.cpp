// Fuzzes the decoders: whatever they accept is written again and read back as itself.
#include <bit>
#include <cstddef>
#include <cstdint>

#include "kaden/blocks.h"
#include "kaden/limits/stored_datapoints.h"

namespace {

/// Bit by bit: NaN is equal to itself here.
bool same(const kaden::blocks::Values& a, const kaden::blocks::Values& b) {
  const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  return bits(a.sample_count) == bits(b.sample_count) && bits(a.sum) == bits(b.sum) &&
         bits(a.minimum) == bits(b.minimum) && bits(a.maximum) == bits(b.maximum);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto points = blocks::decode(bytes)) {
    const std::string again = blocks::encode(*points);
    require(again.size() <= limits::block_bytes_max, "a block stays within its limit");
    const auto read = blocks::decode(again);
    require(read && read->size() == points->size(), "a block reads back as itself");
    for (std::size_t i = 0; i < points->size(); ++i) {
      require((*read)[i].step == (*points)[i].step && same((*read)[i].values, (*points)[i].values),
              "a datapoint reads back as itself");
    }
    require(blocks::merged(*points, {}).size() == points->size(), "nothing changes nothing");
  }
  if (const auto records = blocks::decode_batch(bytes)) {
    const auto read = blocks::decode_batch(blocks::encode_batch(*records));
    require(read && read->size() == records->size(), "a batch keeps its datapoints");
  }
  if (const auto body = blocks::unsealed(bytes, size)) {
    require(blocks::sealed(std::string(*body), size) == bytes, "a seal is made in one way only");
  }
  return 0;
}
