#include "alarm_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <utility>

#include "phrases.h"

#include "kaden/alarm_book.h"
#include "kaden/composite_rule.h"
#include "kaden/utf8.h"

namespace kaden::imports {

namespace {

constexpr std::size_t value_bytes_max = 1'024;      // CloudWatch's own, of a dimension
constexpr std::size_t name_characters_max = 255;    // CloudWatch's own, of an alarm
constexpr std::size_t utf8_bytes_max = 4;           // of a character
constexpr std::size_t argument_bytes_max = 131'071; // MAX_ARG_STRLEN of Linux, without its NUL

// Reasons
constexpr Phrase is_nameless = {"its name is empty or longer than {} characters",
                                "名前が空か、{} 文字を超えています"};
constexpr Phrase is_promql = {"it is a PromQL query", "PromQL のアラームです"};
constexpr Phrase is_anomaly = {"it is about anomaly detection", "異常検出のアラームです"};
constexpr Phrase is_insights = {"it is a Metrics Insights query", "Metrics Insights クエリのアラームです"};
constexpr Phrase is_elsewhere = {"it looks at metrics of another account: {}",
                                 "ほかのアカウント ({}) のメトリクスを見ています"};
constexpr Phrase is_wrong_metric = {"its metric is not one that can be sent to Kaden",
                                    "Kaden に送れるメトリクスではありません"};
constexpr Phrase is_long = {"it is longer than a command line may be ({} bytes)",
                            "コマンドラインに書ける長さ ({} バイト) を超えています"};
constexpr Phrase lacks_period = {"ActionsSuppressor and its two periods must be there together",
                                 "ActionsSuppressor と 2 つの Period はそろっていなければなりません"};
// The script
constexpr Phrase heading = {
    "#!/bin/sh\n"
    "# {} CloudWatch alarms, which this script defines on Kaden just as they are, names included. Run it "
    "with\n"
    "#   KADEN_URL=https://10.0.0.2:8480 and, for the aws CLI, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID and\n"
    "#   AWS_SECRET_ACCESS_KEY: one pair of `access_keys` of Kaden that may define alarms.\n"
    "# It may be run again: an alarm that is there is defined anew and keeps its state.\n"
    ": \"${{KADEN_URL:?must be where Kaden listens, https://10.0.0.2:8480}}\"\n"
    "failed=0\n",
    "#!/bin/sh\n"
    "# CloudWatch アラーム {} 件を、名前も含めてそのまま Kaden に登録するスクリプトです。実行に必要なもの:\n"
    "#   KADEN_URL=https://10.0.0.2:8480 と、aws CLI のための AWS_DEFAULT_REGION、AWS_ACCESS_KEY_ID、\n"
    "#   AWS_SECRET_ACCESS_KEY (Kaden の `access_keys` のうち、アラームを登録できる 1 組)。\n"
    "# 何度実行してもかまいません。すでにあるアラームは上書きされ、状態は変わりません。\n"
    ": \"${{KADEN_URL:?に Kaden の URL を入れてください (https://10.0.0.2:8480)}}\"\n"
    "failed=0\n"};
constexpr Phrase footer = {
    "\nif [ \"$failed\" -ne 0 ]; then\n  echo \"$failed of {} alarms were refused\" >&2\n  exit 1\nfi\n",
    "\nif [ \"$failed\" -ne 0 ]; then\n  echo \"{} 件のうち $failed 件が拒否されました\" >&2\n  exit "
    "1\nfi\n"};
constexpr Phrase not_here = {"# looks at alarms that are not in this script: {}\n",
                             "# このスクリプトにないアラームを見ています: {}\n"};
constexpr Phrase wants_new_cli = {"# EvaluationWindow wants an aws CLI that knows it.\n",
                                  "# EvaluationWindow を知っている aws CLI が必要です。\n"};
constexpr Phrase lost_on = {"\n# Not even here, with the reason:\n", "\n# ここにも書けないアラームと理由:\n"};

bool is_printable(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && // ASCII: a byte is a character
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

/// What the endpoint takes as a metric.
std::optional<alarm::MetricId> metric_of(const json::object& object) {
  alarm::MetricId metric{text_of(object, "Namespace"), text_of(object, "MetricName"), {}};
  auto dimensions = dimensions_of(object);
  const bool is_sound = is_printable(metric.name_space, word_bytes_max) && metric.name_space[0] != ':' &&
                        fits_the_file(metric.name, utf8_bytes_max * word_bytes_max) &&
                        characters(metric.name) <= word_bytes_max && dimensions &&
                        std::all_of(dimensions->begin(), dimensions->end(), [](const auto& one) {
                          return is_printable(one.first, word_bytes_max) && one.first[0] != ':' &&
                                 is_printable(one.second, value_bytes_max) && !trim(one.second).empty();
                        });
  if (!is_sound) return std::nullopt;
  metric.dimensions = std::move(*dimensions);
  return metric;
}

/// Without what is empty.
json::value tidy(const json::value& value) {
  if (const auto* object = value.if_object()) {
    json::object out;
    for (const auto& entry : *object) {
      if (is_filled(*object, entry.key())) out.emplace(entry.key(), tidy(entry.value()));
    }
    return out;
  }
  if (const auto* list = value.if_array()) {
    json::array out;
    for (const json::value& one : *list) out.push_back(tidy(one));
    return out;
  }
  return value;
}

/// On one line, with numbers as people write them: to_text(json::value) says 6E1 for 60.0, which the CLI
/// takes for no integer. As deep as the parser lets a text be.
std::string line_of(const json::value& value) {
  std::string out;
  if (const auto* object = value.if_object()) {
    for (const auto& entry : *object) {
      out += out.empty() ? "{" : ",";
      out += kaden::to_text(json::value(entry.key())) + ":" + line_of(entry.value());
    }
    return out.empty() ? "{}" : out + "}";
  }
  if (const auto* list = value.if_array()) {
    for (const json::value& one : *list) out += (out.empty() ? "[" : ",") + line_of(one);
    return out.empty() ? "[]" : out + "]";
  }
  return value.is_double() ? kaden::to_text(value.get_double()) : kaden::to_text(value);
}

json::object picked(const json::object& object, const std::vector<std::string_view>& members) {
  json::object out;
  for (const std::string_view name : members) {
    if (is_filled(object, name)) out.emplace(name, tidy(object.at(name)));
  }
  return out;
}

constexpr std::array<std::string_view, 7> common_members = {
    "AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions",
    "Tags"};

/// The request with these members, when it has a name and is short enough.
tl::expected<AlarmRequest, Reason> request_of(const json::object& object,
                                              std::vector<std::string_view> members, json::object changed,
                                              Language language) {
  AlarmRequest request;
  request.name = text_of(object, "AlarmName");
  if (request.name.empty() || characters(request.name) > name_characters_max)
    return tl::unexpected(say(language, is_nameless, name_characters_max));
  members.insert(members.begin(), common_members.begin(), common_members.end());
  json::object input = picked(object, members);
  for (auto& entry : changed) input[entry.key()] = std::move(entry.value());
  request.input = line_of(input);
  if (request.input.size() > argument_bytes_max)
    return tl::unexpected(say(language, is_long, argument_bytes_max));
  return request;
}

// Metric math
// --------------------------------------------------------------------------------------------------------

/// "111122223333" of "arn:aws:cloudwatch:REGION:111122223333:alarm:NAME"
std::string account_of(const json::object& alarm) {
  const std::string arn = text_of(alarm, "AlarmArn");
  const auto parts = split(arn, ':');
  constexpr std::size_t account = 4;
  return parts.size() > account ? std::string(parts[account]) : std::string();
}

std::optional<alarm::MetricStat> stat_of(const json::object& object) {
  const auto* metric = object.if_contains("Metric");
  const auto known =
      metric != nullptr && metric->is_object() ? metric_of(metric->get_object()) : std::nullopt;
  auto statistic = alarm::parse_any_statistic(text_of(object, "Stat"));
  if (!known || !statistic) return std::nullopt;
  return alarm::MetricStat{*known, seconds(whole_of(object, "Period", 0)), std::move(*statistic),
                           text_of(object, "Unit")};
}

tl::expected<alarm::MetricQuery, Reason> query_of(const json::object& object, const std::string& account,
                                                  Language language) {
  alarm::MetricQuery query;
  query.id = text_of(object, "Id");
  query.expression = text_of(object, "Expression");
  query.label = text_of(object, "Label");
  const std::string other = text_of(object, "AccountId");
  if (!other.empty() && other != account) return tl::unexpected(say(language, is_elsewhere, one_line(other)));
  if (starts_with_no_case(trim(query.expression), "SELECT"))
    return tl::unexpected(say(language, is_insights));
  if (query.expression.find("ANOMALY_DETECTION_BAND") != std::string::npos)
    return tl::unexpected(say(language, is_anomaly));
  const auto* returned = object.if_contains("ReturnData");
  query.return_data = returned == nullptr || !returned->is_bool() || returned->get_bool();
  if (is_filled(object, "Period")) query.period = seconds(whole_of(object, "Period", 0));
  if (const auto* stat = object.if_contains("MetricStat"); stat != nullptr && !stat->is_null()) {
    query.stat = stat->is_object() ? stat_of(stat->get_object()) : std::nullopt;
    if (!query.stat) return tl::unexpected(say(language, is_wrong_metric));
  }
  return query;
}

/// The period of all queries.
tl::expected<Millis, Reason> period_of(const json::object& alarm, Language language) {
  std::vector<alarm::MetricQuery> queries;
  const std::string account = account_of(alarm);
  const json::array* list = list_of(alarm, "Metrics");
  for (const json::value& one : list == nullptr ? json::array() : *list) {
    if (!one.is_object()) return tl::unexpected(say(language, is_wrong_metric));
    auto query = query_of(one.get_object(), account, language);
    if (!query) return tl::unexpected(query.error());
    queries.push_back(std::move(*query));
  }
  const auto period = alarm::check_alarm_queries(queries);
  if (!period) return tl::unexpected(one_line(period.error().message));
  return *period;
}

/// The alarm's own account is where its metrics are anyway; the endpoint does not take the word.
json::value without_account(const json::value& queries) {
  json::value out = tidy(queries);
  for (json::value& query : out.get_array()) {
    if (query.is_object()) query.get_object().erase("AccountId");
  }
  return out;
}

// The script
// --------------------------------------------------------------------------------------------------------

/// In single quotes, in which sh reads nothing but their end.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// Children before parents, else as they stand; what is in a circle comes last.
std::vector<std::size_t> order_of(const std::vector<AlarmRequest>& requests) {
  std::map<std::string_view, std::size_t> composites;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].is_composite) composites.emplace(requests[i].name, i);
  }
  std::vector<std::size_t> waits_for(requests.size(), 0);
  std::map<std::size_t, std::vector<std::size_t>> parents;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (const std::string& child : requests[i].children) {
      const auto found = composites.find(child);
      if (found == composites.end()) continue;
      ++waits_for[i];
      parents[found->second].push_back(i);
    }
  }
  std::vector<std::size_t> order;
  std::set<std::pair<bool, std::size_t>> ready; // metric alarms first
  std::vector<char> is_placed(requests.size(), 0);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (waits_for[i] == 0) ready.emplace(requests[i].is_composite, i);
  }
  while (!ready.empty()) {
    const std::size_t next = ready.extract(ready.begin()).value().second;
    order.push_back(next);
    is_placed[next] = 1;
    for (const std::size_t parent : parents[next]) {
      if (--waits_for[parent] == 0) ready.emplace(requests[parent].is_composite, parent);
    }
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (is_placed[i] == 0) order.push_back(i);
  }
  return order;
}

} // namespace

tl::expected<AlarmRequest, Reason> metric_request_of(const json::object& object, Language language) {
  if (is_filled(object, "EvaluationCriteria") || is_filled(object, "EvaluationInterval"))
    return tl::unexpected(say(language, is_promql));
  if (is_filled(object, "ThresholdMetricId")) return tl::unexpected(say(language, is_anomaly));
  std::optional<Millis> period;
  json::object changed;
  if (is_filled(object, "Metrics")) {
    const auto of_all = period_of(object, language);
    if (!of_all) return tl::unexpected(of_all.error());
    period = *of_all;
    changed.emplace("Metrics", without_account(object.at("Metrics")));
  } else if (!metric_of(object)) {
    return tl::unexpected(say(language, is_wrong_metric));
  }
  const auto condition = condition_of(object, period, language);
  if (!condition) return tl::unexpected(condition.error());
  std::vector<std::string_view> members = {"MetricName",
                                           "Namespace",
                                           "Statistic",
                                           "ExtendedStatistic",
                                           "Dimensions",
                                           "Period",
                                           "Unit",
                                           "EvaluationPeriods",
                                           "DatapointsToAlarm",
                                           "Threshold",
                                           "ComparisonOperator",
                                           "TreatMissingData",
                                           "EvaluateLowSampleCountPercentile"};
  if (condition->window.wall_clock) members.push_back("EvaluationWindow"); // a sliding one is the usual one
  return request_of(object, std::move(members), std::move(changed), language);
}

tl::expected<AlarmRequest, Reason> composite_request_of(const json::object& object, Language language) {
  alarm::CompositeDefinition definition;
  definition.name = text_of(object, "AlarmName");
  definition.rule = text_of(object, "AlarmRule");
  definition.suppressor = text_of(object, "ActionsSuppressor");
  definition.wait_period = seconds(whole_of(object, "ActionsSuppressorWaitPeriod", 0));
  definition.extension_period = seconds(whole_of(object, "ActionsSuppressorExtensionPeriod", 0));
  if (definition.name.empty()) return tl::unexpected(say(language, is_nameless, name_characters_max));
  if (const auto sound = alarm::check(definition); !sound)
    return tl::unexpected(one_line(sound.error().message));
  const bool has_both = is_filled(object, "ActionsSuppressorWaitPeriod") &&
                        is_filled(object, "ActionsSuppressorExtensionPeriod");
  if (!definition.suppressor.empty() && !has_both) return tl::unexpected(say(language, lacks_period));
  std::vector<std::string_view> members = {"AlarmRule"};
  if (!definition.suppressor.empty())
    members.insert(members.end(),
                   {"ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"});
  auto request = request_of(object, std::move(members), {}, language);
  if (!request) return request;
  request->is_composite = true;
  const auto rule = alarm::CompositeRule::parse(definition.rule);
  if (rule) request->children = rule->children();
  if (!definition.suppressor.empty())
    request->children.push_back(alarm::alarm_name_of(definition.suppressor));
  return request;
}

std::string script_of(const std::vector<AlarmRequest>& requests, const std::vector<Lost>& lost,
                      Language language) {
  std::set<std::string_view> here;
  for (const AlarmRequest& request : requests) here.insert(request.name);
  std::string script = say(language, heading, requests.size());
  for (const std::size_t index : order_of(requests)) {
    const AlarmRequest& request = requests[index];
    script += "\n# " + one_line(request.name) + "\n";
    std::string others;
    for (const std::string& child : request.children) {
      if (!here.contains(child)) others += (others.empty() ? "" : ", ") + one_line(child);
    }
    if (!others.empty()) script += say(language, not_here, one_line(others));
    if (request.input.find("\"EvaluationWindow\"") != std::string::npos)
      script += say(language, wants_new_cli);
    script += fmt::format(
        "aws cloudwatch {} --cli-input-json {} --endpoint-url \"$KADEN_URL\" || failed=$((failed + 1))\n",
        request.is_composite ? "put-composite-alarm" : "put-metric-alarm", shell_quoted(request.input));
  }
  if (!lost.empty()) script += say(language, lost_on);
  for (const Lost& one : lost)
    script += fmt::format("# - {}: {}\n", one_line(one.name.empty() ? "?" : one.name), one.why);
  return script + say(language, footer, requests.size());
}

} // namespace kaden::imports
