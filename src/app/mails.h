/// app/mails.h - what becomes of a mail: it is kept, judged by the rules of its listener, and made durable as
/// an alarm event; how to look at it and judge it once more. Room: app. Uses: config, mime, mailrules,
/// source/mail, api. Threads: take() on the listeners', never blocking; the work on a thread of its own,
/// "kaden-mails". Errors: to the sender as SMTP replies: 250 only when the event is durable in the journal,
/// or a mail that makes none is durable in "mails.db"; else 451, and the sender comes again.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hook_store.h"
#include "kaden/api.h"
#include "kaden/config.h"
#include "kaden/mail_listener.h"
#include "kaden/mail_rules.h"
#include "kaden/metrics.h"
#include "kaden/runtime.h"
#include "kaden/writer.h"
#include "kept_calls.h"

namespace kaden::app {

class Mails {
 public:
  struct Parts {
    const runtime::Clock& clock;
    std::string store_path;
    Submit submit;
    Ask ask;
    /// The rules of a text, for a replay under others.
    std::function<Result<mailrules::Rules>(const std::string&)> parse_rules;
    /// One line for the log when a mail was not taken. Any thread.
    std::function<void(const std::string&)> notice;
  };
  /// The store may fail to open: then mails are not kept, which trouble() says, and those that no rule fits
  /// are not taken; alarms go on.
  explicit Mails(Parts parts);
  ~Mails();
  Mails(const Mails&) = delete;
  Mails& operator=(const Mails&) = delete;

  /// At run time, for mails from now on. Counts of listeners that stay are kept.
  void set(const std::vector<config::MailListener>& listeners);
  /// For a listener of that settings.
  mail::Take take();
  /// GET mails, GET mails/#, POST mails/#/replay.
  std::vector<api::Call> calls();

  /// Empty while mails can be kept.
  std::string trouble() const;
  void add_metrics(std::vector<api::Metric>& out) const;

 private:
  /// One listener's rules and counts; shared with the work under way.
  struct Desk {
    mailrules::Rules rules;
    std::atomic<std::uint64_t> raised{0}, cleared{0}, excepted{0}, unmatched{0}, old{0}, failed{0}, events{0};
  };
  struct Job;
  using DeskPtr = std::shared_ptr<Desk>;

  DeskPtr desk_of(const std::string& listener) const;
  void process(const std::shared_ptr<Job>& job);
  std::int64_t keep(const Job& job);
  /// What an event is among those of its alarm.
  struct Turn {
    bool is_old = false;             ///< something newer is known already
    std::optional<WallTime> since{}; ///< for the id of an event that has none of its own: put_since()
  };
  /// Notes the event's state as its alarm's last one, unless it is old. Errors: busy.
  Result<Turn> note_event(const mailrules::Judged& judged, const mime::Mail& mail, WallTime now);
  void settle(const std::shared_ptr<Job>& job, smtp::Verdict::Kind kind, const std::string& outcome,
              std::size_t events);
  void note_store(const Error* error);

  // mail_calls.cpp, on the worker
  void list(const std::string& query, const http::Reply& reply);
  void show(const std::string& number, const http::Reply& reply);
  void replay(const std::string& text, const std::string& number, const http::Reply& reply);
  Result<mailrules::Rules> rules_for(const Kept& kept, const json::object& body) const;

  // Borrowed and owned parts
  const Parts parts_;
  std::unique_ptr<HookStore> store_; // null: it could not be opened
  // State
  mutable std::mutex mutex_;
  std::map<std::string, DeskPtr> desks_; // by listener; replaced one by one
  std::string store_trouble_;
  std::atomic<std::size_t> waiting_{0}; // mails that the worker has not begun
  // Owned; last, so that its jobs end first
  std::unique_ptr<runtime::Worker> worker_;
};

/// What a mail's envelope is kept as; both directions.
std::string envelope_text(const mail::Arrival& arrival);
std::string envelope_from(const std::string& kept_call);

/// For people and programs: what was read out of a mail, and why each rule does or does not fit.
json::object explained(const mailrules::Rules& rules, const mime::Mail& mail,
                       const std::string& envelope_from);

/// With the configuration's listeners, into the writer's journal.
std::unique_ptr<Mails> open_mails(const config::Settings& settings, const runtime::Clock& clock,
                                  writer::Writer& writer, std::function<void(const std::string&)> notice);

} // namespace kaden::app
