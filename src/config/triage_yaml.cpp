// Triage in the file: severity by rules, and the model that is asked.
#include <fmt/format.h>

#include "checks.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/limits/triage.h"
#include "sections.h"

namespace kaden::config {
namespace {

constexpr std::size_t patterns_max = 100;
constexpr std::size_t model_bytes_max = 512; // an ARN
constexpr std::size_t word_bytes_max = 128;

std::optional<Severity> read_severity(Section& section, std::string_view key) {
  if (!section.has(key)) return std::nullopt;
  return section.choice<Severity>(key, parse_severity, severity_words(), Severity::critical);
}

incident::SeverityRule read_rule(Section& section) {
  incident::SeverityRule rule;
  for (Word& word : section.texts("source", patterns_max, limits::source_bytes_max))
    rule.sources.push_back(std::move(word.text));
  rule.labels = section.text_map("labels", limits::labels_max, limits::label_bytes_max);
  for (Word& word : section.texts("text", patterns_max, limits::reason_bytes_max))
    rule.texts.push_back(std::move(word.text));
  rule.severity = read_severity(section, "severity");
  rule.lowest = read_severity(section, "model_may_lower_to");
  rule.asks = section.flag("ask_model", rule.asks);
  if (rule.severity && rule.lowest && *rule.lowest > *rule.severity)
    section.mistake("model_may_lower_to", "is above the rule's severity");
  if (rule.lowest && !rule.asks)
    section.mistake("model_may_lower_to", "with ask_model: false no model is asked");
  if (!rule.severity && !rule.lowest && rule.asks)
    section.mistake("", "says nothing: give severity, model_may_lower_to or ask_model: false");
  return rule;
}

void read_url(Section& section, TriageModel& model) {
  const bool is_bedrock = model.model.api == modelapi::Api::bedrock;
  if (is_bedrock && !model.region.empty()) {
    const std::string_view end = model.region.starts_with("cn-") ? ".cn" : "";
    model.url = fmt::format("https://bedrock-runtime.{}.amazonaws.com{}", model.region, end);
  }
  if (!is_bedrock && !section.wants("url")) return;
  if (!section.has("url")) return;
  std::string text = section.text("url", limits::url_bytes_max);
  if (text.empty()) return; // said already
  while (text.ends_with('/')) text.pop_back();
  const auto url = parse_web_url(text);
  const bool allow_plain = section.flag("allow_plain", false);
  if (!url || text.find('?') != std::string::npos) {
    section.mistake("url",
                    "is not an address such as http://127.0.0.1:8000/v1 or https://models.example.com/v1");
  } else if (url->is_link_local) {
    section.mistake("url", "is a link-local address, where a cloud keeps a machine's credentials");
  } else if (url->is_plain && !url->is_loopback && !allow_plain) {
    section.mistake("url", "is http: the texts of alarms go there; https, or allow_plain: true");
  }
  model.url = std::move(text);
}

bool has_secret(const Section& section, const std::string& key) {
  return section.has(key + "_file") || section.has(key + "_env");
}

void read_credentials(Section& section, const Surroundings& around, TriageModel& model) {
  const bool is_bedrock = model.model.api == modelapi::Api::bedrock;
  const bool is_signed = section.has("access_key_id") || has_secret(section, "secret");
  if (is_signed && !is_bedrock) {
    section.mistake("access_key_id", "only Bedrock takes signed questions; give api_key_file or api_key_env");
  } else if (is_signed && has_secret(section, "api_key")) {
    section.mistake("", "give access_key_id with its secret or an api_key, not both");
  } else if (is_signed) {
    if (section.wants("access_key_id")) model.access_key_id = section.text("access_key_id", word_bytes_max);
    model.secret = read_secret(section, "secret", 16, around);
    if (has_secret(section, "session_token"))
      model.session_token = read_secret(section, "session_token", 16, around);
  } else if (has_secret(section, "session_token")) {
    section.mistake("", "a session token goes with access_key_id and its secret");
  } else if (has_secret(section, "api_key")) {
    model.api_key = read_secret(section, "api_key", 1, around);
  } else if (is_bedrock) {
    // Else keys are looked for when they are needed, where every program of AWS does.
    model.api_key = around.environment.variable("AWS_BEARER_TOKEN_BEDROCK").value_or("");
  }
}

TriageModel read_model(Section& section, const Surroundings& around) {
  TriageModel out;
  modelapi::Model& model = out.model;
  if (section.wants("api"))
    model.api = section.choice<modelapi::Api>("api", modelapi::parse_api, {"bedrock", "openai"}, model.api);
  if (section.wants("id")) model.id = section.text("id", model_bytes_max);
  const bool is_bedrock = model.api == modelapi::Api::bedrock;
  model.binding = is_bedrock ? modelapi::Binding::tool : modelapi::Binding::schema;
  model.binding = section.choice<modelapi::Binding>("answer", modelapi::parse_binding,
                                                    {"tool", "schema", "json"}, model.binding);
  model.has_temperature = section.flag("temperature", true);
  model.tokens = static_cast<int>(section.integer("tokens", 64, limits::triage_tokens_max, model.tokens));
  const std::string field = section.text("tokens_field", word_bytes_max, model.tokens_field);
  if (field != "max_tokens" && field != "max_completion_tokens")
    section.mistake("tokens_field", "is max_tokens or max_completion_tokens");
  model.tokens_field = field;
  if (is_bedrock && section.wants("region")) out.region = section.text("region", word_bytes_max);
  if (!is_bedrock && section.has("region")) section.mistake("region", "only Bedrock has regions");
  read_url(section, out);
  read_credentials(section, around, out);
  if (section.has("ca_file")) out.ca_file = read_public_file(section, "ca_file", around);
  out.concurrent =
      static_cast<int>(section.integer("concurrent", 1, limits::triage_concurrent_max, out.concurrent));
  return out;
}

} // namespace

TriageSection read_triage(Section& top, const Surroundings& around) {
  TriageSection triage;
  auto section = top.section("triage", "triage");
  if (!section) return triage;
  for (Section& rule : section->sections("rules", limits::triage_rules_max, "triage.rules[]"))
    triage.engine.rules.push_back(read_rule(rule));
  const std::int64_t wait_s_max = limits::triage_wait_max / kaden::seconds(1);
  triage.engine.wait = section->seconds("time_limit_s", 1, wait_s_max, triage.engine.wait);
  auto model = section->section("model", "triage.model");
  if (!model) {
    if (section->has("time_limit_s")) section->mistake("time_limit_s", "is a model's, and there is no model");
    return triage;
  }
  triage.model = read_model(*model, around);
  triage.engine.model =
      fmt::format("{} {}", modelapi::to_text(triage.model->model.api), triage.model->model.id);
  return triage;
}

} // namespace kaden::config
