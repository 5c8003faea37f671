/// test_folder.h - an empty folder for one test, removed at its end, and datapoints to put into it. Room:
/// datapoints, for its tests. Threads: one. Errors: none; what cannot be made ends the test.
#pragma once

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "kaden/datapoint_reader.h"
#include "kaden/datapoints.h"
#include "kaden/limits/engine.h"

namespace kaden::datapoints {

class TestFolder {
 public:
  TestFolder() : path_((std::filesystem::temp_directory_path() / "kaden-datapoints-XXXXXX").string()) {
    require(mkdtemp(path_.data()) != nullptr, "a folder for the test can be made");
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::string file() const { return path_ + "/metrics.db"; }

 private:
  std::string path_;
};

/// Runs SQL on a file as an intruder or another program would; the result code of SQLite.
inline int run_sql(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  int code = sqlite3_open(path.c_str(), &handle);
  if (code == SQLITE_OK) code = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr);
  sqlite3_close(handle);
  return code;
}

/// Makes of the newest schema the one before makers were remembered.
inline const std::string to_schema_2 =
    "DROP INDEX blocks_by_maker; ALTER TABLE blocks DROP COLUMN maker; ALTER TABLE blocks DROP COLUMN bytes;"
    "ALTER TABLE series DROP COLUMN maker; DROP TABLE makers;"
    "UPDATE datapoint_facts SET value = 2 WHERE name = 'schema';";

inline alarm::Datum datum(const std::string& host, WallTime at, double value, bool high_resolution = false) {
  return {{"CWAgent", "mem_used_percent", {{"host", host}}},
          "Percent",
          at,
          {1, value, value, value},
          high_resolution};
}

/// What a file holds, summed up by metric and hour: the same however it is folded and rolled up.
using Hours = std::map<std::pair<SeriesId, std::int64_t>, std::array<double, 4>>;
inline void add(Hours& hours, const SeriesId& id, WallTime at, const alarm::StatisticSet& values) {
  auto [found, is_new] =
      hours.try_emplace({id, to_ms(at) / 3'600'000},
                        std::array{values.sample_count, values.sum, values.minimum, values.maximum});
  if (is_new) return;
  auto& into = found->second;
  into = {into[0] + values.sample_count, into[1] + values.sum, std::min(into[2], values.minimum),
          std::max(into[3], values.maximum)};
}
inline Hours read_hours(Reader& reader) {
  Hours hours;
  const auto done = reader.read({wall_time(0), limits::wall_time_max, {}},
                                [&](const SeriesId& id, const std::vector<Point>& points) {
                                  for (const Point& point : points) add(hours, id, point.at, point.values);
                                  return true;
                                });
  require(done.has_value(), "the file can be read");
  return hours;
}
inline Hours read_hours(const std::string& path) {
  auto reader = Reader::open(path);
  require(reader.has_value(), "the file can be opened");
  return read_hours(**reader);
}

} // namespace kaden::datapoints
