/// app/dispatcher.h - carries the engine's effects to the carriers, and what the carriers report back to the
/// writer. Room: app. Uses: runtime, incident, writer, speech, carrier, api. Threads: release() on the
/// writer's thread, the listener's functions on the carriers' threads, rendering on two speech workers; none
/// of them blocks another. Errors: what cannot be said or dialled comes back to the engine as
/// CallEnded{carrier_failed} with the reason, so nothing is dropped silently.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "kaden/carrier.h"
#include "kaden/incident.h"
#include "kaden/runtime.h"
#include "kaden/speech.h"
#include "kaden/timeline_feed.h"
#include "kaden/writer.h"

namespace kaden::app {

/// One line of log per happening: who, what, when, why.
using LogLine = std::function<void(const incident::TimelineEntry&)>;

/// Since the start.
struct DispatchCounts {
  std::array<std::uint64_t, 10> ended{};   ///< calls, by LineOutcome
  std::array<std::uint64_t, 5> verdicts{}; ///< answers to keys, by Verdict
  int carrier_failures = 0;                ///< calls in a row that the carrier could not place
  std::string carrier_failure;             ///< what the last of them said
  std::string speech_trouble;              ///< of the last try of a voice; empty: it spoke
};

class Dispatcher final : public writer::EffectSink, public carrier::Listener {
 public:
  Dispatcher(const runtime::Clock& clock, speech::Speech& speech, api::TimelineFeed& feed, LogLine log);
  ~Dispatcher() override;

  /// Before the first effect. The carriers by their names in contact methods ("sip").
  void connect(writer::Writer& writer, std::map<std::string, carrier::Carrier*> carriers);
  /// Who takes the engine's questions of severity, on the writer's thread; before the first effect.
  void connect_triage(std::function<void(const incident::AskTriage&)> ask) { ask_triage_ = std::move(ask); }
  /// Ends the live calls at the far end. From now on effects and reports are left for the next start, which
  /// recovers those calls as after a crash.
  void close(EndReason reason);
  /// Waits for the speech workers, who use the writer and the carriers: to be called while those still are,
  /// and after everybody who gives orders has ended.
  void stop();
  /// Renders an utterance on a speech worker.
  void speak(script::Utterance utterance, const std::function<void(Result<speech::AudioPtr>)>& done);
  /// Tries every voice on a speech worker; the result is in counts().
  void check_speech(std::vector<Language> languages);
  DispatchCounts counts() const;

  void release(const incident::Effect& effect) override;
  /// Ends the process at once, as a crash would: the next start recovers.
  void on_journal_corrupt(const Error& error) override;

  void on_progress(const CallId& call, Progress progress, const Dialog& dialog) override;
  void on_key(const CallId& call, char key) override;
  void on_ended(const CallId& call, LineOutcome outcome, const std::string& detail) override;

 private:
  void place(const incident::PlaceCall& order);
  void render_and_dial(const incident::PlaceCall& order);
  void dial(const incident::PlaceCall& order, std::array<carrier::Samples, script::line_count> audio);
  carrier::Carrier* carrier_of(const std::string& name) const;
  void answer(const CallId& call, char key, Verdict verdict);
  void not_placed(const CallId& call, LineOutcome outcome, const std::string& why);
  Result<speech::AudioPtr> render(const script::Utterance& utterance);
  bool is_closed() const;
  runtime::Worker& next_worker();

  // Borrowed
  const runtime::Clock& clock_;
  speech::Speech& speech_;
  api::TimelineFeed& feed_;
  writer::Writer* writer_ = nullptr;
  std::map<std::string, carrier::Carrier*> carriers_;
  std::function<void(const incident::AskTriage&)> ask_triage_;
  // State
  const LogLine log_;
  mutable std::mutex mutex_;
  std::map<CallId, std::string> carrier_by_call_; // live calls, until ended
  std::set<CallId> rendering_;                    // accepted, still being spoken to audio
  DispatchCounts counts_;
  bool closed_ = false;
  std::size_t turn_ = 0;
  // Owned
  std::vector<std::unique_ptr<runtime::Worker>> workers_;
};

} // namespace kaden::app
