#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "alarm_reading.h"
#include "alarm_requests.h"
#include "phrases.h"

#include "kaden/imports.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/limits/configuration.h"

namespace kaden::imports {

namespace {

constexpr std::size_t rule_name_bytes_max = 128; // as the configuration's
constexpr std::size_t shown_names_max = 20;

// Reasons
constexpr Phrase no_name = {"it has no name", "名前がありません"};
constexpr Phrase is_math = {"it is about metric math, anomaly detection or a query, not about one metric",
                            "1 つのメトリクスではなく、数式・異常検出・クエリのアラームです"};
constexpr Phrase is_aws = {"metrics of {} come from AWS itself and are not sent to Kaden",
                           "{} のメトリクスは AWS 自身のもので、Kaden には送られません"};
constexpr Phrase no_dimension = {"it has no dimension that could name a machine",
                                 "マシン名になるディメンションがありません"};
constexpr Phrase is_off = {"its actions are disabled: nobody was told by it",
                           "アクションが無効で、誰にも通知されていませんでした"};
constexpr Phrase is_too_many = {"a configuration has at most {} rules", "設定に書けるルールは {} 個までです"};
constexpr Phrase is_composite = {"it is composite; a rule looks at metrics only",
                                 "複合アラームです。ルールが見るのはメトリクスだけです"};
constexpr Phrase is_log = {"it is about a query of logs", "ログのクエリのアラームです"};
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
constexpr Phrase keeps_names = {"  # names stay as they are\n", "  # 名前は変わりません\n"};
constexpr Phrase new_names = {"  # called here: {}\n", "  # ここでの名前: {}\n"};
constexpr Phrase and_more = {"{} and {} more", "{} ほか {} 件"};
constexpr Phrase left = {"# Not taken:\n", "# ルールにならなかったアラーム:\n"};
constexpr Phrase in_script = {"# No rules, but in the script of requests:\n",
                              "# ルールではなく、登録用スクリプトに書いたアラーム:\n"};
constexpr Phrase no_request = {"{}; no request either: {}", "{}。そのまま登録もできません: {}"};
constexpr Phrase is_looked_at = {"a composite alarm looks at it by its name",
                                 "複合アラームがこの名前で参照しています"};
constexpr Phrase left_hint = {
    "# {} of these can be defined on Kaden just as they are: with --requests FILE this command writes a "
    "script "
    "for it.\n",
    "# このうち {} 件は、そのまま Kaden に登録できます。--requests FILE "
    "を付けると、そのためのスクリプトを書き出します。\n"};

/// One metric alarm, read.
struct Source {
  std::string name;
  alarm::MetricId metric;
  alarm::Condition condition;
  std::string machine_dimension;
  std::string machine;
};

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
  auto condition = condition_of(object, std::nullopt, language);
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
  return {std::move(metric), source.machine_dimension,
          fmt::format("{} {} {} {} {} {} {} {} {} {} {}", alarm::statistic_text(c),
                      alarm::to_text(c.low_samples), c.period.count(), c.evaluation_periods,
                      c.datapoints_to_alarm, alarm::to_text(c.comparison), kaden::to_text(c.threshold),
                      alarm::to_text(c.missing), c.window.wall_clock, c.window.timezone, c.unit)};
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

/// The name that an alarm of this rule would have (kaden/alarm.h, Rule).
std::string alarm_name_of(const std::string& rule, const Source& source) {
  return rule + " " + source.machine;
}

/// The alarm's name without the machine's, which stands between joints; "" when it does not.
std::string name_without_machine(const Source& source) {
  const std::string& name = source.name;
  if (const std::string end = " " + source.machine; name.size() > end.size() && name.ends_with(end))
    return name.substr(0, name.size() - end.size());
  std::size_t at = name.find(source.machine);
  for (; at != std::string::npos; at = name.find(source.machine, at + 1)) {
    const std::size_t end = at + source.machine.size();
    if ((at == 0 || is_joint(name[at - 1])) && (end == name.size() || is_joint(name[end]))) break;
  }
  if (at == std::string::npos) return {};
  std::string before = name.substr(0, at);
  std::string after = name.substr(at + source.machine.size());
  while (!before.empty() && is_joint(before.back())) before.pop_back();
  after.erase(
      0, static_cast<std::size_t>(std::find_if_not(after.begin(), after.end(), is_joint) - after.begin()));
  return before + (before.empty() || after.empty() ? "" : "-") + after;
}

/// What the alarms' names agree on without their machines; of one alarm its whole name, when the machine is
/// not in it; the metric's name else.
std::string rule_name_of(const Group& group, std::set<std::string>& used) {
  const Source& first = group.sources.front();
  std::string name = name_without_machine(first);
  const bool agree = std::all_of(group.sources.begin(), group.sources.end(),
                                 [&](const Source& source) { return name_without_machine(source) == name; });
  if (name.empty() && group.sources.size() == 1) name = first.name;
  constexpr std::size_t room_for_number = 8;
  if (!agree || !fits_the_file(name, rule_name_bytes_max)) {
    name = std::string(cut_utf8(first.metric.name, rule_name_bytes_max - room_for_number));
  }
  std::string unique = name;
  for (int number = 2; !used.insert(unique).second; ++number) {
    unique =
        std::string(cut_utf8(name, rule_name_bytes_max - room_for_number)) + "-" + std::to_string(number);
  }
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

std::string listed(const std::vector<std::string>& names, Language language) {
  std::string text;
  const std::size_t shown = std::min(names.size(), shown_names_max);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + one_line(names[i]);
  return shown == names.size() ? text : say(language, and_more, text, names.size() - shown);
}

/// Which alarms the rule stands for, and what they are called as its alarms.
std::string names_comment(const Group& group, const std::string& rule, Language language) {
  std::vector<std::string> old_names, new_ones;
  for (const Source& source : group.sources) {
    old_names.push_back(source.name);
    const std::string name = alarm_name_of(rule, source);
    if (std::find(new_ones.begin(), new_ones.end(), name) == new_ones.end()) new_ones.push_back(name);
  }
  return say(language, stands_for, listed(old_names, language)) +
         (old_names == new_ones ? say(language, keeps_names)
                                : say(language, new_names, listed(new_ones, language)));
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
  std::string out = names_comment(group, name, language);
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
  if (condition.window.wall_clock) {
    out += fmt::format("    wall_clock: {}\n",
                       quoted(condition.window.timezone.empty() ? "UTC" : condition.window.timezone));
  }
  return out;
}

// The whole
// --------------------------------------------------------------------------------------------------------

/// Sorts the alarms of one file into rules, requests and what is neither.
class Importer {
 public:
  Importer(Language language, Requests requests) : language_(language), requests_(requests) {}

  Rules rules_of(const json::array& metric_alarms, const json::array& composites,
                 const json::array& log_alarms) {
    for (const json::value& one : composites) take_composite(object_of(one));
    for (const json::value& one : metric_alarms) take(object_of(one));
    write_rules();
    // In the file metric alarms stand before composite ones; so they do in the comments.
    for (LeftOut& one : left_composites_) leave_out(std::move(one));
    for (const json::value& one : log_alarms) {
      const Reason why = say(language_, is_log);
      leave_out({text_of(object_of(one), "AlarmName"), why, tl::unexpected(why)});
    }
    write_end();
    if (requests_ != Requests::none) rules_.script = script_of(scripted_, lost_, language_);
    rules_.requests = scripted_.size();
    return std::move(rules_);
  }

 private:
  /// An alarm that became no rule.
  struct LeftOut {
    std::string name;
    Reason why;
    tl::expected<AlarmRequest, Reason> request;
  };

  static const json::object& object_of(const json::value& value) {
    static const json::object nothing;
    return value.is_object() ? value.get_object() : nothing;
  }

  void take_composite(const json::object& object) {
    auto request = composite_request_of(object, language_);
    if (request) looked_at_.insert(request->children.begin(), request->children.end());
    left_composites_.push_back(
        {text_of(object, "AlarmName"), say(language_, is_composite), std::move(request)});
  }

  void take(const json::object& object) {
    const std::string name = text_of(object, "AlarmName");
    auto source = source_of(object, language_);
    auto request = metric_request_of(object, language_);
    const bool is_needed = requests_ == Requests::rest && request && looked_at_.contains(name);
    if (source && !is_needed && requests_ != Requests::all) {
      sources_.push_back(std::move(*source));
      if (request) requests_by_name_.emplace(name, std::move(*request));
    } else {
      leave_out({name, source ? say(language_, is_looked_at) : source.error(), std::move(request)});
    }
  }

  void leave_out(LeftOut one) {
    ++rules_.left_out;
    const auto line = [&](const Reason& why) {
      return fmt::format("# - {}: {}\n", one_line(one.name.empty() ? "?" : one.name), why);
    };
    if (one.request && requests_ != Requests::none) {
      in_script_ += line(one.why);
      scripted_.push_back(std::move(*one.request));
    } else if (one.request) {
      ++possible_;
      not_taken_ += line(one.why);
    } else {
      const bool is_same = one.why == one.request.error();
      not_taken_ += line(is_same ? one.why : say(language_, no_request, one.why, one.request.error()));
      lost_.push_back({one.name, one.request.error()});
    }
  }

  void write_rules() {
    std::set<std::string> used;
    for (const Group& group : groups_of(std::move(sources_))) {
      if (rules_.rules == limits::rules_max) {
        for (const Source& source : group.sources) leave_out(too_many(source.name));
        continue;
      }
      body_ += rule_text(group, rule_name_of(group, used), language_);
      ++rules_.rules;
      rules_.taken += group.sources.size();
    }
  }

  LeftOut too_many(const std::string& name) {
    const Reason why = say(language_, is_too_many, limits::rules_max);
    const auto found = requests_by_name_.find(name);
    if (found == requests_by_name_.end()) return {name, why, tl::unexpected(why)};
    return {name, why, found->second};
  }

  void write_end() {
    if (requests_ == Requests::all) return;
    rules_.yaml =
        say(language_, heading, rules_.taken + rules_.left_out, rules_.taken, rules_.rules, rules_.left_out);
    rules_.yaml += body_.empty() ? "alarms: []\n" : "alarms:\n" + body_;
    if (!in_script_.empty()) rules_.yaml += say(language_, in_script) + in_script_;
    if (!not_taken_.empty()) rules_.yaml += say(language_, left) + not_taken_;
    if (possible_ != 0) rules_.yaml += say(language_, left_hint, possible_);
  }

  // Config
  const Language language_;
  const Requests requests_;
  // State
  std::set<std::string> looked_at_; ///< by composite alarms
  std::vector<LeftOut> left_composites_;
  std::vector<Source> sources_;
  std::map<std::string, AlarmRequest> requests_by_name_; ///< of these
  std::vector<AlarmRequest> scripted_;
  std::vector<Lost> lost_;
  std::string body_, in_script_, not_taken_;
  std::size_t possible_ = 0; ///< left out, and could be requests
  Rules rules_;
};

} // namespace

Result<Rules> rules_of_cloudwatch_alarms(std::string_view text, Language language, Requests requests) {
  const auto value = parse_json(text);
  if (!value) return fail_while("reading the alarms", value.error());
  const auto* object = value->if_object();
  const json::array* metric_alarms = object == nullptr ? nullptr : list_of(*object, "MetricAlarms");
  if (metric_alarms == nullptr) {
    return fail(Fault::invalid,
                "reading the alarms: there is no list MetricAlarms; give what "
                "`aws cloudwatch describe-alarms --output json` prints");
  }
  const auto list = [&](std::string_view name) {
    const json::array* found = list_of(*object, name);
    return found == nullptr ? json::array() : *found;
  };
  return Importer(language, requests).rules_of(*metric_alarms, list("CompositeAlarms"), list("LogAlarms"));
}

} // namespace kaden::imports
