#include "dates.h"

#include <gtest/gtest.h>

namespace kaden::statusfeed {
namespace {

struct Case {
  std::string_view text, expect; // "" when it is no date
};

TEST(FeedDate, TakesWhatFeedsWrite) {
  const std::vector<Case> cases = {
      {"Mon, 24 Aug 2026 02:10:44 +0000", "2026-08-24T02:10:44Z"},
      {"Mon, 24 Aug 2026 02:10:44 -0400", "2026-08-24T06:10:44Z"},
      {"Mon, 24 Aug 2026 02:10:44 +09:00", "2026-08-23T17:10:44Z"},
      {"Sun, 23 Aug 2026 20:20:02 PDT", "2026-08-24T03:20:02Z"},
      {"Sun, 3 Jan 2027 20:20:02 PST", "2027-01-04T04:20:02Z"},
      {"Mon, 24 Aug 26 12:05:00 JST", "2026-08-24T03:05:00Z"},
      {"24 aug 2026 03:05 GMT", "2026-08-24T03:05:00Z"},
      {"24 August 2026 05:05 cest", "2026-08-24T03:05:00Z"},
      {"24 Aug 2026 04:05 CET", "2026-08-24T03:05:00Z"},
      {"Mon 24 Aug 2026 03:05:59", "2026-08-24T03:05:59Z"},
      {"24 Aug 2026 03:05 Z", "2026-08-24T03:05:00Z"},
      {"24 Aug 2026 03:05 A", "2026-08-24T03:05:00Z"},
      {"24 Aug 2026 03:05:00 +0900 (JST)", "2026-08-23T18:05:00Z"},
      {"1 Jan 70 00:00 UT", "1970-01-01T00:00:00Z"},
      {"1 Jan 49 00:00 UT", "2049-01-01T00:00:00Z"},
      {"1 Jan 126 00:00 UT", "2026-01-01T00:00:00Z"},
      {"29 Feb 2028 00:00 UT", "2028-02-29T00:00:00Z"},
      {" 2026-08-24T03:05:00.250Z\n", "2026-08-24T03:05:00.250Z"},
      {"2026-08-24T12:05:00+09:00", "2026-08-24T03:05:00Z"},
  };
  for (const Case& c : cases) {
    const auto at = parse_feed_date(c.text);
    ASSERT_TRUE(at) << c.text;
    EXPECT_EQ(to_iso8601(*at), c.expect) << c.text;
  }
}

TEST(FeedDate, RefusesWhatIsNoDate) {
  for (const std::string_view text :
       {"", "yesterday", "Mon, 24 Aug 2026", "32 Aug 2026 03:05 GMT", "29 Feb 2026 03:05 GMT",
        "24 Aug 2026 24:05 GMT", "24 Aug 2026 03:60 GMT", "24 Foo 2026 03:05 GMT", "24 Aug 2026 03:05 XYZ",
        "24 Aug 2026 03:05 +2500", "24 Aug 2 03:05 GMT", "1 Jan 1969 00:00 GMT", "-1 Aug 2026 03:05 GMT",
        "2026-13-24T03:05:00Z", "2026-08-24", "31 Dec 9999 23:59 PST", "24 Aug 2026 03:05:00:00 GMT",
        "Mon, , ,"}) {
    EXPECT_FALSE(parse_feed_date(text)) << text;
  }
}

TEST(Stamp, TakesTheYearThatIsNearest) {
  struct StampCase {
    std::string_view text, near, expect;
  };
  const std::vector<StampCase> cases = {
      {"Aug 24, 02:10 UTC", "2026-08-24T02:10:44Z", "2026-08-24T02:10:00Z"},
      {"Aug  6, 14:55 UTC", "2026-08-06T14:55:10Z", "2026-08-06T14:55:00Z"},
      {"Aug 24, 11:10 JST", "2026-08-24T02:10:44Z", "2026-08-24T02:10:00Z"},
      {"Aug 20, 09:00 UTC", "2026-08-30T15:00:00Z", "2026-08-20T09:00:00Z"},
      {"Dec 31, 23:50 UTC", "2027-01-01T00:10:00Z", "2026-12-31T23:50:00Z"},
      {"Jan 2, 00:10 UTC", "2026-12-31T23:50:00Z", "2027-01-02T00:10:00Z"},
      {"Feb 29, 00:10 UTC", "2027-12-01T00:00:00Z", "2028-02-29T00:10:00Z"},
      {"Aug 30, 22:00 - Aug 31, 02:00 UTC", "2026-08-30T22:00:00Z", "2026-08-30T22:00:00Z"},
      {"Aug 24, 09:10 +07", "2026-08-24T02:10:44Z", "2026-08-24T02:10:00Z"},
      {"Aug 23, 23:10 -03", "2026-08-24T02:10:44Z", "2026-08-24T02:10:00Z"},
      {"Aug 30, 15:00 - 19:00 PDT", "2026-08-30T22:00:00Z", "2026-08-30T22:00:00Z"},
  };
  for (const StampCase& c : cases) {
    const auto at = parse_stamp(c.text, *parse_iso8601(c.near));
    ASSERT_TRUE(at) << c.text;
    EXPECT_EQ(to_iso8601(*at), c.expect) << c.text;
  }
  for (const std::string_view text :
       {"", "Aug 24", "Aug 24, 02:10", "Aug 24, 02:10 Nowhere", "Aug 24, 02:10 +99", "24 Aug, 02:10 UTC"}) {
    EXPECT_FALSE(parse_stamp(text, wall_time(0))) << text;
  }
}

} // namespace
} // namespace kaden::statusfeed
