// What an SNS message says. Its signature was checked by the caller.
#include "draft.h"
#include "kaden/sns_message.h"

namespace kaden::webhook {
namespace {

/// A topic that sends nothing any more is an alarm of its own: whoever unsubscribed us may not have meant it.
Reading subscription(const Rules& rules, const SnsMessage& message) {
  Draft draft;
  draft.key = "SNS subscription " + message.topic_arn;
  draft.title = "SNS subscription";
  draft.id = message.message_id;
  draft.certain = Severity::warning;
  const bool is_gone = message.type == SnsType::unsubscribe_confirmation;
  draft.state = is_gone ? AlarmState::alarm : AlarmState::ok;
  draft.reason = is_gone ? "this topic sends nothing to Kaden any more: the subscription was removed"
                         : "the subscription is confirmed";
  draft.labels.emplace_back("topic", message.topic_arn);
  return finish(rules, draft);
}

std::string first_line(std::string_view text) {
  return std::string(trim(text.substr(0, text.find('\n'))));
}

/// No tool said that it is over when it is: only a person ends such an incident.
Reading plain(const Rules& rules, const SnsMessage& message) {
  Draft draft;
  draft.title =
      message.subject && !trim(*message.subject).empty() ? *message.subject : first_line(message.message);
  if (draft.title.empty()) draft.title = "SNS message";
  draft.key = draft.title;
  draft.id = message.message_id;
  draft.reason = message.message;
  draft.labels.emplace_back("topic", message.topic_arn);
  return finish(rules, draft);
}

} // namespace

Result<Read> read_sns(const Rules& rules, std::string_view body) {
  const auto message = parse_sns_message(body);
  if (!message) return tl::unexpected(message.error());
  Read out;
  if (message->type != SnsType::notification) {
    out.readings.push_back(subscription(rules, *message));
    out.note = message->type == SnsType::unsubscribe_confirmation ? "the subscription was removed"
                                                                  : "the subscription is confirmed";
    return out;
  }
  const auto inner = parse_json(message->message);
  if (inner && inner->is_object()) {
    const json::object& object = inner->get_object();
    if (object.contains("AlarmName")) return read_cloudwatch_alarm(rules, object);
    if (object.contains("detail-type")) return read_eventbridge(rules, object);
  }
  out.readings.push_back(plain(rules, *message));
  return out;
}

} // namespace kaden::webhook
