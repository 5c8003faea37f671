/// app/sources.h - what is watched from outside, in the running Kaden: makes the watchers from the settings,
/// gives their events to the journal, and tells how they stand. Room: app. Uses: config, writer, journal,
/// source/watch, source/feed, source/mail. Threads: watch() and stop() on the owner's; the rest on any.
/// Errors: none that stops anything: what a source meets is in its standing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/aws_client.h"
#include "kaden/config.h"
#include "kaden/http.h"
#include "kaden/journal.h"
#include "kaden/ledger.h"
#include "kaden/log_source.h"
#include "kaden/mail_listener.h"
#include "kaden/metrics.h"
#include "kaden/network.h"
#include "kaden/source.h"
#include "kaden/writer.h"

namespace kaden::app {

/// The way into the journal: blocks until the writer has committed, or refused, or close() was called.
class JournalIntake final : public source::Intake {
 public:
  explicit JournalIntake(writer::Writer& writer);
  Result<void> report(std::vector<AlarmEvent> events) override;
  Result<void> report_taken(AlarmEvent event, std::string by) override;
  Result<std::map<std::string, std::string>> who_took(const std::string& source,
                                                      const std::vector<std::string>& alarms) override;
  /// From now on reports end with unavailable, those that wait as well: a disk that hangs must not hang the
  /// shutdown. What was handed over may become durable all the same; its ids make a repeat harmless.
  void close();

 private:
  Result<void> submit(std::vector<incident::Input> inputs);
  bool is_closed() const;

  struct Desk; // shared with the writer, which may answer when nobody waits any more

  // Borrowed
  writer::Writer& writer_;
  // State
  const std::shared_ptr<Desk> desk_;
};

class Sources {
 public:
  /// Borrows all until stop(). `installation` is the journal's.
  Sources(writer::Writer& writer, journal::Records& records, const runtime::Clock& clock,
          std::string installation);
  /// As stop().
  ~Sources();
  Sources(const Sources&) = delete;
  Sources& operator=(const Sources&) = delete;

  /// Where the findings of own probes go; before the first watch(). Called on the source's thread.
  void send_metrics_to(std::function<void(const std::vector<alarm::Datum>&)> metrics);
  /// A datum that was taken: it may be what a vantage point tells of a path. Any thread; does not block.
  void hear(const alarm::Datum& datum) const;
  /// Where mails go; before the first watch().
  void set_mail(mail::Take take) { take_mail_ = std::move(take); }
  /// Where messages of queues go: the webhook's name, the message, and who is told its HTTP status once;
  /// before the first watch().
  using TakeMessage = std::function<void(const std::string& webhook, std::string body,
                                         std::function<void(int status)> settle)>;
  void set_messages(TakeMessage take) { take_message_ = std::move(take); }
  /// Begins to watch; what was watched before is ended first, which takes about a second at most. Alarms of
  /// things that are not in `settings` are over then.
  void watch(const config::Sources& settings);
  void stop();
  /// Where watched logs keep their lines, and what they say in Kaden's own log; before the first watch().
  void connect_logs(logs::Keep keep, std::function<void(const std::string&)> say);
  /// What is sent to log groups goes in here.
  logs::Taps& taps() { return taps_; }

  std::vector<source::Standing> standings() const;

 private:
  std::vector<std::unique_ptr<source::Watcher>> watchers_of(const config::Sources& settings);
  std::unique_ptr<source::Watcher> watcher_of(const config::StatusPage& page);
  std::unique_ptr<source::Watcher> watcher_of(const config::Network& network);
  void watch_queues(const config::Sources& settings, std::vector<std::unique_ptr<source::Watcher>>& watchers);
  void replace(std::unique_ptr<source::Watching> watching);
  source::Intake& intake_of(source::Ledger::ThingOf thing_of);
  source::Intake& intake_of(const std::string& thing);
  void end_what_is_gone(const config::Sources& settings);

  // Borrowed
  journal::Records& records_;
  const runtime::Clock& clock_;
  // Config
  const std::string installation_;
  std::function<void(const std::vector<alarm::Datum>&)> metrics_;
  mail::Take take_mail_;
  TakeMessage take_message_;
  // Owned
  JournalIntake journal_;
  source::Ledger ledger_;
  std::vector<std::unique_ptr<source::Intake>> intakes_; ///< of those that watch
  logs::Keep keep_;
  logs::Taps taps_;
  std::function<void(const std::string&)> say_ = [](const std::string&) {};
  http::Client client_;
  std::unique_ptr<aws::Credentials> aws_keys_;            ///< of the queues
  std::vector<std::unique_ptr<aws::Client>> aws_clients_; ///< the same, one each
  mutable std::mutex mutex_;
  std::shared_ptr<network::Readings> readings_; // guarded by mutex_; null: no paths are watched
  std::unique_ptr<source::Watching> watching_;  // guarded by mutex_; null: nothing is watched
};

/// For GET /api/v1/sources.
json::value to_json(const std::vector<source::Standing>& standings);
void add_metrics(const std::vector<source::Standing>& standings, std::vector<api::Metric>& out);

} // namespace kaden::app
