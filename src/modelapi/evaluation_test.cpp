// The evaluation set that comes with Kaden, and what is counted.
#include "kaden/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>

#include "source_folder.h"

namespace kaden::modelapi {
namespace {

using testing::HasSubstr;

TEST(Set, TheOneThatComesWithKadenIsWhole) {
  std::ifstream file(source_folder() + "/deploy/triage/alarms.jsonl");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto cases = read_cases(text);
  ASSERT_TRUE(cases) << cases.error().message;
  EXPECT_GE(cases->size(), 150U);
  std::map<std::pair<Language, Severity>, std::size_t> of;
  std::map<std::string, std::size_t> sources;
  for (const Case& each : *cases) {
    ++of[{each.language, each.event.severity}];
    ++sources[each.event.source];
  }
  EXPECT_EQ(of.size(), 8U);
  for (const auto& [kind, count] : of)
    EXPECT_GE(count, 15U) << to_text(kind.first) << " " << to_text(kind.second);
  for (const char* source : {"vcenter", "cloudwatch", "guest", "network", "storage", "status", "backup",
                             "certificate", "webhook", "mail"}) {
    EXPECT_GE(sources[source], 5U) << source;
  }
}

TEST(Set, SaysWhereItIsWrong) {
  const std::string good = R"({"id":"a","language":"en","severity":"info","source":"x","alarm":"y"})";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "there is no text in it"},
      {good + "\n\n" + good, "line 3: id: stands twice"},
      {good + "\nx", "line 2: "},
      {"[]", "line 1: must be an object"},
      {R"({"id":"a","language":"en","severity":"high","source":"x","alarm":"y"})",
       "line 1: severity: must be"},
      {R"({"id":"a","language":"fr","severity":"info","source":"x","alarm":"y"})",
       "line 1: language: must be"},
      {R"({"id":" ","language":"en","severity":"info","source":"x","alarm":"y"})",
       "line 1: id: must not be empty"},
      {R"({"id":"a","language":"en","severity":"info","source":"x","alarm":"y","z":1})", "line 1: z"}};
  for (const auto& [text, expected] : cases) {
    const auto read = read_cases(text);
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr(expected)) << text;
  }
}

Case text(const std::string& id, Language language, Severity severity) {
  Case out{id, language, {}};
  out.event.alarm = "alarm " + id;
  out.event.severity = severity;
  return out;
}
TriageAnswer said(Severity severity) {
  return {TriageOutcome::judged, severity, {{Language::en, "because"}, {Language::ja, "だから"}}, {}};
}

TEST(Tally, CountsWhatWasSaid) {
  Tally tally;
  tally.add(text("a", Language::ja, Severity::critical), said(Severity::critical), Millis(100));
  tally.add(text("b", Language::ja, Severity::critical), said(Severity::warning), Millis(300));
  tally.add(text("c", Language::en, Severity::info), said(Severity::error), Millis(200));
  tally.add(text("d", Language::en, Severity::error), {TriageOutcome::late, {}, {}, "no answer"},
            Millis(2'000));
  EXPECT_DOUBLE_EQ(tally.accuracy_percent(), 25.0);
  EXPECT_EQ(tally.without_verdict(), 1U);
  const std::string report = tally.report("openai m", Language::en);
  EXPECT_THAT(report, HasSubstr("expected      critical   error  warning  info   none\n"
                                "critical             1       0        1     0      0\n"
                                "error                0       0        0     0      1\n"
                                "warning              0       0        0     0      0\n"
                                "info                 0       1        0     0      0\n"));
  EXPECT_THAT(report, HasSubstr("accuracy 25.0 % (1 of 4); Japanese 50.0 %, English 0.0 %"));
  EXPECT_THAT(
      report,
      HasSubstr("although it was not: 1; judged error or above although it was not: 1; no verdict: 1"));
  EXPECT_THAT(report, HasSubstr("critical -> warning  alarm b\n                 because\n"));
  EXPECT_THAT(report, HasSubstr("error -> late (no answer)  alarm d"));
  EXPECT_THAT(tally.report("m", Language::ja), HasSubstr("正解率 25.0 % (1 / 4)"));
}

} // namespace
} // namespace kaden::modelapi
