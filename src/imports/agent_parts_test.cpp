// What of a CloudWatch agent's configuration the agent would refuse, and what is odd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/imports.h"

namespace kaden::imports {
namespace {

using testing::HasSubstr;

Advice advice_of_text(const std::string& text, Language language = Language::en) {
  const auto advice = advice_for_cloudwatch_agent(text, "https://10.0.0.2:8480/", language);
  EXPECT_TRUE(advice) << advice.error().message;
  return advice.value_or(Advice{});
}

std::string advice_of(const std::string& text) {
  return advice_of_text(text).text;
}

/// "PATH (line N)" of each line that begins with `mark` and names one.
std::vector<std::string> places_in(const std::string& advice, std::string_view mark) {
  std::vector<std::string> places;
  for (const std::string_view line : split(advice, '\n')) {
    if (line.starts_with(mark) && line.find("(line ") != std::string_view::npos)
      places.emplace_back(line.substr(mark.size(), line.find(')') - mark.size() + 1));
  }
  return places;
}

TEST(CloudwatchAgent, names_what_it_does_not_know_or_support_with_its_place) {
  const std::string text = R"({
  "agent": {"region": "x",
    "metric_collection_interval": 60},
  "metrics": {
    "metrics_destinations": {"amp": {"workspace_id": "ws-1"}},
    "metrics_collected": {
      "cpu": {"measurement": ["usage_idle"], "total\u0063pu": true, "percpu": false},
      "cpuu": {}, "Memory": {"measurement": []},
      "procstat": [{"exe": "a"}]
    }
  },
  "logs": {
    "logs_collected": {"files": {"collect_list": [
      {"file_path": "/var/log/a"},
      {"file_path": "/var/log/\"b\"", "log_group": "x"}]}},
    "metrics_collected": {"emf": {}}
  },
  "metric": {}
})";
  const std::string advice = advice_of(text);
  EXPECT_THAT(places_in(advice, "  ! "),
              testing::ElementsAre(
                  "agent.metric_collection_interval (line 3)", "metrics.metrics_destinations.amp (line 5)",
                  "metrics.metrics_collected.cpu.percpu (line 7)", "metrics.metrics_collected.cpuu (line 8)",
                  "logs.metrics_collected (line 16)", "metric (line 18)"));
  EXPECT_THAT(places_in(advice, "  x "),
              testing::ElementsAre("metrics.metrics_collected.cpuu (line 8)",
                                   "metrics.metrics_collected.procstat[0] (line 9)",
                                   "logs.logs_collected.files.collect_list[1].log_group (line 15)"));
  EXPECT_THAT(advice, HasSubstr("cpuu (line 8) is not a part that the agent knows"));
  EXPECT_THAT(advice, HasSubstr("embedded metric format"));
  EXPECT_THAT(advice, HasSubstr("Managed Service for Prometheus"));
}

/// A configuration that the agent takes, with `plugins` in metrics_collected.
std::string with_plugins(const std::string& plugins) {
  return R"({"agent": {"region": "x"}, "metrics": {"metrics_collected": {)" + plugins + "}}}";
}

TEST(CloudwatchAgent, measurements_are_known_with_and_without_their_plugins_name) {
  for (
      const char* plugin :
      {R"("cpu": {"measurement": ["usage_idle", "cpu_usage_iowait", {"name": " time_user ", "rename": "x", "unit": "y"}]})",
       R"("disk": {"measurement": ["disk_inodes_free", "used"], "resources": ["/"], "drop_device": true})",
       R"("diskio": {"measurement": ["reads", "ebs_total_read_ops", "diskio_instance_store_total_read_ops"]})",
       R"("mem": {"measurement": ["available_percent"]})", R"("net": {"measurement": ["net_err_in"]})",
       R"("netstat": {"measurement": ["tcp_established", "netstat_udp_socket"]})",
       R"("processes": {"measurement": ["processes_total_threads"]})",
       R"("swap": {"measurement": ["used_percent"]})",
       R"("procstat": [{"exe": "a", "measurement": ["cpu_usage", "procstat_pid_count"]}])",
       R"("Memory": {"measurement": ["% Committed Bytes In Use", {"name": "Anything at all"}]})",
       R"("load": {"measurement": ["load_average_1m"]})",
       R"("nvidia_smi": {"measurement": ["utilization_gpu"]})",
       R"("win_services": {"service_names": ["Spooler"]})",
       R"("statsd": {}, "collectd": {}, "jmx": [{"jvm": {}}], "ethtool": {"metrics_include": ["a"]})"}) {
    const Advice advice = advice_of_text(with_plugins(plugin));
    EXPECT_EQ(advice.warnings, 0U) << advice.text;
    EXPECT_EQ(advice.mistakes, 0U) << advice.text;
  }
}

TEST(CloudwatchAgent, an_unknown_measurement_is_told_with_its_line_and_what_may_have_been_meant) {
  const Advice advice = advice_of_text(with_plugins(R"(
    "cpu": {"measurement": ["usage_idle",
      "cpu_usage_idel", {"name": "temperature"}]},
    "procstat": [{"exe": "a", "measurement": ["pid"]},
      {"exe": "b", "measurement": ["memory_rs"]}])"));
  EXPECT_EQ(advice.warnings, 3U);
  EXPECT_EQ(advice.mistakes, 0U);
  EXPECT_THAT(places_in(advice.text, "  ! "),
              testing::ElementsAre("metrics.metrics_collected.cpu.measurement[1] (line 3)",
                                   "metrics.metrics_collected.cpu.measurement[2] (line 3)",
                                   "metrics.metrics_collected.procstat[1].measurement[0] (line 5)"));
  EXPECT_THAT(advice.text, HasSubstr("\"cpu_usage_idel\" is no measurement of this plugin"));
  EXPECT_THAT(advice.text, HasSubstr("(did you mean usage_idle?)\n"));
  EXPECT_THAT(advice.text, HasSubstr("(did you mean memory_rss?)\n"));
  EXPECT_THAT(advice.text, HasSubstr("that it does not know\n")) << "nothing is like temperature";
}

struct Mistake {
  std::string text, line;
};

TEST(CloudwatchAgent, what_the_agent_would_refuse_is_a_mistake) {
  const auto cpu = [](const std::string& more) {
    return with_plugins(R"("cpu": {"measurement": ["usage_idle"], )" + more + "}");
  };
  const auto file = [](const std::string& more) {
    return R"({"agent": {"region": "x"}, "logs": {"logs_collected": {"files": {"collect_list": [{"file_path": "/a", )" +
           more + "}]}}}}";
  };
  const std::string at_file = "logs.logs_collected.files.collect_list[0].";
  const std::string at_cpu = "metrics.metrics_collected.cpu.";
  const std::vector<Mistake> cases = {
      {R"({"agent": {"region": 7}})", "agent.region (line 1) must be a text that is not empty"},
      {R"({"agent": {"region": "x", "debug": "yes"}})", "agent.debug (line 1) must be true or false"},
      {R"({"agent": {"region": "x", "credentials": {"role": "y"}}})",
       "agent.credentials.role (line 1) is not allowed there"},
      {R"({"agent": [], "logs": {"logs_collected": {"files": {"collect_list": [{"file_path": "a"}]}}}})",
       "agent (line 1) must be a section {...}"},
      {R"({"metrics": {"namespace": "x"}})", "metrics (line 1) lacks metrics_collected"},
      {with_plugins(""), "metrics.metrics_collected (line 1) must be a section {...} that is not empty"},
      {with_plugins(R"("cpu": {})"), "metrics.metrics_collected.cpu (line 1) lacks measurement"},
      {with_plugins(R"("Memory": {})"), "metrics.metrics_collected.Memory (line 1) lacks measurement"},
      {with_plugins(R"("cpu": [])"), "metrics.metrics_collected.cpu (line 1) must be a section {...}"},
      {cpu(R"("metrics_collection_interval": 0)"),
       at_cpu + "metrics_collection_interval (line 1) must be a whole number of seconds from 1 to 172800"},
      {cpu(R"("metrics_collection_interval": 1.5)"), at_cpu + "metrics_collection_interval (line 1) must be"},
      {cpu(R"("metrics_collection_interval": "60")"),
       at_cpu + "metrics_collection_interval (line 1) must be"},
      {cpu(R"("totalcpu": 1)"), at_cpu + "totalcpu (line 1) must be true or false"},
      {cpu(R"("resources": ["cpu0"])"), at_cpu + "resources[0] (line 1) must be one of *"},
      {cpu(R"("append_dimensions": {"a": 1})"),
       at_cpu + "append_dimensions.a (line 1) must be a text that is not empty"},
      {cpu(R"("append_dimensions": ["a"])"),
       at_cpu + "append_dimensions (line 1) must be a map of names to texts"},
      {with_plugins(R"("cpu": {"measurement": "usage_idle"})"),
       at_cpu + "measurement (line 1) must be a list of names, or of sections with name, rename and unit"},
      {with_plugins(R"("cpu": {"measurement": [7]})"),
       at_cpu + "measurement[0] (line 1) must be a list of names"},
      {with_plugins(R"("cpu": {"measurement": [{"rename": "x"}]})"),
       at_cpu + "measurement[0] (line 1) lacks name"},
      {with_plugins(R"("cpu": {"measurement": [{"name": "usage_idle", "unit": 1}]})"),
       at_cpu + "measurement[0].unit (line 1) must be a text"},
      {with_plugins(R"("cpu": {"measurement": ["usage_idle", "usage_idle"]})"),
       at_cpu + "measurement[1] (line 1) stands twice in the list"},
      {with_plugins(R"("procstat": [])"), "procstat (line 1) must be a list of sections that is not empty"},
      {with_plugins(R"("procstat": [{"measurement": ["pid"]}])"),
       "procstat[0] (line 1) lacks pid_file / exe / pattern"},
      {with_plugins(R"("procstat": [{"exe": "a", "measurement": [{"name": "pid"}]}])"),
       "procstat[0].measurement[0] (line 1) must be a text"},
      {with_plugins(R"("statsd": {"service_adress": ":8125"})"),
       "statsd.service_adress (line 1) is not allowed there (did you mean service_address?)"},
      {with_plugins(R"("statsd": {"allowed_pending_messages": 0})"), "must be a whole number above 0"},
      {with_plugins(R"("statsd": {"metrics_aggregation_interval": -1})"), "from 0 to 172800"},
      {with_plugins(R"("collectd": {"collectd_security_level": "high"})"),
       "must be one of none, sign, encrypt"},
      {R"({"metrics": {"aggregation_dimensions": [["a"], "b"], "metrics_collected": {"statsd": {}}}})",
       "metrics.aggregation_dimensions[1] (line 1) must be a list of texts"},
      {R"({"logs": {}})", "logs (line 1) lacks logs_collected / metrics_collected"},
      {file(R"("retention_in_days": 8)"),
       at_file +
           "retention_in_days (line 1) must be one of -1, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, "
           "400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653"},
      {file(R"("timezone": "JST")"), at_file + "timezone (line 1) must be one of Local, LOCAL, UTC"},
      {file(R"("auto_removal": "true")"), at_file + "auto_removal (line 1) must be true or false"},
      {file(R"("filters": {"type": "include"})"), at_file + "filters (line 1) must be a list of sections"},
      {file(R"("filters": [{"type": "only"}])"),
       at_file + "filters[0].type (line 1) must be one of include, exclude"},
      {R"({"logs": {"logs_collected": {"files": {}}}})",
       "logs.logs_collected.files (line 1) lacks collect_list"},
      {R"({"logs": {"logs_collected": {"files": {"collect_list": [{"file_path": "a"}, {"file_path": "a"}]}}}})",
       "files.collect_list[1] (line 1) stands twice in the list"},
      {R"({"logs": {"logs_collected": {"windows_events": {"collect_list": [{"event_name": "System"}]}}}})",
       "windows_events.collect_list[0] (line 1) lacks event_levels / event_ids / filters"},
      {R"({"logs": {"logs_collected": {"windows_events": {"collect_list": [{"event_name": "System",
          "event_levels": ["ERROR", "Warning"], "event_ids": [70000]}]}}}})",
       "windows_events.collect_list[0].event_levels[1] (line 2) must be one of CRITICAL, ERROR"},
  };
  for (const Mistake& one : cases) {
    const Advice advice = advice_of_text(one.text);
    EXPECT_GE(advice.mistakes, 1U) << one.text;
    EXPECT_THAT(advice.text, HasSubstr("\nMistakes, with which the agent does not start:\n  x "));
    EXPECT_THAT(advice.text, HasSubstr(one.line)) << one.text;
  }
}

TEST(CloudwatchAgent, values_that_the_agent_takes_are_no_mistakes) {
  const Advice advice = advice_of_text(R"({
    "agent": {"region": "x", "logfile": "", "metrics_collection_interval": 60.0, "debug": false,
      "run_as_user": "root"},
    "metrics": {"namespace": "CWAgent", "force_flush_interval": 30, "metrics_collected": {
      "disk": {"measurement": ["used_percent"], "ignore_file_system_types": [], "resources": ["*"]},
      "statsd": {"metrics_aggregation_interval": 0}}},
    "logs": {"concurrency": 2, "logs_collected": {
      "files": {"collect_list": [{"file_path": "/a", "retention_in_days": -1, "timezone": "Local",
        "filters": [{"type": "exclude", "expression": ""}]}]},
      "windows_events": {"collect_list": [{"event_name": "System", "event_ids": [0, 65535], "event_format": "xml"}]},
      "journald": {"collect_list": [{"units": ["sshd"]}]}}}})");
  EXPECT_EQ(advice.mistakes, 0U) << advice.text;
  EXPECT_EQ(advice.warnings, 0U) << advice.text;
}

TEST(CloudwatchAgent, tells_what_the_agent_takes_and_the_endpoint_does_not) {
  const std::string text = R"({"agent": {"region": "x"},
    "metrics": {"namespace": "AWS/EC2", "metrics_collected": {"statsd": {}}},
    "logs": {"logs_collected": {"files": {"collect_list": [
      {"file_path": "/a", "log_group_name": "/erp/{hostname}", "retention_in_days": -1},
      {"file_path": "/b", "log_group_name": "erp logs",
       "retention_in_days": 30}]}}}})";
  const Advice advice = advice_of_text(text);
  EXPECT_EQ(advice.mistakes, 0U);
  EXPECT_THAT(advice.text, HasSubstr("metrics.namespace (line 2): AWS/EC2 is Amazon's own namespace"));
  EXPECT_THAT(advice.text,
              HasSubstr("collect_list[1].log_group_name (line 5): \"erp logs\" is no name of a log"));
  EXPECT_THAT(advice.text, HasSubstr("collect_list[1].retention_in_days (line 6) makes the agent call Put"));
  EXPECT_EQ(places_in(advice.text, "  ! ").size(), 3U) << advice.text;
  EXPECT_THAT(advice_of_text(text, Language::ja).text, HasSubstr("PutRetentionPolicy を呼びます"));
}

TEST(CloudwatchAgent, names_mistakes_in_japanese) {
  const Advice advice =
      advice_of_text(with_plugins(R"("cpu": {"measurement": ["usage_idel"], "totalcpu": 1})"), Language::ja);
  EXPECT_EQ(advice.mistakes, 1U);
  EXPECT_THAT(advice.text, HasSubstr("cpu.totalcpu (1 行目) に書けるのは次の値です: true か false\n"));
  EXPECT_THAT(advice.text, HasSubstr("(もしかして usage_idle?)"));
}

} // namespace
} // namespace kaden::imports
