// Everything about alarms, once, for people.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "kaden/limits/vcenter.h"
#include "names.h"
#include "session.h"

namespace kaden::vcenter {

namespace {

Error error_of(const Settings& settings, const vim::Failure& failure) {
  Fault fault = Fault::invalid;
  switch (failure.kind) {
    case vim::FaultKind::not_authenticated:
    case vim::FaultKind::invalid_login:
    case vim::FaultKind::no_permission:
    case vim::FaultKind::not_trusted:
      fault = Fault::denied;
      break;
    case vim::FaultKind::unreachable:
    case vim::FaultKind::cancelled:
    case vim::FaultKind::stale:
    case vim::FaultKind::not_found:
      fault = Fault::unavailable;
      break;
    case vim::FaultKind::unsupported:
    case vim::FaultKind::other:
    case vim::FaultKind::malformed:
      break;
  }
  return {fault, "vCenter " + settings.name + ": " + failure.message};
}

vim::Answer<std::vector<Definition>> read_definitions(Session& session) {
  const auto refs = session.definitions();
  if (!refs) return tl::unexpected(refs.error());
  const auto objects = session.read(
      {{"Alarm",
        {"info.name", "info.systemName", "info.description", "info.enabled", "info.entity", "info.action"}}},
      *refs, nullptr);
  if (!objects) return tl::unexpected(objects.error());
  std::vector<vim::AlarmState> places; // of where they are defined
  for (const vim::ObjectContent& object : *objects) {
    if (const vim::Ref* entity = object.ref("info.entity")) {
      vim::AlarmState& place = places.emplace_back();
      place.entity = *entity;
      place.alarm = object.object;
    }
  }
  Names names;
  if (auto learned = names.learn(session, places, SteadyTime{}, nullptr); !learned) {
    return tl::unexpected(learned.error());
  }
  std::vector<Definition> out;
  for (const vim::ObjectContent& object : *objects) {
    Definition definition{object.text("info.name"),
                          object.text("info.systemName"),
                          object.text("info.description"),
                          {},
                          object.text("info.enabled") != "false",
                          {}};
    if (const vim::Ref* entity = object.ref("info.entity")) definition.defined_on = names.place(*entity).name;
    if (const auto* actions = object.actions("info.action")) definition.actions = *actions;
    out.push_back(std::move(definition));
  }
  std::sort(out.begin(), out.end(), [](const Definition& a, const Definition& b) { return a.name < b.name; });
  return out;
}

vim::Answer<std::vector<Triggered>> read_triggered(Session& session) {
  const auto states = session.triggered(nullptr);
  if (!states) return tl::unexpected(states.error());
  Names names;
  if (auto learned = names.learn(session, *states, SteadyTime{}, nullptr); !learned) {
    return tl::unexpected(learned.error());
  }
  std::vector<Triggered> out;
  for (const vim::AlarmState& state : *states) {
    const Place place = names.place(state.entity);
    out.push_back({names.alarm(state.alarm).name, place.name, state.entity.type, place.path, state});
  }
  std::sort(out.begin(), out.end(), [](const Triggered& a, const Triggered& b) {
    if (a.state.status != b.state.status) return a.state.status > b.state.status;
    return std::tie(a.path, a.state.key) < std::tie(b.path, b.state.key);
  });
  return out;
}

json::value to_json(const Definition& definition) {
  json::array actions;
  for (const vim::AlarmAction& action : definition.actions) {
    json::array when;
    for (const std::string& each : action.when) when.emplace_back(each);
    actions.push_back(json::object{{"type", action.type}, {"when", std::move(when)}});
  }
  return json::object{{"name", definition.name},
                      {"system_name", definition.system_name},
                      {"description", definition.description},
                      {"defined_on", definition.defined_on},
                      {"enabled", definition.enabled},
                      {"actions", std::move(actions)}};
}

json::value to_json(const Triggered& triggered) {
  json::object out{{"alarm", triggered.alarm},
                   {"entity", triggered.entity},
                   {"entity_type", triggered.entity_type},
                   {"path", triggered.path},
                   {"status", vim::to_text(triggered.state.status)},
                   {"since", to_iso8601(triggered.state.time)},
                   {"acknowledged", triggered.state.acknowledged}};
  if (triggered.state.acknowledged) out["acknowledged_by"] = triggered.state.acknowledged_by;
  if (triggered.state.acknowledged_at) out["acknowledged_at"] = to_iso8601(*triggered.state.acknowledged_at);
  return out;
}

std::string actions_text(const Definition& definition) {
  std::string out;
  for (const vim::AlarmAction& action : definition.actions) {
    if (!out.empty()) out += "; ";
    out += action.type;
    if (!action.when.empty()) out += fmt::format(" ({})", fmt::join(action.when, ", "));
  }
  return out.empty() ? "no action" : out;
}

} // namespace

Result<Survey> survey(const Settings& settings, const Exchange& exchange, WallTime now) {
  Session session(settings, exchange);
  if (auto opened = session.open(now, nullptr); !opened) {
    return tl::unexpected(error_of(settings, opened.error()));
  }
  Survey out;
  out.server = session.content().full_name;
  auto definitions = read_definitions(session);
  if (definitions) {
    out.definitions = std::move(*definitions);
  } else {
    out.definitions_trouble = definitions.error().message;
  }
  auto triggered = read_triggered(session);
  session.close();
  if (!triggered) return tl::unexpected(error_of(settings, triggered.error()));
  out.triggered = std::move(*triggered);
  return out;
}

json::value to_json(const Survey& survey) {
  json::array definitions, triggered;
  for (const Definition& each : survey.definitions) definitions.push_back(to_json(each));
  for (const Triggered& each : survey.triggered) triggered.push_back(to_json(each));
  json::object out{{"server", survey.server},
                   {"definitions", std::move(definitions)},
                   {"triggered", std::move(triggered)}};
  if (!survey.definitions_trouble.empty()) out["definitions_trouble"] = survey.definitions_trouble;
  return out;
}

std::string to_text(const Survey& survey) {
  std::string out = survey.server + "\n\ntriggered now\n";
  if (survey.triggered.empty()) out += "  nothing\n";
  for (const Triggered& each : survey.triggered) {
    out += fmt::format("  {:<7} {:<24} {}\n          {} {}\n", vim::to_text(each.state.status),
                       to_iso8601(each.state.time), each.alarm, each.entity_type, each.path);
    if (!each.state.acknowledged) continue;
    out += fmt::format("          acknowledged by {}{}\n", each.state.acknowledged_by,
                       each.state.acknowledged_at ? " at " + to_iso8601(*each.state.acknowledged_at) : "");
  }
  out += "\ndefinitions\n";
  if (!survey.definitions_trouble.empty()) out += "  cannot be listed: " + survey.definitions_trouble + "\n";
  for (const Definition& each : survey.definitions) {
    out += fmt::format("  {:<9}{} ({}), on {}: {}\n", each.enabled ? "" : "disabled", each.name,
                       each.system_name, each.defined_on, actions_text(each));
  }
  return out;
}

} // namespace kaden::vcenter
