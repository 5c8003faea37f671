#include "test_bodies.h"

namespace kaden::webhook {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

const Rules plain = rules(Format::alertmanager);

std::string alert(const std::string& more) {
  return R"({"alerts":[{"status":"firing","labels":{"alertname":"A","host":"web-01"},"startsAt":"2026-11-27T04:20:53Z",)"
         R"("fingerprint":"f1")" +
         more + "}]}";
}

TEST(Alertmanager, EachAlertOfARecordedGroupIsAnEvent) {
  const auto all = events(plain, sample("alertmanager-firing.json"));
  ASSERT_EQ(all.size(), 2U);
  const AlarmEvent& first = all[0];
  EXPECT_EQ(first.source, "tool");
  EXPECT_EQ(first.alarm, "DiskFull 8d761421efab4356");
  EXPECT_EQ(first.event_id, "8d761421efab4356/2026-11-27T04:20:53.228523252Z/firing");
  EXPECT_EQ(first.state, AlarmState::alarm);
  EXPECT_EQ(first.severity, Severity::critical);
  EXPECT_EQ(first.machine, "db-prod-3.example"); // without its exporter's port
  EXPECT_THAT(first.reason, HasSubstr("97% used on db-prod-3.example"));
  EXPECT_THAT(first.labels, Contains(Pair("title", "ディスク /var がいっぱいです")));
  EXPECT_THAT(first.labels, Contains(Pair("mountpoint", "/var")));
  EXPECT_THAT(first.labels, Contains(Pair("link", "http://prometheus.example/graph?g0.expr=x")));
  EXPECT_THAT(first.say.at(Language::en), HasSubstr("{title}"));
  EXPECT_NE(all[1].alarm, first.alarm);
  EXPECT_EQ(all[1].machine, "db-prod-4.example");
}

TEST(Alertmanager, SaysWhatTheSenderLeftOut) {
  const auto read = webhook::read(plain, {"", sample("alertmanager-firing.json")});
  ASSERT_TRUE(read);
  EXPECT_THAT(read->note, HasSubstr("1 more alerts were left out"));
  EXPECT_THAT(read->readings[0].event.labels, Contains(Pair("left_out", "1")));
  EXPECT_THAT(read->readings[1].event.reason, HasSubstr("1 more alerts of this group were left out"));
}

TEST(Alertmanager, ResolvedClearsTheSameAlarm) {
  const auto firing = events(plain, sample("alertmanager-firing.json"));
  const auto resolved = events(plain, sample("alertmanager-resolved.json"));
  ASSERT_EQ(resolved.size(), firing.size());
  for (std::size_t i = 0; i < firing.size(); ++i) {
    EXPECT_EQ(resolved[i].alarm, firing[i].alarm);
    EXPECT_EQ(resolved[i].state, AlarmState::ok);
    EXPECT_NE(resolved[i].event_id, firing[i].event_id);
  }
}

TEST(Alertmanager, ARepeatHasTheSameIdAndTheNextOutageAnother) {
  EXPECT_EQ(event(plain, alert("")).event_id,
            event(plain, alert(R"(,"annotations":{"summary":"s"})")).event_id);
  std::string later = alert("");
  later.replace(later.find("04:20:53"), 8, "05:00:00");
  EXPECT_NE(event(plain, later).event_id, event(plain, alert("")).event_id);
  EXPECT_EQ(event(plain, later).alarm, event(plain, alert("")).alarm);
}

TEST(Alertmanager, WithoutAFingerprintTheLabelsTellAlertsApart) {
  const std::string one = R"({"alerts":[{"status":"firing","labels":{"a":"1","b":"2"},"startsAt":"x"}]})";
  const std::string same = R"({"alerts":[{"status":"firing","labels":{"b":"2","a":"1"},"startsAt":"x"}]})";
  const std::string other = R"({"alerts":[{"status":"firing","labels":{"a":"12","b":""},"startsAt":"x"}]})";
  EXPECT_EQ(event(plain, one).alarm, event(plain, same).alarm);
  EXPECT_NE(event(plain, one).alarm, event(plain, other).alarm);
}

TEST(Alertmanager, Severities) {
  struct Case {
    std::string word;
    Severity severity;
  };
  Rules own = plain;
  own.severity = Severity::error;
  own.severities = {{"ticket", Severity::info}, {"warning", Severity::critical}};
  const std::vector<Case> cases{
      {"critical", Severity::critical}, {"CRIT", Severity::critical},    {"page", Severity::critical},
      {"error", Severity::error},       {"info", Severity::info},        {"none", Severity::info},
      {"Ticket", Severity::info},       {"warning", Severity::critical}, {"", Severity::error},
      {"purple", Severity::error}};
  for (const Case& each : cases) {
    const std::string body =
        R"({"alerts":[{"status":"firing","fingerprint":"f","labels":{"severity":")" + each.word + R"("}}]})";
    EXPECT_EQ(event(own, body).severity, each.severity) << each.word;
  }
}

TEST(Alertmanager, Machines) {
  struct Case {
    std::string labels, machine;
  };
  const std::vector<Case> cases{
      {R"("instance":"web-01:9100")", "web-01"},
      {R"("instance":"web-01:9100","host":"web-02")", "web-02"},
      {R"("instance":"[2001:db8::1]:9100")", "[2001:db8::1]"},
      {R"("instance":"2001:db8::1")", "2001:db8::1"},
      {R"("instance":"http://web-01/health")", "http://web-01/health"},
      {R"("job":"x")", ""},
  };
  for (const Case& each : cases) {
    const std::string body =
        R"({"alerts":[{"status":"firing","fingerprint":"f","labels":{)" + each.labels + "}}]}";
    EXPECT_EQ(event(plain, body).machine, each.machine) << each.labels;
  }
  Rules own = plain;
  own.machine_labels = {"vm", "job"};
  const std::string body =
      R"({"alerts":[{"status":"firing","fingerprint":"f","labels":{"job":"erp","host":"web-01"}}]})";
  EXPECT_EQ(event(own, body).machine, "erp");
}

TEST(Alertmanager, NothingIsSilentlyLost) {
  std::string labels;
  for (int i = 0; i < 40; ++i) labels += (i > 0 ? ",\"l" : "\"l") + std::to_string(i) + "\":\"v\"";
  labels += R"(,"{b}":"x")";
  const std::string body = R"({"alerts":[{"status":"firing","fingerprint":"f","labels":{)" + labels +
                           R"(},"annotations":{"description":")" + std::string(3'000, 'd') + R"("}}]})";
  const AlarmEvent made = event(plain, body);
  EXPECT_EQ(made.labels.size(), limits::labels_max);
  EXPECT_EQ(made.labels.at("cut"), "14"); // thirteen labels and the reason
  EXPECT_EQ(made.reason.size(), limits::reason_bytes_max);
}

TEST(Alertmanager, ControlCharactersAndBracesDoNoHarm) {
  const AlarmEvent made =
      event(plain, R"({"alerts":[{"status":"firing","fingerprint":"f\u0000\n","labels":{"a{b}":"x\ny"},)"
                   R"("annotations":{"summary":"{machine} {{ \u0007 {{{"}}]})");
  EXPECT_EQ(made.alarm, "f");
  EXPECT_THAT(made.labels, Contains(Pair("a_b_", "x y")));
  EXPECT_THAT(made.labels, Contains(Pair("title", "{machine} {{   {{{"))); // a value, never a template
}

TEST(Alertmanager, Problems) {
  struct Case {
    std::string body, says;
  };
  const std::vector<Case> cases{
      {"", "not valid JSON at line 1"},
      {"[]", "must be a JSON object"},
      {"{}", "alerts: is missing or empty"},
      {R"({"alerts":[]})", "alerts: is missing or empty"},
      {R"({"alerts":{}})", "alerts: "},
      {R"({"alerts":[1]})", "alerts[0]: must be an object"},
      {R"({"alerts":[{"status":"firing"}]})", "alerts[0].labels: is missing"},
      {R"({"alerts":[{"status":"firing","labels":[]}]})", "alerts[0].labels: "},
      {R"({"alerts":[{"status":"burning","labels":{}}]})", "alerts[0].status: must be firing or resolved"},
      {R"({"alerts":[{"status":"firing","labels":{}},{"labels":{}}]})", "alerts[1].status"},
      {R"({"truncatedAlerts":"x","alerts":[{"status":"firing","labels":{}}]})", "truncatedAlerts: "},
  };
  for (const Case& each : cases) EXPECT_THAT(problem(plain, each.body), HasSubstr(each.says)) << each.body;
  std::string many = R"({"alerts":[)";
  for (int i = 0; i < 1'001; ++i)
    many += std::string(i > 0 ? "," : "") + R"({"status":"firing","labels":{}})";
  EXPECT_THAT(problem(plain, many + "]}"), HasSubstr("at most 1000"));
}

TEST(Grafana, AlertsWithValuesAndLinks) {
  const auto all = events(rules(Format::grafana), sample("grafana.json"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].alarm, "High memory usage 57c6d9296de2ad39");
  EXPECT_EQ(all[0].machine, "vm-erp-01");
  EXPECT_EQ(all[0].severity, Severity::critical); // p1
  EXPECT_THAT(all[0].labels, Contains(Pair("values", R"({"B":95.3,"C":1})")));
  EXPECT_THAT(all[0].labels, Contains(Pair("panel", "https://grafana.example/d/dash1?viewPanel=2")));
  EXPECT_EQ(all[1].alarm, "DatasourceNoData Backup age 9c5d9296de2ad300");
  EXPECT_EQ(all[1].state, AlarmState::ok);
}

TEST(Grafana, TheOldAlertingIsNamed) {
  EXPECT_THAT(problem(rules(Format::grafana), R"({"ruleId":1,"state":"alerting","title":"x"})"),
              HasSubstr("Grafana's old alerting"));
}

} // namespace
} // namespace kaden::webhook
