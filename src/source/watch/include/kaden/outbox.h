/// kaden/outbox.h - what a watcher knows and what it has told, stored together, so that they never disagree.
/// Room: source/watch. Uses: base, journal. Threads: one owner; what it borrows must be usable there. Errors:
/// stated at each.
///
/// An event and the state it comes from lie in two places, the journal and the records, and the process may
/// die between two commits. So the events are stored with the state, in one commit, before they are told:
///
///   Looked looked;
///   if (!outbox_.tell(looked)) return looked;         // what is left of an earlier look goes first
///   ... read, judge ...
///   if (auto stored = outbox_.store(state, news); !stored) { ... roll back, return ... }
///   outbox_.tell(looked);
///
/// Whatever dies or refuses in between, the events wait in the outbox and are told first when it goes on, in
/// their order and with their ids; the journal knows those it has. Since no look begins before they are told,
/// the outbox holds the news of one look at most.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "kaden/journal.h"
#include "kaden/source.h"

namespace kaden::source {

/// After the journal refused an event; a full mailbox is empty by then.
inline constexpr Millis tell_again = seconds(1);

/// An alarm event that is still to be told.
struct Untold {
  AlarmEvent event;
  std::string taken_by{}; ///< who acknowledged it at its source ("vcenter: sato"); empty: nobody
};

class Outbox {
 public:
  using Change = journal::Records::Change;

  /// Borrows both. `key` is the watcher's own and never changes: "vcenter/NAME". The events are the records
  /// of kind "outbox/KEY".
  Outbox(std::string key, Intake& intake, journal::Records& records)
      : kind_("outbox/" + std::move(key)), intake_(intake), records_(records) {}

  /// Changes of the watcher's state, and the events that come of them, in one commit. Nothing to store: no
  /// commit. Errors: those of Records::apply, and then nothing was stored: the watcher goes back to what it
  /// was.
  Result<void> store(std::vector<Change> state, std::vector<Untold> news);

  /// Tells what waits, in order, and takes it off; adds to looked.reported what is durable now. Cheap when
  /// nothing waits. False: something waits still, or could not be read back (then it is dropped, and the next
  /// tell() goes on); looked.trouble says why, looked.again_in when to try again, and this look ends.
  bool tell(Looked& looked);

 private:
  struct Waiting {
    std::string key;
    Untold untold;
  };
  Result<void> load();
  Result<void> report(Looked& looked);
  void take_off();
  std::vector<Change> taken_off() const;

  // Config
  const std::string kind_;
  // Borrowed
  Intake& intake_;
  journal::Records& records_;
  // State
  bool is_loaded_ = false;
  std::uint64_t last_number_ = 0; ///< of a key that is in use
  std::deque<Waiting> waiting_;
  std::vector<std::string> told_; ///< keys that are durable in the journal and still stored here
};

} // namespace kaden::source
