/// kaden/tail.h - follows log files through rotation and truncation, and gives what they get as events. Room:
/// tail. Uses: base, runtime. Threads: Tail: one; PositionBook: any. Errors: none; what cannot be read is in
/// standings() and tried again, what is worth telling goes to the log.
///
/// A file is known by device and inode, and trusted only while its prints fit (FilePosition). Renamed files
/// are read to their end. When a file became shorter, or others stand where its prints were, it was copied
/// and cut (copytruncate): the copy is looked for in its folder, and read on from where the file was read.
/// What was packed by gzip before the start is unpacked into a nameless file and read on as well.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kaden/base.h"
#include "kaden/descriptor.h"
#include "kaden/event_cutter.h"

namespace kaden::tail {

/// How far a file is done with. Prints are CRC-32 of the first and of the last bytes before `offset`: a file
/// that does not have them is another one, whatever its inode says.
struct FilePosition {
  std::uint64_t device = 0, inode = 0, offset = 0;
  std::uint32_t head_bytes = 0, head_print = 0, tail_bytes = 0, tail_print = 0;
  std::string path{};

  bool operator==(const FilePosition&) const = default;
};

using FileKey = std::pair<std::uint64_t, std::uint64_t>; ///< device, inode

/// How far files are safely done with: at most twice limits::followed_files_max, those that were not touched
/// for longest go first.
class PositionBook {
 public:
  void mark(const FilePosition& at);
  void forget(const FileKey& file);
  std::vector<FilePosition> all() const;
  /// True once after each change.
  bool take_changed();
  void set_changed();

 private:
  mutable std::mutex mutex_;
  std::map<FileKey, std::pair<FilePosition, std::uint64_t>> positions_;
  std::uint64_t clock_ = 0; ///< counts marks
  bool changed_ = false;
};

/// Which files, and where their events begin.
struct Rule {
  std::string path;                     ///< absolute, a glob
  std::vector<std::string> exclude{};   ///< globs of paths or of names
  bool from_end = false;                ///< of a file that is met for the first time, in the first round
  std::shared_ptr<const Pattern> start; ///< of an event's first line; null: each line is an event
  std::shared_ptr<Decoder> decoder{};   ///< null: UTF-8
};

struct Event {
  std::size_t rule = 0;
  const std::string& path; ///< the name under which it was found
  FileKey file;
  std::string text;        ///< valid UTF-8, not empty
  std::uint64_t begin = 0; ///< offsets in the file
  std::uint64_t end = 0;
  bool is_garbled = false; ///< EventCutter::Event
};

/// Callbacks come from within round().
struct Sink {
  std::function<bool()> has_room; ///< else nothing is read for now
  std::function<void(Event)> take;
  /// The file was cut: offsets that were told before mean nothing any more.
  std::function<void(const FileKey&)> forget;
  /// No more comes of it, and position() of it works for the last time.
  std::function<void(const FileKey&)> ending;
};

/// How a rule stands after the last look for files.
struct RuleStanding {
  std::size_t files = 0;   ///< that fit it and are followed
  std::string trouble;     ///< "/var/log/x.log: Permission denied"; empty: none
  bool is_missing = false; ///< the trouble is that no file fits it
};

class Tail {
 public:
  using Log = std::function<void(const std::string&)>;

  /// Borrows the book.
  Tail(std::vector<Rule> rules, PositionBook& book, Log log);
  ~Tail();
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  /// Hands over what is new in all files. True when more waits to be read than one round takes. A round that
  /// is a `tick`, about once a second, looks for files first, and events of several lines and rotated files
  /// are over after some ticks of silence.
  bool round(const Sink& sink, bool tick = true);
  /// With the prints of now, for the book; what was given up to `offset` is from then on done with.
  FilePosition position(const FileKey& file, std::uint64_t offset);
  std::size_t following() const { return followed_.size(); }
  /// Files from before the start that were found nowhere: what they got meanwhile was not read.
  std::uint64_t lost() const { return lost_; }
  const std::vector<RuleStanding>& standings() const { return standings_; }
  /// The folders of the files that are followed, for inotify(7).
  std::set<std::string> folders() const;

 private:
  struct Followed;

  void scan();
  void look_for_moved();
  void meet(std::size_t rule, const std::string& path);
  std::uint64_t begin_of(std::size_t rule, const std::string& path, const runtime::Descriptor& file,
                         const FileKey& key, std::uint64_t size, bool& is_a_copy);
  Followed* follow(std::size_t rule, const std::string& path, runtime::Descriptor file, std::uint64_t offset);
  bool follow_elsewhere(std::size_t rule, const FilePosition& at);
  bool follow_packed(std::size_t rule, const FilePosition& at);
  void find_again(std::size_t rule, const FilePosition& at);
  bool is_copy(const runtime::Descriptor& file, const FileKey& key, const std::string& path,
               std::uint64_t size);
  /// Of no rule: the count of rules.
  std::size_t rule_of(const std::string& path) const;
  void read(Followed& one, const Sink& sink, bool tick, std::size_t& budget);
  static void take_events(Followed& one, const Sink& sink, bool last);
  bool restart(Followed& one, const Sink& sink);

  // Borrowed
  PositionBook& book_;
  // Owned
  const std::vector<Rule> rules_;
  const Log log_;
  // State
  std::list<Followed> followed_;
  std::vector<RuleStanding> standings_;
  std::vector<FilePosition> copied_;  ///< where files were that have been cut, newest last
  std::set<FileKey> copies_;          ///< of files that are followed: nothing new in them
  std::map<FileKey, int> unfinished_; ///< ticks for which they looked like a copy that is being made
  bool has_scanned_ = false, told_too_many_ = false;
  std::uint64_t lost_ = 0;
};

} // namespace kaden::tail
