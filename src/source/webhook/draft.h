/// webhook/draft.h - what a format found in a body, and how it becomes an alarm event within the limits.
/// Room: source/webhook. Threads: values; any. Errors: none: what does not fit is cut and counted in the
/// label `cut`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kaden/webhook.h"

namespace kaden::webhook {

struct Draft {
  std::string name; ///< of the alarm, for people; may be empty
  std::string key;  ///< what tells this problem apart at its sender
  std::string id;   ///< of this change; empty: timeless
  AlarmState state = AlarmState::alarm;
  std::string severity;            ///< the sender's word; empty: none
  std::optional<Severity> certain; ///< stronger than the word
  std::string machine;             ///< empty: looked for in the labels
  std::string title;               ///< spoken; empty: the name
  bool title_is_name = false;      ///< a name to be read by the rules of names, not a sentence
  std::string reason;
  std::vector<std::pair<std::string, std::string>> labels; ///< the most important first
  std::optional<WallTime> changed_at{};
  bool is_repeated = false; ///< see Reading
};
Reading finish(const Rules& rules, const Draft& draft);

/// The severity of a sender's word: the webhook's own words, then the usual ones.
std::optional<Severity> severity_of(const Rules& rules, std::string_view word);

/// A text as it stands, "" for null, anything else as JSON.
std::string text_of(const json::value& value);
/// The member's text, "" when it is absent or null.
std::string member(const json::object& object, std::string_view name);
/// The whole body as one object. Errors: invalid.
Result<json::value> object_in(std::string_view body);
/// Each member of an object as a label, "prefix" before its name.
void add_members(Draft& draft, const json::object* object, std::string_view prefix = "");

// One file each.
Result<Read> read_alertmanager(const Rules& rules, const json::object& body);
Result<Read> read_grafana(const Rules& rules, const json::object& body);
Result<Read> read_zabbix(const Rules& rules, const json::object& body);
Result<Read> read_pagerduty(const Rules& rules, const json::object& body);
Result<Read> read_opsgenie(const Rules& rules, const Delivery& delivery);
Result<Read> read_eventbridge(const Rules& rules, const json::object& body);
Result<Read> read_sns(const Rules& rules, std::string_view body);
Result<Read> read_sqs(const Rules& rules, std::string_view body);
Result<Read> read_generic(const Rules& rules, const json::value& body);
/// The alarm inside an SNS message.
Result<Read> read_cloudwatch_alarm(const Rules& rules, const json::object& alarm);

} // namespace kaden::webhook
