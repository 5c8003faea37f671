/// spool.h - what waits to be sent, in order, on disk while the other side is away. Room: agent, inside.
/// Threads: any. Errors: unavailable, conflict (another agent has the folder); a full disk is told by the
/// log, and memory is used.
///
/// A folder holds segments named after their first record, and `done`, the number of the last record that
/// needs no sending any more. A segment is append-only: a heading, then records (length, CRC-32, number,
/// time, content), each synced before it counts. What a crash leaves at the end of a segment is found by its
/// CRC and passed over.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "files.h"
#include "kaden/base.h"

namespace kaden::agent {

// The format, pure
// -----------------------------------------------------------------------------------------------------

inline constexpr std::string_view segment_heading = "KADSPL1\n";

struct SpoolRecord {
  std::uint64_t number = 0;
  WallTime at{};
  std::string_view content;
};
std::string encode_record(const SpoolRecord& record);
/// The record at the front of `bytes` and its size there; nullopt when it is torn or damaged.
std::optional<std::pair<SpoolRecord, std::size_t>> decode_record(std::string_view bytes);
/// Hands over each good record with its place; stops at the first that is not good, and says so with false.
bool scan_segment(std::string_view bytes,
                  const std::function<void(const SpoolRecord&, std::size_t at)>& take);

std::string encode_done(std::uint64_t number);
std::optional<std::uint64_t> decode_done(std::string_view text);

// The queue
// -----------------------------------------------------------------------------------------------------

struct SpoolSettings {
  std::string name;                 ///< for the log: "metrics"
  std::string folder;               ///< empty: memory only
  std::size_t bytes_max = 0;        ///< on disk
  std::size_t memory_bytes_max = 0; ///< when there is no folder, or the disk refuses
  Millis age_max{};
  /// Told once for each record that is on disk, sent, or dropped: nobody needs to make it again. Must not
  /// call back.
  std::function<void(std::string_view content)> on_safe;
  std::function<void(const std::string& line)> log;
};

class Spool {
 public:
  struct Entry {
    std::uint64_t number = 0;
    WallTime at{};
    std::string content;
  };
  struct Counts {
    std::size_t waiting = 0, bytes = 0;
    std::uint64_t dropped = 0; ///< since the start
  };

  static Result<std::unique_ptr<Spool>> open(SpoolSettings settings);
  /// Keeps what waits, if there is a folder.
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Behind all others. Goes to memory while nothing waits on disk: a healthy agent writes nothing.
  void put(std::string content, WallTime at);
  /// The oldest that is not too old at `now`.
  std::optional<Entry> front(WallTime now);
  /// It needs no sending any more. No effect when it was dropped meanwhile.
  void done(std::uint64_t number);
  /// The other side is away: what is in memory goes to disk.
  void keep();
  Counts counts() const;
  /// Half of what it may hold waits: who can wait should.
  bool is_filling() const;

 private:
  struct Segment {
    std::string path;
    std::uint64_t last = 0; ///< number of its last record
    std::size_t waiting = 0, bytes = 0, cursor = 0;
  };

  explicit Spool(SpoolSettings settings) : settings_(std::move(settings)) {}
  Result<void> recover();
  void recover_segment(const std::string& name, std::uint64_t done);
  bool to_disk(const Entry& entry);
  bool begin_segment(std::uint64_t number);
  void keep_locked();
  std::optional<Entry> read_front();
  void drop_front_segment(const char* why);
  void shed();
  void tell_dropped(std::uint64_t count, const char* why);
  void note_done(std::uint64_t number);
  void disk_problem(const Error& error);
  std::string path_of(const std::string& name) const { return settings_.folder + "/" + name; }

  // Owned
  const SpoolSettings settings_;
  File lock_, done_, writing_;
  File reading_;
  // State
  mutable std::mutex mutex_;
  std::deque<Segment> segments_;
  std::deque<Entry> memory_;
  std::size_t memory_bytes_ = 0, disk_bytes_ = 0;
  std::uint64_t next_number_ = 1, dropped_ = 0, told_dropped_ = 1;
  std::uint64_t last_done_ = 0;
  std::uint64_t front_number_ = 0; ///< of the record at the cursor, once read
  std::size_t front_bytes_ = 0;
  bool away_ = false;
  std::string last_problem_;
};

} // namespace kaden::agent
