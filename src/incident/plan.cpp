#include "plan.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "config_codec.h"

#include "kaden/limits/engine.h"

namespace kaden::incident {

namespace {

constexpr std::size_t bad_bits = 8;
std::uint8_t bit_of(std::size_t method) {
  return static_cast<std::uint8_t>(1U << std::min(method, bad_bits - 1));
}

void add_stage(Plan& plan, std::map<std::string, std::uint32_t>& index,
               const std::vector<std::string>& people, Millis wait,
               const std::map<std::string_view, const Person*>& directory) {
  Stage stage;
  stage.wait = wait;
  for (const std::string& id : people) {
    const auto [at, is_new] = index.emplace(id, static_cast<std::uint32_t>(plan.people.size()));
    if (is_new) {
      const auto found = directory.find(id);
      const bool is_known = found != directory.end();
      plan.people.push_back(is_known ? *found->second : Person{id, "", Language::en, {}});
      plan.known.push_back(is_known);
    }
    stage.people.push_back(at->second);
  }
  plan.stages.push_back(std::move(stage));
}

void add_stages(Plan& plan, const std::vector<Person>& people) {
  std::map<std::string_view, const Person*> directory;
  for (const Person& person : people) directory.emplace(person.id, &person); // of two with one id, the first
  std::map<std::string, std::uint32_t> index;
  for (const Level& level : plan.policy.levels) add_stage(plan, index, level.people, level.wait, directory);
  add_stage(plan, index, plan.policy.last_resort, Millis(0), directory);
}

} // namespace

std::shared_ptr<const Plan> make_plan(const Config& config, const Policy& policy) {
  auto plan = std::make_shared<Plan>();
  plan->config_version = config.version;
  plan->policy = policy;
  add_stages(*plan, config.people);
  return plan;
}

std::shared_ptr<const Plan> make_silent_plan(const Config& config) {
  auto plan = std::make_shared<Plan>();
  plan->config_version = config.version;
  return plan;
}

std::shared_ptr<const Plan> make_test_plan(const Config& config, const Person& person) {
  Config only;
  only.version = config.version;
  only.people = {person};
  Policy policy;
  policy.levels = {Level{{person.id}, Millis(0)}};
  return make_plan(only, policy);
}

std::string plan_text(const Plan& plan) {
  json::array people;
  for (std::size_t i = 0; i < plan.people.size(); ++i) {
    if (plan.known[i]) people.push_back(to_json(plan.people[i]));
  }
  return kaden::to_text(json::value(json::object{{"config_version", plan.config_version},
                                                 {"policy", to_json(plan.policy)},
                                                 {"people", std::move(people)}}));
}

std::shared_ptr<const Plan> plan_from_text(std::string_view text) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return nullptr;
  const Fields fields(value->get_object(), "plan");
  const auto version = fields.text("config_version", text.size());
  const auto policy_value = fields.object("policy");
  const auto people_value = fields.array("people");
  if (!version || !policy_value || !people_value || *policy_value == nullptr || *people_value == nullptr) {
    return nullptr;
  }
  auto policy = policy_from_json(json::value(**policy_value), "plan.policy");
  if (!policy) return nullptr;
  Config config;
  config.version = *version;
  for (const json::value& each : **people_value) {
    auto person = person_from_json(each, "plan.people");
    if (!person) return nullptr;
    config.people.push_back(std::move(*person));
  }
  auto plan = policy->levels.empty() ? make_silent_plan(config) : make_plan(config, *policy);
  return plan_text(*plan) == text ? plan : nullptr;
}

std::optional<std::size_t> next_method(const Turn& turn, std::size_t methods) {
  for (std::size_t i = 0; i < methods; ++i) {
    const std::size_t method = (turn.attempts + i) % methods;
    if ((turn.bad_methods & bit_of(method)) == 0) return method;
  }
  return std::nullopt;
}

void mark_bad(Turn& turn, std::size_t method) {
  turn.bad_methods = static_cast<std::uint8_t>(turn.bad_methods | bit_of(method));
}

void save(Packer& out, const Run& run) {
  out.number(run.round);
  out.number(run.stage);
  out.flag(run.pausing);
  out.flag(run.dialled_stage);
  out.flag(run.dialled_round);
  out.flag(run.told_waiting);
  out.number(static_cast<std::uint64_t>(std::int64_t{run.calling} + 1));
  out.time(run.last_end);
  out.flag(run.has_due);
  if (run.has_due) out.time(run.due);
  out.number(run.turns.size());
  for (const Turn& turn : run.turns) {
    out.time(turn.due);
    out.number(turn.person);
    for (const std::uint16_t n : {turn.attempts, turn.busy, turn.no_answer, turn.no_key, turn.carrier}) {
      out.number(n);
    }
    out.number(turn.bad_methods);
    out.flag(turn.first);
  }
}

bool restore(Unpacker& in, const Plan& plan, Run& run) {
  run.round = static_cast<std::uint32_t>(in.number(limits::rounds_max));
  run.stage = static_cast<std::uint32_t>(in.number(plan.stages.size()));
  run.pausing = in.flag();
  run.dialled_stage = in.flag();
  run.dialled_round = in.flag();
  run.told_waiting = in.flag();
  run.calling = static_cast<std::int32_t>(in.number(INT32_MAX)) - 1;
  run.last_end = in.time();
  run.has_due = in.flag();
  if (run.has_due) run.due = in.time();
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && !in.bad(); ++i) {
    Turn turn;
    turn.due = in.time();
    turn.person = static_cast<std::uint32_t>(in.number(UINT32_MAX));
    for (std::uint16_t* n : {&turn.attempts, &turn.busy, &turn.no_answer, &turn.no_key, &turn.carrier}) {
      *n = static_cast<std::uint16_t>(in.number(UINT16_MAX));
    }
    turn.bad_methods = static_cast<std::uint8_t>(in.number(UINT8_MAX));
    turn.first = in.flag();
    if (turn.person >= plan.people.size()) return false;
    run.turns.push_back(turn);
  }
  return !in.bad() && run.stage < plan.stages.size() &&
         run.calling < static_cast<std::int64_t>(run.turns.size());
}

} // namespace kaden::incident
