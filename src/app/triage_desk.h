/// app/triage_desk.h - triage in the running Kaden: the engine's questions go to the model, its answers into
/// the journal. Room: app. Uses: config, triage, writer. Threads: any; none blocks but set(), which ends what
/// is under way. Errors: none; each question gets its answer, and what is wrong is in trouble().
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kaden/aws_world.h"
#include "kaden/config.h"
#include "kaden/http.h"
#include "kaden/metrics.h"
#include "kaden/triage.h"
#include "kaden/writer.h"

namespace kaden::app {

/// Bedrock's keys are those of the model's section, or of the section `aws`.
triage::Settings triage_settings_of(const config::TriageModel& model, const config::Aws& aws,
                                    const aws::World& world);

class TriageDesk {
 public:
  /// Borrows both; the writer must have been stopped before this ends.
  TriageDesk(writer::Writer& writer, const runtime::Clock& clock);

  /// Once the writer takes inputs, and when the settings change: then what is under way is answered as
  /// failed.
  void set(const std::optional<config::TriageModel>& model, const config::Aws& aws);
  /// Of the engine, on the writer's thread.
  void ask(const incident::AskTriage& question);
  /// Of the timeline: counts verdicts.
  void note(const incident::TimelineEntry& entry);
  /// Empty: the model answers, or none is configured.
  std::string trouble() const;
  void add_metrics(std::vector<api::Metric>& out) const;

 private:
  void answer(const std::string& question, TriageAnswer answer);

  // Borrowed
  writer::Writer& writer_;
  const runtime::Clock& clock_;
  // State
  mutable std::mutex mutex_;
  std::array<std::uint64_t, 8> decided_{}; // by reason, in the order of the words in add_metrics()
  std::uint64_t asked_ = 0;
  // Owned
  http::Client client_;
  std::shared_ptr<triage::Judge> judge_; // guarded by mutex_; null: no model is configured
};

} // namespace kaden::app
