#include <mutex>
#include <utility>

#include "kaden/journal.h"
#include "kaden/limits/engine.h"
#include "store.h"

namespace kaden::journal {

namespace {

/// A connection of its own, so that an append never waits for more than the one commit that runs here.
class SqliteRecords final : public Records {
 public:
  SqliteRecords(Database database, Statement put, Statement erase, Statement select)
      : database_(std::move(database)),
        put_(std::move(put)),
        erase_(std::move(erase)),
        select_(std::move(select)) {}

  Result<void> apply(std::span<const Change> changes) override {
    std::lock_guard lock(mutex_);
    if (broken_) return fail(Fault::corrupt, "storing records: the disk failed in an earlier write: restart");
    auto written = write(changes);
    if (!written) return fail_while("storing records", written.error());
    return written;
  }

  Result<std::map<std::string, std::string>> all(const std::string& kind) const override {
    std::lock_guard lock(mutex_);
    std::map<std::string, std::string> found;
    select_.bind_text(1, kind);
    for (;;) {
      auto row = select_.step();
      if (row && *row) {
        found.emplace_hint(found.end(), select_.bytes(0), select_.bytes(1));
        continue;
      }
      select_.reset();
      if (!row) return fail_while("reading records", row.error());
      return found;
    }
  }

 private:
  Result<void> write(std::span<const Change> changes) {
    if (changes.empty()) return {};
    for (const Change& change : changes) {
      if (change.value && change.value->size() > limits::journal_entry_bytes_max) {
        return fail(Fault::invalid, change.kind + "/" + change.key + " is too long");
      }
    }
    auto transaction = Transaction::begin(database_);
    if (!transaction) return tl::unexpected(std::move(transaction.error()));
    for (const Change& change : changes) {
      Statement& statement = change.value ? put_ : erase_;
      statement.bind_text(1, change.kind);
      statement.bind_text(2, change.key);
      if (change.value) statement.bind_bytes(3, *change.value);
      auto done = statement.run();
      if (!done) return done;
    }
    auto committed = transaction->commit();
    if (!committed && transaction->doubtful()) broken_ = true;
    return committed;
  }

  // Owned
  mutable std::mutex mutex_;
  Database database_;
  Statement put_;
  Statement erase_;
  mutable Statement select_;
  // State
  bool broken_ = false; // a write or an fsync failed: what the disk holds is unknown until it is opened again
};

class MemoryRecords final : public Records {
 public:
  Result<void> apply(std::span<const Change> changes) override {
    std::lock_guard lock(mutex_);
    for (const Change& change : changes) {
      if (change.value) {
        kinds_[change.kind].insert_or_assign(change.key, *change.value);
      } else {
        kinds_[change.kind].erase(change.key);
      }
    }
    return {};
  }
  Result<std::map<std::string, std::string>> all(const std::string& kind) const override {
    std::lock_guard lock(mutex_);
    const auto found = kinds_.find(kind);
    if (found == kinds_.end()) return std::map<std::string, std::string>{};
    return found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, std::string>> kinds_;
};

Result<std::unique_ptr<Records>> open_records_at(const std::string& path) {
  auto made = make_file(path);
  if (!made) return tl::unexpected(std::move(made.error()));
  auto database = open_for_writing(path);
  if (!database) return tl::unexpected(std::move(database.error()));
  auto put = database->prepare("INSERT OR REPLACE INTO records VALUES(?1, ?2, ?3)");
  if (!put) return tl::unexpected(std::move(put.error()));
  auto erase = database->prepare("DELETE FROM records WHERE kind = ?1 AND key = ?2");
  if (!erase) return tl::unexpected(std::move(erase.error()));
  auto select = database->prepare("SELECT key, value FROM records WHERE kind = ?1 ORDER BY key");
  if (!select) return tl::unexpected(std::move(select.error()));
  return std::make_unique<SqliteRecords>(std::move(*database), std::move(*put), std::move(*erase),
                                         std::move(*select));
}

} // namespace

Result<std::unique_ptr<Records>> open_records(const std::string& path) {
  auto absolute = absolute_path(path);
  auto opened = absolute ? open_records_at(*absolute)
                         : Result<std::unique_ptr<Records>>(tl::unexpected(std::move(absolute.error())));
  if (!opened) return fail_while("opening the records in " + path, opened.error());
  return opened;
}

std::unique_ptr<Records> open_records_in_memory() {
  return std::make_unique<MemoryRecords>();
}

} // namespace kaden::journal
