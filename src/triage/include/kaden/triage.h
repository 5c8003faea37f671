/// kaden/triage.h - asks a model how severe an alarm's text is: Amazon Bedrock, or any OpenAI-compatible
/// endpoint. Room: triage. Uses: base, runtime, sigv4, http, aws, modelapi. An opinion only: whatever goes
/// wrong is an answer that says so, in time. Threads: Asker blocks its caller; Judge never blocks and asks on
/// threads of its own. Errors: none; they are outcomes (kaden/triage_answer.h).
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kaden/aws_credentials.h"
#include "kaden/base.h"
#include "kaden/http.h"
#include "kaden/limits/triage.h"
#include "kaden/modelapi.h"
#include "kaden/runtime.h"
#include "kaden/sigv4.h"

namespace kaden::triage {

struct Settings {
  modelapi::Model model;
  std::string url;    ///< without '/' at its end; modelapi::path_of() comes after it
  std::string region; ///< Bedrock, signed
  std::shared_ptr<aws::Credentials> credentials; ///< the same; not used with an api_key
  std::string api_key;                           ///< Authorization: Bearer; empty: none
  std::string ca_file;                           ///< trust only this PEM file; empty: the system's store
  int concurrent = limits::triage_concurrent;    ///< questions under way at once
};

/// http::Client::send, or a test's.
using Send = std::function<Result<http::Response>(const http::ClientRequest&)>;
/// Waits, or less when the process ends.
using Pause = std::function<void(Millis)>;

/// One question, one answer. Borrows the clock.
class Asker {
 public:
  Asker(Settings settings, const runtime::Clock& clock, Send send, Pause pause);
  /// A failure that may pass is tried once more when a quarter of the patience is left. `cancelled` is
  /// borrowed; may be null.
  TriageAnswer ask(std::string_view text, Millis patience,
                   const std::atomic<bool>* cancelled = nullptr) const;

 private:
  TriageAnswer ask_once(const std::string& body, Millis patience, const std::atomic<bool>* cancelled,
                        bool& may_pass) const;

  const Settings settings_;
  const runtime::Clock& clock_;
  const Send send_;
  const Pause pause_;
};

/// Called once for each question taken, on a thread of the Judge.
using Done = std::function<void(TriageAnswer)>;

/// Many questions, some at once. At its start it asks one of its own with long patience: Bedrock compiles a
/// new schema for minutes, local servers load their model, and a mistake in the settings shows before the
/// first alarm. After limits::triage_failures_max failures in a row the model is left alone for
/// limits::triage_rest, so that a dead one holds back no more alarms; then one question tries it.
class Judge {
 public:
  Judge(Settings settings, const runtime::Clock& clock, Send send);
  /// Cancels what is under way; what waits is answered as failed.
  ~Judge();
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  /// False, and `done` is never called: limits::triage_questions_max wait already. The answer comes within
  /// `wait`.
  bool ask(std::string text, Millis wait, Done done);
  /// One sentence; empty: the last answer was one, or nothing was asked yet.
  std::string trouble() const;

 private:
  struct Question {
    std::string text;
    SteadyTime until{};
    Done done;
  };
  void work();
  void warm_up();
  TriageAnswer answer(const Question& question);
  void note(const TriageAnswer& answer);
  void pause(Millis wait);

  // Borrowed
  const runtime::Clock& clock_;
  // Owned
  const Asker asker_;
  // State, shared
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Question> questions_;
  std::string trouble_;
  int failures_ = 0; // in a row
  SteadyTime rests_until_{};
  std::atomic<bool> ending_ = false;
  std::vector<std::thread> threads_;
};

} // namespace kaden::triage
