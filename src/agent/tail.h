/// tail.h - follows log files through rotation, and gathers what they get into requests. Room: agent, inside.
/// Threads: one; PositionBook: any. Errors: what cannot be read is told by the log and tried again.
///
/// A file is known by device and inode, and trusted only while its prints fit (FilePosition). Renamed files
/// are read to their end. When a file became shorter, or others stand where its prints were, it was copied
/// and cut (copytruncate): the copy is looked for in its folder, and read on from where the file was read.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "files.h"
#include "kaden/agent_settings.h"
#include "log_text.h"
#include "parcel.h"

namespace kaden::agent {

/// How far files are safely done with; on disk when there is a path.
class PositionBook {
 public:
  /// Empty path: memory only. What cannot be read is told, and as if it were not there.
  PositionBook(std::string path, std::function<void(const std::string&)> log);
  void mark(const FilePosition& at);
  /// Writes them when they have changed.
  void save();
  std::vector<FilePosition> all() const;

 private:
  const std::string path_;
  const std::function<void(const std::string&)> log_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::pair<FilePosition, std::uint64_t>> positions_;
  std::uint64_t clock_ = 0; ///< counts marks: the longest untouched ones are forgotten first
  bool changed_ = false;
};

class Tail {
 public:
  struct Request {
    std::string group, stream, body;
    std::vector<FilePosition> positions;
  };
  struct Sink {
    std::function<bool()> has_room; ///< else nothing is read for now
    std::function<void(Request)> put;
  };

  /// `settings` were checked; `host` fills {host}.
  Tail(const Settings& settings, std::string host, PositionBook& book,
       std::function<void(const std::string&)> log);
  ~Tail();
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  /// Looks at all files once and hands over what is new. True when more waits to be read than one round
  /// takes.
  bool round(WallTime now, const Sink& sink);
  std::size_t following() const { return followed_.size(); }

 private:
  struct Rule;
  struct Followed;
  struct Batch;
  using Key = std::pair<std::uint64_t, std::uint64_t>; ///< device, inode

  void scan();
  void look_for_moved();
  void meet(const Rule& rule, const std::string& path);
  Followed* follow(const Rule& rule, const std::string& path, File file, std::uint64_t offset);
  bool follow_elsewhere(const Rule& rule, const FilePosition& at);
  bool is_copy(const File& file, const Key& key, const std::string& path, std::uint64_t size);
  const Rule* rule_of(const std::string& path) const;
  void read(Followed& one, WallTime now, const Sink& sink, std::size_t& budget);
  void take_events(Followed& one, WallTime now, const Sink& sink, bool last);
  bool restart(Followed& one, WallTime now, const Sink& sink);
  bool has_ended(Followed& one, WallTime now, const Sink& sink);
  void flush(const Sink& sink);
  void flush_batch(Batch& batch, const Sink& sink);
  std::string stream_of(const Rule& rule, const std::string& path) const;

  // Borrowed
  PositionBook& book_;
  // Owned
  const std::string host_;
  const std::function<void(const std::string&)> log_;
  std::vector<Rule> rules_;
  // State
  std::list<Followed> followed_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Batch>> batches_;
  std::vector<FilePosition> copied_; ///< where files were that have been cut, newest last
  std::set<Key> copies_;             ///< of files that are followed: nothing new in them
  std::map<Key, int> unfinished_;    ///< rounds for which they looked like a copy that is being made
  bool has_scanned_ = false, told_too_many_ = false;
};

} // namespace kaden::agent
