#include "reload.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kaden::app {

namespace {

/// `carriers.sip.allow` decides what people's addresses may be and is used nowhere else: it changes with
/// them.
std::optional<config::Sip> without_allow(std::optional<config::Sip> sip) {
  if (sip) sip->allow.clear();
  return sip;
}

std::vector<std::string> allow_of(const config::Settings& settings) {
  return settings.sip ? settings.sip->allow : std::vector<std::string>{};
}

} // namespace

Differences compare(const config::Settings& running, const config::Settings& wanted) {
  Differences out;
  const auto note = [](std::vector<std::string>& list, bool is_same, const char* section) {
    if (!is_same) list.emplace_back(section);
  };
  note(out.need_restart, running.listen == wanted.listen, "listen");
  note(out.need_restart, running.store_folder == wanted.store_folder, "store");
  note(out.need_restart, running.metrics == wanted.metrics, "store.metrics");
  note(out.need_restart, running.logs == wanted.logs, "store.logs");
  note(out.taken, running.access_keys == wanted.access_keys, "access_keys");
  note(out.need_restart, running.allow_unsigned_on_loopback == wanted.allow_unsigned_on_loopback,
       "allow_unsigned_on_loopback");
  note(out.need_restart, running.arns == wanted.arns, "arns");
  note(out.taken, running.tokens == wanted.tokens, "tokens");
  note(out.taken, running.webhooks == wanted.webhooks, "webhooks");
  note(out.need_restart, without_allow(running.sip) == without_allow(wanted.sip), "carriers.sip");
  note(out.taken, allow_of(running) == allow_of(wanted), "carriers.sip.allow");
  note(out.need_restart, running.speech == wanted.speech, "speech");
  note(out.taken, running.engine.people == wanted.engine.people, "people");
  note(out.taken, running.engine.policies == wanted.engine.policies, "policies");
  note(out.taken, running.engine.routes == wanted.engine.routes, "routes");
  note(out.taken,
       running.engine.triage == wanted.engine.triage && running.triage_model == wanted.triage_model,
       "triage");
  note(out.taken, running.alarms == wanted.alarms, "alarms");
  note(out.taken, running.metric_filters == wanted.metric_filters, "metric_filters");
  note(out.taken, running.sources == wanted.sources, "sources");
  note(out.need_restart, running.chat == wanted.chat, "chat");
  note(out.taken, running.log_level == wanted.log_level, "log");
  return out;
}

config::Settings merge(const config::Settings& running, config::Settings wanted) {
  config::Settings merged = running;
  merged.access_keys = std::move(wanted.access_keys);
  merged.tokens = std::move(wanted.tokens);
  merged.webhooks = std::move(wanted.webhooks);
  if (merged.sip) merged.sip->allow = allow_of(wanted);
  merged.engine = std::move(wanted.engine);
  merged.triage_model = std::move(wanted.triage_model);
  merged.alarms = std::move(wanted.alarms);
  merged.metric_filters = std::move(wanted.metric_filters);
  merged.sources = std::move(wanted.sources);
  merged.log_level = wanted.log_level;
  return merged;
}

std::string to_words(const Differences& differences) {
  if (differences.taken.empty() && differences.need_restart.empty()) return "nothing has changed";
  std::string words = differences.taken.empty()
                          ? "nothing that can change while Kaden runs has changed"
                          : fmt::format("reloaded: {}", fmt::join(differences.taken, ", "));
  if (!differences.need_restart.empty()) {
    words += fmt::format("; needs a restart: {}", fmt::join(differences.need_restart, ", "));
  }
  return words;
}

} // namespace kaden::app
