#include "agent_schema.h"

#include <algorithm>
#include <array>
#include <map>

namespace kaden::imports {

namespace {

using Keys = std::vector<Key>;

const Keys& credentials() {
  static const Keys keys = {{"role_arn", Kind::text}};
  return keys;
}

/// What every plugin of metrics may have, and `more`. The schema asks for `measurement`.
Keys plugin(const Keys& more, const Key& resources = {"resources", Kind::texts}) {
  Keys keys = {{"measurement", Kind::measurements, {}, true},
               {"metrics_collection_interval", Kind::interval},
               {"append_dimensions", Kind::map},
               {"drop_original_metrics", Kind::texts},
               resources};
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

std::vector<Shape> top_shapes() {
  return {
      {"",
       Others::ignored,
       {{"agent", Kind::section},
        {"metrics", Kind::section},
        {"logs", Kind::section},
        {"traces", Kind::section},
        {"opentelemetry", Kind::section},
        {"csm"}},
       {}},
      {"agent",
       Others::ignored,
       {{"metrics_collection_interval", Kind::interval},
        {"logfile", Kind::any_text},
        {"region", Kind::text},
        {"debug", Kind::flag},
        {"quiet"},
        {"aws_sdk_log_level", Kind::any_text},
        {"credentials", Kind::section},
        {"omit_hostname", Kind::flag},
        {"run_as_user"},
        {"user_agent"},
        {"internal"},
        {"service.name", Kind::text},
        {"deployment.environment", Kind::text}},
       {}},
      {"agent.credentials", Others::refused, credentials(), {}},
      {"metrics.credentials", Others::refused, credentials(), {}},
      {"logs.credentials", Others::refused, credentials(), {}},
      {"metrics",
       Others::refused,
       {{"namespace", Kind::text},
        {"aggregation_dimensions", Kind::dimensions},
        {"append_dimensions", Kind::map},
        {"metrics_destinations", Kind::filled_section},
        {"metrics_collected", Kind::filled_section, {}, true},
        {"force_flush_interval", Kind::interval},
        {"credentials", Kind::section},
        {"endpoint_override", Kind::text},
        {"service.name", Kind::text},
        {"deployment.environment", Kind::text}},
       {}},
      {"metrics.metrics_destinations", Others::refused, {{"cloudwatch"}, {"amp", Kind::section}}, {}},
  };
}

std::vector<Shape> plugin_shapes() {
  return {
      {"metrics.metrics_collected.cpu",
       Others::ignored,
       plugin({{"totalcpu", Kind::flag}}, {"resources", Kind::words, "*"}),
       {}},
      {"metrics.metrics_collected.disk",
       Others::ignored,
       plugin({{"ignore_file_system_types", Kind::texts}, {"drop_device", Kind::flag}}),
       {}},
      {"metrics.metrics_collected.diskio", Others::ignored, plugin({}), {}},
      {"metrics.metrics_collected.mem", Others::ignored, plugin({}), {}},
      {"metrics.metrics_collected.net", Others::ignored, plugin({}), {}},
      {"metrics.metrics_collected.netstat", Others::ignored, plugin({}), {}},
      {"metrics.metrics_collected.processes", Others::ignored, plugin({}), {}},
      {"metrics.metrics_collected.swap", Others::ignored, plugin({}), {}},
      {"metrics.metrics_collected.procstat[]",
       Others::ignored,
       {{"measurement", Kind::names, {}, true},
        {"metrics_collection_interval", Kind::interval},
        {"append_dimensions", Kind::map},
        {"drop_original_metrics", Kind::texts},
        {"pid_file", Kind::text},
        {"exe", Kind::text},
        {"pattern", Kind::text}},
       {"pid_file", "exe", "pattern"}},
      {"metrics.metrics_collected.nvidia_smi",
       Others::fine,
       {{"measurement", Kind::texts}, {"metrics_collection_interval", Kind::interval}},
       {}},
      {"metrics.metrics_collected.statsd",
       Others::refused,
       {{"allowed_pending_messages", Kind::count},
        {"service_address", Kind::text},
        {"metrics_collection_interval", Kind::interval},
        {"metrics_aggregation_interval", Kind::interval_or_zero},
        {"metric_separator", Kind::text},
        {"drop_original_metrics", Kind::texts},
        {"service.name", Kind::text},
        {"deployment.environment", Kind::text}},
       {}},
      {"metrics.metrics_collected.collectd",
       Others::refused,
       {{"service_address", Kind::text},
        {"name_prefix", Kind::text},
        {"collectd_auth_file", Kind::text},
        {"collectd_security_level", Kind::word, "none sign encrypt"},
        {"collectd_typesdb", Kind::texts},
        {"metrics_aggregation_interval", Kind::interval_or_zero},
        {"drop_original_metrics", Kind::texts},
        {"service.name", Kind::text},
        {"deployment.environment", Kind::text},
        {"append_dimensions", Kind::map}},
       {}},
      {"metrics.metrics_collected.ethtool",
       Others::refused,
       {{"interface_include", Kind::texts},
        {"interface_exclude", Kind::texts},
        {"metrics_include", Kind::texts},
        {"append_dimensions", Kind::map},
        {"drop_original_metrics", Kind::texts}},
       {}},
      {"metrics.metrics_collected.prometheus",
       Others::refused,
       {{"prometheus_config_path", Kind::text, {}, true}},
       {}},
  };
}

std::vector<Shape> log_shapes() {
  static const Keys filter = {{"type", Kind::word, "include exclude"}, {"expression", Kind::any_text}};
  return {
      {"logs",
       Others::refused,
       {{"logs_collected", Kind::filled_section},
        {"metrics_collected", Kind::section},
        {"log_stream_name", Kind::text},
        {"force_flush_interval", Kind::interval},
        {"credentials", Kind::section},
        {"endpoint_override", Kind::text},
        {"service.name", Kind::text},
        {"deployment.environment", Kind::text},
        {"concurrency", Kind::count}},
       {"logs_collected", "metrics_collected"}},
      {"logs.logs_collected",
       Others::refused,
       {{"files", Kind::section},
        {"windows_events", Kind::section},
        {"journald"},
        {"application_signals", Kind::section}},
       {}},
      {"logs.metrics_collected",
       Others::ignored,
       {{"emf"}, {"app_signals"}, {"application_signals"}, {"ecs"}, {"kubernetes"}, {"prometheus"}, {"otlp"}},
       {}},
      {"logs.logs_collected.files", Others::refused, {{"collect_list", Kind::own_sections, {}, true}}, {}},
      {"logs.logs_collected.files.collect_list[]",
       Others::refused,
       {{"file_path", Kind::any_text, {}, true},
        {"log_group_name", Kind::text},
        {"log_stream_name", Kind::text},
        {"log_group_class", Kind::text},
        {"multi_line_start_pattern", Kind::text},
        {"timestamp_format", Kind::text},
        {"timezone", Kind::word, "Local LOCAL UTC"},
        {"trim_timestamp", Kind::flag},
        {"encoding", Kind::text},
        {"auto_removal", Kind::flag},
        {"backpressure_mode", Kind::word, "fd_release"},
        {"blacklist", Kind::text},
        {"publish_multi_logs", Kind::flag},
        {"retention_in_days", Kind::retention},
        {"filters", Kind::sections},
        {"service.name", Kind::text},
        {"deployment.environment", Kind::text}},
       {}},
      {"logs.logs_collected.files.collect_list[].filters[]", Others::refused, filter, {}},
      {"logs.logs_collected.windows_events",
       Others::refused,
       {{"collect_list", Kind::own_sections, {}, true}},
       {}},
      {"logs.logs_collected.windows_events.collect_list[]",
       Others::refused,
       {{"event_name", Kind::text, {}, true},
        {"event_levels", Kind::words, "CRITICAL ERROR WARNING INFORMATION VERBOSE"},
        {"event_ids", Kind::event_ids},
        {"filters", Kind::sections},
        {"log_stream_name", Kind::text},
        {"log_group_name", Kind::text},
        {"log_group_class", Kind::text},
        {"retention_in_days", Kind::retention},
        {"event_format", Kind::word, "text xml"}},
       {"event_levels", "event_ids", "filters"}},
      {"logs.logs_collected.windows_events.collect_list[].filters[]", Others::refused, filter, {}},
  };
}

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = [] {
    std::vector<Shape> out = top_shapes();
    for (auto more : {plugin_shapes(), log_shapes()}) out.insert(out.end(), more.begin(), more.end());
    return out;
  }();
  return all;
}

/// A plugin that the schema knows by this alone: performance objects of Windows, efa, load.
const Shape& basic_plugin() {
  static const Shape shape = {"", Others::fine, plugin({}), {}};
  return shape;
}

std::vector<std::string_view> procstat_measurements() {
  return {"cpu_time",
          "cpu_time_guest",
          "cpu_time_guest_nice",
          "cpu_time_idle",
          "cpu_time_iowait",
          "cpu_time_irq",
          "cpu_time_nice",
          "cpu_time_soft_irq",
          "cpu_time_steal",
          "cpu_time_stolen",
          "cpu_time_system",
          "cpu_time_user",
          "cpu_usage",
          "involuntary_context_switches",
          "memory_data",
          "memory_locked",
          "memory_rss",
          "memory_stack",
          "memory_swap",
          "memory_vms",
          "nice_priority",
          "num_fds",
          "num_threads",
          "pid",
          "pid_count",
          "read_bytes",
          "read_count",
          "realtime_priority",
          "rlimit_cpu_time_hard",
          "rlimit_cpu_time_soft",
          "rlimit_file_locks_hard",
          "rlimit_file_locks_soft",
          "rlimit_memory_data_hard",
          "rlimit_memory_data_soft",
          "rlimit_memory_locked_hard",
          "rlimit_memory_locked_soft",
          "rlimit_memory_rss_hard",
          "rlimit_memory_rss_soft",
          "rlimit_memory_stack_hard",
          "rlimit_memory_stack_soft",
          "rlimit_memory_vms_hard",
          "rlimit_memory_vms_soft",
          "rlimit_nice_priority_hard",
          "rlimit_nice_priority_soft",
          "rlimit_num_fds_hard",
          "rlimit_num_fds_soft",
          "rlimit_realtime_priority_hard",
          "rlimit_realtime_priority_soft",
          "rlimit_signals_pending_hard",
          "rlimit_signals_pending_soft",
          "signals_pending",
          "voluntary_context_switches",
          "write_bytes",
          "write_count"};
}

/// Plugins whose sections are not looked into.
constexpr std::array<std::string_view, 5> closed_books = {"jmx", "otlp", "dpdk", "win_services", "procstat"};

} // namespace

const Key* Shape::find(std::string_view name) const {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

const Shape* shape_of(std::string_view path) {
  const auto found =
      std::find_if(shapes().begin(), shapes().end(), [&](const Shape& one) { return one.path == path; });
  if (found != shapes().end()) return &*found;
  if (!path.starts_with(collected_path) || path.size() <= collected_path.size() + 1) return nullptr;
  const std::string_view name = path.substr(collected_path.size() + 1);
  const bool is_plugin = name.find_first_of(".[") == std::string_view::npos &&
                         std::find(closed_books.begin(), closed_books.end(), name) == closed_books.end();
  return is_plugin ? &basic_plugin() : nullptr;
}

const std::vector<std::string_view>& plugins() {
  static const std::vector<std::string_view> names = {
      "collectd", "cpu",       "disk",     "diskio",     "dpdk",    "efa",        "ethtool",
      "jmx",      "load",      "mem",      "net",        "netstat", "nvidia_gpu", "nvidia_smi",
      "otlp",     "processes", "procstat", "prometheus", "statsd",  "swap",       "win_services"};
  return names;
}

bool is_windows_object(std::string_view plugin) {
  return !plugin.empty() && plugin.front() >= 'A' && plugin.front() <= 'Z';
}

const std::vector<std::string_view>& measurements_of(std::string_view plugin) {
  using Names = std::vector<std::string_view>;
  static const std::map<std::string_view, Names> all = {
      {"cpu",
       {"time_active",   "time_guest",       "time_guest_nice", "time_idle",    "time_iowait", "time_irq",
        "time_nice",     "time_softirq",     "time_steal",      "time_system",  "time_user",   "usage_active",
        "usage_guest",   "usage_guest_nice", "usage_idle",      "usage_iowait", "usage_irq",   "usage_nice",
        "usage_softirq", "usage_steal",      "usage_system",    "usage_user"}},
      {"disk", {"free", "inodes_free", "inodes_total", "inodes_used", "total", "used", "used_percent"}},
      {"diskio",
       {"iops_in_progress", "io_time", "reads", "read_bytes", "read_time", "writes", "write_bytes",
        "write_time"}},
      {"mem",
       {"active", "available", "available_percent", "buffered", "cached", "free", "inactive", "total", "used",
        "used_percent"}},
      {"net",
       {"bytes_sent", "bytes_recv", "drop_in", "drop_out", "err_in", "err_out", "packets_sent",
        "packets_recv"}},
      {"netstat",
       {"tcp_close", "tcp_close_wait", "tcp_closing", "tcp_established", "tcp_fin_wait1", "tcp_fin_wait2",
        "tcp_last_ack", "tcp_listen", "tcp_none", "tcp_syn_sent", "tcp_syn_recv", "tcp_time_wait",
        "udp_socket"}},
      {"processes",
       {"blocked", "dead", "idle", "paging", "running", "sleeping", "stopped", "total", "total_threads",
        "wait", "zombies"}},
      {"swap", {"free", "used", "used_percent"}},
      {"procstat", procstat_measurements()}};
  static const Names none;
  const auto found = all.find(plugin);
  return found == all.end() ? none : found->second;
}

const std::vector<std::int64_t>& retention_days() {
  static const std::vector<std::int64_t> days = {-1,   1,    3,    5,    7,    14,   30,  60,
                                                 90,   120,  150,  180,  365,  400,  545, 731,
                                                 1096, 1827, 2192, 2557, 2922, 3288, 3653};
  return days;
}

} // namespace kaden::imports
