// What is behind the front door: the queue, the two threads, and what they own.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <variant>

#include "catalog.h"
#include "kaden/fair_mailbox.h"
#include "kaden/limits/logs.h"
#include "kaden/logstore.h"
#include "live_filters.h"
#include "log_file.h"
#include "reader.h"

namespace kaden::logstore {

struct Append {
  std::string group, stream;
  std::vector<Event> events;
  WallTime now{};
  std::size_t bytes = 0; ///< in memory
  std::int64_t stored_bytes = 0;
  Done done;
  std::string writer{};
};
/// Anything else: a transaction of its own.
struct Change {
  std::function<Result<void>(WallTime now)> make;
  Done done;
};
using Item = std::variant<Append, Change>;

struct Asked {
  Query query;
  DonePage done;
};

struct Store::Impl {
  // Config
  const Settings settings;
  // Borrowed
  const runtime::Clock& clock;
  const Sink sink;
  // Owned
  Catalog catalog;
  std::unique_ptr<LogFile> file; // the writer's
  std::optional<Reader> reader;  // the reader's
  LiveFilters live;              // the writer's
  runtime::FairMailbox<Asked> reads{limits::log_reads_max, limits::log_reads_of_one_max};
  // State of the writer's thread
  bool is_dropping = true;
  SteadyTime dropped_at{};
  // State, under the mutex
  mutable std::mutex mutex;
  std::condition_variable ready;
  std::deque<Item> queue;
  std::size_t queue_bytes = 0;
  bool is_ticked = false;
  bool is_closing = false;
  std::string disk_trouble;  // the last write failed
  std::string space_trouble; // too little room is left
  Counts counts;
  // Last: they use all the above
  std::thread writer, querist;

  Impl(Settings given, const runtime::Clock& the_clock, Sink take)
      : settings(std::move(given)), clock(the_clock), sink(std::move(take)) {}
  ~Impl() { close(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> open();
  void close();
  void submit(Append append);
  void submit(Change change, bool must = false);
  void run();
  void answer_queries();
  void answer(Asked& one);

  void process(std::vector<Item>& batch);
  void commit(std::vector<Append*>& appends);
  Result<void> write(const std::vector<Append*>& appends, const std::vector<Catalog::Target>& targets);
  void settle(std::vector<Append*>& appends, const std::vector<Catalog::Target>& targets);
  Result<void> change(const std::function<Result<void>()>& work);
  void note_outcome(const Result<void>& outcome);
  void give(const std::vector<logfilter::Datum>& data);
  void care();
  Result<void> make_room(std::size_t most, LogFile::Dropped& dropped);
  void drop_some();
  void look_at_room();

  Result<void> put_filter(Filter filter, WallTime now);
  Result<void> check_filters(const Filter& fresh) const;
  void refresh(const std::string& group) { live.set(group, catalog.filters_of(group)); }
};

} // namespace kaden::logstore
