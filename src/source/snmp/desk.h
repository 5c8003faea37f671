/// desk.h - what traps and polls share: the alarms, and the way of their news into the journal. Room:
/// source/snmp, inside. Threads: any; one lock, held while the journal commits, so that news keep their
/// order. Errors: as the intake's and the records'.
///
/// What is known and the news that come of it are stored in one commit, and then told (kaden/outbox.h). What
/// cannot be stored is kept here, for a trap does not come again; watchers ask tell_again() before they take
/// more.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kaden/outbox.h"
#include "kaden/readability.h"
#include "kaden/snmp_source.h"

namespace kaden::snmp {

class Desk {
 public:
  Desk(Settings settings, const Ports& ports);

  /// What it gives is news; stored and told when it returns. The number of events, with those that waited.
  Result<std::size_t> tell(const std::function<std::vector<AlarmEvent>(Alarms&)>& news);
  /// What waits since the journal or the records refused it. An error: something waits still.
  Result<std::size_t> tell_again();
  /// Of one watcher, by its name.
  Result<void> restore(const std::string& name, Readability& readability) const;
  /// Whether it can read, and the event that comes of it.
  Result<std::size_t> note(const std::string& name, const Readability& readability,
                           std::optional<AlarmEvent> event);

  Library& library() { return library_; }
  const Settings& settings() const { return settings_; }
  const Ports& ports() const { return ports_; }
  /// What was wrong with what is stored; once.
  std::string take_trouble();
  Alarms::Counts counts() const;
  /// While alarms are dropped for want of room, and for a while after: why.
  std::string why_dropping() const;

 private:
  Result<std::size_t> flush();
  std::int32_t next_boots() const;
  void tell_dropping();
  AlarmEvent dropping_event(bool is_over, WallTime began) const;
  std::string why() const;

  // Config
  const Settings settings_;
  // Borrowed
  const Ports ports_;
  // Owned
  Library library_;
  // State
  mutable std::mutex mutex_;
  source::Outbox outbox_;
  Alarms alarms_;
  std::vector<source::Untold> news_;                          ///< not stored yet
  std::map<std::string, std::optional<std::string>> unsaved_; ///< the same
  std::map<std::string, std::string> readabilities_;          ///< as stored, or in unsaved_
  std::string trouble_;
  Readability dropping_{Millis(0)};
  std::uint64_t seen_dropped_ = 0;
  SteadyTime dropping_until_{};
};

} // namespace kaden::snmp
