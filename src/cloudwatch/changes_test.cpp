// Changes of definitions that come at once: what is answered with 200 is in force, whatever else came.
#include <gmock/gmock.h>

#include "endpoint_town.h"

namespace kaden::cloudwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:";

std::string tag_form(const std::string& name, const std::string& key, const std::string& value) {
  return "Action=TagResource&ResourceARN=" + arn + name + "&Tags.member.1.Key=" + key +
         "&Tags.member.1.Value=" + value;
}
std::string composite_form(const std::string& name, const std::string& rule) {
  return "Action=PutCompositeAlarm&AlarmName=" + name + "&AlarmRule=" + rule;
}
std::string described(Town& town, const std::string& name) {
  return town.text(
      "Action=DescribeAlarms&AlarmTypes.member.1=MetricAlarm&AlarmTypes.member.2=CompositeAlarm&"
      "AlarmNames.member.1=" +
      name);
}
std::string tags_of(Town& town, const std::string& name) {
  return town.text("Action=ListTagsForResource&ResourceARN=" + arn + name);
}

TEST(Changes, DisablingAndTaggingAtOnceBothHold) {
  Town town;
  ASSERT_EQ(town.call(Town::alarm_form("q")), 200);
  EXPECT_THAT(town.call_at_once({"Action=DisableAlarmActions&AlarmNames.member.1=q", tag_form("q", "k", "v"),
                                 tag_form("q", "l", "w")}),
              ElementsAre(200, 200, 200));
  for (const bool restarted : {false, true}) {
    if (restarted) town.restart();
    EXPECT_THAT(described(town, "q"), HasSubstr("<ActionsEnabled>false<")) << restarted;
    EXPECT_THAT(tags_of(town, "q"), HasSubstr("<Key>k</Key><Value>v</Value>")) << restarted;
    EXPECT_THAT(tags_of(town, "q"), HasSubstr("<Key>l</Key><Value>w</Value>")) << restarted;
  }
}

TEST(Changes, AChildIsNotDeletedWhileACompositeAlarmIsMadeOfIt) {
  Town town;
  ASSERT_EQ(town.call(Town::alarm_form("k")), 200);
  EXPECT_THAT(
      town.call_at_once({composite_form("p", "ALARM(k)"), "Action=DeleteAlarms&AlarmNames.member.1=k"}),
      ElementsAre(200, 400));
  EXPECT_EQ(town.state_of("k"), "INSUFFICIENT_DATA");
  ASSERT_EQ(town.call(Town::alarm_form("m")), 200);
  EXPECT_THAT(
      town.call_at_once({"Action=DeleteAlarms&AlarmNames.member.1=m", composite_form("s", "ALARM(m)")}),
      ElementsAre(200, 400));
  EXPECT_THAT(described(town, "s"), Not(HasSubstr("<AlarmName>")));
}

TEST(Changes, AChildInAlarmIsClearedAndDeletedBeforeACompositeAlarmLooksForIt) {
  Town town;
  ASSERT_EQ(town.call(Town::alarm_form("k")), 200);
  ASSERT_EQ(town.set_state("k", "ALARM"), 200);
  EXPECT_THAT(town.call_at_once({"Action=DeleteAlarms&AlarmNames.member.1=k", composite_form("p", "ALARM(k)"),
                                 Town::alarm_form("k")}),
              ElementsAre(200, 400, 200));
  EXPECT_EQ(town.take_events(), "k ALARM; k OK; ");
  EXPECT_EQ(town.state_of("k"), "INSUFFICIENT_DATA") << "the new one";
}

TEST(Changes, TheEndOfADeletedAlarmIsToldUntilItIsTaken) {
  for (const bool dies : {false, true}) {
    Town town;
    ASSERT_EQ(town.call(Town::alarm_form("k")), 200);
    ASSERT_EQ(town.set_state("k", "ALARM"), 200);
    town.refuse_ = true;
    EXPECT_THAT(town.call_at_once({"Action=DeleteAlarms&AlarmNames.member.1=k", tag_form("k", "a", "b")}),
                ElementsAre(200, 404));
    EXPECT_EQ(town.take_events(), "k ALARM; k OK; ");
    if (dies) town.restart();
    town.refuse_ = false;
    town.pass_ten_seconds();
    EXPECT_EQ(town.take_events(), "k OK; ") << dies;
    EXPECT_EQ(town.last_.reason, "The alarm was deleted.");
    town.restart();
    town.pass_ten_seconds();
    EXPECT_EQ(town.take_events(), "") << dies;
  }
}

TEST(Changes, AnAlarmThatFiresWhileItIsBeingDeletedIsCleared) {
  Town town;
  ASSERT_EQ(town.put_alarm("k"), 200);
  ASSERT_EQ(town.put_cpu(95), 200);
  town.clock_.advance(seconds(12));
  std::promise<int> deleted;
  town.faulty_.hold(true);
  town.endpoint_->handle(Town::request("Action=DeleteAlarms&AlarmNames.member.1=k"),
                         [&](const http::Response& response) { deleted.set_value(response.status); });
  town.endpoint_->evaluate(town.clock_.wall());
  EXPECT_EQ(town.take_events(), "k ALARM; ");
  town.faulty_.hold(false);
  EXPECT_EQ(deleted.get_future().get(), 200);
  town.settle();
  EXPECT_EQ(town.take_events(), "k OK; ");
  EXPECT_EQ(town.state_of("k"), "none");
  town.restart();
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "") << "nothing of it is left";
}

TEST(Changes, OneNameIsOneKindOfAlarm) {
  Town town;
  EXPECT_THAT(town.call_at_once({Town::alarm_form("r"), composite_form("r", "TRUE")}), ElementsAre(200, 400));
  EXPECT_THAT(town.call_at_once({composite_form("t", "TRUE"), Town::alarm_form("t")}), ElementsAre(200, 400));
  town.restart();
  EXPECT_THAT(described(town, "r"), HasSubstr("<MetricName>m<"));
  EXPECT_THAT(described(town, "t"), HasSubstr("<AlarmRule>TRUE<"));
}

TEST(Changes, TagsOfARequestAreForANewAlarmOnly) {
  Town town;
  const auto tags = [](const std::string& value) {
    return "&Tags.member.1.Key=kaden:severity&Tags.member.1.Value=" + value;
  };
  for (const auto& form : {Town::alarm_form("m"), composite_form("c", "TRUE")}) {
    const std::string name = form.find("=m&") == std::string::npos ? "c" : "m";
    ASSERT_EQ(town.call(form + tags("warning")), 200);
    ASSERT_EQ(town.call(form + tags("info") + "&AlarmDescription=new"), 200);
    EXPECT_THAT(tags_of(town, name), HasSubstr("<Value>warning</Value>"));
    EXPECT_THAT(described(town, name), HasSubstr("<AlarmDescription>new<"));
  }
}

TEST(Changes, AChangeBehindOneThatFailedSeesWhatWasBefore) {
  Town town;
  ASSERT_EQ(town.call(Town::alarm_form("q")), 200);
  town.settle();
  town.faulty_.fail_at(town.faulty_.commits() + 1);
  EXPECT_THAT(
      town.call_at_once({"Action=DisableAlarmActions&AlarmNames.member.1=q", tag_form("q", "k", "v")}),
      ElementsAre(503, 200));
  EXPECT_THAT(described(town, "q"), HasSubstr("<ActionsEnabled>true<"));
  EXPECT_THAT(tags_of(town, "q"), HasSubstr("<Key>k</Key>"));
}

TEST(Changes, OfDifferentAlarmsShareTheirCommits) {
  Town town;
  ASSERT_EQ(town.call(Town::alarm_form("night")), 200);
  town.settle();
  std::vector<std::string> bodies;
  for (int i = 0; i < 300; ++i) {
    bodies.push_back(Town::alarm_form("m" + std::to_string(i)));
    bodies.push_back(composite_form("c" + std::to_string(i),
                                    "TRUE&ActionsSuppressor=night&"
                                    "ActionsSuppressorWaitPeriod=60&"
                                    "ActionsSuppressorExtensionPeriod=60"));
  }
  const int before = town.faulty_.commits();
  EXPECT_THAT(town.call_at_once(bodies), testing::Each(200));
  EXPECT_LE(town.faulty_.commits() - before, 6) << "definitions in at most two, then their history";
}

TEST(Changes, CompositeAlarmsOnTheirWayCountForTheirChild) {
  Town town;
  ASSERT_EQ(town.call(Town::alarm_form("k")), 200);
  std::vector<std::string> bodies;
  for (int i = 0; i < 151; ++i) bodies.push_back(composite_form("c" + std::to_string(i), "ALARM(k)"));
  const auto statuses = town.call_at_once(bodies);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 200), 150);
  EXPECT_EQ(statuses.back(), 400);
}

} // namespace
} // namespace kaden::cloudwatch
