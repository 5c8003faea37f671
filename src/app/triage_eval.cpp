#include "triage_eval.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "kaden/config.h"
#include "kaden/evaluation.h"
#include "kaden/incident.h"
#include "kaden/runtime.h"
#include "kaden/triage.h"
#include "secret.h"
#include "triage_desk.h"

namespace kaden::app {

namespace {

constexpr std::size_t progress_every = 25; // texts, where lines cannot be written over

Result<std::vector<modelapi::Case>> texts_of(const TriageEvalOptions& options,
                                             const config::Environment& environment) {
  std::string text(triage_texts);
  if (!options.set.empty()) {
    auto file = environment.read_file(options.set);
    if (!file) return tl::unexpected(file.error());
    text = std::move(file->text);
  }
  auto cases = modelapi::read_cases(text);
  if (!cases) return fail_while(options.set.empty() ? "the evaluation set" : options.set, cases.error());
  if (options.of_language) {
    std::erase_if(*cases, [&](const modelapi::Case& each) { return each.language != *options.of_language; });
  }
  const auto wanted = static_cast<std::size_t>(options.limit);
  if (wanted == 0 || wanted >= cases->size()) return cases;
  std::vector<modelapi::Case> some; // of all kinds: the set is ordered by kind
  for (std::size_t i = 0; i < wanted; ++i) some.push_back(std::move((*cases)[i * cases->size() / wanted]));
  return some;
}

void show_progress(std::size_t done, std::size_t of) {
  if (isatty(STDERR_FILENO) == 1) {
    fmt::print(stderr, "\r{} / {} ", done, of);
    if (done == of) fmt::print(stderr, "\n");
  } else if (done % progress_every == 0 || done == of) {
    fmt::print(stderr, "{} / {}\n", done, of);
  }
}

} // namespace

int run_triage_eval(const TriageEvalOptions& options) {
  const config::Environment environment = config::process_environment();
  const auto settings = config::load(options.config, environment);
  if (!settings) return report(settings.error());
  if (!settings->triage_model)
    return report({Fault::invalid, options.config + ": triage.model: no model is configured"});
  const auto cases = texts_of(options, environment);
  if (!cases) return report(cases.error());
  if (cases->empty()) return report({Fault::invalid, "there is no text in that language"});

  const runtime::SystemClock clock;
  http::Client client;
  const triage::Asker asker(
      triage_settings_of(*settings->triage_model, settings->sources.aws, aws::system_world(client, clock)),
      clock, [&client](const http::ClientRequest& request) { return client.send(request); },
      [](Millis wait) { std::this_thread::sleep_for(wait); });
  const Millis patience =
      options.time_limit_s > 0 ? seconds(options.time_limit_s) : settings->engine.triage.wait;
  modelapi::Tally tally;
  for (const modelapi::Case& each : *cases) {
    const SteadyTime begin = clock.steady();
    const TriageAnswer answer = asker.ask(incident::triage_text(each.event), patience);
    tally.add(each, answer, clock.steady() - begin);
    show_progress(tally.asked(), cases->size());
  }
  fmt::print("{}", tally.report(settings->engine.triage.model, options.language));
  if (tally.without_verdict() == tally.asked()) return 2;
  return tally.without_verdict() == 0 && tally.accuracy_percent() >= options.least_percent ? 0 : 1;
}

int print_triage_texts() {
  fmt::print("{}", triage_texts);
  return 0;
}

} // namespace kaden::app
