#include <functional>

#include "pointer.h"
#include "test_bodies.h"

namespace kaden::webhook {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

Rules mapped() {
  Rules out = rules(Format::generic);
  out.map.each = "/jobs";
  out.map.alarm = "backup {/name}";
  out.map.state = "{/result}";
  out.map.states = {{"failed", AlarmState::alarm}, {"success", AlarmState::ok}};
  out.map.machine = "{/host/0}";
  out.map.severity = "{/priority}";
  out.map.reason = "{/message}";
  out.map.title = "{{{/name}}} of {body:/site}";
  out.map.labels = {{"site", "{body:/site}"}, {"kind", "constant"}, {"none", "{/not/there}"}};
  return out;
}

const std::string body =
    R"({"site":"tokyo","jobs":[{"name":"erp","result":"FAILED","priority":"high","host":["web-01"],)"
    R"("message":"exit 2"},{"name":"crm","result":"success"}]})";

TEST(Pointer, Rfc6901Section5) {
  const auto document = parse_json(
      R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})");
  ASSERT_TRUE(document);
  const std::vector<std::pair<std::string, std::string>> cases{{"/foo", R"(["bar","baz"])"},
                                                               {"/foo/0", "\"bar\""},
                                                               {"/", "0"},
                                                               {"/a~1b", "1"},
                                                               {"/c%d", "2"},
                                                               {"/e^f", "3"},
                                                               {"/g|h", "4"},
                                                               {"/i\\j", "5"},
                                                               {"/k\"l", "6"},
                                                               {"/ ", "7"},
                                                               {"/m~0n", "8"}};
  for (const auto& [pointer, value] : cases) {
    const json::value* found = value_at(*document, pointer);
    ASSERT_NE(found, nullptr) << pointer;
    EXPECT_EQ(kaden::to_text(*found), value) << pointer;
  }
  EXPECT_EQ(value_at(*document, ""), &*document);
  for (const std::string missing :
       {"/foo/2", "/foo/-", "/foo/00", "/foo/1x", "/foo/0/0", "/x", "/foo/99999999999999999999"}) {
    EXPECT_EQ(value_at(*document, missing), nullptr) << missing;
  }
  for (const std::string wrong : {"foo", "/~", "/~2", "/a~"}) EXPECT_FALSE(is_pointer(wrong)) << wrong;
}

TEST(Generic, EachItemIsAnEvent) {
  const auto all = events(mapped(), body);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].alarm, "backup erp");
  EXPECT_EQ(all[0].state, AlarmState::alarm);
  EXPECT_EQ(all[0].severity, Severity::error);
  EXPECT_EQ(all[0].machine, "web-01");
  EXPECT_EQ(all[0].reason, "exit 2");
  EXPECT_EQ(all[0].labels, (std::map<std::string, std::string>{
                               {"site", "tokyo"}, {"kind", "constant"}, {"title", "{erp} of tokyo"}}));
  EXPECT_EQ(all[1].state, AlarmState::ok);
  EXPECT_EQ(all[1].severity, Severity::critical);
  EXPECT_EQ(all[1].machine, "");
}

TEST(Generic, WholeBodiesOfAnyShape) {
  Rules how = rules(Format::generic);
  how.map.alarm = "{/0/n}{/1}";
  const AlarmEvent made = event(how, R"([{"n":1.5},true])");
  EXPECT_EQ(made.alarm, "1.5true");
  how.map.alarm = "fixed";
  EXPECT_EQ(event(how, "\"text\"").alarm, "fixed");
}

TEST(Generic, IdsAreOfTheChange) {
  Rules how = rules(Format::generic);
  how.map.alarm = "{/a}";
  how.map.event_id = "{/id}";
  how.map.state = "{/s}";
  const AlarmEvent alarm = event(how, R"({"a":"x","id":7,"s":"ALARM"})");
  EXPECT_EQ(alarm.event_id, "7/ALARM");
  EXPECT_EQ(event(how, R"({"a":"x","id":7,"s":"OK"})").event_id, "7/OK");
  // The caller adds since when: a sender that uses an id again is heard.
  EXPECT_TRUE(webhook::read(how, {"", R"({"a":"x","id":7,"s":"OK"})"})->readings[0].is_timeless);
  EXPECT_THAT(problem(how, R"({"a":"x","s":"OK"})"), HasSubstr("event_id: {/id} is empty"));
}

TEST(Generic, ProblemsNameThePointer) {
  const Rules how = mapped();
  EXPECT_THAT(problem(how, "{"), HasSubstr("not valid JSON at line 1"));
  EXPECT_THAT(problem(how, "{}"), HasSubstr("each: /jobs is not an array"));
  EXPECT_THAT(problem(how, R"({"jobs":[{"result":"failed"}]})"),
              HasSubstr("alarm: there is no /jobs/0/name"));
  EXPECT_THAT(problem(how, R"({"jobs":[{"name":"x"}]})"), HasSubstr("state: there is no /jobs/0/result"));
  EXPECT_THAT(problem(how, R"({"jobs":[{"name":"x","result":"odd"}]})"),
              HasSubstr("state: \"odd\" is none of"));
  const auto none = webhook::read(how, {"", R"({"jobs":[]})"});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->note, "the array is empty");
}

TEST(Generic, MappingsAreChecked) {
  struct Case {
    std::function<void(Mapping&)> change;
    std::string says;
  };
  const std::vector<Case> cases{
      {[](Mapping& m) { m.alarm = ""; }, "alarm: is missing"},
      {[](Mapping& m) { m.each = "jobs"; }, "each: a pointer"},
      {[](Mapping& m) { m.alarm = "{name}"; }, "alarm: \"name\" is no JSON Pointer"},
      {[](Mapping& m) { m.state = "{/a"; }, "state: a single brace"},
      {[](Mapping& m) { m.reason = "a}"; }, "reason: a single brace"},
      {[](Mapping& m) {
         m.labels = {{"x", "{/~}"}};
       },
       "labels.x: "},
      {[](Mapping& m) { m.title = "{body:x}"; }, "title: \"x\" is no"},
  };
  EXPECT_TRUE(check(mapped().map));
  for (const Case& each : cases) {
    Mapping mapping = mapped().map;
    each.change(mapping);
    const auto checked = check(mapping);
    ASSERT_FALSE(checked) << each.says;
    EXPECT_THAT(checked.error().message, HasSubstr(each.says));
  }
}

TEST(Formats, HaveTheirWords) {
  for (const std::string_view word : format_words()) {
    const auto format = parse_format(word);
    ASSERT_TRUE(format);
    EXPECT_EQ(to_text(*format), word);
  }
  EXPECT_FALSE(parse_format("nagios"));
}

} // namespace
} // namespace kaden::webhook
