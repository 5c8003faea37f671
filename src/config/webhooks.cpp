#include <fmt/format.h>

#include <algorithm>

#include "checks.h"
#include "sections.h"

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/webhooks.h"

namespace kaden::config {
namespace {

constexpr std::size_t id_bytes_max = 64;
constexpr std::size_t word_bytes_max = 255;
constexpr std::size_t arn_bytes_max = 512;

std::string read_id(Section& section, std::string_view key, std::string_view fallback) {
  const auto word = section.word(key, id_bytes_max);
  if (!word) return std::string(fallback);
  if (is_id(word->text)) return word->text;
  section.mistake_at(word->at, key, fmt::format("\"{}\" is no id: 1 to 64 of a-z, 0-9, _ and -", word->text));
  return std::string(fallback);
}

/// Words of the sender, whatever their case, each with one of ours.
template <class T>
std::map<std::string, T> read_words(Section& section, std::string_view key,
                                    std::optional<T> (*parse)(std::string_view), std::string_view known) {
  std::map<std::string, T> words;
  for (const auto& [word, meaning] : section.text_map(key, limits::webhook_words_max, word_bytes_max)) {
    const auto value = parse(meaning);
    if (!value) {
      section.mistake(key, fmt::format("{}: \"{}\" is none of {}", word, meaning, known));
    } else if (!words.emplace(to_lower(word), *value).second) {
      section.mistake(key, fmt::format("{}: stands twice but for its case", word));
    }
  }
  return words;
}

webhook::Mapping read_map(Section& map) {
  webhook::Mapping out;
  out.each = map.text_or_empty("each", limits::json_pointer_bytes_max, "");
  if (map.wants("alarm")) out.alarm = map.text("alarm", limits::mapping_text_bytes_max);
  for (const auto& [key, place] : {std::pair("event_id", &out.event_id), std::pair("state", &out.state),
                                   std::pair("severity", &out.severity), std::pair("machine", &out.machine),
                                   std::pair("title", &out.title), std::pair("reason", &out.reason)}) {
    *place = map.text(key, limits::mapping_text_bytes_max);
  }
  out.states = read_words(map, "states", parse_alarm_state, "OK, ALARM, INSUFFICIENT_DATA");
  out.labels = map.text_map("labels", limits::webhook_labels_max, limits::mapping_text_bytes_max);
  if (out.alarm.empty()) return out; // said already
  if (const auto good = webhook::check(out); !good) {
    // "alarm: ..." and "labels.site: ..." begin with the key.
    const std::string& message = good.error().message;
    const std::size_t end = message.find_first_of(":.");
    map.mistake(message.substr(0, end), std::string(trim(message.substr(end + 1))));
  }
  return out;
}

webhook::Format read_format(Section& section) {
  if (!section.wants("format")) return webhook::Format::generic;
  return section.choice("format", webhook::parse_format, webhook::format_words(), webhook::Format::generic);
}

webhook::Rules read_rules_of(Section& section, const std::string& name) {
  webhook::Rules rules;
  rules.format = read_format(section);
  rules.source = read_id(section, "source", name.empty() ? "webhook" : name);
  rules.severities = read_words(section, "severities", parse_severity, "critical, error, warning, info");
  static const std::vector<std::string_view> known{"critical", "error", "warning", "info"};
  rules.severity = section.choice("severity", parse_severity, known, rules.severity);
  for (const Word& word :
       section.texts("machine_labels", limits::webhook_machine_labels_max, word_bytes_max)) {
    rules.machine_labels.push_back(word.text);
  }
  const bool is_generic = section.has("format") && rules.format == webhook::Format::generic;
  if (auto map = section.section("map", "webhooks[].map")) {
    if (!is_generic) section.mistake("map", "only format generic has a mapping");
    rules.map = read_map(*map);
  } else if (is_generic) {
    section.mistake("", "format generic needs a mapping: map");
  }
  return rules;
}

Sns read_sns(Section& section, const Surroundings& around) {
  Sns sns;
  auto found = section.section("sns", "webhooks[].sns");
  if (!found) {
    section.mistake("", "format sns needs sns: {topics: [...]}");
    return sns;
  }
  if (found->wants("topics")) {
    for (const Word& topic : found->texts("topics", limits::sns_topics_max, arn_bytes_max)) {
      if (!topic.text.starts_with("arn:") || std::count(topic.text.begin(), topic.text.end(), ':') != 5) {
        found->mistake_at(topic.at, "topics", fmt::format("\"{}\" is not a topic's ARN", topic.text));
      }
      sns.topics.push_back(topic.text);
    }
    if (found->has("topics") && sns.topics.empty()) found->mistake("topics", "needs at least one ARN");
  }
  sns.certificate_file = read_plain_file(*found, "certificate", around);
  sns.ca_file = read_plain_file(*found, "ca", around);
  return sns;
}

void read_token(Section& section, const Surroundings& around, Webhook& hook) {
  const bool is_given = section.has("token_file") || section.has("token_env");
  // SNS signs what it sends, and cannot send a header.
  if (!is_given && hook.rules.format == webhook::Format::sns) return;
  if (hook.rules.format == webhook::Format::sqs) {
    if (is_given) section.mistake("", "a queue is read, and nobody posts: format sqs has no token");
    return;
  }
  hook.token = read_secret(section, "token", limits::secret_bytes_min, around);
}

Webhook read_one(Section& section, const Surroundings& around) {
  Webhook hook;
  if (section.wants("name")) hook.name = read_id(section, "name", "");
  hook.rules = read_rules_of(section, hook.name);
  read_token(section, around, hook);
  hook.requests_per_second =
      section.integer("requests_per_second", 1, limits::webhook_rate_per_s_max, hook.requests_per_second);
  const bool is_sns = hook.rules.format == webhook::Format::sns;
  if (is_sns) {
    hook.sns = read_sns(section, around);
  } else if (section.has("sns")) {
    section.mistake("sns", "only format sns has topics");
  }
  if (hook.rules.format == webhook::Format::sqs) {
    hook.queue = read_queue(section, hook.name);
  } else if (section.has("queue")) {
    section.mistake("queue", "only format sqs has a queue");
  }
  return hook;
}

} // namespace

std::vector<Webhook> read_webhooks(Section& top, const Surroundings& around) {
  std::vector<Webhook> hooks;
  std::set<std::string> names;
  std::set<std::string> tokens;
  for (Section& section : top.sections("webhooks", limits::webhooks_max, "webhooks[]")) {
    Webhook hook = read_one(section, around);
    check_unique(section, "name", hook.name, names, "webhook");
    if (!hook.token.empty() && !tokens.insert(hook.token).second) {
      section.mistake("",
                      "another webhook has the same token: PagerDuty's and Opsgenie's are told apart by it");
    }
    hooks.push_back(std::move(hook));
  }
  return hooks;
}

webhook::Rules read_webhook_rules(Section& section) {
  return read_rules_of(section, section.has("name") ? read_id(section, "name", "") : "");
}

} // namespace kaden::config
