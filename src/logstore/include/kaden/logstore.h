/// kaden/logstore.h - log groups, streams, events and metric filters in one file; pages of events out of it.
/// Room: logstore. Uses: base, runtime, logfilter, sqlite. Threads: any thread may call, nothing blocks; one
/// thread ("kaden-logs") writes, one ("kaden-logread") reads. `done` is called exactly once: on one of these
/// threads, or at once on the caller's when there is no room; it must not block, and not call tick().
/// Errors: not_found, conflict (it exists), invalid; busy (the queue is full: soon again), denied (there are
/// as many as may be), unavailable (the disk: nothing is stored, or it is not known whether it is).
///
/// Accepted is durable: append() says done after the commit; many senders share one. Then, in the order of
/// arrival, each event goes through its group's metric filters, once: a batch that is sent again is stored
/// and counted again, as Amazon's. What a filter remembers (the minute under way, the dimensions seen) is in
/// memory: a restart loses the default value of that minute, and the matches of a commit that it interrupts.
///
/// Events are kept in chunks, rows of up to limits::log_chunk_bytes of one stream, compressed. They go by age
/// (the group's retention, else Settings::keep) and by size (the ones that came first, of all groups).
/// docs/adr/0009-log-store.md says why.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/logs.h"
#include "kaden/metric_filter.h"
#include "kaden/runtime.h"

namespace kaden::logstore {

struct Event {
  WallTime at{};
  std::string message;
};
/// Sees what was stored, once, on the writer's thread. Must not block.
using Witness = std::function<void(const std::string& group, const std::string& stream,
                                   const std::vector<Event>& events)>;

struct Settings {
  std::string path;                        ///< of the file; its folder exists
  Millis keep = limits::log_keep;          ///< of groups without a retention
  std::uint64_t bytes = limits::log_bytes; ///< of the file without what is free in it
  Witness witness{};                       ///< empty: nobody
};

struct Group {
  std::string name;
  WallTime created{};
  std::optional<int> retention_days;
  std::uint64_t bytes = 0; ///< of events that are kept, before compression
  std::size_t filters = 0;
  std::map<std::string, std::string> tags;
  std::string maker{}; ///< whose it is, such as an access key; empty: Kaden's own
};
struct Stream {
  std::string name;
  WallTime created{};
  std::optional<WallTime> first, last, ingested; ///< of its events; the first may be gone by now
  std::string maker{};
};
struct Filter {
  std::string group;
  std::string name;
  std::string pattern;
  logfilter::MetricTransformation transformation;
  WallTime created{};
  bool is_configured = false; ///< stands in the configuration: it changes only there

  bool operator==(const Filter&) const = default;
};

struct StoredEvent {
  std::string stream;
  WallTime at{}, ingested{};
  std::string message;
  std::string id; ///< no other event's
};

/// Where a page ends: no event has the place of another.
struct Place {
  std::int64_t ms = 0, chunk = 0, index = 0;
  auto operator<=>(const Place&) const = default;
};
struct Query {
  std::string group;
  std::vector<std::string> streams; ///< empty: all; of a name without stream there are no events
  std::string stream_prefix;        ///< counts when `streams` is empty
  WallTime from{}, to{};            ///< `to` does not belong
  std::optional<logfilter::Pattern> pattern;
  bool newest_first = false;
  std::optional<Place> after; ///< in the direction of reading
  std::size_t events_max = limits::log_page_events_max;
  std::string asker{}; ///< whose query it is: askers take turns, so that none holds up the others
};
struct Page {
  std::vector<StoredEvent> events;  ///< in the direction of reading
  std::optional<Place> next;        ///< nothing: it was read to the end. Also an empty page may go on
  std::optional<Place> first, last; ///< of `events`
};

using Done = std::function<void(const Result<void>& done)>;
using DonePage = std::function<void(Result<Page> page)>;
/// Takes what metric filters made, on the writer's thread. Must not block. An error is counted.
using Sink = std::function<Result<void>(const std::vector<logfilter::Datum>& data)>;

class Store {
 public:
  /// Makes the file when there is none. conflict: another Kaden has it. `clock` is borrowed.
  static Result<std::unique_ptr<Store>> open(const Settings& settings, const runtime::Clock& clock,
                                             Sink sink);
  /// Commits what was taken, and joins. Queries that wait are answered unavailable.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // In --------------------------------------------------------------------------------------------------

  /// denied: there are too many, of all or of this maker.
  void create_group(const std::string& name, std::map<std::string, std::string> tags, Done done,
                    std::string maker = {});
  void delete_group(const std::string& name, Done done);
  void set_retention(const std::string& group, std::optional<int> days, Done done);
  /// `change` is made on the writer's thread.
  void set_tags(const std::string& group,
                std::function<Result<void>(std::map<std::string, std::string>&)> change, Done done);
  void create_stream(const std::string& group, const std::string& name, Done done, std::string maker = {});
  void delete_stream(const std::string& group, const std::string& name, Done done);
  /// A filter of that name is replaced, and forgets its minute.
  void put_filter(Filter filter, Done done);
  void delete_filter(const std::string& group, const std::string& name, Done done);
  /// Instead of those before: filters of the configuration, whose groups need not be there yet. invalid names
  /// the first that is none.
  Result<void> set_configured_filters(std::vector<Filter> filters);

  /// `events` ascend in time, each at most limits::log_message_bytes_max. `writer` is whose they are, such as
  /// an access key; empty: Kaden's own. Where there is no room for all events, the first of the writer who
  /// has written most go, in whosever group they are.
  void append(const std::string& group, const std::string& stream, std::vector<Event> events, Done done,
              std::string writer = {});

  // Out -------------------------------------------------------------------------------------------------

  /// not_found, busy, unavailable.
  void read(Query query, DonePage done);

  std::optional<Group> group(const std::string& name) const;
  std::optional<Stream> stream(const std::string& group, const std::string& name) const;
  /// How long the events of a group are kept.
  Millis keep_of(const Group& group) const;
  struct Names {
    std::string prefix;
    std::string part;  ///< stands somewhere in the name
    std::string after; ///< the last name of the page before
    std::size_t most = limits::log_describe_page_max;
  };
  std::vector<Group> groups(const Names& names) const;
  /// not_found.
  Result<std::vector<Stream>> streams(const std::string& group, const Names& names, bool descending) const;
  /// By their last event, those without one as the oldest; `after` is the last of the page before.
  Result<std::vector<Stream>> streams_by_time(const std::string& group, const std::optional<Stream>& after,
                                              std::size_t most, bool descending) const;
  struct FilterNames {
    std::string group; ///< empty: of all groups
    std::string prefix, metric, name_space;
    std::string after_group, after_name;
    std::size_t most = limits::log_describe_page_max;
  };
  std::vector<Filter> filters(const FilterNames& names) const;

  // Care ------------------------------------------------------------------------------------------------

  /// Default values of finished minutes, old events, the room on the disk. About each second; early, late and
  /// repeated calls are harmless.
  void tick();
  /// Empty when events can be stored; else one sentence.
  std::string trouble() const;

  struct Counts {
    std::size_t groups = 0, streams = 0, filters = 0;
    std::uint64_t events = 0, event_bytes = 0, commits = 0; ///< since the start
    std::uint64_t failed_commits = 0;
    std::uint64_t refused_busy = 0;   ///< batches and queries for which there was no room
    std::uint64_t dropped_chunks = 0; ///< by age or size
    std::uint64_t data = 0;           ///< made by metric filters
    std::uint64_t refused_data = 0;   ///< of these, not taken by the sink
    std::uint64_t unreadable = 0;     ///< chunks that were passed over
    std::uint64_t file_bytes = 0;     ///< without what is free in it
    std::size_t queue_bytes = 0;
  };
  Counts counts() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::logstore
