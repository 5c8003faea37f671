#include "agent_parts.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>

namespace kaden::imports {

namespace {

// Places
// -----------------------------------------------------------------------------------------------------

/// The line of each member and item of a JSON text that is known to be one.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) { value(""); }
  std::size_t line_of(const std::string& path) const {
    const auto found = lines_.find(path);
    return found == lines_.end() ? 1 : found->second;
  }

 private:
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void blanks() {
    for (; at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos;
         ++at_)
      line_ += text_[at_] == '\n' ? 1U : 0U;
  }
  /// With its quotes.
  std::string_view quoted() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2U : 1U;
    at_ = std::min(at_ + 1, text_.size());
    return text_.substr(begin, at_ - begin);
  }
  static std::string name_of(std::string_view quoted) {
    const auto value = parse_json(quoted);
    const auto* name = value ? value->if_string() : nullptr;
    return name == nullptr ? std::string() : std::string(std::string_view(*name));
  }
  void value(const std::string& path) {
    blanks();
    lines_.emplace(path, line_);
    if (next() == '{') {
      entries(path, '}');
    } else if (next() == '[') {
      entries(path, ']');
    } else if (next() == '"') {
      quoted();
    } else {
      at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    }
  }
  void entries(const std::string& path, char end) {
    ++at_;
    blanks();
    for (std::size_t index = 0; at_ < text_.size() && next() != end; ++index) {
      std::string entry = path + "[" + std::to_string(index) + "]";
      if (end == '}') {
        entry = path + (path.empty() ? "" : ".") + name_of(quoted());
        lines_.emplace(entry, line_);
        blanks();
        ++at_; // the colon
      }
      value(entry);
      blanks();
      if (next() == ',') ++at_;
      blanks();
    }
    ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::map<std::string, std::size_t> lines_;
};

// Parts
// ------------------------------------------------------------------------------------------------------

struct Shape {
  std::string_view path;
  std::vector<std::string_view> keys;
};

const std::vector<Shape>& shapes() {
  static const std::vector<std::string_view> basic = {"metrics_collection_interval", "append_dimensions",
                                                      "measurement", "drop_original_metrics", "resources"};
  static const auto with = [](std::vector<std::string_view> more) {
    more.insert(more.end(), basic.begin(), basic.end());
    return more;
  };
  static const std::vector<Shape> all = {
      {"", {"agent", "metrics", "logs", "traces", "opentelemetry", "csm"}},
      {"agent",
       {"metrics_collection_interval", "logfile", "region", "debug", "quiet", "aws_sdk_log_level",
        "credentials", "omit_hostname", "run_as_user", "user_agent", "internal", "service.name",
        "deployment.environment"}},
      {"metrics",
       {"namespace", "aggregation_dimensions", "append_dimensions", "metrics_destinations",
        "metrics_collected", "force_flush_interval", "credentials", "endpoint_override", "service.name",
        "deployment.environment"}},
      {"metrics.metrics_destinations", {"cloudwatch", "amp"}},
      {"metrics.metrics_collected.cpu", with({"totalcpu"})},
      {"metrics.metrics_collected.disk", with({"ignore_file_system_types", "drop_device"})},
      {"metrics.metrics_collected.diskio", with({})},
      {"metrics.metrics_collected.mem", with({})},
      {"metrics.metrics_collected.net", with({})},
      {"metrics.metrics_collected.netstat", with({})},
      {"metrics.metrics_collected.processes", with({})},
      {"metrics.metrics_collected.swap", with({})},
      {"metrics.metrics_collected.statsd",
       {"allowed_pending_messages", "service_address", "metrics_collection_interval",
        "metrics_aggregation_interval", "metric_separator", "drop_original_metrics", "service.name",
        "deployment.environment"}},
      {"metrics.metrics_collected.collectd",
       {"service_address", "name_prefix", "collectd_auth_file", "collectd_security_level", "collectd_typesdb",
        "metrics_aggregation_interval", "drop_original_metrics", "service.name", "deployment.environment",
        "append_dimensions"}},
      {"metrics.metrics_collected.ethtool",
       {"interface_include", "interface_exclude", "metrics_include", "append_dimensions",
        "drop_original_metrics"}},
      {"logs",
       {"logs_collected", "metrics_collected", "log_stream_name", "force_flush_interval", "credentials",
        "endpoint_override", "service.name", "deployment.environment", "concurrency"}},
      {"logs.logs_collected", {"files", "windows_events", "application_signals"}},
      {"logs.metrics_collected",
       {"emf", "app_signals", "application_signals", "ecs", "kubernetes", "prometheus", "otlp"}},
      {"logs.logs_collected.files", {"collect_list"}},
      {"logs.logs_collected.files.collect_list[]",
       {"file_path", "log_group_name", "log_stream_name", "log_group_class", "multi_line_start_pattern",
        "timestamp_format", "timezone", "trim_timestamp", "encoding", "auto_removal", "backpressure_mode",
        "blacklist", "publish_multi_logs", "retention_in_days", "filters", "service.name",
        "deployment.environment"}},
      {"logs.logs_collected.windows_events", {"collect_list"}},
      {"logs.logs_collected.windows_events.collect_list[]",
       {"event_name", "event_levels", "event_ids", "filters", "log_stream_name", "log_group_name",
        "log_group_class", "retention_in_days", "event_format"}},
  };
  return all;
}

constexpr std::string_view collected = "metrics.metrics_collected";
constexpr std::array<std::string_view, 18> plugins = {
    "collectd", "cpu",       "disk",     "diskio",  "efa",        "statsd",     "swap", "mem",  "net",
    "netstat",  "processes", "procstat", "ethtool", "nvidia_gpu", "nvidia_smi", "jmx",  "otlp", "prometheus"};

struct Unsupported {
  std::string_view path;
  PartTrouble trouble;
};
constexpr std::array<Unsupported, 6> unsupported = {
    {{"traces", PartTrouble::traces},
     {"opentelemetry", PartTrouble::traces},
     {"logs.logs_collected.application_signals", PartTrouble::traces},
     {"logs.metrics_collected", PartTrouble::embedded},
     {"metrics.metrics_destinations.amp", PartTrouble::amp},
     {"metrics.metrics_collected.prometheus", PartTrouble::amp}}};

bool contains(const auto& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

/// Performance objects of Windows may have any name; they begin with a capital letter.
bool is_plugin(std::string_view name) {
  return contains(plugins, name) || (!name.empty() && name.front() >= 'A' && name.front() <= 'Z');
}

class Walk {
 public:
  std::vector<OddPart> found;

  /// `shape` is `path` with every index as [].
  void look(const json::value& value, const std::string& path, const std::string& shape) {
    if (const auto* list = value.if_array()) {
      for (std::size_t i = 0; i < list->size(); ++i)
        look((*list)[i], path + "[" + std::to_string(i) + "]", shape + "[]");
      return;
    }
    const auto* object = value.if_object();
    if (object == nullptr) return;
    const auto known =
        std::find_if(shapes().begin(), shapes().end(), [&](const Shape& one) { return one.path == shape; });
    const auto dot = path.empty() ? "" : ".";
    for (const auto& entry : *object) {
      const std::string name(entry.key());
      const bool is_known =
          shape == collected ? is_plugin(name) : known == shapes().end() || contains(known->keys, name);
      look_at_member(entry.value(), path + dot + name, shape + dot + name, is_known);
    }
  }

 private:
  void look_at_member(const json::value& value, const std::string& path, const std::string& shape,
                      bool is_known) {
    if (!is_known) {
      found.push_back({path, PartTrouble::unknown, 0});
      return;
    }
    const auto odd = std::find_if(unsupported.begin(), unsupported.end(),
                                  [&](const Unsupported& one) { return one.path == shape; });
    if (odd != unsupported.end()) found.push_back({path, odd->trouble, 0});
    look(value, path, shape);
  }
};

} // namespace

std::vector<OddPart> odd_parts(std::string_view text, const json::object& top) {
  Walk walk;
  walk.look(json::value(top), "", "");
  if (walk.found.empty()) return {};
  const Places places(text);
  for (OddPart& part : walk.found) part.line = places.line_of(part.path);
  std::stable_sort(walk.found.begin(), walk.found.end(),
                   [](const OddPart& a, const OddPart& b) { return a.line < b.line; });
  return std::move(walk.found);
}

} // namespace kaden::imports
