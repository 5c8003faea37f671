/// fake_vcenter.h - a vCenter that answers as the recorded ones do, and an intake that takes notes, for
/// tests. Room: source/vcenter.
#pragma once

#include <gtest/gtest.h>

#include <deque>

#include "kaden/vcenter.h"

namespace kaden::vcenter {

struct FakeAlarm {
  std::string alarm = "alarm-6", entity = "vm-1042", entity_type = "VirtualMachine", status = "red";
  std::string time = "2026-08-24T03:01:05.123456Z";
  std::string acknowledged_by{}, acknowledged_at{}, event_key{};
  std::string key() const { return alarm + "." + entity; }
};

class FakeVcenter {
 public:
  Result<http::Response> operator()(const http::ClientRequest& request) {
    requests.push_back(method_of(request.body));
    if (down) return fail(Fault::unavailable, "connection refused");
    if (status != 200) return http::Response{status, {}, "upstream connect error"};
    cookie_sent = http::find_header(request.headers, "Cookie") != nullptr
                      ? *http::find_header(request.headers, "Cookie")
                      : "";
    return answer(requests.back(), request.body);
  }

  std::size_t count(const std::string& method) const {
    return static_cast<std::size_t>(std::count(requests.begin(), requests.end(), method));
  }
  /// "Login, RetrievePropertiesEx" since the last call.
  std::string asked() {
    std::string out;
    for (const std::string& each : std::exchange(requests, {})) out += (out.empty() ? "" : ", ") + each;
    return out;
  }
  void end_session() { ++sessions; }
  FakeAlarm& alarm(const std::string& key) { return alarms.at(key); }
  void trigger(const FakeAlarm& alarm) { alarms[alarm.key()] = alarm; }

  bool down = false;
  int status = 200;
  std::string uuid = "dbed6e0c-bd88-4ef6-b594-21283e1c677f";
  std::string password = "right";
  bool has_alarms = true, has_events = true, may_acknowledge = true;
  bool empty_root = false;
  std::set<std::string> gone; ///< objects whose question fails as a whole
  std::map<std::string, std::string> vm_names{{"vm-1042", "erp-db%2f01"}, {"vm-7", "web-01"}};
  std::map<std::string, FakeAlarm> alarms;
  std::deque<std::string> updates; ///< one for each wait: "event", "", "stale", "down"
  std::vector<std::string> requests, acknowledged;
  std::string cookie_sent;
  int sessions = 1;

 private:
  static std::string method_of(const std::string& body) {
    const std::size_t begin = body.find("<soapenv:Body><") + 15;
    return body.substr(begin, body.find_first_of(" >", begin) - begin);
  }
  static std::string enveloped(const std::string& body) {
    return R"(<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope )"
           R"(xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" )"
           R"(xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>)" +
           body + "</soapenv:Body></soapenv:Envelope>";
  }
  static http::Response fault(const std::string& type) {
    return {
        500,
        {},
        enveloped("<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>x</faultstring>"
                  "<detail><" +
                  type + R"(Fault xmlns="urn:vim25" xsi:type=")" + type + R"("/></detail></soapenv:Fault>)")};
  }
  static http::Response done(const std::string& method, const std::string& inside = "") {
    return {
        200,
        {},
        enveloped("<" + method + R"(Response xmlns="urn:vim25">)" + inside + "</" + method + "Response>")};
  }
  std::string cookie() const { return "vmware_soap_session=\"" + std::to_string(sessions) + "\""; }

  http::Response answer(const std::string& method, const std::string& body) {
    if (method == "RetrieveServiceContent") return content();
    if (method == "Login") return login(body);
    if (method == "RetrievePropertiesEx") return properties(body);
    if (cookie_sent != cookie()) return fault("NotAuthenticated");
    if (method == "CreateCollectorForEvents" && !has_events) return fault("NoPermission");
    if (method == "CreateCollectorForEvents") {
      return done(method, R"(<returnval type="EventHistoryCollector">session[5]e</returnval>)");
    }
    if (method == "CreatePropertyCollector") {
      return done(method, R"(<returnval type="PropertyCollector">session[5]c</returnval>)");
    }
    if (method == "CreateFilter")
      return done(method, R"(<returnval type="PropertyFilter">session[5]f</returnval>)");
    if (method == "WaitForUpdatesEx") return wait(body);
    if (method == "AcknowledgeAlarm") return acknowledge(body);
    if (method == "GetAlarm") return done(method, R"(<returnval type="Alarm">alarm-6</returnval>)");
    return done(method);
  }
  http::Response content() const {
    return done(
        "RetrieveServiceContent",
        R"(<returnval><rootFolder type="Folder">group-d1</rootFolder><propertyCollector )"
        R"(type="PropertyCollector">propertyCollector</propertyCollector><about><fullName>VMware vCenter )"
        "Server "
        "8.0.3</fullName><apiType>VirtualCenter</apiType><apiVersion>8.0.3.0</apiVersion><instanceUuid>" +
            uuid +
            R"(</instanceUuid></about><sessionManager type="SessionManager">SessionManager</sessionManager>)" +
            (has_alarms ? R"(<alarmManager type="AlarmManager">AlarmManager</alarmManager>)" : "") +
            R"(<eventManager type="EventManager">EventManager</eventManager></returnval>)");
  }
  http::Response login(const std::string& body) {
    if (body.find("<password>" + password + "</password>") == std::string::npos) return fault("InvalidLogin");
    http::Response response = done("Login", "<returnval><key>5220</key></returnval>");
    response.headers = {{"set-cookie", cookie() + "; Path=/; HttpOnly; Secure;"}};
    return response;
  }
  http::Response wait(const std::string& body) {
    const bool is_first = body.find("<version></version>") != std::string::npos;
    std::string next = is_first ? "event" : "";
    if (!is_first && !updates.empty()) {
      next = updates.front();
      updates.pop_front();
    }
    if (next == "stale") return fault("InvalidCollectorVersion");
    if (next == "down") return {503, {}, ""};
    if (next.empty()) return done("WaitForUpdatesEx");
    return done("WaitForUpdatesEx",
                "<returnval><version>" + std::to_string(++version_) + "</version></returnval>");
  }
  http::Response acknowledge(const std::string& body) {
    if (!may_acknowledge) return fault("NoPermission");
    for (auto& [key, alarm] : alarms) {
      if (body.find(">" + alarm.alarm + "<") == std::string::npos) continue;
      if (body.find(">" + alarm.entity + "<") == std::string::npos) continue;
      acknowledged.push_back(key);
      alarm.acknowledged_by = "VSPHERE.LOCAL\\kaden";
      alarm.acknowledged_at = "2026-08-24T03:02:00Z";
    }
    return done("AcknowledgeAlarm");
  }

  http::Response properties(const std::string& body) {
    std::string objects;
    const bool is_open = cookie_sent == cookie();
    std::size_t at = 0;
    while ((at = body.find("<obj type=\"", at)) != std::string::npos) {
      const std::string type = between(body, "<obj type=\"", "\"", at);
      const std::string id = between(body, "\">", "</obj>", at);
      at += 5;
      if (gone.count(id) > 0) return fault("ManagedObjectNotFound");
      if (id == "group-d1" && empty_root && body.find("triggeredAlarmState") != std::string::npos) continue;
      objects +=
          "<objects><obj type=\"" + type + "\">" + id + "</obj>" +
          (is_open ? values(type, id, body.find("triggeredAlarmState") != std::string::npos)
                   : "<missingSet><path>name</path><fault><fault xsi:type=\"NotAuthenticated\"/></fault>"
                     "</missingSet>") +
          "</objects>";
    }
    return done("RetrievePropertiesEx", objects.empty() ? "" : "<returnval>" + objects + "</returnval>");
  }
  static std::string between(const std::string& text, const std::string& from, const std::string& to,
                             std::size_t at) {
    const std::size_t begin = text.find(from, at) + from.size();
    return text.substr(begin, text.find(to, begin) - begin);
  }
  static std::string text(const std::string& name, const std::string& value) {
    return "<propSet><name>" + name + "</name><val xsi:type=\"xsd:string\">" + value + "</val></propSet>";
  }
  static std::string ref(const std::string& name, const std::string& type, const std::string& id) {
    return "<propSet><name>" + name + "</name><val type=\"" + type +
           "\" xsi:type=\"ManagedObjectReference\">" + id + "</val></propSet>";
  }
  std::string values(const std::string& type, const std::string& id, bool wants_alarms) const {
    if (wants_alarms) return triggered();
    if (type == "Alarm") {
      return text("info.name", "Virtual machine CPU usage") +
             text("info.systemName", "alarm.VmCPUUsageAlarm") +
             text("info.description", "Default alarm to monitor CPU") +
             ref("info.entity", "Folder", "group-d1");
    }
    if (id == "group-d1") return text("name", "Datacenters");
    if (id == "datacenter-3") return text("name", "SDDC-Datacenter") + ref("parent", "Folder", "group-d1");
    if (id == "group-v4") return text("name", "vm") + ref("parent", "Datacenter", "datacenter-3");
    if (id == "domain-c8") return text("name", "Cluster-1") + ref("parent", "Datacenter", "datacenter-3");
    if (id == "host-29")
      return text("name", "esx-03.sddc.example") + ref("parent", "ClusterComputeResource", "domain-c8");
    const auto vm = vm_names.find(id);
    if (vm == vm_names.end()) return "";
    return text("name", vm->second) + ref("parent", "Folder", "group-v4") +
           ref("runtime.host", "HostSystem", "host-29");
  }
  std::string triggered() const {
    std::string out = R"(<propSet><name>triggeredAlarmState</name><val xsi:type="ArrayOfAlarmState">)";
    for (const auto& [key, alarm] : alarms) {
      out +=
          "<AlarmState><key>" + key + "</key><entity type=\"" + alarm.entity_type + "\">" + alarm.entity +
          "</entity><alarm type=\"Alarm\">" + alarm.alarm + "</alarm><overallStatus>" + alarm.status +
          "</overallStatus><time>" + alarm.time + "</time><acknowledged>" +
          (alarm.acknowledged_by.empty() ? "false</acknowledged>"
                                         : "true</acknowledged><acknowledgedByUser>" + alarm.acknowledged_by +
                                               "</acknowledgedByUser><acknowledgedTime>" +
                                               alarm.acknowledged_at + "</acknowledgedTime>") +
          (alarm.event_key.empty() ? "" : "<eventKey>" + alarm.event_key + "</eventKey>") + "</AlarmState>";
    }
    return out + "</val></propSet>";
  }
  int version_ = 0;
};

/// "ALARM critical vc1: CPU (alarm-6/vm-1042) @erp-db/01" for each event; "... by vcenter: ope1" when taken.
class Notes final : public source::Intake {
 public:
  Result<void> report(std::vector<AlarmEvent> given) override {
    if (refuse) return fail(Fault::busy, "full");
    for (const AlarmEvent& event : given) note(event, "");
    if (is_deadly) return fail(Fault::unavailable, "shutting down");
    return {};
  }
  Result<void> report_taken(AlarmEvent event, std::string by) override {
    if (refuse) return fail(Fault::busy, "full");
    note(event, by);
    return {};
  }
  Result<std::map<std::string, std::string>> who_took(const std::string& source,
                                                      const std::vector<std::string>& alarms) override {
    EXPECT_EQ(source, "vcenter");
    std::map<std::string, std::string> out;
    for (const std::string& alarm : alarms) {
      if (owned.count(alarm) > 0) out[alarm] = owned[alarm];
    }
    return out;
  }
  std::string heard() { return std::exchange(text_, {}); }

  bool refuse = false;
  bool is_deadly = false; ///< stores, and says it did not
  std::map<std::string, std::string> owned;
  std::vector<AlarmEvent> events;
  std::set<std::string> ids; ///< of all events; a repeat is not noted
 private:
  void note(const AlarmEvent& event, const std::string& by) {
    const auto read = alarm_event_from_json(to_json(event), "");
    EXPECT_TRUE(read) << (read ? "" : read.error().message);
    if (!ids.insert(event.event_id).second) return;
    events.push_back(event);
    if (!text_.empty()) text_ += "; ";
    text_ += std::string(to_text(event.state)) +
             (event.state == AlarmState::alarm ? " " + std::string(to_text(event.severity)) : "") + " " +
             event.machine;
    if (!by.empty()) text_ += " by " + by;
  }
  std::string text_;
};

} // namespace kaden::vcenter
