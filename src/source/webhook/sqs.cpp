// A message of an Amazon SQS queue: what SNS or EventBridge put there, told apart by what it says. The
// queue's policy says who may, so that no signature is looked at.
#include "draft.h"

namespace kaden::webhook {

Result<Read> read_sqs(const Rules& rules, std::string_view body) {
  const auto value = object_in(body);
  if (!value) return tl::unexpected(value.error());
  const json::object& object = value->get_object();
  if (object.contains("detail-type")) return read_eventbridge(rules, object);
  if (object.contains("TopicArn")) return read_sns(rules, body);
  if (object.contains("AlarmName")) return read_cloudwatch_alarm(rules, object); // raw delivery
  return fail(Fault::invalid,
              "the message is neither SNS's (TopicArn, or AlarmName with raw delivery) nor "
              "EventBridge's (detail-type)");
}

} // namespace kaden::webhook
