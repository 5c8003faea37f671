// The store as others see it: datapoints in, datapoints out, and what happens when something is wrong.
#include "kaden/datapoints.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

#include "kaden/datapoint_reader.h"
#include "kaden/limits/engine.h"
#include "kaden/limits/stored_datapoints.h"
#include "test_folder.h"

namespace kaden::datapoints {
namespace {

const WallTime start = parse_iso8601("2026-11-26T06:00:00Z").value();

struct Town {
  TestFolder folder;
  runtime::ManualClock clock{start};
  std::vector<std::string> log;
  std::mutex log_mutex;

  Settings settings() const {
    Settings made;
    made.path = folder.file();
    made.disk_free_min = 0;
    return made;
  }
  std::unique_ptr<Store> open(Settings with) {
    auto store = Store::open(std::move(with), clock, [this](const std::string& line) {
      const std::lock_guard lock(log_mutex);
      log.push_back(line);
    });
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  std::unique_ptr<Store> open() { return open(settings()); }
};

std::vector<Point> points_of(const std::string& path, const std::string& host, WallTime from, WallTime to) {
  auto reader = Reader::open(path);
  EXPECT_TRUE(reader) << reader.error().message;
  std::vector<Point> found;
  EXPECT_TRUE(
      (*reader)->read({from, to, [&](const SeriesId& id) { return id.metric.dimensions.at("host") == host; }},
                      [&](const SeriesId&, const std::vector<Point>& points) {
                        found = points;
                        return true;
                      }));
  return found;
}

TEST(Store, what_is_flushed_is_read_by_range_and_outlives_the_store) {
  Town town;
  {
    const auto store = town.open();
    for (int minute = 0; minute < 10; ++minute) {
      store->put(datum("web-01", start - seconds(60 * minute) + seconds(7), minute));
    }
    store->put(datum("web-01", start + seconds(30), 100)); // of the same minute as the first
    store->put(datum("web-02", start, 1));
    ASSERT_TRUE(store->flush());
    EXPECT_EQ(store->counts().stored, 12U);
    EXPECT_EQ(store->counts().series, 2U);
  }
  const auto all = points_of(town.folder.file(), "web-01", start - seconds(3'600), start + seconds(3'600));
  ASSERT_EQ(all.size(), 10U);
  EXPECT_EQ(all.front().at, start - seconds(540));
  EXPECT_EQ(all.back().at, start);
  EXPECT_EQ(all.back().values.sample_count, 2);
  EXPECT_EQ(all.back().values.sum, 100);
  EXPECT_EQ(all.back().values.minimum, 0);
  EXPECT_EQ(all.back().values.maximum, 100);
  // A step that overlaps the range belongs to it.
  const auto some = points_of(town.folder.file(), "web-01", start - seconds(90), start);
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some.front().at, start - seconds(120));

  auto reader = Reader::open(town.folder.file());
  ASSERT_TRUE(reader);
  const auto list = (*reader)->series().value();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].id.metric.dimensions.at("host"), "web-01");
  EXPECT_EQ(list[0].id.unit, "Percent");
  EXPECT_EQ(list[0].last_seen, start);
}

TEST(Store, high_resolution_has_steps_of_a_second_unless_it_is_late) {
  Town town;
  {
    const auto store = town.open();
    store->put(datum("web-01", start + seconds(3), 1, true));
    store->put(datum("web-01", start - seconds(4 * 3'600) + seconds(3), 2, true));
  }
  const auto points = points_of(town.folder.file(), "web-01", wall_time(0), start + seconds(60));
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].tier, Tier::minute);
  EXPECT_EQ(points[0].at, start - seconds(4 * 3'600));
  EXPECT_EQ(points[1].tier, Tier::second);
  EXPECT_EQ(points[1].at, start + seconds(3));
}

TEST(Store, a_metric_of_two_units_is_two_series) {
  Town town;
  {
    const auto store = town.open();
    alarm::Datum one = datum("web-01", start, 1);
    store->put(one);
    one.unit = "None";
    store->put(one);
  }
  EXPECT_EQ(read_hours(town.folder.file()).size(), 2U);
}

TEST(Store, refuses_times_and_values_that_make_no_sense) {
  Town town;
  const auto store = town.open();
  alarm::Datum nan = datum("web-01", start, std::nan(""));
  alarm::Datum endless = datum("web-01", start, 1);
  endless.values.maximum = std::numeric_limits<double>::infinity();
  alarm::Datum no_text = datum("web-\xff", start, 1);
  for (const auto& wrong :
       {nan, endless, no_text, datum("web-01", wall_time(-1), 1),
        datum("web-01", start - limits::datapoint_keep - seconds(1), 1),
        datum("web-01", start + seconds(86'401), 1), datum("web-01", limits::wall_time_max, 1)}) {
    store->put(wrong);
  }
  EXPECT_EQ(store->counts().refused, 7U);
  EXPECT_EQ(store->counts().series, 0U);
  store->put(datum("web-01", start + seconds(86'400), 1));
  store->put(datum("web-01", start - limits::datapoint_keep, 1));
  EXPECT_EQ(store->counts().refused, 7U);
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(store->counts().stored, 2U);
}

TEST(Store, when_too_much_waits_the_newest_are_dropped_and_counted) {
  Town town;
  Settings settings = town.settings();
  settings.disk_free_min = std::numeric_limits<std::uint64_t>::max(); // a disk that is always full
  settings.waiting_max = 3;
  const auto store = town.open(settings);
  for (int minute = 0; minute < 5; ++minute)
    store->put(datum("web-01", start + seconds(60 * minute), minute));
  EXPECT_EQ(store->counts().dropped, 2U);
  const auto flushed = store->flush();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().fault, Fault::unavailable);
  EXPECT_FALSE(store->flush());
  store->put(datum("web-01", start, 9));
  const auto counts = store->counts();
  EXPECT_EQ(counts.dropped, 3U);
  EXPECT_EQ(counts.waiting, 3U);
  EXPECT_EQ(counts.stored, 0U);
  EXPECT_GE(counts.failed_commits, 2U);
  const std::lock_guard lock(town.log_mutex);
  ASSERT_EQ(town.log.size(), 1U) << "told once, not each time";
  EXPECT_NE(town.log[0].find("nearly full"), std::string::npos);
}

TEST(Store, one_maker_leaves_room_for_the_metrics_of_others) {
  Town town;
  auto settings = town.settings();
  settings.series_of_one_max = 3;
  for (const bool again : {false, true}) {
    const auto store = town.open(settings);
    if (!again) {
      for (int i = 0; i < 3; ++i) store->put(datum("pod-" + std::to_string(i), start, 1), "AKIDNOISY");
      EXPECT_EQ(store->trouble(), "");
    }
    store->put(datum("pod-3" + std::to_string(again), start, 1), "AKIDNOISY");
    EXPECT_EQ(store->counts().dropped, 1U);
    EXPECT_NE(store->trouble().find("the access key AKIDNOISY"), std::string::npos) << store->trouble();
    store->put(datum("pod-0", start, 2), "AKIDNOISY"); // what it has goes on
    store->put(datum("pod-0", start, 2), "AKIDQUIET"); // and is still its own
    store->put(datum("web-0" + std::to_string(again), start, 1), "AKIDQUIET");
    store->put(datum("own-0" + std::to_string(again), start, 1));
    EXPECT_EQ(store->counts().dropped, 1U);
    EXPECT_EQ(store->counts().series, again ? 7U : 5U);
  }
}

TEST(Store, says_what_is_wrong_until_it_is_over) {
  Town town;
  const auto store = town.open();
  EXPECT_EQ(store->trouble(), "");
  // Another program holds the file.
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(town.folder.file().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  store->put(datum("web-01", start, 1));
  EXPECT_FALSE(store->flush());
  EXPECT_NE(store->trouble().find("datapoints cannot be stored, they wait: "), std::string::npos)
      << store->trouble();
  ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  EXPECT_TRUE(store->flush());
  EXPECT_EQ(store->trouble(), "");
  const std::lock_guard lock(town.log_mutex);
  ASSERT_EQ(town.log.size(), 2U);
  EXPECT_EQ(town.log[1], "datapoints are stored again");
}

TEST(Store, says_until_when_it_is_complete) {
  Town town;
  const auto store = town.open();
  auto reader = Reader::open(town.folder.file());
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->complete_until().value(), std::nullopt);
  town.clock.advance(seconds(3));
  store->put(datum("web-01", start, 1));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ((*reader)->complete_until().value(), start + seconds(3));
  town.clock.advance(seconds(5));
  ASSERT_TRUE(store->flush()); // nothing came
  EXPECT_EQ((*reader)->complete_until().value(), start + seconds(3));
}

TEST(Store, named_metrics_are_found_in_all_their_units_while_more_comes) {
  Town town;
  const auto store = town.open();
  auto reader = Reader::open(town.folder.file());
  ASSERT_TRUE(reader);
  const auto look = [&](const std::vector<alarm::MetricId>& metrics) {
    std::string found;
    EXPECT_TRUE((*reader)->read({start, start + seconds(3'600), {}, metrics},
                                [&](const SeriesId& id, const std::vector<Point>& points) {
                                  found += id.metric.dimensions.at("host") + " " + id.unit + " " +
                                           std::to_string(points.size()) + "; ";
                                  return true;
                                }));
    return found;
  };
  const alarm::MetricId wanted = datum("web-1", start, 1).metric;
  for (int minute = 0; minute < 3; ++minute) {
    for (const char* host : {"web-1", "web-10", "web-", "web-1\""}) {
      store->put(datum(host, start + seconds(60 * minute), 1));
    }
    alarm::Datum other = datum("web-1", start + seconds(60 * minute), 1);
    other.unit = "None";
    store->put(other);
    ASSERT_TRUE(store->flush()); // the reader sees one batch more each time
    const std::string count = std::to_string(minute + 1);
    EXPECT_EQ(look({wanted, wanted}), "web-1 None " + count + "; web-1 Percent " + count + "; ");
  }
  EXPECT_EQ(look({}), "");
  EXPECT_EQ(look({datum("web-2", start, 1).metric}), "");
}

TEST(Store, one_kaden_at_a_time) {
  Town town;
  const auto store = town.open();
  const auto second = Store::open(town.settings(), town.clock, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::conflict);
}

TEST(Store, another_programs_file_and_a_newer_schema_are_left_alone) {
  Town town;
  ASSERT_EQ(run_sql(town.folder.file(), "CREATE TABLE accounts(a)"), SQLITE_OK);
  const auto bytes = [&] {
    std::ifstream file(town.folder.file(), std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  };
  const std::string before = bytes();
  EXPECT_EQ(Store::open(town.settings(), town.clock, {}).error().fault, Fault::invalid);
  EXPECT_EQ(Reader::open(town.folder.file()).error().fault, Fault::invalid);
  EXPECT_EQ(bytes(), before);

  Town other;
  other.open();
  ASSERT_EQ(run_sql(other.folder.file(), "UPDATE datapoint_facts SET value = 99 WHERE name = 'schema'"),
            SQLITE_OK);
  const auto newer = Store::open(other.settings(), other.clock, {});
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().fault, Fault::invalid);
  EXPECT_NE(newer.error().message.find("newer Kaden"), std::string::npos);
  EXPECT_EQ(Reader::open(other.folder.file()).error().fault, Fault::invalid);
}

TEST(Store, a_corrupt_file_is_set_aside_and_a_new_one_begun) {
  Town town;
  {
    std::ofstream file(town.folder.file());
    file << std::string(8'192, 'x');
  }
  const auto store = town.open();
  ASSERT_NE(store, nullptr);
  store->put(datum("web-01", start, 1));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(store->counts().set_aside, 1U);
  EXPECT_TRUE(std::filesystem::exists(town.folder.file() + ".damaged"));
  EXPECT_EQ(read_hours(town.folder.file()).size(), 1U);
  const std::lock_guard lock(town.log_mutex);
  EXPECT_EQ(town.log.size(), 1U);
}

TEST(Store, a_file_that_becomes_corrupt_while_it_runs_is_set_aside_too) {
  Town town;
  const auto store = town.open();
  store->put(datum("web-01", start, 1));
  ASSERT_TRUE(store->flush());
  // An intruder breaks the table under the running store.
  ASSERT_EQ(run_sql(town.folder.file(), "PRAGMA wal_checkpoint(TRUNCATE)"), SQLITE_OK);
  {
    std::fstream file(town.folder.file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    const std::string rubbish(60'000, '\x5a');
    file.write(rubbish.data(), static_cast<std::streamsize>(rubbish.size()));
  }
  ASSERT_EQ(run_sql(town.folder.file() + ".other", "CREATE TABLE a(b)"), SQLITE_OK); // an unrelated file
  for (int tries = 0; tries < 3 && store->counts().set_aside == 0; ++tries) {
    store->put(datum("web-0" + std::to_string(tries + 2), start, 2));
    static_cast<void>(store->flush());
  }
  EXPECT_EQ(store->counts().set_aside, 1U);
  store->put(datum("web-01", start, 3));
  ASSERT_TRUE(store->flush());
  EXPECT_GE(points_of(town.folder.file(), "web-01", start, start + seconds(60)).size(), 1U)
      << "the new file knows the old metric";
}

TEST(Store, opening_again_goes_on_with_the_same_series) {
  Town town;
  for (int life = 0; life < 3; ++life) {
    const auto store = town.open();
    store->put(datum("web-01", start + seconds(60 * life), life));
    store->put(datum("web-new-" + std::to_string(life), start, life));
  }
  EXPECT_EQ(points_of(town.folder.file(), "web-01", start, start + seconds(600)).size(), 3U);
  auto reader = Reader::open(town.folder.file());
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->series().value().size(), 4U);
}

TEST(Store, a_missing_file_is_told_as_such) {
  const TestFolder folder;
  EXPECT_FALSE(Reader::open(folder.file()));
  Settings settings;
  settings.path = folder.file() + "/no/such/folder";
  const runtime::ManualClock clock(start);
  EXPECT_EQ(Store::open(settings, clock, {}).error().fault, Fault::unavailable);
}

TEST(Store, many_threads_put_while_others_read) {
  Town town;
  const auto store = town.open();
  std::vector<std::thread> senders;
  for (int sender = 0; sender < 3; ++sender) {
    senders.emplace_back([&, sender] {
      for (int i = 0; i < 2'000; ++i) {
        store->put(datum("web-" + std::to_string((sender + i) % 50), start + seconds(60 * (i / 50)), 1));
      }
    });
  }
  auto reader = Reader::open(town.folder.file());
  ASSERT_TRUE(reader);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store->flush());
    static_cast<void>(read_hours(**reader));
  }
  for (auto& sender : senders) sender.join();
  ASSERT_TRUE(store->flush());
  double count = 0;
  for (const auto& [key, values] : read_hours(**reader)) count += values[0];
  EXPECT_EQ(count, 6'000);
  EXPECT_EQ(store->counts().dropped, 0U);
}

} // namespace
} // namespace kaden::datapoints
