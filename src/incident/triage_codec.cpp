// Triage in the journal's configuration.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "clean.h"
#include "config_codec.h"

namespace kaden::incident {

namespace {

constexpr std::size_t items_max = 100'000; // as of the configuration's other lists

json::array list_of(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

json::value to_json(const SeverityRule& rule) {
  json::object out;
  if (!rule.sources.empty()) out["sources"] = list_of(rule.sources);
  if (!rule.labels.empty()) {
    json::object labels;
    for (const auto& [name, glob] : rule.labels) labels[name] = glob;
    out["labels"] = std::move(labels);
  }
  if (!rule.texts.empty()) out["texts"] = list_of(rule.texts);
  if (rule.severity) out["severity"] = kaden::to_text(*rule.severity);
  if (rule.lowest) out["lowest"] = kaden::to_text(*rule.lowest);
  if (!rule.asks) out["asks"] = false;
  return out;
}

Result<std::optional<Severity>> read_severity(const Fields& fields, std::string_view name) {
  const auto text = fields.text_or(name, 32, "");
  if (!text) return tl::unexpected(text.error());
  if (text->empty()) return std::optional<Severity>();
  const auto severity = parse_severity(*text);
  if (!severity) return fail(Fault::invalid, fields.path_of(name) + ": unknown severity");
  return severity;
}

Result<SeverityRule> rule_from_json(const json::value& value, const std::string& path) {
  if (!value.is_object()) return fail(Fault::invalid, path + ": must be an object");
  const Fields fields(value.get_object(), path);
  if (auto known = fields.only({"sources", "labels", "texts", "severity", "lowest", "asks"}); !known)
    return tl::unexpected(known.error());
  SeverityRule rule;
  auto sources = read_texts(fields, "sources", items_max, free_text_bytes_max);
  if (!sources) return tl::unexpected(sources.error());
  rule.sources = std::move(*sources);
  auto labels = fields.text_map("labels", items_max, free_text_bytes_max);
  if (!labels) return tl::unexpected(labels.error());
  rule.labels = std::move(*labels);
  auto texts = read_texts(fields, "texts", items_max, free_text_bytes_max);
  if (!texts) return tl::unexpected(texts.error());
  rule.texts = std::move(*texts);
  const auto severity = read_severity(fields, "severity");
  if (!severity) return tl::unexpected(severity.error());
  rule.severity = *severity;
  const auto lowest = read_severity(fields, "lowest");
  if (!lowest) return tl::unexpected(lowest.error());
  rule.lowest = *lowest;
  const auto asks = fields.flag_or("asks", true);
  if (!asks) return tl::unexpected(asks.error());
  rule.asks = *asks;
  return rule;
}

} // namespace

json::value to_json(const SpokenText& text) {
  json::object out;
  for (const auto& [language, words] : text) out[kaden::to_text(language)] = words;
  return out;
}

json::value to_json(const Triage& triage) {
  json::object out;
  json::array rules;
  for (const SeverityRule& rule : triage.rules) rules.push_back(to_json(rule));
  if (!rules.empty()) out["rules"] = std::move(rules);
  if (!triage.model.empty()) out["model"] = triage.model;
  out["wait_ms"] = triage.wait.count();
  return out;
}

Result<Triage> triage_from_json(const json::object& object, const std::string& path) {
  const Fields fields(object, path);
  if (auto known = fields.only({"rules", "model", "wait_ms"}); !known) return tl::unexpected(known.error());
  Triage triage;
  const auto rules = fields.array("rules");
  if (!rules) return tl::unexpected(rules.error());
  if (*rules != nullptr) {
    if ((*rules)->size() > items_max) return fail(Fault::invalid, fields.path_of("rules") + ": too many");
    for (const json::value& value : **rules) {
      auto rule = rule_from_json(value, fmt::format("{}[{}]", fields.path_of("rules"), triage.rules.size()));
      if (!rule) return tl::unexpected(rule.error());
      triage.rules.push_back(std::move(*rule));
    }
  }
  auto model = fields.text_or("model", free_text_bytes_max, "");
  if (!model) return tl::unexpected(model.error());
  triage.model = std::move(*model);
  const auto wait = fields.integer("wait_ms", 1, limits::triage_wait_max.count());
  if (!wait) return tl::unexpected(wait.error());
  triage.wait = Millis(*wait);
  return triage;
}

} // namespace kaden::incident
