#include "triage_desk.h"

#include "aws_parts.h"

namespace kaden::app {

namespace {

using incident::Why;

/// What decides a severity, each with a count.
constexpr std::array<Why, 8> reasons = {Why::by_rule,    Why::by_model,     Why::by_equal_text,
                                        Why::model_late, Why::model_failed, Why::model_malformed,
                                        Why::model_busy, Why::overtaken};

} // namespace

triage::Settings triage_settings_of(const config::TriageModel& model, const config::Aws& aws,
                                    const aws::World& world) {
  triage::Settings settings;
  settings.model = model.model;
  settings.url = model.url;
  settings.region = model.region;
  settings.credentials = credentials_of(aws, world);
  if (!model.access_key_id.empty()) {
    const sigv4::Credentials given{model.access_key_id, model.secret, model.session_token};
    settings.credentials = std::make_shared<aws::Credentials>(
        [given] {
          return Result<aws::Keys>(aws::Keys{given, {}, "the configuration"});
        },
        *world.clock, world.chance);
  }
  settings.api_key = model.api_key;
  settings.ca_file = model.ca_file;
  settings.concurrent = model.concurrent;
  return settings;
}

TriageDesk::TriageDesk(writer::Writer& writer, const runtime::Clock& clock)
    : writer_(writer), clock_(clock) {}

void TriageDesk::set(const std::optional<config::TriageModel>& model, const config::Aws& aws) {
  std::shared_ptr<triage::Judge> fresh;
  if (model) {
    fresh = std::make_shared<triage::Judge>(
        triage_settings_of(*model, aws, aws::system_world(client_, clock_)), clock_,
        [this](const http::ClientRequest& request) { return client_.send(request); });
  }
  {
    std::lock_guard lock(mutex_);
    judge_.swap(fresh);
  }
  // The one before ends here, outside the lock: its last answers may come now.
}

void TriageDesk::ask(const incident::AskTriage& question) {
  std::shared_ptr<triage::Judge> judge;
  {
    std::lock_guard lock(mutex_);
    judge = judge_;
    ++asked_;
  }
  if (!judge) return answer(question.question, {TriageOutcome::failed, {}, {}, "no model is configured"});
  const bool is_taken =
      judge->ask(question.text, question.wait,
                 [this, id = question.question](TriageAnswer given) { answer(id, std::move(given)); });
  if (!is_taken)
    answer(question.question, {TriageOutcome::busy, {}, {}, "too many questions wait for the model"});
}

void TriageDesk::answer(const std::string& question, TriageAnswer answer) {
  writer_.submit_must(incident::TriageAnswered{question, std::move(answer)}, nullptr);
}

void TriageDesk::note(const incident::TimelineEntry& entry) {
  if (entry.what != incident::Happening::triaged) return;
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (reasons[i] == entry.why) ++decided_[i];
  }
}

std::string TriageDesk::trouble() const {
  std::lock_guard lock(mutex_);
  return judge_ ? judge_->trouble() : "";
}

void TriageDesk::add_metrics(std::vector<api::Metric>& out) const {
  std::lock_guard lock(mutex_);
  api::Metric decided{"kaden_triage_severities_total",
                      "Severities decided by rule or model since the start, by what decided.",
                      api::MetricKind::counter,
                      {},
                      {}};
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    decided.samples.push_back(
        {{{"by", std::string(incident::to_text(reasons[i]))}}, static_cast<double>(decided_[i])});
  }
  out.push_back(std::move(decided));
  out.push_back(
      api::counter("kaden_triage_questions_total", "Texts of alarms that a model was asked about.", asked_));
}

} // namespace kaden::app
