/// app/service.h - one running Kaden: the parts in the order they depend on each other. Room: app.
/// Threads: create(), start() and stop() on one thread. Errors: as Result, with what could not be done.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "archive.h"
#include "chat_desk.h"
#include "dispatcher.h"
#include "health.h"
#include "kaden/api.h"
#include "kaden/cloudwatch.h"
#include "kaden/config.h"
#include "kaden/http.h"
#include "kaden/journal.h"
#include "kaden/sip_carrier.h"
#include "kaden/speech.h"
#include "kaden/writer.h"
#include "logs.h"
#include "mails.h"
#include "reload.h"
#include "sources.h"
#include "triage_desk.h"
#include "webhooks.h"

namespace kaden::app {

/// Who hears of what happens; all called on any thread, none may block.
struct Witnesses {
  LogLine log;                    ///< of the timeline
  cloudwatch::Observer datum;     ///< each datum taken
  datapoints::Store::Log notices; ///< what is wrong with stored datapoints or with what webhooks receive
};

class Service {
 public:
  /// Opens the journal, checks the voices, binds SIP, recovers the state. Nothing is dialled or accepted yet.
  static Result<std::unique_ptr<Service>> create(config::Settings settings, const runtime::Clock& clock,
                                                 Witnesses witnesses);
  /// As stop().
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Renders the standing sentences, recovers calls of a dead predecessor, then accepts.
  Result<void> start();
  /// Ends open dialogs at the far end, commits what was taken, then stops listening. Repeats are harmless.
  void stop();
  /// Takes what can change while running (see reload.h); open incidents keep their plans. Blocks until the
  /// journal has answered; when it refuses, everything stays as it was.
  Result<Differences> reload(config::Settings settings);

  std::uint16_t port() const { return server_->port(); }
  /// What recover() found, for the log.
  std::string recovery_words() const;

 private:
  Service(config::Settings settings, const runtime::Clock& clock, Witnesses witnesses);
  Result<void> open_stores();
  Result<void> open_speech();
  Result<void> open_carrier();
  Result<void> open_endpoint();
  void open_archive();
  void open_api();
  void handle(http::Request request, const http::Reply& reply);
  void tick();
  Facts look() const;
  void check_speech_if_due();
  std::vector<api::Metric> more_metrics() const;
  std::vector<script::Utterance> standing_sentences() const;

  // State
  config::Settings settings_;
  const runtime::Clock& clock_;
  const Witnesses witnesses_;
  std::size_t recalled_ = 0;
  bool started_ = false;
  std::string sip_address_; // set before the threads start
  Health health_;
  SteadyTime speech_checked_{}; // the timers' thread only
  // Owned, in the order they depend on each other; closed from the last to the first
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<journal::Records> records_;
  std::unique_ptr<speech::Speech> speech_;
  api::TimelineFeed feed_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<carrier::SipCarrier> carrier_;
  std::unique_ptr<writer::Writer> writer_;
  std::unique_ptr<TriageDesk> triage_;
  std::unique_ptr<Sources> sources_;
  std::unique_ptr<ChatDesk> chat_;   // null: no chat is wanted
  std::unique_ptr<Archive> archive_; // null: no datapoints are stored
  std::unique_ptr<cloudwatch::Endpoint> endpoint_;
  std::unique_ptr<Logs> logs_; // null: log events are not wanted
  std::unique_ptr<Webhooks> webhooks_;
  std::unique_ptr<Mails> mails_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<runtime::Worker> timers_;
  std::unique_ptr<http::Server> server_;
};

/// Without a cache.
speech::SpeechSettings voices_of(const config::Settings& settings);
/// Those that people are called in; the others' voices may be missing.
std::vector<Language> languages_of(const config::Settings& settings);

} // namespace kaden::app
