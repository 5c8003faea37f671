#include <fmt/format.h>

#include <algorithm>

#include "reading.h"

#include "kaden/limits/agent.h"
#include "kaden/limits/input.h"
#include "kaden/limits/logs.h"
#include "kaden/smithy_entity.h"

namespace kaden::cloudwatchlogs {

namespace {

using smithy::integer_shape;
using smithy::text_shape;

/// logEvents, without a look at the clock.
Answer<std::vector<logstore::Event>> read_events(const Value& input) {
  const auto& list = input.list("logEvents");
  if (!input.has("logEvents")) return must_be("logEvents", nullptr, "Member must not be null");
  if (list.empty() || list.size() > limits::log_events_per_put_max) {
    return problem(invalid_parameter,
                   "1 validation error detected: Value at 'logEvents' failed to satisfy "
                   "constraint: Member must have length between 1 and 10000");
  }
  std::vector<logstore::Event> events;
  events.reserve(list.size());
  std::size_t bytes = 0;
  for (const Value& one : list) {
    const auto at = one.integer("timestamp");
    const std::string* message = one.text("message");
    const std::string place = fmt::format("logEvents.{}.member.", events.size() + 1);
    if (!at) return must_be(place + "timestamp", nullptr, "Member must not be null");
    if (*at < 0) {
      const std::string shown = std::to_string(*at);
      return must_be(place + "timestamp", &shown, "Member must have value greater than or equal to 0");
    }
    if (message == nullptr) return must_be(place + "message", nullptr, "Member must not be null");
    if (message->empty()) {
      return must_be(place + "message", message, "Member must have length greater than or equal to 1");
    }
    const std::size_t counted = message->size() + limits::log_event_overhead_bytes;
    // An event may fill a batch alone, without the 26 bytes.
    if (message->size() > limits::log_message_bytes_max) {
      return problem(invalid_parameter, fmt::format("Log event too large: {} bytes exceeds limit of {}",
                                                    counted, limits::log_message_bytes_max));
    }
    bytes += counted;
    events.push_back({wall_time(*at), *message});
  }
  if (bytes > limits::log_put_bytes_max && events.size() > 1) {
    return problem(invalid_parameter, fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes,
                                                  limits::log_put_bytes_max));
  }
  return events;
}

Answer<void> check_order(const std::vector<logstore::Event>& events) {
  const bool ascends =
      std::is_sorted(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  if (!ascends) {
    return problem(invalid_parameter,
                   "Log events in a single PutLogEvents request must be in chronological order.");
  }
  if (events.back().at - events.front().at > limits::log_put_span_max) {
    return problem(
        invalid_parameter,
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  return {};
}

/// Which part of a batch is taken: [begin, end).
struct Taken {
  std::size_t too_old = 0, expired = 0, too_new = 0; ///< ends, an end, a begin
  std::size_t begin() const { return std::max(too_old, expired); }
};

Taken judge(const std::vector<logstore::Event>& events, Millis keep, WallTime now) {
  const auto first_at = [&](WallTime time) {
    const auto at = std::partition_point(events.begin(), events.end(),
                                         [&](const logstore::Event& event) { return event.at < time; });
    return static_cast<std::size_t>(at - events.begin());
  };
  return {first_at(now - limits::log_age_max), first_at(now - keep),
          first_at(now + limits::log_future_max + Millis(1))};
}

Value output_of(const Taken& taken, std::size_t count, WallTime now) {
  // Nobody needs it since 2023; old senders bring it back.
  Value out = Value().set("nextSequenceToken", fmt::format("{:056}", to_ms(now)));
  Value rejected;
  if (taken.too_new < count)
    rejected.set("tooNewLogEventStartIndex", static_cast<std::int64_t>(taken.too_new));
  if (taken.too_old > 0) rejected.set("tooOldLogEventEndIndex", static_cast<std::int64_t>(taken.too_old));
  if (taken.expired > 0) rejected.set("expiredLogEventEndIndex", static_cast<std::int64_t>(taken.expired));
  if (!rejected.is_null()) out.set("rejectedLogEventsInfo", std::move(rejected));
  return out;
}

void put(Store& store, const Value& input, const smithy::Caller& caller, const Respond& respond) {
  const WallTime now = caller.now;
  const auto group_name = read_group_name(input);
  if (!group_name) return respond(refused(group_name));
  const auto stream = read_name(input, "logStreamName");
  if (!stream) return respond(refused(stream));
  auto events = read_events(input);
  if (!events) return respond(refused(events));
  if (const auto ordered = check_order(*events); !ordered) return respond(refused(ordered));
  const auto group = store.group(*group_name);
  if (!group) return respond(no_group());
  if (!store.stream(*group_name, *stream)) return respond(no_stream());

  const Taken taken = judge(*events, store.keep_of(*group), now);
  Value output = output_of(taken, events->size(), now);
  if (const auto fault = smithy::check_entity(input.find("entity"), smithy::log_entity_names)) {
    output.set("rejectedEntityInfo", Value().set("errorType", fault->type));
  }
  const auto at = [&](std::size_t index) { return events->begin() + static_cast<std::ptrdiff_t>(index); };
  events->erase(at(taken.too_new), events->end());
  events->erase(events->begin(), at(std::min(taken.begin(), taken.too_new)));
  if (events->empty()) return respond(std::move(output));
  store.append(
      *group_name, *stream, std::move(*events),
      [respond, output = std::move(output)](const Result<void>& done) {
        if (done) return respond(output);
        respond(
            tl::unexpected<Problem>(problem_of(done.error(), "The specified log stream does not exist.")));
      },
      caller.access_key_id);
}

} // namespace

void add_put_log_events(const Offer& offer) {
  smithy::Model& model = offer.model;
  const auto* event = model.structure({{"timestamp", &smithy::long_shape}, {"message", &text_shape}});
  const auto* input = model.structure({{"logGroupName", &text_shape},
                                       {"logStreamName", &text_shape},
                                       {"logEvents", model.list(event)},
                                       {"sequenceToken", &text_shape},
                                       {"entity", smithy::entity_shape(model, smithy::log_entity_names)}});
  const auto* rejected = model.structure({{"tooNewLogEventStartIndex", &integer_shape},
                                          {"tooOldLogEventEndIndex", &integer_shape},
                                          {"expiredLogEventEndIndex", &integer_shape}});
  const auto* output =
      model.structure({{"nextSequenceToken", &text_shape},
                       {"rejectedLogEventsInfo", rejected},
                       {"rejectedEntityInfo", model.structure({{"errorType", &text_shape}})}});
  smithy::Operation operation{"PutLogEvents", input, output};
  operation.gzip = true;
  operation.body_bytes_max = limits::aws_log_body_bytes_max;
  offer.service.add(
      std::move(operation), smithy::Permission::ingest,
      [&store = offer.store](const smithy::Caller& caller, const Value& input_value, const Respond& respond) {
        put(store, input_value, caller, respond);
      });
}

} // namespace kaden::cloudwatchlogs
