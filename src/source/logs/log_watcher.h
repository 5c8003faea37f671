/// log_watcher.h - one log's watcher: read, judge, keep, remember, report. Room: source/logs, inside.
/// Threads: one. Errors: none that stops it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "feed.h"
#include "kaden/log_source.h"
#include "kaden/readability.h"

namespace kaden::logs {

class LogWatcher final : public source::Watcher {
 public:
  /// `feed` may be a test's.
  LogWatcher(Settings settings, Ports ports, std::unique_ptr<Feed> feed);
  /// Remembers how far it came.
  ~LogWatcher() override;
  LogWatcher(const LogWatcher&) = delete;
  LogWatcher& operator=(const LogWatcher&) = delete;

  const std::string& source() const override { return source_; }
  const std::string& name() const override { return settings_.alarms.log; }
  source::Looked look(const std::atomic<bool>& cancelled) override;

 private:
  struct Kept {
    std::string stream;
    std::vector<Line> lines;
  };

  Result<void> begin(std::optional<Error>& trouble);
  bool restore(const std::string& saved);
  /// One read with all that follows of it. True when more is there.
  bool turn(std::optional<Error>& met);
  void take(const logalarms::Record& record, WallTime now);
  void keep(const logalarms::Record& record);
  void flush_kept();
  void note_readability(const std::optional<Error>& trouble, WallTime now);
  std::optional<Error> silence(WallTime now) const;
  /// Remembers when it is time, then reports. How many events are durable now.
  Result<std::size_t> settle(bool at_once);
  Result<void> save();
  std::string stream_of(const logalarms::Record& record) const;
  void add(std::vector<AlarmEvent> events);
  source::Hint hint() const;
  void tell_hint();
  void complain();

  // Config
  const std::string source_ = logalarms::source_name;
  const Settings settings_;
  const std::string key_;
  // Owned
  const Ports ports_;
  std::unique_ptr<Feed> feed_;
  // State
  std::optional<logalarms::Judge> judge_; ///< nothing until the first look
  Readability readability_;
  std::vector<AlarmEvent> outbox_;   ///< not known to be in the journal
  std::size_t outbox_saved_ = 0;     ///< of these, in the record
  std::map<std::string, Kept> kept_; ///< by stream
  std::uint64_t kept_lines_ = 0, unkept_lines_ = 0;
  std::string keep_trouble_;
  std::string saved_;
  SteadyTime saved_at_{};
  std::optional<SteadyTime> complained_at_;
  WallTime heard_at_{};                  ///< a record came, or the watching began
  std::optional<WallTime> silent_since_; ///< the silence that was told, until a record comes
  bool has_more_ = true, is_blind_ = false, was_deaf_ = false;
  source::Hint told_hint_ = source::Hint::none;
};

} // namespace kaden::logs
