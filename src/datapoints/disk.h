/// disk.h - the writing side of the file: batches in, blocks made of them, old blocks rolled up and dropped.
/// Every step is one commit that leaves the file whole, and can be repeated after a crash.
/// Room: datapoints, inside. Threads: one at a time. Errors: unavailable (disk full, I/O: try again), corrupt
/// (SQLite says so: set the file aside). After a commit that may or may not be on the disk, is_doubtful()
/// says so: open the file again, and last_batch() tells.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "file.h"

namespace kaden::datapoints {

class Disk {
 public:
  /// Locked against other processes while open.
  static Result<std::unique_ptr<Disk>> open(const std::string& path);

  /// One commit, durable on return: new metrics and their datapoints, or the first. `until`: all that came
  /// before it is in this commit or an earlier one.
  Result<void> append(std::span<const StoredSeries> fresh, std::vector<blocks::Record> records,
                      std::optional<WallTime> until = std::nullopt);
  std::int64_t last_batch() const { return last_batch_; }
  bool is_doubtful() const { return doubtful_; }

  /// Turns batches into blocks, some blocks at a time. True while there is more.
  Result<bool> fold_some();
  std::uint64_t batch_bytes() const { return batch_bytes_; }

  /// Begins a pass: ages are counted up to `now`, but at most a day further than in the pass before.
  Result<void> begin_ageing(WallTime now);
  WallTime aged_to() const { return aged_to_; }
  /// Rolls up and drops some blocks. True while there is more.
  Result<bool> age_some(Millis keep);
  /// Drops some of the oldest blocks of the maker whose blocks take most, while the file holds more than
  /// `bytes_max`. True while there is more.
  Result<bool> trim_some(std::uint64_t bytes_max);
  Result<void> forget(std::span<const std::uint64_t> series);

  /// All metrics, with the times of what is not folded yet.
  Result<std::vector<StoredSeries>> series() const;
  /// Of the file; what is in use of it, without free pages.
  std::uint64_t file_bytes() const;
  std::uint64_t used_bytes() const;
  std::uint64_t damaged() const { return damaged_; }

 private:
  Disk(sqlite::FileLock lock, Database database) : lock_(std::move(lock)), database_(std::move(database)) {}
  Result<void> prepare();
  Result<void> commit(Transaction& transaction);
  Result<std::vector<blocks::Point>> stored_points(std::int64_t key);
  Result<bool> read_parts(std::int64_t from, std::int64_t to, std::vector<blocks::Point>& points);
  Result<std::int64_t> maker_of(std::uint64_t series);
  Result<void> write_block(std::int64_t key, std::int64_t maker, std::span<const blocks::Point> points);
  Result<void> write_part(std::int64_t part, std::span<const blocks::Point> points, bool is_there);
  Result<void> add_to_block(std::int64_t key, std::int64_t maker, std::span<const blocks::Point> points);
  Result<void> begin_fold();
  Result<void> fold_series(std::size_t end, std::size_t& written);
  Result<void> end_fold();
  Result<std::vector<std::int64_t>> keys_until(Tier tier, WallTime end);
  Result<void> roll_block(std::int64_t key, bool drop);
  Result<void> count_takers();
  Result<std::vector<std::int64_t>> oldest_keys_of(std::int64_t maker, std::int64_t& bytes);
  std::uint64_t pages(const char* pragma) const;

  // Owned
  const sqlite::FileLock lock_;
  Database database_;
  struct Statements {
    Statement insert_batch, insert_maker, insert_series, touch_series, select_maker, select_block, put_block,
        erase_block, select_parts, put_part, erase_parts, keys_by_age, oldest, oldest_keys;
  };
  Statements sql_;
  // State
  std::int64_t last_batch_ = 0;
  std::uint64_t batch_bytes_ = 0;
  WallTime aged_to_{};
  bool doubtful_ = false;
  std::uint64_t damaged_ = 0;
  std::unique_ptr<Batches> folding_; // what is being folded; null: nothing
  std::size_t folded_ = 0;           // of its records
  int trims_since_count_ = 0;
  std::map<std::int64_t, std::int64_t> taken_by_; // bytes by maker, while blocks are dropped for want of room
};

} // namespace kaden::datapoints
