/// kaden/webhook.h - what other tools post, as alarm events. Room: source/webhook. Uses: base.
/// Pure: one body in, events out; who may post, the clock and the network are the caller's. Each format is
/// one file named after it; docs/webhooks.md says what to paste into each sender. Threads: values; any.
/// Errors: Fault::invalid, the message begins with the JSON path of what is wrong
/// ("alerts[2].labels: must be an object").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::webhook {

enum class Format : std::uint8_t {
  alertmanager, ///< Prometheus Alertmanager's webhook, version 4
  eventbridge,  ///< Amazon EventBridge API destination: CloudWatch alarms, AWS Health
  generic,      ///< any JSON, by a mapping of JSON Pointers
  grafana,      ///< Grafana's unified alerting
  opsgenie,     ///< Opsgenie's alert API
  pagerduty,    ///< PagerDuty's Events API version 2
  sns,          ///< Amazon SNS over HTTP
  sqs,          ///< a message of an Amazon SQS queue: SNS's or EventBridge's; nobody posts it
  zabbix,       ///< the media type in deploy/zabbix-media-type.js
};
std::string_view to_text(Format format);
std::optional<Format> parse_format(std::string_view text);
std::vector<std::string_view> format_words();

/// How a generic body becomes events. Texts are templates: "{/alert/name} on {/host}" puts the values of JSON
/// Pointers (RFC 6901) in, "{body:/x}" is a value of the whole body when `each` names an array of it, braces
/// are doubled.
struct Mapping {
  std::string each;     ///< pointer to an array, whose items are one event each; "": the body is one event
  std::string alarm;    ///< unique for the problem; must not come out empty
  std::string event_id; ///< "": made of the event's content
  std::string state;    ///< "": always ALARM
  std::map<std::string, AlarmState>
      states; ///< of the state's text, lower case; beside CloudWatch's own words
  std::string severity, machine, title, reason;
  std::map<std::string, std::string> labels;
  bool operator==(const Mapping&) const = default;
};
/// Errors name the field: "event_id: a pointer is \"\" or begins with '/'".
Result<void> check(const Mapping& mapping);

/// How one webhook's bodies are read.
struct Rules {
  Format format = Format::generic;
  std::string source = "webhook";             ///< of its events
  std::map<std::string, Severity> severities; ///< the sender's words, lower case; beside the usual ones
  Severity severity = Severity::critical;     ///< when the sender says none, or a word nobody knows
  std::vector<std::string>
      machine_labels; ///< the first that an event has names its machine; empty: the usual ones
  Mapping map;
  bool operator==(const Rules&) const = default;
};

/// What was posted. `call` is what stands in the path after the webhook's own, with its query and without
/// tokens: "" or Opsgenie's "/v2/alerts/disk/close?identifierType=alias".
struct Delivery {
  std::string call;
  std::string body;
};

struct Reading {
  AlarmEvent event;
  /// The sender gives no id of its own for each change: event_id is a digest of the content, to which the
  /// caller adds when the alarm came into this state, so that the same words tomorrow are news.
  bool is_timeless = false;
  /// When it changed, for senders that may deliver in the wrong order; an older one is no news.
  std::optional<WallTime> changed_at{};
  /// The sender says again, under the same id, that it still lasts: also after a person resolved its
  /// incident.
  bool is_repeated = false;
};
struct Read {
  std::vector<Reading> readings; ///< none: there is nothing to tell, and `note` says why
  std::string note;              ///< for the record
  std::string key;               ///< PagerDuty's dedup_key, Opsgenie's alias: belongs in the answer
};
Result<Read> read(const Rules& rules, const Delivery& delivery);

/// The answer in the sender's own form.
struct Answer {
  int status = 200;
  json::value body;
};
/// `request_id` tells the delivery apart.
Answer accepted(Format format, const Read& read, const std::string& request_id);
/// For refusals of any kind. `status` as HTTP has it; senders that would not come again after a 429 get 503.
Answer refused(Format format, int status, const std::string& message);

/// The token inside a body (PagerDuty's routing_key); "" when there is none.
std::string token_in(Format format, std::string_view body);
/// The body as it may be kept: without that token, wherever it stands.
std::string without_token(Format format, std::string_view body, std::string_view token);

} // namespace kaden::webhook
