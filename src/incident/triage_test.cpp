// Severity by rule and by a model's verdict: what is asked, what waits, what is believed, and what happens
// when the model says nothing.
#include "triage.h"

#include "story.h"

#include "clean.h"

namespace kaden::incident {
namespace {

/// Warnings are recorded; what is worse calls. A model is asked.
Config asking_config() {
  Config config = small_config();
  config.triage.model = "m";
  config.routes = {Route{{}, {Severity::error, Severity::critical}, {}, "ops", {}}};
  return config;
}

TriageAnswer judged(Severity severity) {
  return {TriageOutcome::judged, severity, {{Language::ja, "理由です"}, {Language::en, "a reason"}}, {}};
}

class TriageStory : public Story {
 public:
  explicit TriageStory(const Config& config = asking_config()) : Story(config) {}
  void answers_with(const TriageAnswer& answer) { apply(TriageAnswered{question, answer}); }
  /// Reports it; keeps the question when one is asked.
  std::string reports(const AlarmEvent& event) {
    apply(AlarmReported{event});
    return asked();
  }
  std::string asked() {
    const auto asks = all_of<AskTriage>();
    if (asks.empty()) return "";
    EXPECT_EQ(asks.size(), 1U);
    question = asks[0].question;
    wait = asks[0].wait;
    return asks[0].text;
  }
  std::string question;
  Millis wait{};
};

AlarmEvent warning(Story& story, const std::string& alarm, const std::string& reason = "slow") {
  AlarmEvent event = story.event(alarm, AlarmState::alarm, Severity::warning);
  event.reason = reason;
  return event;
}

TEST(Triage, AVerdictRaisesAndTheRouteGoesByIt) {
  TriageStory story;
  EXPECT_EQ(story.reports(warning(story, "mail")),
            "alarm: mail\nmachine: web-01\nsource: api\nreason: slow\n");
  EXPECT_EQ(story.wait, seconds(2));
  EXPECT_EQ(story.engine.counts().triage_waiting, 1U);
  EXPECT_EQ(story.engine.counts().incidents_ever, 0U);
  EXPECT_EQ(story.engine.next_due(), story.now + seconds(2));
  story.now += Millis(700);
  story.answers_with(judged(Severity::critical));
  EXPECT_EQ(story.calls_placed(), "0 sato");
  EXPECT_EQ(story.record(),
            "alarm(new_problem), triaged(by_model), opened(new_problem), level_started, dialling");
  EXPECT_EQ(story.last_detail(Happening::triaged), "critical (rule: warning)");
  EXPECT_EQ(story.engine.timeline(1)[1].reason.at(Language::ja), "理由です");
  EXPECT_EQ(story.incident().severity, Severity::critical);
  EXPECT_EQ(story.incident().alarms[0].triage.at(Language::en), "a reason");
  EXPECT_EQ(story.engine.counts().triage_waiting, 0U);
}

TEST(Triage, ItsReasonCanBeSpoken) {
  TriageStory story;
  AlarmEvent event = warning(story, "mail");
  event.say[Language::en] = "{machine}: {triage}";
  story.reports(event);
  story.answers_with(judged(Severity::critical));
  ASSERT_EQ(story.orders.size(), 1U);
  EXPECT_EQ(script::to_text(story.orders[0].script.line(script::Line::message)), "web-01: a reason");
}

TEST(Triage, WithoutAnAnswerTheRulesSeverityHolds) {
  TriageStory story;
  AlarmEvent event = warning(story, "mail");
  event.severity = Severity::error;
  story.reports(event);
  story.forward(Millis(1'999));
  EXPECT_EQ(story.calls_placed(), "");
  story.forward(Millis(1));
  EXPECT_EQ(story.placed, "0 sato") << "counted from the last look";
  EXPECT_EQ(story.record(),
            "alarm(new_problem), triaged(model_late), opened(new_problem), level_started, dialling");
  EXPECT_EQ(story.last_detail(Happening::triaged), "error: no answer in time");
  const std::string before = story.engine.snapshot();
  EXPECT_TRUE(story.engine.is_repeat(TriageAnswered{story.question, judged(Severity::info)}));
  story.answers_with(judged(Severity::info));
  EXPECT_EQ(story.incident().severity, Severity::error) << "too late";
  EXPECT_TRUE(story.effects.empty());
}

TEST(Triage, EachFailureIsNamedAndFallsBackAtOnce) {
  const std::vector<std::tuple<TriageOutcome, std::string, std::string>> cases{
      {TriageOutcome::late, "model_late", "warning: none within 2 s"},
      {TriageOutcome::failed, "model_failed", "warning: none within 2 s"},
      {TriageOutcome::malformed, "model_malformed", "warning: none within 2 s"},
      {TriageOutcome::busy, "model_busy", "warning: none within 2 s"}};
  for (const auto& [outcome, why, detail] : cases) {
    TriageStory story;
    story.reports(warning(story, "mail"));
    story.answers_with({outcome, Severity::critical, {}, "none within 2 s"});
    EXPECT_EQ(story.record(),
              "alarm(new_problem), triaged(" + why + "), opened(new_problem), not_called(no_route)");
    EXPECT_EQ(story.last_detail(Happening::triaged), detail);
    story.ok("mail");
    EXPECT_NE(story.reports(warning(story, "mail")), "") << "a failure is not remembered";
  }
}

TEST(Triage, LowersOnlyWhereAndAsFarAsAllowed) {
  Config config = asking_config();
  config.triage.rules = {
      SeverityRule{{}, {{"machine", "test-*"}}, {}, std::nullopt, Severity::info, true},
      SeverityRule{{}, {{"machine", "stage-*"}}, {}, Severity::critical, Severity::error, true}};
  TriageStory story(config);
  AlarmEvent event = warning(story, "a");
  event.severity = Severity::error;
  story.reports(event);
  story.answers_with(judged(Severity::info));
  EXPECT_EQ(story.incident(1).severity, Severity::error);
  EXPECT_EQ(story.last_detail(Happening::triaged), "error (model: info)");

  event = warning(story, "b");
  event.machine = "test-3";
  event.severity = Severity::critical;
  EXPECT_NE(story.reports(event), "") << "critical is asked about where it may be lowered";
  story.answers_with(judged(Severity::info));
  EXPECT_EQ(story.incident(2).severity, Severity::info);
  EXPECT_EQ(story.last_detail(Happening::triaged, 2), "info (rule: critical)");

  event = warning(story, "c");
  event.machine = "stage-3";
  story.reports(event);
  story.answers_with(judged(Severity::info));
  EXPECT_EQ(story.incident(3).severity, Severity::error);
  EXPECT_EQ(story.last_detail(Happening::triaged, 3), "error (rule: critical, model: info)");
}

TEST(Triage, NothingWaitsWhereAModelCouldChangeNothing) {
  Config config = asking_config();
  config.triage.rules = {SeverityRule{{"quiet"}, {}, {}, std::nullopt, std::nullopt, false}};
  TriageStory story(config);
  EXPECT_EQ(story.reports(story.event("a")), "") << "critical, and may not be lowered";
  EXPECT_TRUE(story.is_called("sato"));
  AlarmEvent event = warning(story, "b");
  event.source = "quiet";
  EXPECT_EQ(story.reports(event), "") << "the rule asks no model";
  story.apply(AlarmReported{warning(story, "c"), "vcenter: ito"});
  EXPECT_EQ(story.asked(), "") << "somebody has it";
  EXPECT_EQ(story.engine.counts().incidents_ever, 3U);
  EXPECT_EQ(story.engine.counts().triage_waiting, 0U);
}

TEST(Triage, RulesAloneDecideAtOnce) {
  Config config = asking_config();
  config.triage.model.clear();
  config.triage.rules = {SeverityRule{{"stat*"}, {}, {"*MAINTENANCE*"}, Severity::info, std::nullopt, true},
                         SeverityRule{{}, {{"team", "erp"}}, {}, Severity::critical, std::nullopt, true}};
  TriageStory story(config);
  AlarmEvent event = story.event("EC2");
  event.source = "status";
  event.reason = "Scheduled maintenance in Tokyo";
  story.reports(event);
  EXPECT_EQ(story.incident(1).severity, Severity::info);
  EXPECT_EQ(story.last_detail(Happening::triaged), "info (source: critical)");
  EXPECT_EQ(story.record(),
            "alarm(new_problem), triaged(by_rule), opened(new_problem), not_called(no_route)");
  event.event_id = "again";
  story.reports(event);
  EXPECT_EQ(story.times(Happening::triaged), 1U) << "said once, not at each repeat";
  event = warning(story, "orders");
  event.labels["team"] = "erp";
  story.reports(event);
  EXPECT_EQ(story.calls_placed(), "0 sato");
  event = warning(story, "spoken");
  event.source = "status";
  event.say[Language::en] = "planned maintenance";
  story.reports(event);
  EXPECT_EQ(story.incident(3).severity, Severity::info) << "what is spoken counts as text";
}

TEST(Triage, EqualTextsAreJudgedOnce) {
  TriageStory story;
  story.reports(warning(story, "mail"));
  EXPECT_EQ(story.reports(warning(story, "mail")), "") << "it is being asked";
  EXPECT_EQ(story.engine.counts().triage_waiting, 2U);
  story.answers_with(judged(Severity::error));
  EXPECT_EQ(story.calls_placed(), "0 sato");
  EXPECT_EQ(story.times(Happening::triaged), 2U);
  EXPECT_EQ(story.reports(warning(story, "mail")), "");
  EXPECT_EQ(story.times(Happening::triaged), 2U) << "a repeat that says the same again";
  EXPECT_EQ(story.incident().severity, Severity::error);
  story.ok("mail");
  EXPECT_EQ(story.reports(warning(story, "mail")), "") << "remembered";
  EXPECT_EQ(story.record(2).substr(0, 45), "alarm(new_problem), triaged(by_equal_text), o");
  story.ok("mail");
  story.forward(limits::triage_remembered_age_max);
  EXPECT_EQ(story.reports(warning(story, "mail")), "");
  story.ok("mail");
  story.forward(Millis(1));
  EXPECT_NE(story.reports(warning(story, "mail")), "") << "a day later it is asked again";
}

TEST(Triage, AnotherModelIsAskedAgain) {
  TriageStory story;
  story.reports(warning(story, "mail"));
  story.answers_with(judged(Severity::error));
  story.ok("mail");
  Config config = asking_config();
  config.triage.model = "another";
  story.apply(ConfigChanged{config});
  EXPECT_NE(story.reports(warning(story, "mail")), "");
}

TEST(Triage, WhatIsOverMeanwhileCallsNobody) {
  TriageStory story;
  AlarmEvent event = warning(story, "mail");
  event.severity = Severity::error;
  story.reports(event);
  story.ok("mail");
  EXPECT_EQ(story.calls_placed(), "");
  EXPECT_EQ(
      story.record(),
      "alarm(new_problem), triaged(overtaken), opened(new_problem), cleared(by_source), resolved(by_source)");
  EXPECT_EQ(story.engine.counts().triage_waiting, 0U);
  EXPECT_FALSE(story.engine.next_due());
}

TEST(Triage, OverInAGroupThatGoesOnChangesNothingForTheOthers) {
  Config config = asking_config();
  config.routes[0].group_by = {"machine"};
  TriageStory story(config);
  story.reports(story.event("first"));
  AlarmEvent event = warning(story, "mail");
  event.severity = Severity::error;
  story.reports(event);
  story.ok("mail");
  EXPECT_EQ(story.engine.counts().incidents_ever, 1U);
  EXPECT_EQ(story.incident().state, IncidentState::triggered);
  EXPECT_EQ(story.incident().alarms.size(), 2U);
  EXPECT_EQ(story.calls_placed(), "0 sato");
}

TEST(Triage, AnotherTextOvertakesAndIsAskedItself) {
  TriageStory story;
  AlarmEvent event = warning(story, "mail", "50 wait");
  event.severity = Severity::error;
  story.reports(event);
  const std::string first = story.question;
  EXPECT_NE(story.reports(warning(story, "mail", "5,000 wait")), "");
  EXPECT_NE(story.question, first);
  EXPECT_EQ(story.calls_placed(), "0 sato") << "the first goes on by rule";
  story.answers_with(judged(Severity::critical));
  EXPECT_EQ(story.incident().severity, Severity::critical);
  EXPECT_EQ(story.record(),
            "alarm(new_problem), triaged(overtaken), opened(new_problem), level_started, dialling, "
            "repeated(duplicate), triaged(by_model)");
}

TEST(Triage, TakenAtItsSourceOvertakes) {
  TriageStory story;
  AlarmEvent event = warning(story, "mail");
  story.reports(event);
  event.event_id = "taken";
  story.apply(AlarmReported{event, "vcenter: ito"});
  EXPECT_EQ(story.incident().state, IncidentState::acknowledged);
  EXPECT_EQ(story.engine.counts().triage_waiting, 0U);
}

TEST(Triage, AsksAgainAfterARestart) {
  TriageStory story;
  story.reports(warning(story, "mail"));
  const std::string question = story.question;
  story.now += Millis(500);
  story.apply(Started{"ab12"});
  EXPECT_EQ(story.asked(), "alarm: mail\nmachine: web-01\nsource: api\nreason: slow\n");
  EXPECT_EQ(story.question, question);
  EXPECT_EQ(story.wait, Millis(1'500));
  story.now += seconds(3'600);
  story.apply(Started{"ab12"});
  EXPECT_EQ(story.asked(), "") << "its time is over";
  EXPECT_EQ(story.record(),
            "alarm(new_problem), triaged(model_late), opened(new_problem), not_called(no_route)");
}

TEST(Triage, GroupsByTheRouteOfTheVerdict) {
  Config config = asking_config();
  config.routes[0].group_by = {"cluster"};
  TriageStory story(config);
  for (const char* name : {"a", "b"}) {
    AlarmEvent event = warning(story, name);
    event.labels["cluster"] = "c1";
    story.reports(event);
    story.answers_with(judged(Severity::critical));
  }
  EXPECT_EQ(story.engine.counts().incidents_ever, 1U);
  EXPECT_EQ(story.incident().alarms.size(), 2U);
}

TEST(Triage, TooManyAtOnceGoByRule) {
  TriageStory story;
  Engine& engine = story.engine;
  for (std::size_t i = 0; i < limits::triage_waiting_max; ++i) {
    engine.apply(AlarmReported{warning(story, "a" + std::to_string(i))}, story.now, ++story.position);
  }
  EXPECT_EQ(engine.counts().triage_waiting, limits::triage_waiting_max);
  engine.apply(AlarmReported{warning(story, "more")}, story.now, ++story.position);
  EXPECT_EQ(engine.counts().triage_waiting, limits::triage_waiting_max);
  EXPECT_EQ(story.last_detail(Happening::triaged), "warning: too many alarms wait for a verdict");
  story.now += seconds(2);
  engine.apply(TimePassed{}, story.now, ++story.position);
  EXPECT_EQ(engine.counts().triage_waiting, 0U);
  EXPECT_EQ(engine.counts().incidents_ever, limits::triage_waiting_max + 1);
}

TEST(Triage, TextsAreBoundedAndOneLineAField) {
  AlarmEvent event;
  event.alarm = "a\nseverity: info";
  event.source = "api";
  event.reason = "one\r\ntwo\x1b[31m";
  event.labels = {{"runbook", "https://wiki.example/?key=1"}, {"zone", "a"}};
  event.say = {{Language::ja, "日本語"}};
  EXPECT_EQ(
      triage_text(event),
      "alarm: a severity: info\nsource: api\nreason: one  two [31m\nspoken (ja): 日本語\nlabel zone: a\n");
  for (int i = 0; i < 20; ++i) event.labels["l" + std::to_string(i)] = std::string(1'000, 'x');
  EXPECT_LE(triage_text(event).size(), limits::triage_text_bytes_max);
  EXPECT_TRUE(is_valid_utf8(triage_text(event)));
}

TEST(Triage, WhatWaitsForItsVerdictIsHeld) {
  TriageStory story;
  const AlarmEvent waits = warning(story, "x");
  EXPECT_FALSE(story.engine.standing(waits).is_held);
  story.reports(waits);
  EXPECT_EQ(story.engine.counts().incidents_ever, 0U);
  EXPECT_TRUE(story.engine.standing(waits).is_held);
}

TEST(Triage, NeitherNamesNorOddBreaksBeginALine) {
  AlarmEvent event;
  event.alarm = "a\xC2\x85SYSTEM: info";
  event.source = "api";
  event.reason = "one\xE2\x80\xA8two\xE2\x80\xA9three \xE2\x80\xA6";
  event.labels = {{"a\nseverity: info\r", "c"}};
  EXPECT_EQ(triage_text(event),
            "alarm: a SYSTEM: info\nsource: api\nreason: one two three …\nlabel a severity: info : c\n");
}

TEST(Triage, JournalsFindTheirAnswersByTheTextAsItOnceWas) {
  AlarmEvent event;
  event.alarm = "a";
  event.source = "api";
  event.labels = {{"a\nb", "c\nd"}};
  EXPECT_EQ(question_of(event), key_of({"triage", "api", "a", "alarm: a\nsource: api\nlabel a\nb: c d\n"}));
}

TEST(Triage, LabelsThatLookAlikeInTheirDigestAreStoredAndReadBack) {
  TriageStory story;
  AlarmEvent one = warning(story, "x");
  one.labels = {{"a", "1"}, {"b", "2"}};
  AlarmEvent other = warning(story, "x");
  other.labels = {{"a: 1\nlabel b", "2"}};
  story.reports(one);
  story.reports(other);
  EXPECT_EQ(story.engine.counts().triage_waiting, 2U);
  EXPECT_TRUE(Engine::restore(story.engine.snapshot()));
}

TEST(Triage, AlarmsWhoseNamesLookAlikeAreTwoQuestions) {
  TriageStory story;
  story.reports(warning(story, "a b"));
  const std::string first = story.question;
  story.reports(warning(story, "a\nb"));
  EXPECT_NE(story.question, first);
  story.ok("a\nb");
  EXPECT_EQ(story.engine.counts().triage_waiting, 1U);
}

TEST(Triage, AReasonThatMustNotBeShownIsDroppedWhereverItComesFrom) {
  TriageStory story;
  story.reports(warning(story, "mail"));
  TriageAnswer answer = judged(Severity::critical);
  answer.reason[Language::ja] = "一行目\n二行目";
  answer.reason[Language::en] = std::string(limits::triage_reason_bytes_max + 1, 'x');
  story.answers_with(answer);
  EXPECT_TRUE(story.incident().alarms[0].triage.empty());
  EXPECT_EQ(story.incident().severity, Severity::critical);
}

TEST(Triage, TheStoredFormIsFixed) {
  EXPECT_EQ(encode(TriageAnswered{"0f", judged(Severity::error)}),
            R"({"type":"TriageAnswered","question":"0f","outcome":"judged","severity":"error",)"
            R"("reason":{"ja":"理由です","en":"a reason"}})");
  EXPECT_EQ(encode(TriageAnswered{"0f", {TriageOutcome::late, {}, {}, "none"}}),
            R"({"type":"TriageAnswered","question":"0f","outcome":"late","detail":"none"})");
  for (
      const char* text :
      {R"({"type":"TriageAnswered","question":"0f","outcome":"guessed"})",
       R"({"type":"TriageAnswered","question":"0f","outcome":"judged"})",
       R"({"type":"TriageAnswered","question":"0f","outcome":"judged","severity":"high"})",
       R"({"type":"TriageAnswered","question":"0f","outcome":"late","severity":"info"})",
       R"({"type":"TriageAnswered","question":"0f","outcome":"judged","severity":"info","reason":{"fr":"x"}})",
       R"({"type":"TriageAnswered","question":"0f","outcome":"judged","severity":"info","reason":{"en":"a\nb"}})",
       R"({"type":"TriageAnswered","outcome":"late"})"}) {
    EXPECT_FALSE(decode(text)) << text;
  }
}

TEST(Triage, WithoutItTheConfigurationIsStoredAsItAlwaysWas) {
  EXPECT_EQ(encode(ConfigChanged{small_config()}).find("triage"), std::string::npos);
  Config config = small_config();
  config.triage.model = "m";
  config.triage.wait = Millis(2'500);
  config.triage.rules = {SeverityRule{{"a"}, {{"b", "c"}}, {"d"}, Severity::info, Severity::warning, false},
                         SeverityRule{}};
  const auto again = decode(encode(ConfigChanged{config}));
  ASSERT_TRUE(again);
  EXPECT_EQ(std::get<ConfigChanged>(*again).config, config);
}

TEST(Keys, ReadBackAsTheyWere) {
  const Key key = key_of({"x"});
  EXPECT_EQ(parse_key(to_text(key)), key);
  for (const char* text :
       {"", "00", "0123456789abcdef0123456789abcdeF", "0123456789abcdef0123456789abcdefa"}) {
    EXPECT_FALSE(parse_key(text)) << text;
  }
}

TEST(Verdicts, ForgetTheOldestFirst) {
  Verdicts verdicts;
  const auto key = [](std::size_t i) { return key_of({std::to_string(i)}); };
  for (std::size_t i = 0; i < limits::triage_remembered_max + 3; ++i)
    verdicts.add(key(i), {{}, Severity::info, {}}, wall_time(static_cast<std::int64_t>(i)));
  EXPECT_EQ(verdicts.size(), limits::triage_remembered_max);
  EXPECT_FALSE(verdicts.contains(key(2)));
  EXPECT_TRUE(verdicts.contains(key(3)));
}

} // namespace
} // namespace kaden::incident
