/// kaden/source.h - the shape that every source shares: it looks, reports alarm events, remembers, and looks
/// again. Room: source/watch. Uses: base, runtime.
/// Threads: each Watcher is called on a thread of its own, by Watching, and may block there; an Intake and
/// Watching::standings() may be called from any. Errors: stated at each function; what a source cannot read
/// is never fatal, it is in its Standing and, after a while, an alarm.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kaden/base.h"
#include "kaden/runtime.h"

namespace kaden::source {

/// Where alarm events go: the journal.
class Intake {
 public:
  virtual ~Intake() = default;
  /// Blocks until the events are durable. Errors: busy or unavailable, and then none of them was stored; the
  /// same events, with the same ids, may be reported again, which changes nothing where they were stored.
  virtual Result<void> report(std::vector<AlarmEvent> events) = 0;
  /// The same for an alarm that somebody has acknowledged at its source (`by`: "vcenter: sato"): nobody is
  /// called for it, and who is being called is told.
  virtual Result<void> report_taken(AlarmEvent event, std::string by) = 0;
  /// Who has acknowledged the incidents that hold these alarms of `source`; an alarm that is not in the
  /// answer is not active, or nobody took it. Blocks. Errors: busy, unavailable.
  virtual Result<std::map<std::string, std::string>> who_took(const std::string& source,
                                                              const std::vector<std::string>& alarms) = 0;
};

/// What somebody should know who configured a source with something else in mind; app has the words.
enum class Hint : std::uint8_t {
  none,
  old_alarm_log, ///< the log is Get-AlarmDefinition | Get-AlarmAction's: it holds no states
  encoding,      ///< the log is read in another encoding than it is written in
};

/// What came of one look.
struct Looked {
  std::optional<Error> trouble{};                ///< nothing: it was read
  std::size_t reported = 0;                      ///< events that are durable now
  Millis again_in{};                             ///< how long to wait before the next look
  std::map<std::string, std::uint64_t> counts{}; ///< of its kind of source, since its start: "dropped_full"
  std::map<std::string, std::uint64_t> levels{}; ///< the same, but of now: "connections"
  Hint hint = Hint::none;
};

/// One thing that is watched: a status page, a vCenter.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual const std::string& source() const = 0; ///< as in its events: "status"
  virtual const std::string& name() const = 0;   ///< unique in its source; never changes
  /// Tells what an earlier look could not, reads, remembers what is news together with its events, and tells
  /// them, in this order (kaden/outbox.h): a death anywhere between gives the same events again with the same
  /// ids, and never a state that knows of something that nobody will be told. Has time limits of its own, and
  /// ends within about a second once `cancelled` is true.
  virtual Looked look(const std::atomic<bool>& cancelled) = 0;
};

/// For /metrics and for people.
struct Standing {
  std::string source;
  std::string name;
  std::optional<WallTime> looked_at; ///< when the last look ended
  std::optional<WallTime> read_at;   ///< when the last one without trouble did
  std::uint64_t looks = 0;
  std::uint64_t failures = 0;
  std::uint64_t events = 0; ///< reported since the start
  std::string trouble;      ///< of the last look; empty: it was read, or has not been tried
  std::map<std::string, std::uint64_t> counts, levels; ///< of the last look
  Hint hint = Hint::none;                              ///< the same
};

/// Runs each watcher on a thread of its own: look, wait, look.
class Watching {
 public:
  /// Borrows the clock; starts at once.
  Watching(std::vector<std::unique_ptr<Watcher>> watchers, const runtime::Clock& clock);
  /// Cancels the looks that are under way and joins.
  ~Watching();
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  /// In the order of the watchers.
  std::vector<Standing> standings() const;

 private:
  struct Post {
    std::unique_ptr<Watcher> watcher;
    Standing standing; // guarded by mutex_
    std::thread thread;
  };
  void run(Post& post);
  void note(Post& post, const Looked& looked);
  bool wait(Millis time);

  // Borrowed
  const runtime::Clock& clock_;
  // State
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::atomic<bool> cancelled_ = false;
  // Owned
  std::vector<Post> posts_;
};

} // namespace kaden::source
