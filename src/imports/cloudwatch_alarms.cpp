#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "kaden/alarm.h"
#include "kaden/imports.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/limits/configuration.h"
#include "phrases.h"

namespace kaden::imports {

namespace {

constexpr std::size_t rule_name_bytes_max = 128; // as the configuration's
constexpr std::size_t shown_names_max = 20;

// Reasons
constexpr Phrase no_name = {"it has no name", "名前がありません"};
constexpr Phrase is_math = {"it is about metric math, anomaly detection or a query, not about one metric",
                            "1 つのメトリクスではなく、数式・異常検出・クエリのアラームです"};
constexpr Phrase is_statistic = {"its statistic is {}", "統計が {} です"};
constexpr Phrase is_comparison = {"its comparison is {}", "比較方法が {} です"};
constexpr Phrase is_aws = {"metrics of {} come from AWS itself and are not sent to Kaden",
                           "{} のメトリクスは AWS 自身のもので、Kaden には送られません"};
constexpr Phrase no_dimension = {"it has no dimension that could name a machine",
                                 "マシン名になるディメンションがありません"};
constexpr Phrase is_off = {"its actions are disabled: nobody was told by it",
                           "アクションが無効で、誰にも通知されていませんでした"};
constexpr Phrase is_wrong = {"{}", "{}"};
constexpr Phrase is_too_many = {"a configuration has at most {} rules", "設定に書けるルールは {} 個までです"};
constexpr Phrase is_composite = {"it is composite; Kaden groups alarms by routes (group_by)",
                                 "複合アラームです。Kaden ではルート (group_by) でまとめます"};
// Comments
constexpr Phrase heading = {
    "# From {} CloudWatch alarms: {} became {} rules, {} could not (see the end).\n"
    "# A rule is about every metric that has at least its dimensions; CloudWatch wants exactly those of the "
    "alarm.\n"
    "# Severity is critical unless changed here; who is called is decided by routes, not by the alarm's SNS "
    "topics.\n",
    "# CloudWatch アラーム {} 件: {} 件が {} 個のルールになり、{} 件はなりませんでした (末尾を参照)。\n"
    "# ルールは、書かれたディメンションを少なくとも持つすべてのメトリクスが対象です。CloudWatch "
    "では完全に一致するものだけです。\n"
    "# 重大度は、ここで変えなければ critical です。誰に電話するかは SNS "
    "トピックではなくルートで決まります。\n"};
constexpr Phrase all_machines = {
    "  # Every machine whose metric arrives, new ones as well. To keep it to some: where: {{{}: "
    "\"web-*\"}}\n",
    "  # メトリクスが届くすべてのマシンが対象です (新しいマシンも)。絞るには: where: {{{}: \"web-*\"}}\n"};
constexpr Phrase stands_for = {"  # stands for {}\n", "  # 元のアラーム: {}\n"};
constexpr Phrase and_more = {"{} and {} more", "{} ほか {} 件"};
constexpr Phrase left = {"# Not taken:\n", "# ルールにならなかったアラーム:\n"};
constexpr Phrase left_hint = {
    "# What Kaden's rules cannot say can be put as it is: aws cloudwatch put-metric-alarm --endpoint-url "
    "KADEN\n",
    "# ルールで書けないものは、そのまま登録できます: aws cloudwatch put-metric-alarm --endpoint-url KADEN\n"};

/// One metric alarm, read.
struct Source {
  std::string name;
  alarm::MetricId metric;
  alarm::Condition condition;
  std::string machine_dimension;
  std::string machine;
};

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(std::string_view(*text));
}

std::optional<double> number_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  json::error_code error;
  const auto number = value->to_number<double>(error);
  return error ? std::nullopt : std::optional<double>(number);
}

/// Whole numbers only: what is not becomes 0 and is refused by the check of the condition.
std::int64_t whole_of(const json::object& object, std::string_view name, std::int64_t fallback) {
  constexpr double most = 1e9;
  const auto number = number_of(object, name);
  if (!number) return fallback;
  const bool is_whole =
      *number >= 0 && *number <= most && *number == static_cast<double>(static_cast<std::int64_t>(*number));
  return is_whole ? static_cast<std::int64_t>(*number) : 0;
}

bool is_filled(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return false;
  if (value->is_array()) return !value->get_array().empty();
  return !value->is_string() || !value->get_string().empty();
}

/// Null when one of them is not a pair of texts, or has control characters, which a configuration may not
/// hold.
std::optional<alarm::Dimensions> dimensions_of(const json::object& object) {
  alarm::Dimensions dimensions;
  const auto* value = object.if_contains("Dimensions");
  if (value == nullptr) return dimensions;
  if (!value->is_array()) return std::nullopt;
  for (const json::value& one : value->get_array()) {
    if (!one.is_object()) return std::nullopt;
    const std::string name = text_of(one.get_object(), "Name");
    const std::string text = text_of(one.get_object(), "Value");
    if (name.empty() || text.empty()) return std::nullopt;
    dimensions.emplace(name, text);
  }
  return dimensions;
}

constexpr std::size_t word_bytes_max = 255; // of the configuration's names

bool fits_the_file(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

using Reason = std::string;

/// A condition, or why a rule cannot have it.
tl::expected<alarm::Condition, Reason> condition_of(const json::object& object, Language language) {
  alarm::Condition condition;
  const std::string extended = text_of(object, "ExtendedStatistic");
  const std::string statistic = extended.empty() ? text_of(object, "Statistic") : extended;
  const auto known = alarm::parse_any_statistic(statistic);
  if (!known) return tl::unexpected(say(language, is_statistic, one_line(statistic)));
  const std::string comparison = text_of(object, "ComparisonOperator");
  const auto compares = alarm::parse_comparison(comparison);
  if (!compares) return tl::unexpected(say(language, is_comparison, one_line(comparison)));
  const auto threshold = number_of(object, "Threshold");
  if (!threshold) return tl::unexpected(say(language, is_math));
  condition.statistic = known->simple;
  condition.extended = known->extended;
  condition.low_samples = alarm::parse_low_samples(text_of(object, "EvaluateLowSampleCountPercentile"))
                              .value_or(alarm::LowSamples::evaluate);
  condition.comparison = *compares;
  condition.threshold = *threshold;
  constexpr std::int64_t points_max = 60'480; // of 10 s in a week, CloudWatch's longest evaluation
  condition.period = seconds(std::min<std::int64_t>(whole_of(object, "Period", 0), 604'800));
  condition.evaluation_periods =
      static_cast<int>(std::min(whole_of(object, "EvaluationPeriods", 0), points_max));
  condition.datapoints_to_alarm = static_cast<int>(
      std::min(whole_of(object, "DatapointsToAlarm", condition.evaluation_periods), points_max));
  condition.missing =
      alarm::parse_missing_data(text_of(object, "TreatMissingData")).value_or(alarm::MissingData::missing);
  condition.unit = text_of(object, "Unit");
  if (!condition.unit.empty() && !fits_the_file(condition.unit, word_bytes_max)) {
    return tl::unexpected(say(language, is_wrong, "Unit"));
  }
  if (const auto sound = alarm::check(condition); !sound) {
    return tl::unexpected(say(language, is_wrong, one_line(sound.error().message)));
  }
  return condition;
}

/// The alarm, or why it cannot be a rule.
tl::expected<Source, Reason> source_of(const json::object& object, Language language) {
  Source source;
  source.name = text_of(object, "AlarmName");
  if (source.name.empty()) return tl::unexpected(say(language, no_name));
  for (const char* member : {"Metrics", "ThresholdMetricId", "EvaluationCriteria"}) {
    if (is_filled(object, member)) return tl::unexpected(say(language, is_math));
  }
  source.metric.name_space = text_of(object, "Namespace");
  source.metric.name = text_of(object, "MetricName");
  if (!fits_the_file(source.metric.name_space, word_bytes_max) || source.metric.name_space.front() == ':' ||
      !fits_the_file(source.metric.name, word_bytes_max)) {
    return tl::unexpected(say(language, is_math));
  }
  if (source.metric.name_space.starts_with("AWS/")) {
    return tl::unexpected(say(language, is_aws, one_line(source.metric.name_space)));
  }
  if (const auto* enabled = object.if_contains("ActionsEnabled")) {
    if (enabled->is_bool() && !enabled->get_bool()) return tl::unexpected(say(language, is_off));
  }
  auto dimensions = dimensions_of(object);
  const auto fits = [](const auto& one) {
    return fits_the_file(one.first, word_bytes_max) && fits_the_file(one.second, limits::label_bytes_max);
  };
  if (!dimensions || dimensions->empty() || !std::all_of(dimensions->begin(), dimensions->end(), fits)) {
    return tl::unexpected(say(language, no_dimension));
  }
  auto condition = condition_of(object, language);
  if (!condition) return tl::unexpected(condition.error());
  source.condition = std::move(*condition);
  source.metric.dimensions = std::move(*dimensions);
  source.machine_dimension = source.metric.dimensions.begin()->first;
  for (const char* name : {"host", "InstanceId", "VMName"}) {
    if (!source.metric.dimensions.contains(name)) continue;
    source.machine_dimension = name;
    break;
  }
  source.machine = source.metric.dimensions.at(source.machine_dimension);
  return source;
}

// Groups
// --------------------------------------------------------------------------------------------------------

using GroupKey = std::tuple<alarm::MetricId, std::string, std::string>;

GroupKey key_of(const Source& source) {
  alarm::MetricId metric = source.metric;
  metric.dimensions.erase(source.machine_dimension);
  const alarm::Condition& c = source.condition;
  return {
      std::move(metric), source.machine_dimension,
      fmt::format("{} {} {} {} {} {} {} {} {}", alarm::statistic_text(c), alarm::to_text(c.low_samples),
                  c.period.count(), c.evaluation_periods, c.datapoints_to_alarm, alarm::to_text(c.comparison),
                  kaden::to_text(c.threshold), alarm::to_text(c.missing), c.unit)};
}

struct Group {
  std::vector<Source> sources; ///< in the order of the file
  std::set<std::string> machines;
};

/// In the order in which each group's first alarm stands in the file.
std::vector<Group> groups_of(std::vector<Source> sources) {
  std::map<GroupKey, std::size_t> places;
  std::vector<Group> groups;
  for (Source& source : sources) {
    const auto [place, is_new] = places.try_emplace(key_of(source), groups.size());
    if (is_new) groups.emplace_back();
    Group& group = groups[place->second];
    group.machines.insert(source.machine);
    group.sources.push_back(std::move(source));
  }
  return groups;
}

bool is_joint(char c) {
  return c == '-' || c == '_' || c == ' ' || c == '.' || c == '/' || c == ':';
}

/// The alarm's name without the machine's; "" when the machine is not in it.
std::string name_without_machine(const Source& source) {
  const std::size_t at = source.name.find(source.machine);
  if (at == std::string::npos) return {};
  std::string before = source.name.substr(0, at);
  std::string after = source.name.substr(at + source.machine.size());
  while (!before.empty() && is_joint(before.back())) before.pop_back();
  after.erase(
      0, static_cast<std::size_t>(std::find_if_not(after.begin(), after.end(), is_joint) - after.begin()));
  return before + (before.empty() || after.empty() ? "" : "-") + after;
}

std::string rule_name_of(const Group& group, std::set<std::string>& used) {
  std::string name = name_without_machine(group.sources.front());
  const bool agree = std::all_of(group.sources.begin(), group.sources.end(),
                                 [&](const Source& source) { return name_without_machine(source) == name; });
  if (!agree || !fits_the_file(name, rule_name_bytes_max)) name = group.sources.front().metric.name;
  constexpr std::size_t room_for_number = 8;
  name = std::string(cut_utf8(name, rule_name_bytes_max - room_for_number));
  std::string unique = name;
  for (int number = 2; !used.insert(unique).second; ++number) unique = name + "-" + std::to_string(number);
  return unique;
}

// Writing
// -------------------------------------------------------------------------------------------------------

/// In double quotes, where YAML reads the same escapes as JSON.
std::string quoted(std::string_view text) {
  return kaden::to_text(json::value(json::string(text)));
}

std::string_view sign_of(alarm::Comparison comparison) {
  switch (comparison) {
    case alarm::Comparison::greater_or_equal:
      return ">=";
    case alarm::Comparison::greater:
      return ">";
    case alarm::Comparison::less:
      return "<";
    case alarm::Comparison::less_or_equal:
      return "<=";
  }
  return ">";
}

std::string names_of(const Group& group, Language language) {
  std::string names;
  const std::size_t shown = std::min(group.sources.size(), shown_names_max);
  for (std::size_t i = 0; i < shown; ++i) names += (i == 0 ? "" : ", ") + one_line(group.sources[i].name);
  return shown == group.sources.size() ? names : say(language, and_more, names, group.sources.size() - shown);
}

/// A pattern that only this text matches.
std::string as_pattern(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') ||
                          std::string_view(" _-/:,=").find(c) != std::string_view::npos;
    if (!is_plain) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

/// Extended ones may hold signs that mean something to YAML: TM(2%:98%).
std::string statistic_of(const alarm::Condition& condition) {
  return condition.extended ? quoted(condition.extended->text)
                            : std::string(alarm::to_text(condition.statistic));
}

std::string rule_text(const Group& group, const std::string& name, Language language) {
  const Source& first = group.sources.front();
  const alarm::Condition& condition = first.condition;
  const bool is_for_all = group.machines.size() > 1;
  std::string out = say(language, stands_for, names_of(group, language));
  if (is_for_all) out += say(language, all_machines, one_line(first.machine_dimension));
  out += fmt::format("  - name: {}\n", quoted(name));
  if (first.metric.name_space != "CWAgent")
    out += fmt::format("    namespace: {}\n", quoted(first.metric.name_space));
  out += fmt::format("    metric: {}\n    for_each: [{}]\n", quoted(first.metric.name),
                     quoted(first.machine_dimension));
  std::string where, where_regex;
  for (const auto& [dimension, value] : first.metric.dimensions) {
    if (is_for_all && dimension == first.machine_dimension) continue;
    const bool is_glob = value.find_first_of("*?") != std::string::npos;
    std::string& into = is_glob ? where_regex : where;
    into += fmt::format("{}{}: {}", into.empty() ? "" : ", ", quoted(dimension),
                        quoted(is_glob ? as_pattern(value) : value));
  }
  if (!where.empty()) out += fmt::format("    where: {{{}}}\n", where);
  if (!where_regex.empty()) out += fmt::format("    where_regex: {{{}}}\n", where_regex);
  out += fmt::format("    statistic: {}\n    period_s: {}\n    datapoints: {}\n    of: {}\n",
                     statistic_of(condition), condition.period.count() / 1'000, condition.datapoints_to_alarm,
                     condition.evaluation_periods);
  if (condition.low_samples != alarm::LowSamples::evaluate)
    out += fmt::format("    low_samples: {}\n", alarm::to_text(condition.low_samples));
  out += fmt::format("    when: \"{} {}\"\n    missing: {}\n", sign_of(condition.comparison),
                     kaden::to_text(condition.threshold), alarm::to_text(condition.missing));
  if (!condition.unit.empty()) out += fmt::format("    unit: {}\n", quoted(condition.unit));
  return out;
}

const json::array* list_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

} // namespace

Result<Rules> rules_of_cloudwatch_alarms(std::string_view text, Language language) {
  const auto value = parse_json(text);
  if (!value) return fail_while("reading the alarms", value.error());
  const auto* object = value->if_object();
  const json::array* metric_alarms = object == nullptr ? nullptr : list_of(*object, "MetricAlarms");
  if (metric_alarms == nullptr) {
    return fail(Fault::invalid,
                "reading the alarms: there is no list MetricAlarms; give what "
                "`aws cloudwatch describe-alarms --output json` prints");
  }
  std::vector<Source> sources;
  std::string not_taken;
  Rules rules;
  const auto leave_out = [&](const std::string& name, const std::string& why) {
    not_taken += fmt::format("# - {}: {}\n", one_line(name.empty() ? "?" : name), why);
    ++rules.left_out;
  };
  const auto name_of = [](const json::value& one) {
    return one.is_object() ? text_of(one.get_object(), "AlarmName") : std::string();
  };
  for (const json::value& one : *metric_alarms) {
    static const json::object nothing;
    auto source = source_of(one.is_object() ? one.get_object() : nothing, language);
    if (source) {
      sources.push_back(std::move(*source));
    } else {
      leave_out(name_of(one), source.error());
    }
  }
  if (const auto* composites = list_of(*object, "CompositeAlarms")) {
    for (const json::value& one : *composites) leave_out(name_of(one), say(language, is_composite));
  }
  std::string body;
  std::set<std::string> used;
  for (const Group& group : groups_of(std::move(sources))) {
    if (rules.rules == limits::rules_max) {
      for (const Source& source : group.sources) {
        leave_out(source.name, say(language, is_too_many, limits::rules_max));
      }
      continue;
    }
    body += rule_text(group, rule_name_of(group, used), language);
    ++rules.rules;
    rules.taken += group.sources.size();
  }
  rules.yaml = say(language, heading, rules.taken + rules.left_out, rules.taken, rules.rules, rules.left_out);
  rules.yaml += body.empty() ? "alarms: []\n" : "alarms:\n" + body;
  if (!not_taken.empty()) rules.yaml += say(language, left) + not_taken + say(language, left_hint);
  return rules;
}

} // namespace kaden::imports
