#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "checks.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/limits/configuration.h"
#include "kaden/limits/metrics.h"
#include "kaden/pattern.h"
#include "kaden/script.h"
#include "sections.h"

namespace kaden::config {
namespace {

constexpr std::size_t rule_name_bytes_max = 128; // the machine's name follows it within CloudWatch's 255
constexpr std::size_t word_bytes_max = 255;    // CloudWatch's limit for namespaces, metrics, dimension names
constexpr std::int64_t period_s_max = 604'800; // a week, CloudWatch's longest evaluation
constexpr std::int64_t points_max = 60'480;    // of 10 s in that week

std::vector<std::string_view> words_of(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

void read_when(Section& section, alarm::Condition& condition) {
  if (!section.wants("when")) return;
  const auto word = section.word("when", word_bytes_max);
  if (!word) return;
  const auto when = parse_when(word->text);
  if (!when) {
    section.mistake_at(
        word->at, "when",
        fmt::format("\"{}\" is not a comparison (>, >=, <, <=) and a number (\"> 80\")", word->text));
    return;
  }
  condition.comparison = when->comparison;
  condition.threshold = when->threshold;
}

/// The key of this file for the parameter that CloudWatch's message begins with.
std::string_view key_of(std::string_view message) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> keys{
      {{"Period", "period_s"},
       {"ClearThreshold", "clear"},
       {"EvaluationWindow", "wall_clock"},
       {"EvaluationPeriods", "of"},
       {"DatapointsToAlarm", "datapoints"},
       {"Threshold", "when"},
       {"Unit", "unit"},
       {"Statistic", "statistic"},
       {"TreatMissingData", "missing"}}};
  const std::string_view name = message.substr(0, message.find(':'));
  for (const auto& [parameter, key] : keys) {
    if (name == parameter) return key;
  }
  return "";
}

/// One of the five words, or an extended statistic such as p95 or TM(2%:98%).
void read_statistic(Section& section, alarm::Condition& condition) {
  const auto word = section.word("statistic", word_bytes_max);
  if (!word) return;
  if (const auto simple = alarm::parse_statistic(word->text)) {
    condition.statistic = *simple;
    return;
  }
  auto extended = alarm::parse_extended_statistic(word->text);
  if (extended) {
    condition.extended = std::move(*extended);
  } else if (word->text.find_first_of("0123456789(") != std::string::npos) {
    section.mistake_at(word->at, "statistic", extended.error().message);
  } else {
    section.not_one_of("statistic", *word, {"Average", "Minimum", "Maximum", "Sum", "SampleCount"});
  }
}

void read_clear(Section& section, alarm::Condition& condition) {
  const auto word = section.word("clear", word_bytes_max);
  if (!word) return;
  condition.clear_threshold = parse_real(word->text);
  if (!condition.clear_threshold) {
    section.mistake_at(word->at, "clear", fmt::format("\"{}\" is not a number", word->text));
  }
}

alarm::Condition read_condition(Section& section) {
  alarm::Condition condition;
  read_statistic(section, condition);
  condition.period = section.seconds("period_s", 1, period_s_max, condition.period);
  condition.evaluation_periods = static_cast<int>(section.integer("of", 1, points_max, 1));
  condition.datapoints_to_alarm =
      static_cast<int>(section.integer("datapoints", 1, points_max, condition.evaluation_periods));
  condition.missing = section.choice<alarm::MissingData>("missing", alarm::parse_missing_data,
                                                         {"missing", "ignore", "breaching", "notBreaching"},
                                                         condition.missing);
  condition.low_samples = section.choice<alarm::LowSamples>("low_samples", alarm::parse_low_samples,
                                                            {"evaluate", "ignore"}, condition.low_samples);
  condition.unit = section.text("unit", word_bytes_max);
  condition.window.wall_clock = section.has("wall_clock");
  condition.window.timezone = section.text("wall_clock", word_bytes_max);
  read_when(section, condition);
  read_clear(section, condition);
  if (const auto sound = alarm::check(condition); !sound) {
    const std::string_view key = key_of(sound.error().message);
    section.mistake(section.has(key) ? key : "", sound.error().message);
  }
  return condition;
}

void read_dimensions(Section& section, alarm::Rule& rule) {
  if (section.has("for_each")) {
    rule.for_each.clear();
    for (Word& word : section.texts("for_each", limits::dimensions_max, word_bytes_max)) {
      rule.for_each.push_back(std::move(word.text));
    }
    if (section.is_empty("for_each"))
      section.mistake("for_each", "is empty: its first dimension names the machine");
  }
  rule.where = section.text_map("where", limits::dimensions_max, limits::label_bytes_max);
  rule.where_regex = section.text_map("where_regex", limits::dimensions_max, limits::pattern_bytes_max);
  for (const auto& [dimension, text] : rule.where_regex) {
    const auto pattern = alarm::Pattern::parse(text);
    if (!pattern) section.mistake("where_regex", fmt::format("{}: {}", dimension, pattern.error().message));
  }
}

/// What happens when a machine's metrics stop.
void read_silence(Section& section, alarm::Rule& rule) {
  constexpr std::int64_t silence_s_max = 86'400 * 365; // a machine that is off for longer is gone
  const auto least_s = [](Millis least) { return least.count() / 1000; };
  rule.silent_after =
      section.seconds("silent_s", least_s(limits::silent_after_min), silence_s_max, Millis(0));
  rule.retire_after =
      section.seconds("retire_s", least_s(limits::retire_after_min), silence_s_max, Millis(0));
  if (rule.retire_after != Millis(0) && rule.retire_after <= rule.silent_after) {
    section.mistake("retire_s", "must be longer than silent_s");
  }
}

/// Field names that a rule's text can use.
std::vector<std::string> fields_for(const alarm::Rule& rule) {
  std::vector<std::string> fields{"machine", "alarm", "severity",  "reason",
                                  "triage",  "value", "threshold", "metric"};
  fields.insert(fields.end(), rule.for_each.begin(), rule.for_each.end());
  for (const auto& [name, glob] : rule.where) fields.push_back(name);
  for (const auto& [name, pattern] : rule.where_regex) fields.push_back(name);
  for (const auto& [name, text] : rule.labels) fields.push_back(name);
  return fields;
}

void read_say(Section& section, alarm::Rule& rule) {
  // The Section refuses languages that Kaden cannot speak.
  auto say = section.section("say", "alarms[].say");
  if (!say) return;
  const std::vector<std::string> fields = fields_for(rule);
  for (const Language language : {Language::ja, Language::en}) {
    const std::string_view key = to_text(language);
    const auto word = say->word(key, limits::say_bytes_max);
    if (!word) continue;
    if (const auto sound = script::check_template(word->text); !sound) {
      say->mistake_at(word->at, key, "in the text, " + sound.error().message);
      continue;
    }
    for (const std::string_view field : fields_of(word->text)) {
      if (std::find(fields.begin(), fields.end(), field) != fields.end()) continue;
      say->mistake_at(word->at, key,
                      fmt::format("unknown field {{{}}}{}", field, suggestion(field, words_of(fields))));
    }
    rule.say[language] = word->text;
  }
}

alarm::Rule read_rule(Section& section, std::set<std::string>& seen) {
  alarm::Rule rule;
  if (section.wants("name")) rule.name = section.text("name", rule_name_bytes_max);
  check_unique(section, "name", rule.name, seen, "alarm");
  rule.name_space = section.text("namespace", word_bytes_max, rule.name_space);
  if (rule.name_space.front() == ':') section.mistake("namespace", "does not begin with a colon");
  if (section.wants("metric")) rule.metric = section.text("metric", word_bytes_max);
  read_dimensions(section, rule);
  rule.condition = read_condition(section);
  read_silence(section, rule);
  rule.severity = section.choice<Severity>("severity", parse_severity, severity_words(), rule.severity);
  rule.labels = section.text_map("labels", limits::labels_max, limits::label_bytes_max);
  read_say(section, rule);
  return rule;
}

} // namespace

std::vector<alarm::Rule> read_rules(Section& top) {
  std::vector<alarm::Rule> rules;
  std::set<std::string> seen;
  for (Section& section : top.sections("alarms", limits::rules_max, "alarms[]")) {
    rules.push_back(read_rule(section, seen));
  }
  return rules;
}

} // namespace kaden::config
