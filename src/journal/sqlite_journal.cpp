#include <algorithm>
#include <atomic>
#include <filesystem>
#include <system_error>
#include <utility>

#include "chain.h"
#include "kaden/journal.h"
#include "kaden/limits/engine.h"
#include "reader.h"
#include "store.h"

namespace kaden::journal {

namespace {

/// The WAL is folded back into the file after this many pages (16 MiB): seldom enough to stay out of most
/// commits, often enough that a restart reads little.
constexpr int checkpoint_pages = 4'096;

class SqliteJournal final : public Journal {
 public:
  SqliteJournal(Source source, FileLock lock, Database database, Statement insert, const Head& head)
      : source_(std::move(source)),
        lock_(std::move(lock)),
        database_(std::move(database)),
        insert_(std::move(insert)),
        head_(head.chain),
        last_(head.position) {
    sqlite3_wal_hook(database_.handle(), &SqliteJournal::on_committed, this);
  }
  ~SqliteJournal() override { sqlite3_wal_hook(database_.handle(), nullptr, nullptr); }
  SqliteJournal(const SqliteJournal&) = delete;
  SqliteJournal& operator=(const SqliteJournal&) = delete;

  Result<Position> append(std::span<const NewEntry> entries) override;
  Result<void> save_snapshot(const Snapshot& snapshot) override;

  Result<void> read(Position after, const std::function<bool(const Entry&)>& take) const override {
    auto done = read_entries(source_, after, take);
    if (!done) return fail_while("reading the journal", done.error());
    return done;
  }
  Position last_position() const override { return last_.load(std::memory_order_acquire); }
  const std::string& installation() const override { return source_.installation; }
  Result<std::optional<Snapshot>> latest_snapshot() const override {
    auto found = read_latest_snapshot(source_);
    if (!found) return fail_while("reading the newest snapshot", found.error());
    return found;
  }
  Result<Check> verify() const override {
    auto check = verify_entries(source_);
    if (!check) return fail_while("verifying the journal", check.error());
    return check;
  }

 private:
  /// Called by SQLite after each commit, which is durable by then.
  static int on_committed(void* self, sqlite3* handle, const char* name, int pages);
  Result<void> check_usable() const;
  Result<void> commit(Transaction& transaction);
  Result<Head> write(std::span<const NewEntry> entries);
  Result<void> write_snapshot(const Snapshot& snapshot);

  // Owned
  const Source source_;
  const FileLock lock_;
  Database database_;
  Statement insert_;
  // State
  Chainer chainer_;
  Sha256 head_;
  std::atomic<Position> last_;
  bool broken_ = false; // a write or an fsync failed: what the disk holds is unknown until it is opened again
};

int SqliteJournal::on_committed(void* self, sqlite3* handle, const char* name, int pages) {
  if (pages >= checkpoint_pages) {
    const int code = sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    // After a failed fsync the kernel may call the lost pages clean; the next fsync would then succeed
    // falsely.
    if ((code & 0xff) == SQLITE_IOERR) static_cast<SqliteJournal*>(self)->broken_ = true;
  }
  return SQLITE_OK;
}

Result<void> SqliteJournal::check_usable() const {
  if (!broken_) return {};
  return fail(Fault::corrupt,
              "the disk failed in an earlier write: restart, so that the journal is read again");
}

Result<void> SqliteJournal::commit(Transaction& transaction) {
  auto committed = transaction.commit();
  if (committed || !transaction.doubtful()) return committed;
  // Nobody may be told that nothing was stored: the next start may find it.
  broken_ = true;
  return fail(Fault::corrupt, "the disk may or may not hold the commit: " + committed.error().message);
}

Result<Head> SqliteJournal::write(std::span<const NewEntry> entries) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  Head head{last_position(), head_};
  for (const NewEntry& entry : entries) {
    ++head.position;
    head.chain = chainer_.next(head.chain, head.position, entry.at, entry.payload);
    insert_.bind(1, static_cast<std::int64_t>(head.position));
    insert_.bind(2, to_ms(entry.at));
    insert_.bind_bytes(3, entry.payload);
    insert_.bind_bytes(4, as_view(head.chain));
    auto inserted = insert_.run();
    if (!inserted) return tl::unexpected(std::move(inserted.error()));
  }
  auto committed = commit(*transaction);
  if (!committed) return tl::unexpected(std::move(committed.error()));
  return head;
}

Result<Position> SqliteJournal::append(std::span<const NewEntry> entries) {
  auto usable = check_usable();
  if (!usable) return tl::unexpected(std::move(usable.error()));
  for (const NewEntry& entry : entries) {
    if (entry.payload.size() <= limits::journal_entry_bytes_max) continue;
    return fail(Fault::invalid, "appending to the journal: an entry has " +
                                    std::to_string(entry.payload.size()) + " bytes, at most " +
                                    std::to_string(limits::journal_entry_bytes_max) + " are taken");
  }
  if (entries.empty()) return last_position();
  auto head = write(entries);
  if (!head) return fail_while("appending to the journal", head.error());
  head_ = head->chain;
  last_.store(head->position, std::memory_order_release);
  return head->position;
}

Result<void> SqliteJournal::write_snapshot(const Snapshot& snapshot) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  Sha256 chain = snapshot.position == 0 ? first_chain(source_.installation) : head_;
  if (snapshot.position != 0 && snapshot.position != last_position()) {
    auto select = database_.prepare("SELECT chain FROM entries WHERE position = ?1");
    if (!select) return tl::unexpected(std::move(select.error()));
    select->bind(1, static_cast<std::int64_t>(snapshot.position));
    auto row = select->step();
    if (!row) return tl::unexpected(std::move(row.error()));
    if (!*row || select->bytes(0).size() != chain.size()) {
      return fail(Fault::corrupt, "entry " + std::to_string(snapshot.position) + " is missing");
    }
    const std::string_view stored = select->bytes(0);
    std::copy(stored.begin(), stored.end(), chain.begin());
  }
  const Sha256 digest = snapshot_digest(chain, snapshot.state);
  auto insert = database_.prepare("INSERT OR REPLACE INTO snapshots VALUES(?1, ?2, ?3, ?4)");
  if (!insert) return tl::unexpected(std::move(insert.error()));
  insert->bind(1, static_cast<std::int64_t>(snapshot.position));
  insert->bind_bytes(2, as_view(chain));
  insert->bind_bytes(3, as_view(digest));
  insert->bind_bytes(4, snapshot.state);
  auto done = insert->run();
  if (done) {
    done = database_.execute(
        "DELETE FROM snapshots WHERE position NOT IN"
        " (SELECT position FROM snapshots ORDER BY position DESC LIMIT 2)");
  }
  if (!done) return done;
  return commit(*transaction);
}

Result<void> SqliteJournal::save_snapshot(const Snapshot& snapshot) {
  auto usable = check_usable();
  if (!usable) return usable;
  if (snapshot.position > last_position()) {
    return fail(Fault::invalid, "saving a snapshot: there is no entry " + std::to_string(snapshot.position));
  }
  if (snapshot.state.size() > limits::snapshot_bytes_max) {
    return fail(Fault::invalid,
                "saving a snapshot: " + std::to_string(snapshot.state.size()) + " bytes are too many");
  }
  auto saved = write_snapshot(snapshot);
  if (!saved) return fail_while("saving a snapshot", saved.error());
  return {};
}

/// Beside a running Kaden: no lock, no writer's connection.
class ReadOnlyJournal final : public Journal {
 public:
  ReadOnlyJournal(Source source, Position last) : source_(std::move(source)), last_(last) {}

  Result<Position> append(std::span<const NewEntry> /*entries*/) override { return denied(); }
  Result<void> save_snapshot(const Snapshot& /*snapshot*/) override { return denied(); }
  Result<void> read(Position after, const std::function<bool(const Entry&)>& take) const override {
    return read_entries(source_, after, take);
  }
  Position last_position() const override { return last_; }
  const std::string& installation() const override { return source_.installation; }
  Result<std::optional<Snapshot>> latest_snapshot() const override { return read_latest_snapshot(source_); }
  Result<Check> verify() const override { return verify_entries(source_); }

 private:
  static tl::unexpected<Error> denied() {
    return fail(Fault::denied, "the journal is open for reading only");
  }

  const Source source_;
  const Position last_;
};

/// What a journal needs to begin: its connection, whose it is, and where its chain stands.
struct Beginning {
  Database database;
  Source source;
  Head head;
};
Result<Beginning> begin(const std::string& path, Result<Database> database) {
  if (!database) return tl::unexpected(std::move(database.error()));
  auto installation = installation_of(*database);
  if (!installation) return tl::unexpected(std::move(installation.error()));
  Source source{path, std::move(*installation)};
  auto head = read_head(source);
  if (!head) return tl::unexpected(std::move(head.error()));
  return Beginning{std::move(*database), std::move(source), *head};
}

Result<std::unique_ptr<Journal>> open_writer(const std::string& path) {
  // The lock first: whoever does not get it must not touch the file.
  auto lock = FileLock::take(path);
  if (!lock) return tl::unexpected(std::move(lock.error()));
  auto made = make_file(path);
  if (!made) return tl::unexpected(std::move(made.error()));
  auto begun = begin(path, open_for_writing(path));
  if (!begun) return tl::unexpected(std::move(begun.error()));
  auto insert = begun->database.prepare("INSERT INTO entries VALUES(?1, ?2, ?3, ?4)");
  if (!insert) return tl::unexpected(std::move(insert.error()));
  return std::make_unique<SqliteJournal>(std::move(begun->source), std::move(*lock),
                                         std::move(begun->database), std::move(*insert), begun->head);
}

Result<std::unique_ptr<Journal>> open_reader(const std::string& path) {
  std::error_code code;
  if (!std::filesystem::exists(path, code)) return fail(Fault::not_found, "there is no such file");
  auto begun = begin(path, open_for_reading(path));
  if (!begun) return tl::unexpected(std::move(begun.error()));
  return std::make_unique<ReadOnlyJournal>(std::move(begun->source), begun->head.position);
}

} // namespace

Result<std::unique_ptr<Journal>> open_sqlite(const std::string& path) {
  auto absolute = absolute_path(path);
  auto opened = absolute ? open_writer(*absolute)
                         : Result<std::unique_ptr<Journal>>(tl::unexpected(std::move(absolute.error())));
  if (!opened) return fail_while("opening the journal " + path, opened.error());
  return opened;
}

Result<std::unique_ptr<Journal>> open_sqlite_read_only(const std::string& path) {
  auto absolute = absolute_path(path);
  auto opened = absolute ? open_reader(*absolute)
                         : Result<std::unique_ptr<Journal>>(tl::unexpected(std::move(absolute.error())));
  if (!opened) return fail_while("opening the journal " + path + " for reading", opened.error());
  return opened;
}

} // namespace kaden::journal
