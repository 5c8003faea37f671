#include "book_town.h"

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/metrics.h"

namespace kaden::alarm {
namespace {

TEST(AlarmBook, ChangesStateOnlyWhenAPeriodIsComplete) {
  AlarmBook book(long_ago);
  book.define(definition("hot"), noon);
  EXPECT_EQ(shown(book.step(noon + seconds(1))), "");
  put(book, datum(cpu("web-01"), noon + seconds(3), 95), noon + seconds(3));
  EXPECT_EQ(book.next_due(noon + seconds(3)), noon + seconds(11));
  EXPECT_EQ(shown(book.step(noon + seconds(10))), ""); // the last datapoints may still be under way
  EXPECT_EQ(shown(book.step(noon + seconds(11))), "hot: INSUFFICIENT_DATA->ALARM; ");
  EXPECT_EQ(shown(book.step(noon + seconds(11))), "");
  put(book, datum(cpu("web-01"), noon + seconds(13), 5), noon + seconds(13));
  put(book, datum(cpu("web-01"), noon + seconds(19), 6), noon + seconds(20));
  EXPECT_EQ(shown(book.step(noon + seconds(21))), "hot: ALARM->OK; ");
  // Silence: the evaluation range still holds a good datapoint, then none.
  EXPECT_EQ(shown(book.step(noon + seconds(41))), "");
  EXPECT_EQ(shown(book.step(noon + seconds(51))), "hot: OK->INSUFFICIENT_DATA; ");
}

TEST(AlarmBook, TellsWhatARouteAndASentenceNeed) {
  AlarmBook book(long_ago);
  Definition made = definition("hot");
  made.tags = {{"kaden:severity", "warning"}, {"kaden:say:ja", "{machine} が高温です"}, {"team", "infra"}};
  book.define(made, noon);
  put(book, datum(cpu("web-01"), noon, 97.3456), noon);
  const auto changes = book.step(noon + seconds(11));
  ASSERT_EQ(changes.size(), 1U);
  const Transition& change = changes.front();
  EXPECT_EQ(change.machine, "web-01");
  EXPECT_EQ(change.severity, Severity::warning);
  EXPECT_EQ(change.say, (SpokenText{{Language::ja, "{machine} が高温です"}}));
  EXPECT_EQ(change.labels, (std::map<std::string, std::string>{{"value", "97.3"},
                                                               {"threshold", "80"},
                                                               {"metric", "cpu_usage_active"},
                                                               {"host", "web-01"},
                                                               {"cpu", "cpu-total"}}));
  EXPECT_EQ(change.at, noon + seconds(11));
  EXPECT_TRUE(change.reason.starts_with(
      "Threshold Crossed: 1 out of the last 1 datapoints [97.3456 (23/11/26 12:00:00)]"))
      << change.reason;
  EXPECT_TRUE(change.to_be_told);
  EXPECT_EQ(book.describe(change.key)->changed_at, change.at);
}

TEST(AlarmBook, EvaluatesMinutesOverSlidingWindows) {
  Condition five_minutes = ten_seconds();
  five_minutes.period = seconds(300);
  AlarmBook book(long_ago);
  book.define(definition("slow", five_minutes), noon);
  book.step(noon + seconds(1));
  put(book, datum(cpu("web-01"), noon + seconds(60), 95), noon + seconds(61));
  EXPECT_EQ(shown(book.step(noon + seconds(119))), "");
  EXPECT_EQ(shown(book.step(noon + seconds(121))), "slow: INSUFFICIENT_DATA->ALARM; ");
}

TEST(AlarmBook, EvaluatesDaysOnceAnHour) {
  Condition days = ten_seconds();
  days.period = seconds(3600);
  days.evaluation_periods = 25;
  days.missing = MissingData::breaching;
  AlarmBook book(long_ago - seconds(7 * 86'400));
  book.define(definition("days", days), noon);
  EXPECT_EQ(shown(book.step(noon)), "days: INSUFFICIENT_DATA->ALARM; "); // 11:00 was never looked at
  ASSERT_TRUE(book.set_state({"days", Origin::api}, AlarmState::ok, "test", "", noon + seconds(2)));
  EXPECT_EQ(shown(book.step(noon + seconds(5))), "days: OK->ALARM; "); // 12:00
  ASSERT_TRUE(book.set_state({"days", Origin::api}, AlarmState::ok, "test", "", noon + seconds(6)));
  EXPECT_EQ(shown(book.step(noon + seconds(3600))), "");
  EXPECT_EQ(shown(book.step(noon + seconds(3601))), "days: OK->ALARM; ");
}

TEST(AlarmBook, DoesNotTakeTheTimeBeforeItsStartForSilence) {
  struct {
    MissingData missing;
    AlarmState saved;
    const char* after_range;
  } const cases[] = {
      {MissingData::missing, AlarmState::alarm, "hot: ALARM->INSUFFICIENT_DATA; "},
      {MissingData::missing, AlarmState::ok, "hot: OK->INSUFFICIENT_DATA; "},
      {MissingData::breaching, AlarmState::ok, "hot: OK->ALARM; "},
      {MissingData::not_breaching, AlarmState::alarm, "hot: ALARM->OK; "},
      {MissingData::ignore, AlarmState::alarm, ""},
  };
  for (const auto& c : cases) {
    Condition condition = ten_seconds();
    condition.missing = c.missing;
    condition.evaluation_periods = 3;
    condition.datapoints_to_alarm = 2;
    AlarmBook before(long_ago);
    before.define(definition("hot", condition), long_ago);
    ASSERT_TRUE(before.set_state({"hot", Origin::api}, c.saved, "was so", "", long_ago));
    const std::string saved = before.save({"hot", Origin::api});

    AlarmBook book(noon + seconds(4));
    book.define(definition("hot", condition), long_ago);
    ASSERT_TRUE(book.restore({"hot", Origin::api}, saved));
    EXPECT_EQ(book.describe(AlarmKey{"hot", Origin::api})->reason, "was so");
    WallTime now = noon + seconds(5);
    for (; now < noon + seconds(61); now += seconds(1))
      EXPECT_EQ(shown(book.step(now)), "") << to_text(c.missing);
    EXPECT_EQ(shown(book.step(now)), c.after_range) << to_text(c.missing);
  }
}

TEST(AlarmBook, StillTrustsDataAfterAStart) {
  AlarmBook book(noon + seconds(4));
  book.define(definition("hot"), noon);
  put(book, datum(cpu("web-01"), noon + seconds(5), 95), noon + seconds(5));
  EXPECT_EQ(shown(book.step(noon + seconds(11))), "hot: INSUFFICIENT_DATA->ALARM; ");

  Condition sum = ten_seconds();
  sum.statistic = Statistic::sum;
  sum.comparison = Comparison::less;
  AlarmBook sums(noon + seconds(4));
  sums.define(definition("few", sum), noon);
  put(sums, datum(cpu("web-01"), noon + seconds(5), 1), noon + seconds(5));
  EXPECT_EQ(shown(sums.step(noon + seconds(11))), ""); // a part of a period proves nothing about its sum
  put(sums, datum(cpu("web-01"), noon + seconds(15), 1), noon + seconds(15));
  EXPECT_EQ(shown(sums.step(noon + seconds(21))), "few: INSUFFICIENT_DATA->ALARM; ");
}

TEST(AlarmBook, SetStateLastsUntilTheNextEvaluation) {
  AlarmBook book(long_ago);
  book.define(definition("hot"), noon);
  put(book, datum(cpu("web-01"), noon, 5), noon);
  book.step(noon + seconds(11));
  const AlarmKey key{"hot", Origin::api};
  const auto first = book.set_state(key, AlarmState::alarm, "drill", "{}", noon + seconds(12));
  ASSERT_TRUE(first && *first);
  EXPECT_EQ(first->value().from, AlarmState::ok);
  EXPECT_EQ(first->value().reason, "drill");
  const auto again = book.set_state(key, AlarmState::alarm, "drill two", "", noon + seconds(13));
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
  EXPECT_EQ(book.describe(key)->reason, "drill two");
  EXPECT_EQ(book.describe(key)->changed_at, noon + seconds(12));
  EXPECT_EQ(book.describe(key)->updated_at, noon + seconds(13));
  EXPECT_EQ(shown(book.step(noon + seconds(21))), "hot: ALARM->OK; ");
  EXPECT_EQ(book.set_state({"cold", Origin::api}, AlarmState::ok, "", "", noon).error().fault,
            Fault::not_found);
}

TEST(AlarmBook, DefineAgainOverwritesEverythingButTheState) {
  AlarmBook book(long_ago);
  book.define(definition("hot"), noon);
  ASSERT_TRUE(book.set_state({"hot", Origin::api}, AlarmState::alarm, "drill", "", noon));
  Definition other = definition("hot");
  other.metric = cpu("web-02");
  other.condition.period = seconds(60);
  book.define(other, noon + seconds(5));
  const auto info = book.describe(AlarmKey{"hot", Origin::api}).value();
  EXPECT_EQ(info.state, AlarmState::alarm);
  EXPECT_EQ(info.definition.metric, cpu("web-02"));
  EXPECT_EQ(info.defined_at, noon + seconds(5));
  EXPECT_EQ(book.metrics().find(cpu("web-01"))->watchers, 0U);
  EXPECT_EQ(book.metrics().find(cpu("web-02"))->watchers, 1U);
}

TEST(AlarmBook, DisabledActionsHoldBackTheAlarmButNotTheOk) {
  AlarmBook book(long_ago);
  Definition made = definition("hot");
  made.actions_enabled = false;
  book.define(made, noon);
  put(book, datum(cpu("web-01"), noon, 95), noon);
  auto changes = book.step(noon + seconds(11));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_FALSE(changes[0].to_be_told);
  put(book, datum(cpu("web-01"), noon + seconds(11), 5), noon + seconds(11));
  changes = book.step(noon + seconds(21));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes[0].to_be_told);
}

TEST(AlarmBook, ListsByNameInPages) {
  AlarmBook book(long_ago);
  for (const char* name : {"web-c", "db", "web-a", "web-b", "x"}) book.define(definition(name), noon);
  ASSERT_TRUE(book.set_state({"web-b", Origin::api}, AlarmState::ok, "", "", noon));
  AlarmFilter filter;
  filter.name_prefix = "web-";
  EXPECT_EQ(names(book.describe(filter)), "web-a,web-b,web-c,");
  filter.most = 2;
  EXPECT_EQ(names(book.describe(filter)), "web-a,web-b,");
  filter.after = AlarmKey{"web-b", Origin::api};
  EXPECT_EQ(names(book.describe(filter)), "web-c,");
  filter.after = AlarmKey{"a", Origin::api};
  filter.state = AlarmState::ok;
  EXPECT_EQ(names(book.describe(filter)), "web-b,");
  EXPECT_EQ(names(book.describe(AlarmFilter{})), "db,web-a,web-b,web-c,x,");
  EXPECT_TRUE(book.erase({"db", Origin::api}));
  EXPECT_FALSE(book.erase({"db", Origin::api}));
  EXPECT_EQ(book.size(), 4U);
}

TEST(Rules, MakeAnAlarmForEachMachineByThemselves) {
  AlarmBook book(long_ago);
  Rule one = rule("cpu-high");
  one.where = {{"cpu", "cpu-total"}, {"host", "web-*"}};
  one.severity = Severity::error;
  one.labels = {{"team", "infra"}};
  one.say = {{Language::en, "{machine} is busy"}};
  EXPECT_TRUE(book.set_rules({one}).empty());
  for (const char* host : {"web-01", "web-02", "db-01"}) put(book, datum(cpu(host), noon, 95), noon);
  put(book, datum(cpu("web-01", "cpu0"), noon, 95), noon);
  EXPECT_EQ(names(book.describe(AlarmFilter{})), "cpu-high web-01,cpu-high web-02,");
  const auto changes = book.step(noon + seconds(11));
  EXPECT_EQ(shown(changes),
            "cpu-high web-01: INSUFFICIENT_DATA->ALARM; cpu-high web-02: INSUFFICIENT_DATA->ALARM; ");
  EXPECT_EQ(changes[0].key.origin, Origin::rule);
  EXPECT_EQ(changes[0].machine, "web-01");
  EXPECT_EQ(changes[0].severity, Severity::error);
  EXPECT_EQ(changes[0].labels.at("team"), "infra");
  EXPECT_EQ(changes[0].say, one.say);
}

TEST(Rules, TellMetricsOfOneMachineApart) {
  AlarmBook book(long_ago);
  book.set_rules({rule("cpu-high")});
  put(book, datum(cpu("web-01"), noon, 1), noon);
  put(book, datum(cpu("web-01", "cpu0"), noon, 1), noon);
  put(book, datum(cpu("web-01", "cpu0"), noon, 1), noon);
  EXPECT_EQ(names(book.describe(AlarmFilter{})), "cpu-high web-01,cpu-high web-01 (cpu=cpu0),");
}

TEST(Rules, DoNotBlameANewMachineForItsPast) {
  Rule one = rule("heartbeat");
  one.condition.missing = MissingData::breaching;
  one.condition.comparison = Comparison::less;
  one.condition.evaluation_periods = one.condition.datapoints_to_alarm = 3;
  AlarmBook book(long_ago);
  book.set_rules({one});
  put(book, datum(cpu("web-01"), noon + seconds(3), 1), noon + seconds(3)); // breaching once
  EXPECT_EQ(shown(book.step(noon + seconds(11))), "");
  EXPECT_EQ(shown(book.step(noon + seconds(21))), "");
  EXPECT_EQ(shown(book.step(noon + seconds(41))), "");
  EXPECT_EQ(shown(book.step(noon + seconds(51))), "heartbeat web-01: INSUFFICIENT_DATA->ALARM; ");
}

TEST(Rules, AreReplacedAtRunTime) {
  AlarmBook book(long_ago);
  book.set_rules({rule("cpu-high"), rule("cpu-odd")});
  put(book, datum(cpu("web-01"), noon, 85), noon);
  book.step(noon + seconds(11));
  Rule changed = rule("cpu-high");
  changed.condition.threshold = 90;
  const auto gone = book.set_rules({changed});
  EXPECT_EQ(gone, (std::vector<AlarmKey>{{"cpu-odd web-01", Origin::rule}}));
  EXPECT_EQ(book.describe(AlarmKey{"cpu-high web-01", Origin::rule})->state, AlarmState::alarm);
  EXPECT_EQ(shown(book.step(noon + seconds(21))), "cpu-high web-01: ALARM->OK; ");
  Rule narrowed = changed;
  narrowed.where = {{"host", "db-*"}};
  EXPECT_EQ(book.set_rules({narrowed}).size(), 1U);
  put(book, datum(cpu("web-01"), noon + seconds(30), 99), noon + seconds(30));
  EXPECT_EQ(book.size(), 0U);
}

TEST(Rules, ComeBackAfterARestartWithTheirStates) {
  AlarmBook before(long_ago);
  before.set_rules({rule("cpu-high")});
  put(before, datum(cpu("web-01", "cpu0"), noon, 1), noon);
  put(before, datum(cpu("web-01"), noon, 95), noon);
  const auto changes = before.step(noon + seconds(11));
  ASSERT_EQ(
      shown(changes),
      "cpu-high web-01: INSUFFICIENT_DATA->OK; cpu-high web-01 (cpu=cpu-total): INSUFFICIENT_DATA->ALARM; ");

  AlarmBook book(noon + seconds(15));
  book.set_rules({rule("cpu-high")});
  ASSERT_TRUE(book.restore(changes[1].key, changes[1].saved)); // the other one's record was lost
  EXPECT_EQ(book.describe(changes[1].key)->state, AlarmState::alarm);
  put(book, datum(cpu("web-01"), noon + seconds(21), 95), noon + seconds(21));
  EXPECT_EQ(book.size(), 1U);
  EXPECT_EQ(shown(book.step(noon + seconds(31))), ""); // it still burns: nothing new
  EXPECT_EQ(book.restore({"cpu-low web-01", Origin::rule}, changes[0].saved).error().fault, Fault::not_found);
  EXPECT_EQ(book.restore(changes[1].key, "{\"state\":3}").error().fault, Fault::invalid);
  EXPECT_EQ(book.restore(changes[1].key, "").error().fault, Fault::invalid);
}

TEST(Rules, ForgetMachinesThatAreGone) {
  AlarmBook book(noon);
  Rule one = rule("cpu-high");
  one.condition.missing = MissingData::ignore;
  book.set_rules({one});
  put(book, datum(cpu("web-01"), noon, 1), noon);
  put(book, datum(cpu("web-02"), noon, 99), noon);
  book.step(noon + seconds(11));
  book.step(noon + limits::silent_metric_max);
  EXPECT_EQ(book.size(), 2U);
  book.step(noon + limits::silent_metric_max + seconds(605));
  EXPECT_EQ(book.take_forgotten(), (std::vector<AlarmKey>{{"cpu-high web-01", Origin::rule}}));
  EXPECT_TRUE(book.take_forgotten().empty());
  EXPECT_EQ(names(book.describe(AlarmFilter{})), "cpu-high web-02,"); // what is in ALARM is never forgotten
  const WallTime later = noon + limits::silent_metric_max + seconds(700);
  put(book, datum(cpu("web-01"), later, 1), later);
  EXPECT_TRUE(book.contains({"cpu-high web-01", Origin::rule}));
}

TEST(Rules, StopAtTheLimitOfAlarmsAndTryAgain) {
  AlarmBook book(long_ago, 1);
  book.set_rules({rule("cpu-high")});
  put(book, datum(cpu("web-01"), noon, 1), noon);
  put(book, datum(cpu("web-02"), noon, 1), noon);
  EXPECT_EQ(book.size(), 1U);
  EXPECT_EQ(book.refused_alarms(), 1U);
  EXPECT_FALSE(book.has_room_for({"hot", Origin::api}));
  EXPECT_TRUE(book.has_room_for({"cpu-high web-01", Origin::rule}));
  book.erase({"cpu-high web-01", Origin::rule});
  put(book, datum(cpu("web-02"), noon, 1), noon);
  EXPECT_EQ(names(book.describe(AlarmFilter{})), "cpu-high web-02,");
}

TEST(Rules, FitLongNames) {
  AlarmBook book(long_ago);
  book.set_rules({rule("cpu-high")});
  put(book, datum(cpu(std::string(400, 'a')), noon, 1), noon);
  put(book, datum(cpu(std::string(401, 'a')), noon, 1), noon);
  const auto infos = book.describe(AlarmFilter{});
  ASSERT_EQ(infos.size(), 2U);
  EXPECT_LE(infos[0].key.name.size(), limits::alarm_name_bytes_max);
  EXPECT_NE(infos[0].key.name, infos[1].key.name);
}

TEST(AlarmBook, SurvivesASteppedClock) {
  AlarmBook book(long_ago);
  book.define(definition("hot"), noon);
  put(book, datum(cpu("web-01"), noon - seconds(3600), 95), noon);
  book.step(noon + seconds(11));
  EXPECT_EQ(shown(book.step(noon - seconds(3589))), "hot: INSUFFICIENT_DATA->ALARM; ");
}

TEST(Definition, ReadsBackFromJson) {
  Definition made = definition("重要 \"hot\"");
  made.description = "CPU";
  made.actions_enabled = false;
  made.ok_actions = {"arn:1"};
  made.alarm_actions = {"arn:2", "arn:3"};
  made.condition.threshold = 0.1 + 0.2;
  made.condition.missing = MissingData::not_breaching;
  made.condition.comparison = Comparison::less_or_equal;
  made.condition.unit = "Percent";
  made.condition.extended = *parse_extended_statistic("TM(2%:98%)");
  made.condition.low_samples = LowSamples::ignore;
  made.condition.window = {true, "+09:00"};
  made.condition.clear_threshold = 0.5;
  made.queries = {query_of("m1", "Errors", true)};
  made.condition.period = seconds(60);
  made.tags = {{"a", "b"}};
  const auto text = kaden::to_text(to_json(made));
  const auto back = definition_from_json(parse_json(text).value());
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, made);
  for (const char* wrong : {"{}", "[]", R"({"name":"x"})", "7"}) {
    EXPECT_FALSE(definition_from_json(parse_json(wrong).value())) << wrong;
  }
}

TEST(SpokenNumber, IsShort) {
  struct {
    double value;
    const char* text;
  } const cases[] = {{97.3456, "97.3"},  {90, "90"},   {1250.4, "1250"},    {0, "0"},
                     {-3.256, "-3.26"},  {0.5, "0.5"}, {0.04217, "0.0422"}, {99.96, "100"},
                     {1e20, "1.00e+20"}, {-0.0, "0"}};
  for (const auto& c : cases) EXPECT_EQ(spoken_number(c.value), c.text) << c.value;
}

} // namespace
} // namespace kaden::alarm
