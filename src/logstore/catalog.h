// What groups, streams and filters there are, in memory: as the file has it, changed after each commit.
#pragma once

#include <map>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "kaden/logstore.h"
#include "kaden/sqlite.h"

namespace kaden::logstore {

std::string filter_to_text(const Filter& filter);
/// The parts that the file keeps under group and name. corrupt.
Result<Filter> filter_from_text(std::string_view text);
std::string tags_to_text(const std::map<std::string, std::string>& tags);

/// Threads: any may look; one changes.
class Catalog {
 public:
  struct StreamRow {
    std::int64_t id = 0;
    Stream stream;
  };
  struct GroupRow {
    std::int64_t id = 0;
    Group group; // `filters` is counted when it is asked for
    std::map<std::string, StreamRow, std::less<>> streams{};
    std::map<std::string, Filter, std::less<>> filters{}; // not the configured ones
  };

  Result<void> load(const sqlite::Database& database);

  // Changes
  void add_group(std::int64_t id, Group group);
  void remove_group(const std::string& name);
  void set_retention(const std::string& group, std::optional<int> days);
  void set_tags(const std::string& group, std::map<std::string, std::string> tags);
  void add_stream(const std::string& group, std::int64_t id, Stream stream);
  void remove_stream(const std::string& group, const std::string& name);
  void put_filter(Filter filter);
  void remove_filter(const std::string& group, const std::string& name);
  void set_configured(std::vector<Filter> filters);
  /// Events of a stream, by its number; a stream that is gone is nothing.
  void note_events(std::int64_t stream, std::int64_t bytes, WallTime first, WallTime last, WallTime ingested);
  void note_dropped(std::int64_t group, std::int64_t bytes);

  // Looks
  struct Target {
    std::int64_t group = 0, stream = 0;
    std::string group_name;
  };
  /// not_found.
  Result<Target> target(const std::string& group, const std::string& stream) const;
  std::optional<std::int64_t> group_id(const std::string& group) const;
  std::optional<Group> group(const std::string& name) const;
  std::optional<Stream> stream(const std::string& group, const std::string& name) const;
  std::optional<std::string> stream_name(std::int64_t stream) const;
  /// Those of the names that are there.
  std::vector<std::int64_t> stream_ids(const std::string& group, const std::vector<std::string>& names) const;
  std::vector<Group> groups(const Store::Names& names) const;
  Result<std::vector<Stream>> streams(const std::string& group, const Store::Names& names,
                                      bool descending) const;
  Result<std::vector<Stream>> streams_by_time(const std::string& group, const std::optional<Stream>& after,
                                              std::size_t most, bool descending) const;
  std::vector<Filter> filters(const Store::FilterNames& names) const;
  /// Configured ones too.
  std::vector<Filter> filters_of(const std::string& group) const;
  struct Age {
    std::int64_t group;
    std::optional<int> retention_days;
  };
  std::vector<Age> ages() const;
  std::size_t stream_count() const;
  std::size_t groups_of(const std::string& maker) const;
  std::size_t streams_of(const std::string& maker) const;
  void count_into(Store::Counts& counts) const;

 private:
  Result<void> load_groups(const sqlite::Database& database);
  Result<void> load_streams(const sqlite::Database& database);
  Result<void> load_filters(const sqlite::Database& database);
  GroupRow* by_id(std::int64_t id);
  void count_stream(const std::string& maker, int change);
  std::map<std::string, Filter> all_filters_of(const GroupRow& row) const;
  Group shown(const GroupRow& row) const;

  mutable std::shared_mutex mutex_;
  // State, under the mutex
  std::map<std::string, GroupRow, std::less<>> groups_;
  std::unordered_map<std::int64_t, std::string> group_names_;
  struct StreamPlace {
    std::int64_t group = 0;
    std::string name;
  };
  std::unordered_map<std::int64_t, StreamPlace> stream_places_;
  std::map<std::string, std::size_t> streams_made_;                              // by maker
  std::map<std::string, std::map<std::string, Filter>, std::less<>> configured_; // by group and name
};

} // namespace kaden::logstore
