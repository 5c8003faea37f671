/// kaden/ledger.h - which alarms are open of each thing that is watched, so that those of a thing that the
/// configuration no longer has can be ended: nothing else ever would. Room: source/watch. Uses: base,
/// journal. Threads: any. Errors: stated at each function.
///
/// An alarm is written down before it is told and struck out after its end was: whatever dies in between, the
/// ledger has too many alarms rather than too few, and the end of an alarm that is not open changes nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kaden/journal.h"
#include "kaden/source.h"

namespace kaden::source {

class Ledger {
 public:
  /// Where a thing keeps what it knows: a kind of records, and the key or (ending in '/') what keys begin
  /// with; empty: all of the kind.
  using Shelf = std::pair<std::string, std::string>;
  /// Of which thing an event tells: "status/aws".
  using ThingOf = std::function<std::string(const AlarmEvent& event)>;

  /// Borrows both.
  Ledger(Intake& journal, journal::Records& records) : journal_(journal), records_(records) {}
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// The way to the journal, past the ledger, for one watcher; borrows the ledger. Errors: the journal's, and
  /// unavailable when the alarm cannot be written down: then it was not told.
  std::unique_ptr<Intake> intake(ThingOf thing_of);

  /// Ends the alarms of all things but those of `watched`, and forgets what they knew, so that one that comes
  /// back begins anew. Nothing may watch them meanwhile. How many were ended. Errors: unavailable, busy; then
  /// the rest is for the next time.
  Result<std::size_t> end_all_but(
      const std::set<std::string>& watched, WallTime now,
      const std::function<std::vector<Shelf>(const std::string& thing)>& shelves_of);

 private:
  class Desk;
  struct Open {
    std::string source, machine;
  };
  using Change = journal::Records::Change;
  Result<void> load();
  Result<void> write_down(const std::vector<AlarmEvent>& events, const ThingOf& thing_of);
  void strike_out(const std::vector<AlarmEvent>& events, const ThingOf& thing_of);
  Result<std::vector<Change>> forgotten(const std::vector<Shelf>& shelves) const;

  // Borrowed
  Intake& journal_;
  journal::Records& records_;
  // State, guarded by mutex_
  std::mutex mutex_;
  bool is_loaded_ = false;
  std::map<std::string, std::map<std::string, Open>> open_; ///< by thing, then by alarm
};

} // namespace kaden::source
