#include "kaden/alarm_history.h"
#include "kaden/limits/metrics.h"

#include <gtest/gtest.h>

namespace kaden::alarm {
namespace {

const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();

HistoryItem item(const std::string& name, std::int64_t minute, HistoryKind kind = HistoryKind::state_update) {
  return {0,
          noon + seconds(60 * minute),
          {name, Origin::api},
          AlarmType::metric,
          kind,
          name + std::to_string(minute),
          "{}"};
}

std::string shown(const std::vector<HistoryItem>& items) {
  std::string text;
  for (const auto& one : items) text += one.summary + " ";
  return text;
}

TEST(AlarmHistory, FiltersAndPages) {
  AlarmHistory history;
  for (int minute = 0; minute < 6; ++minute) {
    history.add(item(minute % 2 == 0 ? "a" : "b", minute,
                     minute == 4 ? HistoryKind::action : HistoryKind::state_update));
  }
  HistoryFilter filter;
  EXPECT_EQ(shown(history.find(filter)), "b5 a4 b3 a2 b1 a0 ");
  filter.most = 2;
  filter.after = history.find(filter).back().number;
  EXPECT_EQ(shown(history.find(filter)), "b3 a2 ");
  filter.newest_first = false;
  EXPECT_EQ(shown(history.find(filter)), "b5 ");
  filter = {};
  filter.newest_first = false;
  filter.name = "a";
  EXPECT_EQ(shown(history.find(filter)), "a0 a2 a4 ");
  filter.kind = HistoryKind::action;
  EXPECT_EQ(shown(history.find(filter)), "a4 ");
  filter = {};
  filter.from = noon + seconds(60);
  filter.to = noon + seconds(180);
  EXPECT_EQ(shown(history.find(filter)), "b3 a2 b1 ");
  filter.type = AlarmType::composite;
  EXPECT_EQ(shown(history.find(filter)), "");
}

TEST(AlarmHistory, IsBounded) {
  AlarmHistory history(3);
  for (int minute = 0; minute < 5; ++minute) history.add(item("a", minute));
  EXPECT_EQ(shown(history.find({})), "a4 a3 a2 ");
  history.sweep(noon + seconds(180) + limits::history_age_max);
  EXPECT_EQ(shown(history.find({})), "a4 a3 ");
}

TEST(AlarmHistory, IsSavedItemByItemAndComesBack) {
  AlarmHistory history;
  history.add(item("a", 1));
  history.add(item("重要", 2, HistoryKind::configuration_update));
  const auto fresh = history.take_fresh();
  EXPECT_EQ(shown(fresh), "a1 重要2 ");
  EXPECT_TRUE(history.take_fresh().empty());
  AlarmHistory again;
  for (const auto& one : fresh) {
    const auto back = parse_history_item(to_text(one));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, one);
    again.restore(*back);
    again.restore(*back); // a repeat is harmless
  }
  EXPECT_TRUE(again.take_fresh().empty());
  again.add(item("b", 3));
  EXPECT_EQ(again.find({}).front().number, 3U);
  EXPECT_EQ(shown(again.take_fresh()), "b3 ");
  for (const char* wrong :
       {"", "[]", "{}",
        R"({"number":1,"at_ms":0,"name":"a","source":"x","type":"MetricAlarm","kind":"Action"})"}) {
    EXPECT_FALSE(parse_history_item(wrong)) << wrong;
  }
}

} // namespace
} // namespace kaden::alarm
