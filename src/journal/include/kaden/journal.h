/// kaden/journal.h - the ordered, durable, hash-chained log of inputs, and snapshots of the engine's state.
/// Room: journal. Uses: base. SQLite, WAL, synchronous=FULL: what append() returned from survives power loss.
/// Threads: one writer at a time calls the non-const functions; read(), verify() and latest_snapshot() may
/// run on another thread (they use their own connection). Errors: unavailable (disk full, I/O), corrupt
/// (chain or page broken), conflict (another process has it open), invalid (too large, newer schema, another
/// program's file). After a failed write or fsync of a commit the disk may or may not hold it: append() then
/// gives corrupt until the journal is opened again. A full disk is not that: append() gives unavailable and
/// works once there is room.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::journal {

using Position = std::uint64_t; ///< from 1, without gaps

struct NewEntry {
  WallTime at{};
  std::string payload;
};
struct Entry {
  Position position = 0;
  WallTime at{};
  std::string payload;
  Sha256 chain{}; ///< SHA-256(previous chain, position, at, payload): a change shows
};
struct Snapshot {
  Position position = 0; ///< the state after this entry
  std::string state;
};
struct Check {
  Position entries = 0;
  Position first_bad = 0; ///< 0: the chain holds
  std::string reason;
  Sha256 head{};
};

class Journal {
 public:
  virtual ~Journal() = default;

  /// All of them or none, in one commit, durable on return. Returns the last position.
  virtual Result<Position> append(std::span<const NewEntry> entries) = 0;
  /// Calls `take` for each entry after `after`, in order, until it returns false. Checks the chain as well.
  /// Entries appended meanwhile may be among them. `after` beyond the end: none.
  virtual Result<void> read(Position after, const std::function<bool(const Entry&)>& take) const = 0;
  /// Any thread. Of a journal opened for reading only: as it was then.
  virtual Position last_position() const = 0;
  /// Random, made when the journal was created; 16 hex digits.
  virtual const std::string& installation() const = 0;

  /// Keeps the newest two; a snapshot is bound to the chain at its position and is ignored when that differs.
  virtual Result<void> save_snapshot(const Snapshot& snapshot) = 0;
  virtual Result<std::optional<Snapshot>> latest_snapshot() const = 0;

  /// Recomputes the whole chain. `entries` and `head` tell up to where it holds.
  virtual Result<Check> verify() const = 0;
};

/// Small durable records that are not inputs (alarm definitions and their last states), in the same store.
/// Durable on return, one commit per call. Threads: any, serialised inside. Errors: as Journal.
class Records {
 public:
  virtual ~Records() = default;
  struct Change {
    std::string kind, key;
    std::optional<std::string> value; ///< nullopt: erase; erasing what is not there is fine
  };
  virtual Result<void> apply(std::span<const Change> changes) = 0;
  /// Ordered by key.
  virtual Result<std::map<std::string, std::string>> all(const std::string& kind) const = 0;
};
Result<std::unique_ptr<Records>> open_records(const std::string& path);
std::unique_ptr<Records> open_records_in_memory();

/// Creates the file (mode 0600) and its folder's entry durably when missing. Holds an exclusive lock,
/// flock(2) on "<path>.lock", while open; open the journal before the records of the same file.
Result<std::unique_ptr<Journal>> open_sqlite(const std::string& path);
/// Opens read-only beside a running Kaden, for `kaden journal`; append and save_snapshot give Fault::denied.
Result<std::unique_ptr<Journal>> open_sqlite_read_only(const std::string& path);
/// In memory, with faults that a test can order: for simulations.
struct MemoryFaults {
  std::function<bool(Position next)> fail_append; ///< true: this append fails and stores nothing
};
std::unique_ptr<Journal> open_memory(std::string installation, MemoryFaults faults = {});

} // namespace kaden::journal
