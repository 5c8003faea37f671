#include "property_value.h"

#include <algorithm>

#include "kaden/limits/vcenter.h"

namespace kaden::vim {

namespace {

struct StatusName {
  Status status;
  std::string_view name;
};
constexpr StatusName status_names[] = {
    {Status::gray, "gray"}, {Status::green, "green"}, {Status::yellow, "yellow"}, {Status::red, "red"}};

std::optional<WallTime> time_of(const pugi::xml_node& node) {
  if (!node) return std::nullopt;
  const auto at = parse_iso8601(xml::text_of(node));
  if (!at) return std::nullopt;
  return *at;
}

// One that is not understood spoils the answer: an alarm left out would look as if it had cleared.
Answer<AlarmState> read_alarm_state(const pugi::xml_node& node) {
  AlarmState state;
  auto key = id_of(child_of(node, "key"));
  auto entity = ref_of(child_of(node, "entity"));
  auto alarm = ref_of(child_of(node, "alarm"));
  const auto status = parse_status(xml::text_of(child_of(node, "overallStatus")));
  const auto time = time_of(child_of(node, "time"));
  if (!key) return malformed("an alarm's state has no usable key");
  if (!entity || !alarm) return malformed("an alarm's state does not name its alarm and its entity");
  if (!status) return malformed("an alarm's state has no status that is known");
  if (!time) return malformed("an alarm's state has no usable time");
  state.key = std::move(*key);
  state.entity = std::move(*entity);
  state.alarm = std::move(*alarm);
  state.status = *status;
  state.time = *time;
  state.is_by_event = !xml::text_of(child_of(node, "eventKey")).empty();
  state.acknowledged = is_true(child_of(node, "acknowledged"));
  if (!state.acknowledged) return state; // user and time of an earlier one may still be there
  state.acknowledged_by = clean_text(child_of(node, "acknowledgedByUser"));
  state.acknowledged_at = time_of(child_of(node, "acknowledgedTime"));
  return state;
}

Answer<std::vector<AlarmState>> read_alarm_states(const pugi::xml_node& val) {
  std::vector<AlarmState> states;
  for (const pugi::xml_node& node : children_of(val, "AlarmState")) {
    if (states.size() >= limits::vcenter_alarms_max)
      return malformed("more alarms are triggered than are taken");
    auto state = read_alarm_state(node);
    if (!state) return tl::unexpected(state.error());
    states.push_back(std::move(*state));
  }
  return states;
}

std::string color(const pugi::xml_node& node) {
  const auto status = parse_status(xml::text_of(node));
  return status ? std::string(to_text(*status)) : "?";
}

/// AlarmTriggeringAction: what it does, and at which transitions. The four flags are the older form.
AlarmAction read_triggering(const pugi::xml_node& node) {
  AlarmAction action;
  std::string_view type = type_of(child_of(node, "action"));
  if (type.ends_with("Action")) type.remove_suffix(6);
  action.type = type.empty() ? "unknown" : std::string(type.substr(0, limits::vim_id_bytes_max));
  for (const pugi::xml_node& spec : children_of(node, "transitionSpecs")) {
    action.when.push_back(color(child_of(spec, "startState")) + " to " + color(child_of(spec, "finalState")) +
                          (is_true(child_of(spec, "repeats")) ? ", repeated" : ""));
  }
  if (!action.when.empty()) return action;
  constexpr std::pair<std::string_view, std::string_view> flags[] = {{"green2yellow", "green to yellow"},
                                                                     {"yellow2red", "yellow to red"},
                                                                     {"red2yellow", "red to yellow"},
                                                                     {"yellow2green", "yellow to green"}};
  for (const auto& [name, words] : flags) {
    if (is_true(child_of(node, name))) action.when.emplace_back(words);
  }
  return action;
}

std::vector<AlarmAction> read_actions(const pugi::xml_node& val) {
  if (type_of(val) == "AlarmTriggeringAction") return {read_triggering(val)};
  std::vector<AlarmAction> actions;
  for (const pugi::xml_node& node : children_of(val, "action")) actions.push_back(read_triggering(node));
  return actions;
}

} // namespace

std::string_view to_text(Status status) {
  const auto* const found = std::find_if(std::begin(status_names), std::end(status_names),
                                         [&](const StatusName& each) { return each.status == status; });
  return found->name;
}

std::optional<Status> parse_status(std::string_view text) {
  const auto* const found = std::find_if(std::begin(status_names), std::end(status_names),
                                         [&](const StatusName& each) { return each.name == text; });
  if (found == std::end(status_names)) return std::nullopt;
  return found->status;
}

Answer<Value> read_value(const std::string& path, const pugi::xml_node& val) {
  const std::string_view type = type_of(val);
  if (type == "ArrayOfAlarmState") {
    auto states = read_alarm_states(val);
    if (!states) return tl::unexpected(states.error());
    return Value(std::move(*states));
  }
  if (type == "GroupAlarmAction" || type == "AlarmTriggeringAction") return Value(read_actions(val));
  if (type == "ManagedObjectReference") {
    auto ref = ref_of(val);
    if (!ref) return malformed("a reference is not one");
    return Value(std::move(*ref));
  }
  std::string text = clean_text(val);
  return Value(path == "name" ? unescape_name(text) : std::move(text));
}

std::string unescape_name(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::string code = name[i] == '%' ? to_lower(name.substr(i, 3)) : std::string();
    const char plain = code == "%2f" ? '/' : code == "%5c" ? '\\' : code == "%25" ? '%' : '\0';
    out.push_back(plain == '\0' ? name[i] : plain);
    if (plain != '\0') i += 2;
  }
  return out;
}

} // namespace kaden::vim
