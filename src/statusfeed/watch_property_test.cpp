#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "kaden/status_watch.h"
#include "sample_pages.h"

namespace kaden::statusfeed {
namespace {

using testing::IsEmpty;

constexpr std::int64_t hour = 3'600;

/// The life of some incidents as a list of pages, one a poll, as a feed of the given length would show it.
std::vector<Page> lives(std::mt19937_64& random, bool is_list) {
  const auto below = [&](std::uint64_t most) { return random() % most; };
  static constexpr Stage stages[] = {Stage::unknown, Stage::investigating, Stage::identified,
                                     Stage::monitoring, Stage::resolved};
  std::vector<Report> now;
  std::vector<Page> pages;
  std::int64_t at = to_ms(time_at("2026-08-24T00:00:00Z"));
  for (int poll = 0; poll < 12; ++poll) {
    at += static_cast<std::int64_t>(1 + below(hour)) * 1'000;
    const std::string name = "i" + std::to_string(below(5));
    auto known = std::find_if(now.begin(), now.end(), [&](const Report& r) { return r.incident == name; });
    if (known == now.end())
      known = now.insert(now.end(), report(name, Stage::unknown, "2026-08-24T00:00:00Z"));
    known->stage = stages[below(5)];
    known->impact = static_cast<Impact>(below(5));
    known->at = wall_time(at);
    known->update_key = "u" + std::to_string(poll);
    Page page = page_of(now);
    page.at = wall_time(at);
    if (is_list) {
      page.lists_every_incident = true;
      std::erase_if(page.reports, [](const Report& r) { return r.stage == Stage::resolved; });
    } else if (below(4) == 0) {
      page.reports.erase(page.reports.begin()); // it drops out of the feed
    }
    pages.push_back(std::move(page));
  }
  return pages;
}

std::vector<std::string> ids_of(const std::vector<News>& news) {
  std::vector<std::string> ids;
  for (const News& one : news) ids.push_back(one.event_id + ' ' + line_of(one));
  return ids;
}

std::vector<std::string> straight(const std::vector<Page>& pages, WallTime now) {
  Watch watch = *Watch::make(settings());
  std::vector<std::string> all;
  for (const Page& page : pages) {
    for (std::string& id : ids_of(watch.take(page, now))) all.push_back(std::move(id));
  }
  return all;
}

TEST(WatchProperty, RepeatsStaleCopiesShufflesAndRestartsChangeNothing) {
  const WallTime now = time_at("2026-08-25T00:00:00Z");
  std::size_t told = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    const std::vector<Page> pages = lives(random, seed % 2 == 0);
    const std::vector<std::string> expect = straight(pages, now);
    told += expect.size();
    Watch watch = *Watch::make(settings());
    std::vector<std::string> all;
    for (std::size_t next = 0; next < pages.size();) {
      // Each page comes in its turn; between them older ones come again, as caches and retries have it.
      const bool is_repeat = next > 0 && random() % 2 == 0;
      Page page = is_repeat ? pages[random() % next] : pages[next++];
      std::shuffle(page.reports.begin(), page.reports.end(), random);
      if (!page.reports.empty() && random() % 3 == 0) page.reports.push_back(page.reports.front());
      if (random() % 4 == 0) {
        EXPECT_THAT(watch.failed(now, "x"), IsEmpty());
      }
      for (std::string& id : ids_of(watch.take(page, now))) all.push_back(std::move(id));
      if (random() % 2 == 0) watch = *Watch::restore(settings(), watch.save());
    }
    ASSERT_EQ(all, expect) << "seed " << seed;
  }
  EXPECT_GT(told, 1'000U) << "the lives are worth watching";
}

TEST(WatchProperty, ADeathBeforeTheStateIsStoredRepeatsTheSameIds) {
  const WallTime now = time_at("2026-08-25T00:00:00Z");
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    std::mt19937_64 random(seed);
    const std::vector<Page> pages = lives(random, seed % 2 == 0);
    std::vector<std::string> expect = straight(pages, now);
    std::string stored = Watch::make(settings())->save();
    std::vector<std::string> all;
    for (const Page& page : pages) {
      for (int deaths = static_cast<int>(random() % 3); deaths >= 0; --deaths) {
        Watch watch = *Watch::restore(settings(), stored);
        for (std::string& id : ids_of(watch.take(page, now))) {
          if (std::find(all.begin(), all.end(), id) == all.end()) all.push_back(std::move(id));
        }
        if (deaths == 0) stored = watch.save();
      }
    }
    ASSERT_EQ(all, expect) << "seed " << seed;
  }
}

/// Where the polls come in any order at all, what was missed cannot be told any more; but no order makes up
/// news, and the newest version is what is known in the end.
TEST(WatchProperty, AnyOrderEndsAlikeAndMakesNothingUp) {
  const WallTime now = time_at("2026-08-25T00:00:00Z");
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<Page> pages = lives(random, false);
    std::map<std::string, Report> newest;
    for (const Page& page : pages) {
      for (const Report& one : page.reports) {
        Report& known = newest[one.incident];
        if (one.at > known.at) known = one;
      }
    }
    std::shuffle(pages.begin(), pages.end(), random);
    Watch watch = *Watch::make(settings());
    std::map<std::string, bool> is_open;
    std::map<std::string, int> told;
    watch.take(page_of({}), now);
    for (const Page& page : pages) {
      for (const News& news : watch.take(page, now)) {
        ASSERT_EQ(++told[news.event_id], 1) << "seed " << seed;
        const bool was_open = is_open[news.report.incident];
        ASSERT_EQ(was_open, news.happening != Happening::opened) << "seed " << seed << ' ' << line_of(news);
        is_open[news.report.incident] = news.happening != Happening::resolved;
      }
    }
    for (const auto& [incident, last] : newest) {
      EXPECT_EQ(is_open[incident], last.stage != Stage::resolved) << "seed " << seed << ' ' << incident;
    }
  }
}

} // namespace
} // namespace kaden::statusfeed
