#include <fmt/format.h>

#include "kaden/limits/logs.h"
#include "kaden/log_names.h"
#include "sections.h"

namespace kaden::config {
namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t days_max = 3'653; // the longest retention of CloudWatch Logs
constexpr std::size_t word_bytes_max = 4 * limits::log_metric_name_characters_max;
constexpr std::size_t name_bytes_max = 4 * limits::log_name_characters_max;
constexpr std::size_t pattern_bytes_max = 4 * limits::filter_pattern_characters_max;

void read_default(Section& section, logfilter::MetricTransformation& transformation) {
  const auto word = section.word("default", word_bytes_max);
  if (!word) return;
  transformation.default_value = parse_real(word->text);
  if (!transformation.default_value) {
    section.mistake_at(word->at, "default", fmt::format("\"{}\" is not a number", word->text));
  }
}

/// The key of this file for the parameter that CloudWatch's message begins with.
std::string_view key_of(std::string_view message) {
  const std::string_view name = message.substr(0, message.find(':'));
  if (name == "metricName") return "metric";
  if (name == "metricNamespace") return "namespace";
  if (name == "metricValue") return "value";
  if (name == "defaultValue") return "default";
  if (name == "dimensions" || name == "unit") return name;
  return "";
}

MetricFilter read_filter(Section& section) {
  MetricFilter filter;
  if (section.wants("name")) filter.name = section.text("name", name_bytes_max);
  if (!filter.name.empty() && !logfilter::is_name(filter.name)) {
    section.mistake("name", "1 to 512 characters, none of them ':' or '*'");
  }
  if (section.wants("group")) filter.group = section.text("group", name_bytes_max);
  if (!filter.group.empty() && !logfilter::is_group_name(filter.group)) {
    section.mistake("group", "1 to 512 letters, digits, '.', '-', '_', '/' and '#'");
  }
  if (section.wants("pattern")) filter.pattern = section.text_or_empty("pattern", pattern_bytes_max, "");
  auto& transformation = filter.transformation;
  if (section.wants("namespace")) transformation.name_space = section.text("namespace", word_bytes_max);
  if (section.wants("metric")) transformation.name = section.text("metric", word_bytes_max);
  transformation.value = section.text("value", word_bytes_max, "1");
  transformation.unit = section.text("unit", word_bytes_max, "None");
  transformation.dimensions = section.text_map("dimensions", limits::log_dimensions_max, word_bytes_max);
  read_default(section, transformation);
  auto pattern = logfilter::Pattern::parse(filter.pattern);
  if (!pattern) {
    section.mistake("pattern", pattern.error().message);
    return filter;
  }
  if (transformation.name.empty() || transformation.name_space.empty()) return filter; // said already
  if (const auto made = logfilter::MetricFilter::make(std::move(*pattern), transformation); !made) {
    const std::string_view key = key_of(made.error().message);
    section.mistake(section.has(key) ? key : "", made.error().message);
  }
  return filter;
}

} // namespace

StoredLogs read_stored_logs(Section& store) {
  StoredLogs logs;
  auto section = store.section("logs", "store.logs");
  if (!section) return logs;
  constexpr std::uint64_t mib = 1U << 20;
  constexpr std::int64_t mib_max = 1 << 20; // a tebibyte
  logs.keep = seconds(section->integer("keep_days", 0, days_max, logs.keep / seconds(day_s)) * day_s);
  const std::int64_t most = section->integer("most_mib", limits::log_bytes_min / mib, mib_max,
                                             static_cast<std::int64_t>(logs.bytes_max / mib));
  logs.bytes_max = static_cast<std::uint64_t>(most) * mib;
  return logs;
}

std::vector<MetricFilter> read_metric_filters(Section& top) {
  std::vector<MetricFilter> filters;
  std::set<std::string> seen;
  std::map<std::string, std::size_t> counts;
  std::map<std::string, std::size_t> regexes;
  constexpr std::size_t count_max = limits::log_groups_max * limits::metric_filters_per_group_max;
  for (Section& section : top.sections("metric_filters", count_max, "metric_filters[]")) {
    MetricFilter filter = read_filter(section);
    const std::string key = filter.group + ":" + filter.name;
    if (!filter.name.empty() && !seen.insert(key).second) {
      section.mistake("name", fmt::format("another metric filter of {} is called \"{}\" already",
                                          filter.group, filter.name));
    }
    if (++counts[filter.group] > limits::metric_filters_per_group_max) {
      section.mistake("group", fmt::format("{} has more than {} metric filters", filter.group,
                                           limits::metric_filters_per_group_max));
    }
    if (const auto pattern = logfilter::Pattern::parse(filter.pattern)) {
      regexes[filter.group] += pattern->regexes();
      if (pattern->regexes() > 0 && regexes[filter.group] > limits::regexes_per_group_max) {
        section.mistake("pattern",
                        fmt::format("the metric filters of {} have more than {} regular expressions",
                                    filter.group, limits::regexes_per_group_max));
      }
    }
    filters.push_back(std::move(filter));
  }
  return filters;
}

} // namespace kaden::config
