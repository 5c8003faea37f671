/// kaden/writer.h - the one thread that appends inputs to the journal, applies them, and then releases
/// effects. Room: writer. Uses: base, runtime, incident, journal. Commit first, act second: nothing is
/// answered and no effect leaves before its input is durable. Many senders share one commit (group commit).
/// Threads: submit() and ask() from any thread, never blocking; everything handed in is called back on the
/// writer's thread and must not block there. Errors: busy (mailbox full, try again soon), unavailable (the
/// disk refused).
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "kaden/base.h"
#include "kaden/incident.h"
#include "kaden/journal.h"
#include "kaden/runtime.h"

namespace kaden::writer {

using incident::Engine;
using incident::Position;

/// Carries effects out, in order. Called on the writer's thread after the commit; must not block.
class EffectSink {
 public:
  virtual ~EffectSink() = default;
  virtual void release(const incident::Effect& effect) = 0;
  /// The journal cannot say what it holds (a commit failed half-way): nobody is answered any more, and the
  /// process must end so that the next start reads what is really there. Called once; the writer then only
  /// waits for stop().
  virtual void on_journal_corrupt(const Error& error) = 0;
};

/// Told after the commit, or after the refusal: then nothing of the submission was stored.
using Done = std::function<void(const Result<Position>& committed, const Engine& engine)>;

/// How often a value was at most each bound, and over the last one.
template <std::size_t N>
struct Histogram {
  std::array<std::int64_t, N> bounds; ///< ascending
  std::array<std::uint64_t, N + 1> counts{};
  std::int64_t sum = 0;

  void note(std::int64_t value) {
    std::size_t bucket = 0;
    while (bucket < N && value > bounds[bucket]) ++bucket;
    ++counts[bucket];
    sum += value;
  }
};

struct Counts {
  std::uint64_t inputs = 0; ///< committed
  std::uint64_t commits = 0;
  std::uint64_t repeats = 0;        ///< answered without a commit: known already
  std::uint64_t refused_busy = 0;   ///< mailbox full
  std::uint64_t failed_commits = 0; ///< the disk refused
  std::uint64_t snapshots = 0;
  Histogram<11> commit_ms{{1, 2, 5, 10, 25, 50, 100, 250, 500, 1'000, 8'000}}; ///< how long commits took
  Histogram<6> batch_inputs{{1, 4, 16, 64, 256, 1'024}};                       ///< stored by one commit
};

class Writer {
 public:
  Writer(journal::Journal& journal, const runtime::Clock& clock, EffectSink& sink);
  /// Stops as stop() does.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Snapshot, then replay of the rest; old effects are not released again. Before start(), once.
  Result<void> recover();
  /// How many entries recover() replayed after the snapshot.
  Position replayed() const { return replayed_; }
  /// Starts the thread; Started is its first input, then `first` (the configuration).
  void start(std::vector<incident::Input> first);
  /// Takes no more, commits what is in the mailbox, joins.
  void stop();

  /// From outside: refused with Fault::busy when limits::mailbox_max submissions wait. `done` may be empty.
  Result<void> submit(std::vector<incident::Input> inputs, Done done);
  /// From carriers, about calls that we placed: always taken (their number is bounded by the live calls) and,
  /// when the disk refuses, tried again until it is stored. `on_failed` is called at the first refusal, once.
  void submit_must(incident::Input input, std::function<void()> on_failed);
  /// Reads the state, between two batches. Fault::busy as submit().
  Result<void> ask(std::function<void(const Engine&)> question);

  Counts counts() const;
  /// False since the last commit failed.
  bool is_healthy() const { return healthy_.load(); }
  /// How long the commit that is under way has taken so far; zero between commits. A disk that hangs shows
  /// here.
  Millis commit_wait() const;
  /// The time of the newest entry in the journal; nothing while it is empty. A wall clock behind it delays
  /// every escalation.
  std::optional<WallTime> newest_at() const;

 private:
  struct Item {
    std::vector<incident::Input> inputs;
    Done done;
    std::function<void(const Engine&)> question;
    std::function<void()> on_failed;
    bool must = false;
  };
  void run();
  void wait_for_work(std::vector<Item>& batch);
  void commit(std::vector<Item>& batch);
  Result<void> store(const std::vector<journal::NewEntry>& entries, WallTime at);
  void settle_failed(std::vector<Item>& batch, const Error& error);
  void apply(const incident::Input& input, WallTime at, Position position);
  void snapshot_if_due(bool idle);

  // Borrowed
  journal::Journal& journal_;
  const runtime::Clock& clock_;
  EffectSink& sink_;
  // State, the writer's thread only
  Engine engine_;
  Position since_snapshot_ = 0;
  Position replayed_ = 0;
  SteadyTime retry_at_{};
  // State, shared
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Item> mailbox_;
  std::deque<Item> musts_;
  bool closing_ = false;
  bool corrupt_ = false;
  Counts counts_;
  std::optional<SteadyTime> commit_began_;
  std::optional<WallTime> newest_at_;
  std::atomic<bool> healthy_ = true;
  // Owned
  std::thread thread_;
};

} // namespace kaden::writer
