#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feed.h"
#include "kaden/limits/log_sources.h"
#include "kaden/log_taps.h"

namespace kaden::logs {
namespace {

using testing::ElementsAre;

void put(Taps& taps, const std::string& group, const std::string& text) {
  for (const auto& tap : taps.of(group)) tap->put({wall_time(1'000), group, "web-01", text});
}

TEST(GroupFeed, gives_the_lines_of_its_groups_while_it_lives) {
  Taps taps;
  put(taps, "/app/a", "before");
  auto feed = tap_groups(taps.open({"/app/*", "/sys"}));
  put(taps, "/app/a", "one");
  put(taps, "/other", "two");
  put(taps, "/sys", "three");
  std::vector<std::string> seen;
  const auto read = feed->read([&](const logalarms::Record& record) {
    EXPECT_EQ(record.host, "web-01");
    EXPECT_FALSE(record.has_header) << "JSON patterns look at the line, as CloudWatch's do";
    seen.push_back(record.group + ": " + record.text);
  });
  EXPECT_FALSE(read.has_more);
  EXPECT_THAT(seen, ElementsAre("/app/a: one", "/sys: three"));
  feed.reset();
  EXPECT_TRUE(taps.of("/sys").empty());
}

TEST(GroupFeed, a_full_tap_drops_and_says_so) {
  Taps taps;
  auto feed = tap_groups(taps.open({"*"}));
  const std::string large(1u << 20, 'x');
  for (std::size_t i = 0; i < (limits::syslog_queue_bytes_max >> 20) + 3; ++i) put(taps, "g", large);
  EXPECT_EQ(feed->counts().at("dropped_full"), 3U);
  EXPECT_EQ(feed->take_complaint(), "3 lines were not judged: the queue was full");
  EXPECT_EQ(feed->take_complaint(), "");
  std::size_t count = 0;
  feed->read([&](const logalarms::Record&) { ++count; });
  EXPECT_EQ(count, limits::syslog_queue_bytes_max >> 20);
  put(taps, "g", "again");
  feed->read([&](const logalarms::Record&) { ++count; });
  EXPECT_EQ(count, (limits::syslog_queue_bytes_max >> 20) + 1);
}

} // namespace
} // namespace kaden::logs
