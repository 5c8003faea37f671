// Fuzzes the decoders: whatever they accept is written again and read back as itself.
#include <algorithm>
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
  if (const auto found = blocks::decode_each(bytes)) {
    std::vector<blocks::Point> points;
    for (const blocks::StepEach& one : *found) points.push_back({one.step, one.each->set(), one.each});
    const std::string again = blocks::encode_each(points);
    require(again.size() <= limits::distribution_bytes_max, "distributions stay within their limit");
    const auto read = blocks::decode_each(again);
    require(read && read->size() == found->size(), "distributions read back as themselves");
    for (std::size_t i = 0; i < found->size(); ++i) {
      require((*read)[i].step == (*found)[i].step && *(*read)[i].each == *(*found)[i].each,
              "a distribution reads back as itself");
    }
    for (const auto detail : {blocks::Detail::full, blocks::Detail::coarse})
      static_cast<void>(blocks::rolled_up(points, 60, 0, detail));
  }
  if (const auto records = blocks::decode_batch(bytes)) {
    const auto read = blocks::decode_batch(blocks::encode_batch(*records));
    require(read && read->size() == records->size(), "a batch keeps its datapoints");
    const auto has = [](const blocks::Record& record) { return record.each != nullptr; };
    require(std::count_if(read->begin(), read->end(), has) ==
                std::count_if(records->begin(), records->end(), has),
            "and their values");
  }
  if (const auto body = blocks::unsealed(bytes, size)) {
    require(blocks::sealed(std::string(*body), size) == bytes, "a seal is made in one way only");
  }
  return 0;
}
