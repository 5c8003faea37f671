#include <gtest/gtest.h>

#include "kaden/limits/vcenter.h"
#include "kaden/vim.h"
#include "samples.h"

namespace kaden::vim {
namespace {

const Ref folder{"Folder", "group-d1"};
const Ref collector{"PropertyCollector", "propertyCollector"};

/// From the method's element on.
std::string method_in(const std::string& text) {
  const std::size_t begin = text.find("<soapenv:Body>") + 14;
  return std::string(trim(std::string_view(text).substr(begin, text.find("</soapenv:Body>") - begin)));
}

TEST(Requests, AreWhatTheSchemaWants) {
  EXPECT_EQ(method_in(login({{"SessionManager", "SessionManager"}, "a<b@vsphere.local", "p&\"s"})),
            R"(<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this>)"
            "<userName>a&lt;b@vsphere.local</userName><password>p&amp;&quot;s</password><locale>en</locale></"
            "Login>");
  EXPECT_EQ(method_in(wait_for_updates(collector, "", 2)), method_in(sample("WaitForUpdatesEx.request.xml")));
  EXPECT_EQ(method_in(acknowledge_alarm({"AlarmManager", "AlarmManager"}, {"Alarm", "alarm-6"},
                                        {"VirtualMachine", "vm-1042"})),
            method_in(sample("acknowledgealarm.request.xml")));
  EXPECT_EQ(
      method_in(retrieve_properties(collector, {{"Folder", {"triggeredAlarmState", "name"}}}, {folder})),
      R"(<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this>)"
      "<specSet><propSet><type>Folder</type><all>false</all><pathSet>triggeredAlarmState</pathSet>"
      R"(<pathSet>name</pathSet></propSet><objectSet><obj type="Folder">group-d1</obj><skip>false</skip>)"
      "</objectSet></specSet><options><maxObjects>500</maxObjects></options></RetrievePropertiesEx>");
  EXPECT_EQ(
      method_in(create_event_collector({"EventManager", "EventManager"},
                                       {{"AlarmStatusChangedEvent"}, wall_time(1'787'540'465'123)})),
      R"(<CreateCollectorForEvents xmlns="urn:vim25"><_this type="EventManager">EventManager</_this><filter>)"
      "<time><beginTime>2026-08-24T03:01:05.123Z</beginTime></time><disableFullMessage>true</"
      "disableFullMessage>"
      "<eventTypeId>AlarmStatusChangedEvent</eventTypeId></filter></CreateCollectorForEvents>");
}

TEST(Answers, ServiceContent) {
  const auto content = read_service_content(sample("RetrieveServiceContent.response.xml"));
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(content->root_folder, folder);
  EXPECT_EQ(content->property_collector, collector);
  EXPECT_EQ(content->alarm_manager, (Ref{"AlarmManager", "AlarmManager"}));
  EXPECT_EQ(content->event_manager, (Ref{"EventManager", "EventManager"}));
  EXPECT_EQ(content->api_type, "VirtualCenter");
  EXPECT_EQ(content->instance_uuid.size(), 36U);
}

TEST(Answers, WhatIsMade) {
  EXPECT_TRUE(read_done(sample("Login.response.xml"), "Login"));
  EXPECT_TRUE(read_done(sample("Logout.response.xml"), "Logout"));
  EXPECT_EQ(read_made(sample("CreateFilter.response.xml"), "CreateFilter")->type, "PropertyFilter");
  EXPECT_EQ(read_made(sample("CreatePropertyCollector.response.xml"), "CreatePropertyCollector")->type,
            "PropertyCollector");
  EXPECT_EQ(read_made(sample("CreateCollectorForEvents.response.xml"), "CreateCollectorForEvents")->type,
            "EventHistoryCollector");
  EXPECT_EQ(
      read_refs(enveloped(R"(<GetAlarmResponse xmlns="urn:vim25"><returnval type="Alarm">alarm-1</returnval>)"
                          R"(<returnval type="Alarm">alarm-6</returnval></GetAlarmResponse>)"),
                "GetAlarm")
          .value(),
      (std::vector<Ref>{{"Alarm", "alarm-1"}, {"Alarm", "alarm-6"}}));
}

TEST(Answers, Updates) {
  EXPECT_EQ(read_update(sample("WaitForUpdatesEx.response.xml"))->version, "-");
  EXPECT_EQ(read_update(sample("WaitForUpdatesEx-2.response.xml"))->version, "") << "a time-out";
  const auto cut = read_update(enveloped(R"(<WaitForUpdatesExResponse xmlns="urn:vim25"><returnval>)"
                                         "<version>2</version><truncated>true</truncated></returnval>"
                                         "</WaitForUpdatesExResponse>"));
  EXPECT_TRUE(cut && cut->truncated);
}

TEST(Answers, TriggeredAlarms) {
  const auto page = read_page(sample("retrievepropertiesex-triggeredalarmstate.response.xml"));
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->objects.size(), 1U);
  EXPECT_EQ(page->token, "");
  const auto* states = page->objects[0].alarm_states("triggeredAlarmState");
  ASSERT_NE(states, nullptr);
  ASSERT_EQ(states->size(), 2U);
  const AlarmState& red = (*states)[0];
  EXPECT_EQ(red.key, "alarm-6.vm-1042");
  EXPECT_EQ(red.entity, (Ref{"VirtualMachine", "vm-1042"}));
  EXPECT_EQ(red.alarm, (Ref{"Alarm", "alarm-6"}));
  EXPECT_EQ(red.status, Status::red);
  EXPECT_EQ(to_iso8601(red.time), "2026-08-24T03:01:05.123Z");
  EXPECT_FALSE(red.acknowledged);
  EXPECT_FALSE(red.is_by_event);
  const AlarmState& yellow = (*states)[1];
  EXPECT_EQ(yellow.status, Status::yellow);
  EXPECT_TRUE(yellow.acknowledged);
  EXPECT_EQ(yellow.acknowledged_by, "VSPHERE.LOCAL\\ope1");
  EXPECT_EQ(to_iso8601(*yellow.acknowledged_at), "2026-08-24T02:45:00Z");
  EXPECT_TRUE(yellow.is_by_event);
}

TEST(Answers, AnEmptyArrayIsNoAlarmAndNotNothing) {
  const auto page = read_page(enveloped(
      R"(<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><token>t1</token><objects>)"
      R"(<obj type="Folder">group-d1</obj><propSet><name>triggeredAlarmState</name>)"
      R"(<val xmlns:other="http://www.w3.org/2001/XMLSchema-instance" other:type="ArrayOfAlarmState"></val>)"
      "</propSet></objects></returnval></RetrievePropertiesExResponse>"));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->token, "t1");
  ASSERT_NE(page->objects[0].alarm_states("triggeredAlarmState"), nullptr);
  EXPECT_TRUE(page->objects[0].alarm_states("triggeredAlarmState")->empty());
  EXPECT_EQ(page->objects[0].alarm_states("declaredAlarmState"), nullptr);
}

TEST(Answers, ALostSessionIsNotAnEmptyAnswer) {
  const auto page = read_page(sample("RetrievePropertiesEx-missingset-notauthenticated.response.xml"));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->objects[0].missing.at("name"), FaultKind::not_authenticated);
}

TEST(Answers, NamesAndPages) {
  const auto page = read_page(sample("retrievepropertiesex-names.response.xml"));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->objects.size(), 2U);
  EXPECT_EQ(page->objects[0].text("info.name"), "Virtual machine CPU usage");
  EXPECT_EQ(page->objects[0].text("info.systemName"), "alarm.VmCPUUsageAlarm");
  EXPECT_EQ(page->objects[1].text("name"), "erp-db/01");
  EXPECT_EQ(page->objects[1].text("nothing"), "");
  const auto more =
      read_page(enveloped(R"(<ContinueRetrievePropertiesExResponse xmlns="urn:vim25"><returnval><objects>)"
                          R"(<obj type="VirtualMachine">vm-1</obj><propSet><name>parent</name>)"
                          R"(<val type="Folder" xsi:type="ManagedObjectReference">group-v3</val></propSet>)"
                          "</objects></returnval></ContinueRetrievePropertiesExResponse>"));
  ASSERT_TRUE(more);
  EXPECT_EQ(*more->objects[0].ref("parent"), (Ref{"Folder", "group-v3"}));
}

TEST(Answers, ActionsOfADefinition) {
  const auto page = read_page(enveloped(
      R"(<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><objects><obj type="Alarm">alarm-6</obj><propSet>)"
      R"(<name>info.action</name><val xsi:type="GroupAlarmAction"><action xsi:type="AlarmTriggeringAction">)"
      R"(<action xsi:type="SendEmailAction"><toList>ope@example.com</toList></action><transitionSpecs>)"
      "<startState>yellow</startState><finalState>red</finalState><repeats>true</repeats></transitionSpecs>"
      R"(<green2yellow>false</green2yellow></action><action xsi:type="AlarmTriggeringAction"><action )"
      R"(xsi:type="SendSNMPAction"/><green2yellow>true</green2yellow><yellow2red>true</yellow2red></action></val>)"
      "</propSet></objects></returnval></RetrievePropertiesExResponse>"));
  ASSERT_TRUE(page);
  const auto* actions = page->objects[0].actions("info.action");
  ASSERT_NE(actions, nullptr);
  EXPECT_EQ(*actions, (std::vector<AlarmAction>{{"SendEmail", {"yellow to red, repeated"}},
                                                {"SendSNMP", {"green to yellow", "yellow to red"}}}));
}

TEST(Faults, AreKnownByTheirType) {
  const auto fault = [](const std::string& detail) {
    return enveloped(
        "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>\u8a8d\u8a3c</faultstring>"
        "<detail>" +
        detail + "</detail></soapenv:Fault>");
  };
  const struct {
    std::string body;
    FaultKind kind;
  } table[] = {
      {sample("Login-fault.response.xml"), FaultKind::invalid_login},
      {sample("CurrentTime-fault.response.xml"), FaultKind::not_authenticated},
      {sample("GetAlarmState-fault.response.xml"), FaultKind::unsupported},
      {sample("WaitForUpdatesEx-fault.response.xml"), FaultKind::not_authenticated},
      {sample("NoSuchMethod-fault.response.xml"), FaultKind::unsupported},
      {fault(R"(<x:InvalidLoginFault xmlns:x="urn:vim25" xsi:type="x:PasswordExpired"/>)"),
       FaultKind::invalid_login},
      {fault(R"(<ManagedObjectNotFoundFault xmlns="urn:vim25"/>)"), FaultKind::not_found},
      {fault(R"(<InvalidCollectorVersionFault xmlns="urn:vim25"/>)"), FaultKind::stale},
      {fault(R"(<RuntimeFaultFault xmlns="urn:vim25" xsi:type="HostCommunication"/>)"), FaultKind::other},
      {fault(""), FaultKind::other},
  };
  for (const auto& row : table) {
    const auto answer = read_done(row.body, "Login");
    ASSERT_FALSE(answer) << row.body;
    EXPECT_EQ(answer.error().kind, row.kind) << row.body;
  }
  EXPECT_EQ(read_done(sample("Login-fault.response.xml"), "Login").error().message,
            "the server answered InvalidLogin");
}

TEST(Hostile, IsRefusedWithAReason) {
  const std::string entities =
      R"(<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>)"
      R"(<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"/>)";
  std::string deep, many;
  for (std::size_t i = 0; i < limits::soap_depth_max; ++i) deep += "<a>";
  for (std::size_t i = 0; i < limits::soap_depth_max; ++i) deep += "</a>";
  for (std::size_t i = 0; i <= limits::soap_tags_max; ++i) many += "<a/>";
  const struct {
    std::string body;
    std::string_view part;
  } table[] = {
      {"", "XML"},
      {"<html><body>503</body></html>", "not a SOAP envelope"},
      {entities, "document type"},
      {enveloped(deep), "nested deeper"},
      {enveloped(many), "tags"},
      {std::string(limits::soap_bytes_max + 1, ' '), "too large"},
      {enveloped("\xff"), "not UTF-8"},
      {enveloped(R"(<LoginResponse xmlns="urn:other"/>)"), "has no LoginResponse"},
      {R"(<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"/>)", "not a SOAP envelope"},
  };
  for (const auto& row : table) {
    const auto answer = read_done(row.body, "Login");
    ASSERT_FALSE(answer) << row.part;
    EXPECT_EQ(answer.error().kind, FaultKind::malformed) << row.part;
    EXPECT_NE(answer.error().message.find(row.part), std::string::npos) << answer.error().message;
  }
}

TEST(Hostile, AnAlarmThatIsNotUnderstoodSpoilsTheAnswer) {
  const std::string good = sample("retrievepropertiesex-triggeredalarmstate.response.xml");
  for (const char* part :
       {"<key>alarm-6.vm-1042</key>", R"(<entity type="VirtualMachine">vm-1042</entity>)",
        "<overallStatus>red</overallStatus>", "<time>2026-08-24T03:01:05.123456Z</time>"}) {
    std::string bad = good;
    bad.erase(bad.find(part), std::string_view(part).size());
    const auto page = read_page(bad);
    ASSERT_FALSE(page) << part;
    EXPECT_EQ(page.error().kind, FaultKind::malformed);
  }
}

TEST(Names, AreUnescaped) {
  EXPECT_EQ(unescape_name("a%2fb%5Cc%25d"), "a/b\\c%d");
  EXPECT_EQ(unescape_name("%252f"), "%2f") << "once";
  EXPECT_EQ(unescape_name("100%"), "100%");
  EXPECT_EQ(unescape_name("%2"), "%2");
  EXPECT_EQ(unescape_name("%20"), "%20") << "not one of the three";
}

} // namespace
} // namespace kaden::vim
