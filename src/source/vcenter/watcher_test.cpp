// One vCenter, watched: every story is a vCenter that changes and what Kaden hears of it.
#include "fake_vcenter.h"
#include "kaden/limits/vcenter.h"

namespace kaden::vcenter {
namespace {

class VcenterStory {
 public:
  explicit VcenterStory(std::vector<Rule> rules = {}) : rules_(std::move(rules)) { restart(); }

  void restart() {
    watcher_.reset();
    Settings settings;
    settings.name = "vc1";
    settings.url = "https://vcenter.example/sdk";
    settings.user = "kaden@vsphere.local";
    settings.password = password;
    settings.rules = rules_;
    watcher_ = watch_vcenter(
        settings, {notes, *records, clock, [this](const auto& request) { return vcenter(request); }});
  }
  void set_rules(std::vector<Rule> rules) {
    rules_ = std::move(rules);
    restart();
  }
  source::Looked look() { return watcher_->look(cancelled); }
  /// Past the poll, then a look; what was heard.
  std::string poll() {
    clock.advance(seconds(21));
    last = look();
    return notes.heard();
  }

  FakeVcenter vcenter;
  Notes notes;
  runtime::ManualClock clock{wall_time(1'787'541'602'000)};
  std::unique_ptr<journal::Records> records = journal::open_records_in_memory();
  std::atomic<bool> cancelled = false;
  std::string password = "right";
  source::Looked last;

 private:
  std::vector<Rule> rules_;
  std::unique_ptr<source::Watcher> watcher_;
};

TEST(Vcenter, WhatIsTriggeredIsReportedWithItsNamesAndPlace) {
  VcenterStory story;
  story.vcenter.trigger({});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01");
  EXPECT_FALSE(story.last.trouble) << story.last.trouble->message;
  EXPECT_EQ(story.vcenter.cookie_sent, "vmware_soap_session=\"1\"") << "with its quotes";
  ASSERT_EQ(story.notes.events.size(), 1U);
  const AlarmEvent event = story.notes.events[0];
  EXPECT_EQ(event.source, "vcenter");
  EXPECT_EQ(event.alarm, "vc1: Virtual machine CPU usage (alarm-6/vm-1042)");
  EXPECT_EQ(event.event_id,
            "dbed6e0c-bd88-4ef6-b594-21283e1c677f/alarm-6.vm-1042/red/2026-08-24T03:01:05.123Z");
  EXPECT_EQ(
      event.reason,
      "red since 2026-08-24T03:01:05.123Z; /SDDC-Datacenter/vm/erp-db/01; Default alarm to monitor CPU");
  const std::map<std::string, std::string> labels = {{"vcenter", "vc1"},
                                                     {"alarm_name", "Virtual machine CPU usage"},
                                                     {"alarm_system_name", "alarm.VmCPUUsageAlarm"},
                                                     {"description", "Default alarm to monitor CPU"},
                                                     {"entity", "erp-db/01"},
                                                     {"entity_type", "VirtualMachine"},
                                                     {"path", "/SDDC-Datacenter/vm/erp-db/01"},
                                                     {"datacenter", "SDDC-Datacenter"},
                                                     {"cluster", "Cluster-1"},
                                                     {"status", "red"}};
  EXPECT_EQ(event.labels, labels);
  EXPECT_EQ(story.poll(), "") << "the same is no news";
  story.vcenter.alarms.clear();
  EXPECT_EQ(story.poll(), "OK erp-db/01");
  EXPECT_EQ(story.notes.events[1].alarm, event.alarm);
}

TEST(Vcenter, StatusesAreSeverities) {
  VcenterStory story;
  story.vcenter.trigger({.status = "yellow"});
  EXPECT_EQ(story.poll(), "ALARM warning erp-db/01");
  story.vcenter.trigger({.status = "red", .time = "2026-08-24T03:05:00Z"});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01");
  story.vcenter.trigger({.status = "gray", .time = "2026-08-24T03:06:00Z"});
  EXPECT_EQ(story.poll(), "") << "unknown is neither raised nor over";
  story.vcenter.trigger({.status = "red", .time = "2026-08-24T03:07:00Z"});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01") << "a repeat";
  story.vcenter.trigger({.status = "green", .time = "2026-08-24T03:08:00Z"});
  EXPECT_EQ(story.poll(), "OK erp-db/01");
  story.vcenter.trigger({.status = "gray"});
  EXPECT_EQ(story.poll(), "");
}

TEST(Vcenter, RulesDecideHowGraveItIs) {
  VcenterStory story(
      {{.alarm = "*cpu*", .entity = "ERP-*", .yellow = std::nullopt, .red = Severity::error},
       {.alarm = "alarm.VmCPU*", .entity = "/SDDC-*/web-*", .yellow = Severity::info, .red = std::nullopt}});
  story.vcenter.trigger({});
  story.vcenter.trigger({.entity = "vm-7"});
  EXPECT_EQ(story.poll(), "ALARM error erp-db/01");
  story.vcenter.trigger({.status = "yellow", .time = "2026-08-24T03:05:00Z"});
  story.vcenter.trigger({.entity = "vm-7", .status = "yellow", .time = "2026-08-24T03:05:00Z"});
  EXPECT_EQ(story.poll(), "OK erp-db/01; ALARM info web-01");
  EXPECT_EQ(story.notes.events[1].reason, "passed over by a rule of the configuration");
}

TEST(Vcenter, ARuleThatIsTakenBackCallsAgain) {
  VcenterStory story;
  story.vcenter.trigger({});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01");
  story.set_rules({{.yellow = std::nullopt, .red = std::nullopt}});
  EXPECT_EQ(story.poll(), "OK erp-db/01");
  story.set_rules({});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01") << "with an id of its own, or it would be a repeat";
}

TEST(Vcenter, ARestartBringsNoOldNewsAndWhatEndedMeanwhileIsOver) {
  VcenterStory story;
  story.vcenter.trigger({});
  story.vcenter.trigger({.entity = "vm-7"});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01; ALARM critical web-01");
  story.notes.ids.clear(); // or a repeat would not be noted
  story.restart();
  EXPECT_EQ(story.poll(), "");
  story.vcenter.alarms.erase("alarm-6.vm-7");
  story.restart();
  EXPECT_EQ(story.poll(), "OK web-01");
}

TEST(Vcenter, WhatCouldNotBeToldIsToldBeforeTheNextLook) {
  VcenterStory story;
  story.vcenter.trigger({});
  story.notes.refuse = true;
  EXPECT_EQ(story.poll(), "");
  EXPECT_TRUE(story.last.trouble);
  story.vcenter.asked();
  EXPECT_EQ(story.poll(), "");
  EXPECT_EQ(story.vcenter.asked(), "");
  story.notes.refuse = false;
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01");
  EXPECT_EQ(story.last.reported, 1U);
  EXPECT_FALSE(story.last.trouble);
}

TEST(Vcenter, DeadBetweenRememberingAndTellingItIsToldWithItsEnd) {
  VcenterStory story;
  story.poll();
  story.vcenter.trigger({});
  story.vcenter.trigger(
      {.entity = "vm-7", .acknowledged_by = "ope1", .acknowledged_at = "2026-08-24T03:02:00Z"});
  story.notes.refuse = true;
  story.poll();
  story.restart();
  story.vcenter.alarms.clear();
  story.notes.refuse = false;
  EXPECT_EQ(story.poll(),
            "ALARM critical erp-db/01; ALARM critical web-01 by vcenter: ope1; OK erp-db/01; OK web-01");
}

TEST(Vcenter, DeadBetweenTellingAndWhatComesAfterItKnowsWhatItTold) {
  VcenterStory story;
  story.poll();
  story.vcenter.trigger({});
  story.notes.is_deadly = true; // durable there, but nobody hears of it
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01");
  story.notes.is_deadly = false;
  story.restart();
  story.vcenter.alarms.clear();
  EXPECT_EQ(story.poll(), "OK erp-db/01");
}

TEST(Vcenter, UnreadableAndDeadBeforeItIsToldIsToldWithItsEnd) {
  VcenterStory story;
  story.poll();
  story.vcenter.down = true;
  story.notes.refuse = true;
  for (int i = 0; i < 8; ++i) story.poll();
  story.restart();
  story.vcenter.down = false;
  story.notes.refuse = false;
  EXPECT_EQ(story.poll(), "ALARM critical vc1; OK vc1");
}

TEST(Vcenter, AcknowledgedThereIsTakenHere) {
  VcenterStory story;
  story.vcenter.trigger(
      {.acknowledged_by = "VSPHERE.LOCAL\\ope1", .acknowledged_at = "2026-08-24T03:02:00Z"});
  story.vcenter.trigger({.entity = "vm-7"});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01 by vcenter: VSPHERE.LOCAL\\ope1; ALARM critical web-01");
  story.vcenter.alarm("alarm-6.vm-7").acknowledged_by = "VSPHERE.LOCAL\\ope2";
  story.vcenter.alarm("alarm-6.vm-7").acknowledged_at = "2026-08-24T03:03:00Z";
  EXPECT_EQ(story.poll(), "ALARM critical web-01 by vcenter: VSPHERE.LOCAL\\ope2");
  story.restart();
  EXPECT_EQ(story.poll(), "");
  story.vcenter.trigger({.entity = "vm-7", .time = "2026-08-24T03:30:00Z"});
  EXPECT_EQ(story.poll(), "OK web-01; ALARM critical web-01")
      << "no longer acknowledged: it was green in between";
}

TEST(Vcenter, WorseThanWhatWasAcknowledgedCallsAgain) {
  VcenterStory story;
  story.vcenter.trigger(
      {.status = "yellow", .acknowledged_by = "ope1", .acknowledged_at = "2026-08-24T03:02:00Z"});
  EXPECT_EQ(story.poll(), "ALARM warning erp-db/01 by vcenter: ope1");
  story.vcenter.alarm("alarm-6.vm-1042").status = "red";
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01");
}

TEST(Vcenter, AnAcknowledgementFromBeforeItGotWorseIsNoneOfWhatItIsNow) {
  VcenterStory story;
  story.vcenter.trigger({.status = "yellow"});
  story.poll();
  story.vcenter.trigger(
      {.time = "2026-08-24T03:05:00Z", .acknowledged_by = "ope1", .acknowledged_at = "2026-08-24T03:04:00Z"});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01");
  story.vcenter.trigger({.entity = "vm-7", .status = "yellow"});
  story.poll();
  story.vcenter.trigger({.entity = "vm-7",
                         .time = "2026-08-24T03:05:00Z",
                         .acknowledged_by = "ope1",
                         .acknowledged_at = "2026-08-24T03:06:00Z"});
  EXPECT_EQ(story.poll(), "ALARM critical web-01 by vcenter: ope1")
      << "one report: nobody is called in between";
}

TEST(Vcenter, TakenHereIsAcknowledgedThereOnce) {
  VcenterStory story;
  story.vcenter.trigger({});
  story.vcenter.trigger({.entity = "vm-7"});
  story.poll();
  EXPECT_EQ(story.vcenter.count("AcknowledgeAlarm"), 0U);
  story.notes.owned["vc1: Virtual machine CPU usage (alarm-6/vm-1042)"] = "sato";
  story.look(); // between two readings
  EXPECT_EQ(story.vcenter.acknowledged, (std::vector<std::string>{"alarm-6.vm-1042"}));
  EXPECT_EQ(story.poll(), "") << "its own acknowledgement comes back and is no news";
  story.poll();
  EXPECT_EQ(story.vcenter.count("AcknowledgeAlarm"), 1U);
}

TEST(Vcenter, TakenHereAloneAndFiredAgainCallsAgain) {
  VcenterStory story;
  story.vcenter.may_acknowledge = false;
  const std::string name = "vc1: Virtual machine CPU usage (alarm-6/vm-1042)";
  story.vcenter.trigger({});
  story.poll();
  story.vcenter.trigger({.time = "2026-08-24T03:10:00Z"});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01") << "nobody has it: a repeat, and no new incident";
  story.notes.owned[name] = "sato";
  EXPECT_EQ(story.poll(), "");
  story.vcenter.trigger({.time = "2026-08-24T03:20:00Z"});
  EXPECT_EQ(story.poll(), "OK erp-db/01; ALARM critical erp-db/01");
  EXPECT_EQ(story.notes.events[2].reason, "it was green in between");
  EXPECT_EQ(story.poll(), "") << "once";
  story.vcenter.trigger({.time = "2026-08-24T03:30:00Z"});
  story.restart();
  EXPECT_EQ(story.poll(), "OK erp-db/01; ALARM critical erp-db/01") << "nor does a restart hide it";
  story.vcenter.trigger({.time = "2026-08-24T03:25:00Z"});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01") << "an older time says nothing";
  story.vcenter.trigger({.status = "yellow", .time = "2026-08-24T03:40:00Z"});
  EXPECT_EQ(story.poll(), "ALARM warning erp-db/01") << "another colour is another report";
}

TEST(Vcenter, AnEventThatRepeatsAnAlarmSomebodyHasIsARepeat) {
  VcenterStory story;
  story.vcenter.may_acknowledge = false;
  story.vcenter.trigger({.event_key = "812345"});
  story.poll();
  story.notes.owned["vc1: Virtual machine CPU usage (alarm-6/vm-1042)"] = "sato";
  story.vcenter.trigger({.time = "2026-08-24T03:10:00Z", .event_key = "812399"});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01");
}

TEST(Vcenter, WithoutThePrivilegeItSaysSoAndGoesOn) {
  VcenterStory story;
  story.vcenter.may_acknowledge = false;
  story.vcenter.trigger({});
  story.poll();
  story.notes.owned["vc1: Virtual machine CPU usage (alarm-6/vm-1042)"] = "sato";
  story.poll();
  ASSERT_TRUE(story.last.trouble);
  EXPECT_EQ(story.last.trouble->message, "acknowledging in vCenter vc1: the server answered NoPermission");
  story.vcenter.trigger({.entity = "vm-7"});
  EXPECT_EQ(story.poll(), "ALARM critical web-01");
  story.vcenter.alarms.erase("alarm-6.vm-1042");
  story.poll();
  EXPECT_FALSE(story.last.trouble) << "there is nothing to acknowledge any more";
  story.notes.owned["vc1: Virtual machine CPU usage (alarm-6/vm-7)"] = "sato";
  story.poll();
  EXPECT_TRUE(story.last.trouble);
  story.vcenter.may_acknowledge = true;
  story.poll();
  EXPECT_FALSE(story.last.trouble);
}

TEST(Vcenter, AnEventWakesIt) {
  VcenterStory story;
  story.poll();
  story.vcenter.asked();
  story.look(); // the page as it stands
  EXPECT_EQ(story.vcenter.asked(), "WaitForUpdatesEx, RetrievePropertiesEx")
      << "an event may have come between the first reading and the first wait";
  story.vcenter.updates = {"", "event"};
  story.look();
  EXPECT_EQ(story.vcenter.asked(), "WaitForUpdatesEx") << "nothing happened";
  story.vcenter.trigger({});
  story.look();
  EXPECT_EQ(story.notes.heard(), "ALARM critical erp-db/01");
}

TEST(Vcenter, AnEventThatIsAheadOfTheStateIsLookedAtTwice) {
  VcenterStory story;
  story.poll();
  story.look();
  story.vcenter.updates = {"event"};
  story.look();
  story.vcenter.trigger({});
  story.clock.advance(seconds(1));
  story.look();
  EXPECT_EQ(story.notes.heard(), "ALARM critical erp-db/01");
}

TEST(Vcenter, AStaleCollectorBeginsAnew) {
  VcenterStory story;
  story.poll();
  story.look();
  story.vcenter.updates = {"stale"};
  story.vcenter.trigger({});
  story.look();
  EXPECT_EQ(story.notes.heard(), "ALARM critical erp-db/01") << "what happened meanwhile is read";
}

TEST(Vcenter, WithoutEventsItPolls) {
  VcenterStory story;
  story.vcenter.has_events = false;
  story.poll();
  story.vcenter.asked();
  const source::Looked looked = story.look();
  EXPECT_EQ(story.vcenter.asked(), "");
  EXPECT_EQ(looked.again_in, limits::vcenter_wait_max);
  story.vcenter.trigger({});
  EXPECT_EQ(story.poll(), "ALARM critical erp-db/01");
}

TEST(Vcenter, WaitsThatAlwaysFailAreGivenUp) {
  VcenterStory story;
  story.poll();
  story.look();
  story.vcenter.updates = {"down", "down", "down", "event"};
  for (int i = 0; i < 3; ++i) story.look();
  story.vcenter.asked();
  story.look();
  EXPECT_EQ(story.vcenter.asked(), "");
}

TEST(Vcenter, ALostSessionIsMadeAgainAndIsNoSilence) {
  VcenterStory story;
  story.vcenter.trigger({});
  story.poll();
  story.vcenter.end_session();
  story.vcenter.asked();
  EXPECT_EQ(story.poll(), "") << "not: everything is over";
  EXPECT_FALSE(story.last.trouble);
  EXPECT_EQ(story.vcenter.asked(),
            "RetrievePropertiesEx, RetrieveServiceContent, Login, CreateCollectorForEvents, "
            "CreatePropertyCollector, "
            "CreateFilter, RetrievePropertiesEx");
}

TEST(Vcenter, AWrongPasswordIsNotTriedAgainAndCallsAtOnce) {
  VcenterStory story;
  story.password = "wrong";
  story.restart();
  EXPECT_EQ(story.poll(), "ALARM critical vc1");
  ASSERT_TRUE(story.last.trouble);
  EXPECT_EQ(story.last.trouble->message, "vCenter vc1: the server answered InvalidLogin");
  EXPECT_EQ(story.last.again_in, limits::vcenter_locked_wait);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(story.poll(), "");
  EXPECT_TRUE(story.last.trouble);
  EXPECT_EQ(story.vcenter.count("Login"), 1U);
  story.password = "right";
  story.restart();
  EXPECT_EQ(story.poll(), "OK vc1") << "a reload brings the new password";
}

TEST(Vcenter, ARefusedPasswordIsTriedAgainAfterHalfAnHour) {
  VcenterStory story;
  story.vcenter.password = "not yet";
  story.poll();
  story.vcenter.password = "right";
  story.clock.advance(limits::vcenter_locked_wait);
  EXPECT_EQ(story.poll(), "OK vc1");
}

TEST(Vcenter, ARestartOfVcenterIsWaitedForAndALongOneCalls) {
  VcenterStory story;
  story.vcenter.trigger({});
  story.poll();
  story.vcenter.down = true;
  EXPECT_EQ(story.poll(), "");
  EXPECT_EQ(story.last.again_in, seconds(5));
  story.vcenter.down = false;
  story.vcenter.status = 503;
  EXPECT_EQ(story.poll(), "");
  EXPECT_EQ(story.last.again_in, seconds(10));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(story.poll(), "");
  EXPECT_EQ(story.poll(), "");
  EXPECT_EQ(story.poll(), "ALARM critical vc1") << "two minutes";
  EXPECT_EQ(story.last.again_in, seconds(60));
  story.restart();
  EXPECT_EQ(story.poll(), "") << "told before the restart";
  story.vcenter.status = 200;
  story.vcenter.end_session();
  EXPECT_EQ(story.poll(), "OK vc1");
  EXPECT_FALSE(story.last.trouble);
}

TEST(Vcenter, ARestartOfKadenDoesNotBeginTheWaitAnew) {
  VcenterStory story;
  story.poll();
  story.vcenter.down = true;
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(story.poll(), "") << i;
    story.restart();
  }
  EXPECT_EQ(story.poll(), "ALARM critical vc1") << "two minutes";
  story.vcenter.down = false;
  EXPECT_EQ(story.poll(), "OK vc1");
  story.vcenter.down = true;
  story.poll();
  story.vcenter.down = false;
  story.poll();
  story.clock.advance(seconds(3'600));
  story.vcenter.down = true;
  story.restart();
  EXPECT_EQ(story.poll(), "") << "it was read in between";
}

TEST(Vcenter, AnotherVcenterUnderTheSameName) {
  VcenterStory story;
  story.vcenter.trigger({});
  story.poll();
  story.vcenter.uuid = "00000000-0000-4000-8000-000000000002";
  story.vcenter.end_session();
  story.vcenter.vm_names["vm-1042"] = "another";
  EXPECT_EQ(story.poll(), "OK erp-db/01; ALARM critical another");
  story.vcenter.uuid = "dbed6e0c-bd88-4ef6-b594-21283e1c677f";
  story.vcenter.end_session();
  story.vcenter.vm_names["vm-1042"] = "erp-db%2f01";
  EXPECT_EQ(story.poll(), "OK another; ALARM critical erp-db/01") << "and back again is news, too";
}

TEST(Vcenter, WhatIsGoneKeepsItsId) {
  VcenterStory story;
  story.vcenter.trigger({.entity = "vm-9"});
  story.vcenter.trigger({.entity = "vm-7"});
  story.vcenter.gone = {"vm-9"};
  EXPECT_EQ(story.poll(), "ALARM critical web-01; ALARM critical vm-9");
}

TEST(Vcenter, OneThatShowsNothingIsTroubleAndNotSilence) {
  VcenterStory story;
  story.vcenter.trigger({});
  story.poll();
  story.vcenter.empty_root = true;
  EXPECT_EQ(story.poll(), "");
  ASSERT_TRUE(story.last.trouble);
  EXPECT_NE(story.last.trouble->message.find("root folder"), std::string::npos);
  VcenterStory host;
  host.vcenter.has_alarms = false;
  host.poll();
  ASSERT_TRUE(host.last.trouble);
  EXPECT_NE(host.last.trouble->message.find("ESXi"), std::string::npos);
}

TEST(Vcenter, StoredStateThatIsNotItsOwnIsBegunAnew) {
  for (const char* stored : {"[]", R"({"instance_uuid":5})", R"({"instance_uuid":"u","readability":5})"}) {
    VcenterStory story;
    ASSERT_TRUE(
        story.records->apply(std::vector<journal::Records::Change>{{"source_state", "vcenter/vc1", stored}}));
    story.restart();
    story.vcenter.trigger({});
    EXPECT_EQ(story.poll(), "ALARM critical erp-db/01") << stored;
    ASSERT_TRUE(story.last.trouble);
    EXPECT_EQ(story.last.trouble->fault, Fault::corrupt);
    story.poll();
    EXPECT_FALSE(story.last.trouble);
  }
}

TEST(Survey, ListsDefinitionsAndWhatIsTriggered) {
  FakeVcenter vcenter;
  vcenter.trigger({.acknowledged_by = "ope1", .acknowledged_at = "2026-08-24T03:02:00Z"});
  vcenter.trigger({.entity = "vm-7", .status = "yellow"});
  Settings settings;
  settings.name = "vc1";
  settings.password = "right";
  const auto found = survey(
      settings, [&](const auto& request) { return vcenter(request); }, wall_time(0));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(vcenter.requests.back(), "Logout");
  ASSERT_EQ(found->triggered.size(), 2U);
  EXPECT_EQ(found->triggered[0].entity, "erp-db/01") << "red first";
  ASSERT_EQ(found->definitions.size(), 1U);
  EXPECT_EQ(found->definitions[0].defined_on, "Datacenters");
  const std::string text = to_text(*found);
  EXPECT_NE(text.find("acknowledged by ope1 at 2026-08-24T03:02:00Z"), std::string::npos) << text;
  EXPECT_NE(text.find("Virtual machine CPU usage (alarm.VmCPUUsageAlarm), on Datacenters: no action"),
            std::string::npos)
      << text;
  const json::value out = to_json(*found);
  EXPECT_EQ(out.at("triggered").at(1).at("path"), "/SDDC-Datacenter/vm/web-01");
  vcenter.password = "other";
  EXPECT_EQ(survey(
                settings, [&](const auto& request) { return vcenter(request); }, wall_time(0))
                .error()
                .fault,
            Fault::denied);
}

} // namespace
} // namespace kaden::vcenter
