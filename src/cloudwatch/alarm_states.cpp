#include "operations.h"
#include "reading.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::size_t reason_characters_max = 1'023;      // CloudWatch's own
constexpr std::size_t reason_data_characters_max = 4'000; // the same

void add_actions_enabled(const Offer& offer, const char* name, bool enabled) {
  offer.service.add({name, offer.shapes.names}, smithy::Permission::alarms,
                    [desk = offer.desk, enabled](const smithy::Caller& caller, const Value& input,
                                                 const smithy::Respond& respond) {
                      const auto names = read_names(input);
                      if (!names) return respond(refused(names));
                      desk->set_actions_enabled(*names, enabled, caller.now, answering(respond));
                    });
}

} // namespace

Answer<SetStateRequest> read_set_state(const Value& input) {
  SetStateRequest request;
  const auto name = required_text(input, "AlarmName", alarm_name_characters_max);
  if (!name) return refused(name);
  const auto state = required_word(input, "StateValue", parse_alarm_state);
  if (!state) return refused(state);
  const auto reason = required_text(input, "StateReason", reason_characters_max);
  if (!reason) return refused(reason);
  request.reason_data = input.text_or("StateReasonData", "");
  if (characters(request.reason_data) > reason_data_characters_max) {
    return problem(validation, "StateReasonData must have length less than or equal to 4000");
  }
  if (!request.reason_data.empty() && !parse_json(request.reason_data)) {
    return problem("InvalidFormat", "StateReasonData is not valid JSON.");
  }
  request.name = *name;
  request.state = *state;
  request.reason = *reason;
  return request;
}

void add_alarm_states(const Offer& offer) {
  using smithy::text_shape;
  const auto* state = offer.shapes.model->structure({{"AlarmName", &text_shape},
                                                     {"StateValue", &text_shape},
                                                     {"StateReason", &text_shape},
                                                     {"StateReasonData", &text_shape}});
  offer.service.add(
      {"SetAlarmState", state}, smithy::Permission::alarms,
      [desk = offer.desk](const smithy::Caller& caller, const Value& input, const smithy::Respond& respond) {
        auto request = read_set_state(input);
        if (!request) return respond(refused(request));
        desk->set_state(request->name, request->state, std::move(request->reason),
                        std::move(request->reason_data), caller.now, answering(respond));
      });
  offer.service.add(
      {"DeleteAlarms", offer.shapes.names}, smithy::Permission::alarms,
      [desk = offer.desk](const smithy::Caller& caller, const Value& input, const smithy::Respond& respond) {
        const auto names = read_names(input);
        if (!names) return respond(refused(names));
        desk->erase(*names, caller.now, answering(respond));
      });
  add_actions_enabled(offer, "EnableAlarmActions", true);
  add_actions_enabled(offer, "DisableAlarmActions", false);
}

} // namespace kaden::cloudwatch
