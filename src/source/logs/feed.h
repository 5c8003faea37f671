/// feed.h - where a log's records come from. Room: source/logs, inside. Threads: one, stated at what differs.
/// Errors: trouble is a value; a feed mends itself with the next read().
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "kaden/base.h"
#include "kaden/log_record.h"
#include "kaden/log_source.h"

namespace kaden::logs {

class Feed {
 public:
  using Take = std::function<void(logalarms::Record)>;
  struct Read {
    bool has_more = false; ///< what is there was not read to the end
    bool is_blind = false; ///< nothing at all can be read; else the trouble is of a part
    std::optional<Error> trouble{};
  };

  virtual ~Feed() = default;
  /// Before the first read: position() of the run before, or null when there was none. False: it cannot be
  /// used, and the feed begins anew.
  virtual bool begin(const json::value& saved) = 0;
  /// Gives what is new, for about limits::log_look_max at most.
  virtual Read read(const Take& take) = 0;
  /// Until something is new, or `most` is over.
  virtual void wait(Millis most, const std::atomic<bool>& cancelled) = 0;
  /// Behind all that was given.
  virtual json::value position() = 0;
  /// What was written while nobody looked is not there any more.
  virtual bool forgets() const { return false; }
  /// Many lines were no text in the encoding in which they were read.
  virtual bool is_garbled() const { return false; }
  /// What is worth a line in the log and no trouble of the whole; empty: nothing. Then forgotten.
  virtual std::string take_complaint() { return ""; }
  /// For /metrics, since the start.
  virtual std::map<std::string, std::uint64_t> counts() const = 0;
  /// The same of now.
  virtual std::map<std::string, std::uint64_t> levels() const { return {}; }
};

std::unique_ptr<Feed> follow_files(Files settings, const runtime::Clock& clock,
                                   std::function<void(const std::string&)> log);
std::unique_ptr<Feed> receive_syslog(Syslog settings, const runtime::Clock& clock);
std::unique_ptr<Feed> tap_groups(std::shared_ptr<Tap> tap);
std::unique_ptr<Feed> read_journal(Journal settings, const runtime::Clock& clock);

} // namespace kaden::logs
