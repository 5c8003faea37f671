#include "chunk.h"

#include <gtest/gtest.h>

#include <random>

#include "kaden/limits/logs.h"

namespace kaden::logstore {
namespace {

std::vector<Event> some_events(std::minstd_rand& chance, std::size_t count) {
  std::vector<Event> events;
  WallTime at = wall_time(1'790'000'000'000);
  for (std::size_t i = 0; i < count; ++i) {
    at += Millis(chance() % 3 == 0 ? 0 : chance() % 5'000);
    std::string message = "GET /item/" + std::to_string(chance() % 1'000) + " 200 ";
    for (auto more = chance() % 200; more > 0; --more) message += static_cast<char>(chance() % 256);
    events.push_back({at, std::move(message)});
  }
  return events;
}

TEST(Chunk, gives_back_what_was_packed) {
  std::minstd_rand chance(7);
  for (const std::size_t count : {1U, 2U, 17U, 900U}) {
    const auto events = some_events(chance, count);
    for (const Slice slice : slices_of(events)) {
      const Packed packed = pack(slice);
      const auto chunk = unpack(packed.bytes, packed.raw_bytes, to_ms(slice.front().at));
      ASSERT_TRUE(chunk) << chunk.error().message;
      ASSERT_EQ(chunk->lines.size(), slice.size());
      for (std::size_t i = 0; i < slice.size(); ++i) {
        EXPECT_EQ(chunk->lines[i].ms, to_ms(slice[i].at));
        EXPECT_EQ(chunk->message(chunk->lines[i]), slice[i].message);
      }
    }
  }
}

TEST(Chunk, keeps_its_bounds_of_bytes_and_time) {
  std::vector<Event> events;
  const auto put = [&](std::int64_t s, std::size_t bytes) {
    events.push_back({wall_time(s * 1'000), std::string(bytes, 'x')});
  };
  put(0, 10);
  put(600, 10);      // still with the first
  put(601, 10);      // too far from it
  put(601, 60'000);  // with the one before
  put(601, 60'000);  // too many bytes
  put(602, 300'000); // longer than a row should be: alone
  put(602, 1);
  std::vector<std::size_t> sizes;
  for (const Slice slice : slices_of(events)) sizes.push_back(slice.size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 2, 1, 1, 1}));
  EXPECT_TRUE(slices_of({}).empty());
}

TEST(Chunk, takes_the_longest_event_there_may_be) {
  const std::vector<Event> events{{wall_time(0), std::string(limits::log_message_bytes_max, 'e')}};
  const Packed packed = pack(events);
  EXPECT_LT(packed.bytes.size(), 20'000U);
  EXPECT_TRUE(unpack(packed.bytes, packed.raw_bytes, 0));
}

TEST(Chunk, damage_is_told_and_never_read) {
  std::minstd_rand chance(11);
  const auto events = some_events(chance, 50);
  const Packed packed = pack(slices_of(events).front());
  EXPECT_FALSE(unpack(packed.bytes, packed.raw_bytes + 1, 0));
  EXPECT_FALSE(unpack(packed.bytes, packed.raw_bytes - 1, 0));
  EXPECT_FALSE(unpack(packed.bytes.substr(1), packed.raw_bytes, 0));
  EXPECT_FALSE(unpack(packed.bytes, std::size_t{1} << 40, 0)) << "no such length is asked of the memory";
  for (int i = 0; i < 300; ++i) {
    std::string bytes = packed.bytes;
    bytes[chance() % bytes.size()] ^= static_cast<char>(1 + chance() % 255);
    EXPECT_FALSE(unpack(bytes, packed.raw_bytes, 0)) << "Adler-32 finds a changed byte";
  }
  for (int i = 0; i < 300; ++i) { // not compressed: whatever comes out stays inside
    std::string bytes(1 + chance() % 60, '\0');
    for (char& c : bytes) c = static_cast<char>(chance() % 256);
    const auto chunk = unpack(bytes, bytes.size(), 0);
    if (!chunk) continue;
    for (const auto& line : chunk->lines) EXPECT_LE(chunk->message(line).size(), bytes.size());
  }
}

} // namespace
} // namespace kaden::logstore
