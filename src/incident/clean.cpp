#include "clean.h"

#include <algorithm>
#include <iterator>

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/engine.h"

namespace kaden::incident {

namespace {

void clean(std::string& text, std::size_t bytes_max) {
  if (!is_valid_utf8(text)) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  if (text.size() > bytes_max) text.resize(cut_utf8(text, bytes_max).size());
}

void clean_name(std::string& text, std::size_t bytes_max) {
  clean(text, bytes_max);
  if (trim(text).empty()) text = "unnamed";
}

void clean_source(std::string& source) {
  clean(source, limits::source_bytes_max);
  const auto is_foreign = [](char c) {
    return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
  };
  std::replace_if(source.begin(), source.end(), is_foreign, '_');
  if (source.empty()) source = "unnamed";
}

void clean_labels(std::map<std::string, std::string>& labels) {
  const bool in_order =
      labels.size() <= limits::labels_max && std::all_of(labels.begin(), labels.end(), [](const auto& label) {
        return is_valid_utf8(label.first) && is_valid_utf8(label.second) &&
               label.second.size() <= limits::label_bytes_max;
      });
  if (in_order) return;
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : labels) {
    if (out.size() >= limits::labels_max) break;
    std::string clean_key = name;
    std::string clean_value = value;
    clean(clean_key, name.size());
    clean(clean_value, limits::label_bytes_max);
    out.emplace(std::move(clean_key), std::move(clean_value));
  }
  labels = std::move(out);
}

void clean_texts(std::vector<std::string>& texts) {
  for (std::string& text : texts) clean(text, free_text_bytes_max);
}

void clean_globs(std::map<std::string, std::string>& globs) {
  std::map<std::string, std::string> out;
  for (const auto& each : globs) {
    std::string name = each.first;
    std::string glob = each.second;
    clean(name, free_text_bytes_max);
    clean(glob, free_text_bytes_max);
    out.emplace(std::move(name), std::move(glob));
  }
  globs = std::move(out);
}

void clean_policy(Policy& policy) {
  const auto clean_wait = [](Millis& wait) { wait = std::clamp(wait, Millis(0), policy_wait_max); };
  clean(policy.id, free_text_bytes_max);
  for (Level& level : policy.levels) {
    clean_texts(level.people);
    clean_wait(level.wait);
  }
  policy.rounds = std::clamp(policy.rounds, 1, limits::rounds_max);
  for (Redial* redial : {&policy.busy, &policy.no_answer, &policy.no_key, &policy.carrier_failed}) {
    clean_wait(redial->wait);
    redial->most = std::clamp(redial->most, 0, limits::redials_max);
  }
  clean_wait(policy.ring_max);
  clean_texts(policy.last_resort);
}

// The config room has refused what is not in order; this only keeps the journal readable whatever it let
// pass.
void clean_config(Config& config) {
  clean(config.version, free_text_bytes_max);
  for (Person& person : config.people) {
    clean(person.id, free_text_bytes_max);
    clean(person.name, free_text_bytes_max);
    for (ContactMethod& method : person.methods) {
      clean(method.carrier, free_text_bytes_max);
      clean(method.address, free_text_bytes_max);
    }
  }
  for (Policy& policy : config.policies) clean_policy(policy);
  clean(config.triage.model, free_text_bytes_max);
  config.triage.wait = std::clamp(config.triage.wait, Millis(1), limits::triage_wait_max);
  for (SeverityRule& rule : config.triage.rules) {
    clean_texts(rule.sources);
    clean_texts(rule.texts);
    clean_globs(rule.labels);
  }
  for (Route& route : config.routes) {
    clean_texts(route.sources);
    clean_texts(route.group_by);
    clean(route.policy, free_text_bytes_max);
    clean_globs(route.labels);
  }
}

struct Clean {
  void operator()(Started& in) const {
    if (!is_installation(in.installation)) in.installation.clear();
  }
  void operator()(ConfigChanged& in) const { clean_config(in.config); }
  void operator()(AlarmReported& in) const {
    AlarmEvent& event = in.event;
    clean_source(event.source);
    clean_name(event.event_id, limits::event_id_bytes_max);
    clean_name(event.alarm, limits::alarm_name_bytes_max);
    clean(event.machine, limits::machine_bytes_max);
    clean(event.reason, limits::reason_bytes_max);
    clean_labels(event.labels);
    for (auto& [language, text] : event.say) clean(text, limits::say_bytes_max);
    clean(in.acknowledged_by, free_text_bytes_max);
  }
  void operator()(CallProgressed& in) const {
    clean(in.call.text, call_id_bytes_max);
    clean(in.dialog.remote_tag, dialog_text_bytes_max);
    clean(in.dialog.remote_target, dialog_text_bytes_max);
    if (in.dialog.routes.size() > dialog_routes_max) in.dialog.routes.resize(dialog_routes_max);
    for (std::string& route : in.dialog.routes) clean(route, dialog_text_bytes_max);
  }
  void operator()(KeyPressed& in) const {
    clean(in.call.text, call_id_bytes_max);
    if (in.key < '!' || in.key > '~') in.key = '?';
  }
  void operator()(CallEnded& in) const {
    clean(in.call.text, call_id_bytes_max);
    clean(in.detail, free_text_bytes_max);
  }
  void operator()(AcknowledgeAsked& in) const { clean(in.by, free_text_bytes_max); }
  void operator()(ResolveAsked& in) const { clean(in.by, free_text_bytes_max); }
  void operator()(TestCallAsked& in) const {
    clean_name(in.request_id, limits::event_id_bytes_max);
    clean(in.person, free_text_bytes_max);
    clean(in.text, limits::say_bytes_max);
    clean(in.by, free_text_bytes_max);
  }
  void operator()(TimePassed&) const {}
  void operator()(TriageAnswered& in) const {
    clean(in.question, call_id_bytes_max);
    clean(in.answer.detail, free_text_bytes_max);
    if (in.answer.outcome != TriageOutcome::judged) {
      in.answer.severity = TriageAnswer().severity;
      in.answer.reason.clear();
    }
    std::erase_if(in.answer.reason, [](const auto& each) { return !fault_of_reason(each.second).empty(); });
  }
};

} // namespace

bool is_installation(std::string_view text) {
  return !text.empty() && text.size() <= 24 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

Input cleaned(Input input) {
  std::visit(Clean{}, input);
  return input;
}

} // namespace kaden::incident
