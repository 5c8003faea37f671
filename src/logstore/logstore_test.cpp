#include "kaden/logstore.h"
#include "kaden/limits/logs.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <random>

#include "store_town.h"

namespace kaden::logstore {
namespace {

using testing::Test;

TEST(LogStore, gives_back_events_of_all_streams_in_the_order_of_time) {
  Town town;
  town.make({"web", "db"});
  ASSERT_TRUE(town.put("web", {Town::event(0, "w0"), Town::event(10, "w10"), Town::event(20, "w20")}));
  ASSERT_TRUE(town.put("db", {Town::event(5, "d5"), Town::event(10, "d10")}));
  ASSERT_TRUE(town.put("web", {Town::event(-3, "late")}));
  EXPECT_EQ(town.read(Town::all()), "late w0 d5 w10 d10 w20 ");
  Query query = Town::all();
  query.newest_first = true;
  EXPECT_EQ(town.read(query), "w20 d10 w10 d5 w0 late ");
  query = Town::all();
  query.streams = {"db", "no such stream"};
  EXPECT_EQ(town.read(query), "d5 d10 ");
  query.streams = {"no such stream"};
  EXPECT_EQ(town.read(query), "");
  query.streams = {};
  query.stream_prefix = "w";
  EXPECT_EQ(town.read(query), "late w0 w10 w20 ");
  query = Town::all();
  query.from = noon + seconds(5);
  query.to = noon + seconds(20);
  EXPECT_EQ(town.read(query), "d5 w10 d10 ") << "the end does not belong";
  query.pattern = logfilter::Pattern::parse("?d5 ?w10").value();
  EXPECT_EQ(town.read(query), "d5 w10 ");
  query.group = "none";
  EXPECT_EQ(read_page(*town.store_, query).error().fault, Fault::not_found);
}

TEST(LogStore, events_carry_stream_times_and_an_id_of_their_own) {
  Town town;
  town.make({"web"});
  town.clock_.advance(seconds(7));
  ASSERT_TRUE(town.put("web", {Town::event(1, "a"), Town::event(1, "b")}));
  const Page page = read_page(*town.store_, Town::all()).value();
  ASSERT_EQ(page.events.size(), 2U);
  EXPECT_EQ(page.events[0].stream, "web");
  EXPECT_EQ(page.events[0].at, noon + seconds(1));
  EXPECT_EQ(page.events[0].ingested, noon + seconds(7));
  EXPECT_EQ(page.events[0].id.size(), 56U);
  EXPECT_LT(page.events[0].id, page.events[1].id);
  EXPECT_FALSE(page.next);
}

/// Random batches, many events of the same millisecond, pages of any size, both directions: always what a
/// sorted list gives.
TEST(LogStore, pages_are_a_sorted_list_cut_in_pieces) {
  std::minstd_rand chance(20'261'126);
  for (int round = 0; round < 12; ++round) {
    Town town;
    town.make({"a", "b", "c"});
    std::vector<std::pair<std::int64_t, std::string>> expected;
    int number = 0;
    for (int batch = 0; batch < 25; ++batch) {
      std::vector<Event> events;
      std::int64_t s = static_cast<std::int64_t>(chance() % 3'000);
      for (auto count = 1 + chance() % 30; count > 0; --count) {
        s += static_cast<std::int64_t>(chance() % 4 == 0 ? chance() % 700 : chance() % 2);
        expected.emplace_back(s, std::to_string(number));
        events.push_back(Town::event(s, std::to_string(number++)));
      }
      ASSERT_TRUE(town.put(std::string(1, static_cast<char>('a' + chance() % 3)), std::move(events)));
    }
    // Events of one time come in the order in which they arrived.
    std::stable_sort(expected.begin(), expected.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    Query query = Town::all();
    query.from = noon + seconds(500);
    query.to = noon + seconds(2'500);
    query.events_max = 1 + chance() % 40;
    std::string forward;
    std::string backward;
    for (const auto& [s, text] : expected) {
      if (s < 500 || s >= 2'500) continue;
      forward += text + " ";
      backward.insert(0, text + " ");
    }
    EXPECT_EQ(town.read(query), forward) << "pages of " << query.events_max;
    query.newest_first = true;
    EXPECT_EQ(town.read(query), backward) << "pages of " << query.events_max;
  }
}

TEST(LogStore, a_page_ends_at_its_bytes_and_at_what_it_looked_at) {
  Town town;
  town.make({"web"});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(town.put("web", {Town::event(i, std::string(600'000, static_cast<char>('a' + i)))}));
  }
  int pages = 0;
  EXPECT_EQ(town.read(Town::all(), &pages).size(), 3 * 600'001U);
  EXPECT_EQ(pages, 3) << "two do not fit a page of 1 MiB";

  std::vector<Event> many(10'000, Town::event(100, "noise"));
  for (std::size_t i = 0; i < limits::log_scan_events_max / many.size() + 1; ++i) {
    ASSERT_TRUE(town.put("web", many));
  }
  ASSERT_TRUE(town.put("web", {Town::event(101, "needle")}));
  Query query = Town::all();
  query.pattern = logfilter::Pattern::parse("needle").value();
  const Page first = read_page(*town.store_, query).value();
  EXPECT_TRUE(first.events.empty());
  EXPECT_TRUE(first.next) << "an empty page goes on";
  EXPECT_EQ(town.read(query, &pages), "needle ");
  EXPECT_EQ(pages, 2);
}

TEST(LogStore, everything_is_there_after_a_restart) {
  Town town;
  town.make({"web", "db"});
  ASSERT_TRUE(town.put("web", {Town::event(0, "hello")}));
  ASSERT_TRUE(town.put_filter("errors", "{ $.level = \"error\" }", 0));
  ASSERT_TRUE(wait_for([&](Done done) { town.store_->set_retention("app", 7, std::move(done)); }));
  ASSERT_TRUE(wait_for([&](Done done) {
    town.store_->set_tags(
        "app",
        [](auto& tags) {
          tags["team"] = "web";
          return Result<void>();
        },
        std::move(done));
  }));
  const auto group = town.store_->group("app").value();
  const auto filters = town.store_->filters({});
  town.restart();
  const auto again = town.store_->group("app").value();
  EXPECT_EQ(again.created, noon);
  EXPECT_EQ(again.retention_days, 7);
  EXPECT_EQ(again.bytes, group.bytes);
  EXPECT_GT(again.bytes, 5U);
  EXPECT_EQ(again.tags.at("team"), "web");
  EXPECT_EQ(again.filters, 1U);
  EXPECT_EQ(town.store_->filters({}), filters);
  const auto stream = town.store_->stream("app", "web").value();
  EXPECT_EQ(stream.first, noon);
  EXPECT_EQ(stream.last, noon);
  EXPECT_EQ(stream.ingested, noon);
  EXPECT_FALSE(town.store_->stream("app", "db")->last);
  EXPECT_EQ(town.read(Town::all()), "hello ");
  ASSERT_TRUE(town.put("web", {Town::event(1, "and again")}));
  EXPECT_EQ(town.read(Town::all()), "hello and again ");
}

TEST(LogStore, says_what_is_not_there_and_what_is) {
  Town town;
  town.make({"web"});
  Store& store = *town.store_;
  const auto fault = [](const std::function<void(Done)>& call) { return wait_for(call).error().fault; };
  EXPECT_EQ(fault([&](Done d) { store.create_group("app", {}, std::move(d)); }), Fault::conflict);
  EXPECT_EQ(fault([&](Done d) { store.create_stream("app", "web", std::move(d)); }), Fault::conflict);
  EXPECT_EQ(fault([&](Done d) { store.create_stream("no", "web", std::move(d)); }), Fault::not_found);
  EXPECT_EQ(fault([&](Done d) { store.delete_group("no", std::move(d)); }), Fault::not_found);
  EXPECT_EQ(fault([&](Done d) { store.delete_stream("app", "no", std::move(d)); }), Fault::not_found);
  EXPECT_EQ(fault([&](Done d) { store.set_retention("no", 1, std::move(d)); }), Fault::not_found);
  EXPECT_EQ(fault([&](Done d) { store.delete_filter("app", "no", std::move(d)); }), Fault::not_found);
  EXPECT_EQ(fault([&](Done d) { store.append("app", "no", {Town::event(0, "x")}, std::move(d)); }),
            Fault::not_found);
  EXPECT_EQ(fault([&](Done d) { store.append("no", "web", {Town::event(0, "x")}, std::move(d)); }),
            Fault::not_found);
  Filter filter;
  filter.group = "no";
  filter.transformation = {"m", "N", "1", {}, {}, "None"};
  EXPECT_EQ(fault([&](Done d) { store.put_filter(filter, std::move(d)); }), Fault::not_found);
  EXPECT_EQ(store.trouble(), "") << "none of this is the disk's fault";
}

TEST(LogStore, names_are_listed_by_pages) {
  Town town;
  for (const char* name : {"a/1", "a/2", "a/3", "b"}) {
    ASSERT_TRUE(wait_for([&](Done done) { town.store_->create_group(name, {}, std::move(done)); }));
  }
  const auto groups = [&](const Store::Names& names) {
    std::string out;
    for (const auto& group : town.store_->groups(names)) out += group.name + " ";
    return out;
  };
  EXPECT_EQ(groups({}), "a/1 a/2 a/3 b ");
  EXPECT_EQ(groups({"", "", "", 2}), "a/1 a/2 ");
  EXPECT_EQ(groups({"", "", "a/2", 2}), "a/3 b ");
  EXPECT_EQ(groups({"a/", "", "a/2", 2}), "a/3 ");
  EXPECT_EQ(groups({"", "2", "", 50}), "a/2 ");

  town.make({"s1", "s2", "t1", "u"});
  const auto streams = [&](const Store::Names& names, bool descending) {
    std::string out;
    const auto found = town.store_->streams("app", names, descending).value();
    for (const auto& one : found) out += one.name + " ";
    return out;
  };
  EXPECT_EQ(streams({"s", "", "", 50}, false), "s1 s2 ");
  EXPECT_EQ(streams({"s", "", "s1", 50}, false), "s2 ");
  EXPECT_EQ(streams({"s", "", "", 50}, true), "s2 s1 ");
  EXPECT_EQ(streams({"", "", "u", 2}, true), "t1 s2 ");
  ASSERT_TRUE(town.put("t1", {Town::event(2, "x")}));
  ASSERT_TRUE(town.put("s2", {Town::event(1, "x")}));
  const auto by_time = [&](bool descending) {
    std::string out;
    std::optional<Stream> after;
    for (;;) { // one at a time
      const auto page = town.store_->streams_by_time("app", after, 1, descending).value();
      if (page.empty()) return out;
      out += page[0].name + " ";
      after = page[0];
    }
  };
  EXPECT_EQ(by_time(true), "t1 s2 u s1 ");
  EXPECT_EQ(by_time(false), "s1 u s2 t1 ");
}

// Metric filters
// ----------------------------------------------------------------------------------------------

TEST(LogStore, each_event_goes_through_the_filters_of_its_group_once) {
  Town town;
  town.make({"web"});
  ASSERT_TRUE(town.put("web", {Town::event(0, "ERROR before")}));
  ASSERT_TRUE(town.put_filter("errors", "ERROR", 0));
  ASSERT_TRUE(town.put_filter("all", ""));
  town.clock_.advance(seconds(5));
  ASSERT_TRUE(town.put("web", {Town::event(4, "ERROR one"), Town::event(4, "fine")}));
  town.settle();
  EXPECT_EQ(town.take_data(), "all 1@5 errors 1@5 all 1@5 ") << "not what came before the filter";
  ASSERT_TRUE(town.put("web", {Town::event(4, "ERROR one"), Town::event(4, "fine")}));
  town.settle();
  EXPECT_EQ(town.take_data(), "all 1@5 errors 1@5 all 1@5 ") << "a batch that is sent again counts again";

  town.tick(seconds(60));
  EXPECT_EQ(town.take_data(), "") << "that minute had a match";
  ASSERT_TRUE(town.put("web", {Town::event(65, "fine")}));
  town.settle();
  EXPECT_EQ(town.take_data(), "all 1@65 ");
  town.tick(seconds(60));
  EXPECT_EQ(town.take_data(), "errors 0@60 ") << "and this one had none";
  town.tick(seconds(60));
  EXPECT_EQ(town.take_data(), "") << "without events there is no default value";
  EXPECT_EQ(town.store_->counts().data, 8U);

  // A restart forgets the minute under way, and nothing else.
  ASSERT_TRUE(town.put("web", {Town::event(185, "fine")}));
  town.settle();
  town.take_data();
  town.restart();
  town.tick(seconds(60));
  EXPECT_EQ(town.take_data(), "");
  ASSERT_TRUE(town.put("web", {Town::event(245, "ERROR")}));
  town.settle();
  EXPECT_EQ(town.take_data(), "all 1@245 errors 1@245 ");
  ASSERT_TRUE(wait_for([&](Done done) { town.store_->delete_filter("app", "all", std::move(done)); }));
  town.refuse_ = true;
  ASSERT_TRUE(town.put("web", {Town::event(245, "ERROR")}));
  town.settle();
  EXPECT_EQ(town.take_data(), "errors 1@245 ");
  EXPECT_EQ(town.store_->counts().refused_data, 1U);
}

TEST(LogStore, filters_of_the_configuration_wait_for_their_group_and_stay) {
  Town town;
  Filter filter;
  filter.group = "app";
  filter.name = "errors";
  filter.pattern = "ERROR";
  filter.transformation = {"errors", "App", "1", {}, {}, "Count"};
  ASSERT_TRUE(town.store_->set_configured_filters({filter}));
  town.make({"web"});
  ASSERT_TRUE(town.put("web", {Town::event(0, "ERROR")}));
  town.settle();
  EXPECT_EQ(town.take_data(), "errors 1@0 ");
  EXPECT_EQ(town.put_filter("errors", "WARN").error().fault, Fault::invalid);
  EXPECT_EQ(wait_for([&](Done done) { town.store_->delete_filter("app", "errors", std::move(done)); })
                .error()
                .fault,
            Fault::invalid);
  ASSERT_EQ(town.store_->filters({}).size(), 1U);
  EXPECT_TRUE(town.store_->filters({})[0].is_configured);
  filter.pattern = "{";
  EXPECT_FALSE(town.store_->set_configured_filters({filter}));
  ASSERT_TRUE(town.store_->set_configured_filters({}));
  town.settle();
  EXPECT_TRUE(town.store_->filters({}).empty());
}

TEST(LogStore, a_group_has_at_most_100_filters_and_5_regular_expressions) {
  Town town;
  town.make({});
  EXPECT_EQ(town.put_filter("bad", "{ $.a = ").error().fault, Fault::invalid);
  ASSERT_TRUE(town.put_filter("r1", "%a% %b%"));
  ASSERT_TRUE(town.put_filter("r2", "%a% %b%"));
  ASSERT_TRUE(town.put_filter("r3", "%a%"));
  EXPECT_EQ(town.put_filter("r4", "%a%").error().fault, Fault::denied);
  ASSERT_TRUE(town.put_filter("r3", "%c%")) << "in the place of itself";
  for (std::size_t i = 3; i < limits::metric_filters_per_group_max; ++i) {
    ASSERT_TRUE(town.put_filter("f" + std::to_string(i), "x"));
  }
  EXPECT_EQ(town.put_filter("one more", "x").error().fault, Fault::denied);
}

// Age, size, deletion
// -----------------------------------------------------------------------------------------

TEST(LogStore, old_events_go_by_the_retention_of_their_group) {
  Town town;
  town.keep_ = seconds(10 * 86'400);
  town.restart();
  town.make({"web"});
  const auto day = [](std::int64_t n) { return Town::event(n * 86'400, "d" + std::to_string(n)); };
  for (const std::int64_t n : {-9, -6, -2, 0}) ASSERT_TRUE(town.put("web", {day(n)}));
  const std::uint64_t bytes = town.store_->group("app")->bytes;
  town.tick(seconds(61));
  EXPECT_EQ(town.read(Town::all()), "d-9 d-6 d-2 d0 ");
  ASSERT_TRUE(wait_for([&](Done done) { town.store_->set_retention("app", 3, std::move(done)); }));
  town.tick(seconds(61));
  town.settle();
  EXPECT_EQ(town.read(Town::all()), "d-2 d0 ");
  EXPECT_EQ(town.store_->counts().dropped_chunks, 2U);
  EXPECT_LT(town.store_->group("app")->bytes, bytes);
  ASSERT_TRUE(wait_for([&](Done done) { town.store_->set_retention("app", std::nullopt, std::move(done)); }));
  town.tick(seconds(9 * 86'400));
  town.settle();
  EXPECT_EQ(town.read(Town::all()), "d0 ");
}

TEST(LogStore, the_file_keeps_its_size_and_the_first_events_go) {
  Town town;
  town.bytes_ = 2u << 20;
  town.restart();
  town.make({"web"});
  std::minstd_rand chance(5);
  for (int i = 0; i < 100; ++i) {
    std::string message = std::to_string(i) + ":";
    while (message.size() < 60'000) message += static_cast<char>(chance() % 256); // no compression helps
    ASSERT_TRUE(town.put("web", {Town::event(i, std::move(message))}));
    town.settle();
  }
  // The first bytes that went back to the file are used again.
  EXPECT_LE(town.store_->counts().file_bytes, 4u << 20);
  EXPECT_LE(std::filesystem::file_size(town.folder_.file()), 40u << 20);
  const std::string left = town.read(Town::all());
  EXPECT_EQ(left.find(" 0:"), std::string::npos);
  EXPECT_NE(left.find("99:"), std::string::npos) << "the newest is there";
  EXPECT_GT(town.store_->counts().dropped_chunks, 30U);
}

TEST(LogStore, what_is_deleted_is_gone_at_once_and_for_ever) {
  Town town;
  town.make({"web", "db"});
  ASSERT_TRUE(town.put_filter("errors", "ERROR"));
  ASSERT_TRUE(town.put("web", {Town::event(0, "w")}));
  ASSERT_TRUE(town.put("db", {Town::event(1, "d")}));
  ASSERT_TRUE(wait_for([&](Done done) { town.store_->delete_stream("app", "web", std::move(done)); }));
  EXPECT_EQ(town.read(Town::all()), "d ");
  ASSERT_TRUE(wait_for([&](Done done) { town.store_->create_stream("app", "web", std::move(done)); }));
  EXPECT_EQ(town.read(Town::all()), "d ") << "a new stream of the old name is empty";
  ASSERT_TRUE(wait_for([&](Done done) { town.store_->delete_group("app", std::move(done)); }));
  EXPECT_FALSE(town.store_->group("app"));
  EXPECT_TRUE(town.store_->filters({}).empty());
  town.make({"web"});
  EXPECT_EQ(town.read(Town::all()), "");
  EXPECT_TRUE(town.store_->filters({}).empty());
  town.restart();
  EXPECT_EQ(town.read(Town::all()), "");
  town.settle();
  town.settle();
  EXPECT_EQ(town.store_->counts().streams, 1U);
}

// Limits and files
// --------------------------------------------------------------------------------------------

TEST(LogStore, a_full_queue_refuses_and_what_was_taken_is_kept) {
  Town town;
  town.make({"web"});
  ASSERT_TRUE(town.put_filter("all", "hold"));
  std::promise<void> let_go;
  town.hold_ = let_go.get_future().share();
  ASSERT_TRUE(town.put("web", {Town::event(0, "hold")})); // committed; now its filter keeps the writer
  const std::string big(1u << 20, 'x');
  std::atomic<int> stored{0};
  std::atomic<int> refused{0};
  for (int i = 0; i < 70; ++i) {
    town.store_->append("app", "web", {Town::event(i, big)}, [&](const Result<void>& done) {
      ++(done ? stored : refused);
      EXPECT_TRUE(done || done.error().fault == Fault::busy);
    });
  }
  EXPECT_GE(refused, 6);
  EXPECT_GT(town.store_->counts().queue_bytes, 60u << 20);
  let_go.set_value();
  town.settle();
  EXPECT_EQ(stored + refused, 70);
  EXPECT_EQ(town.store_->counts().events, static_cast<std::uint64_t>(1 + stored));
  EXPECT_EQ(town.store_->counts().refused_busy, static_cast<std::uint64_t>(refused));
  EXPECT_EQ(town.store_->counts().queue_bytes, 0U);
}

TEST(LogStore, one_asker_does_not_hold_up_the_others) {
  Town town;
  town.make({"web"});
  ASSERT_TRUE(town.put("web", {Town::event(0, "x")}));
  std::promise<void> let_go;
  std::promise<void> is_held;
  Query query = Town::all();
  query.asker = "loud";
  town.store_->read(query, [&](const Result<Page>&) {
    is_held.set_value();
    let_go.get_future().wait();
  });
  is_held.get_future().wait();
  std::mutex mutex;
  std::vector<std::string> answered;
  std::vector<Fault> refused;
  std::promise<void> all_answered;
  const auto ask = [&](const std::string& asker) {
    query.asker = asker;
    town.store_->read(query, [&, asker](const Result<Page>& page) {
      const std::lock_guard lock(mutex);
      if (!page) return refused.push_back(page.error().fault);
      answered.push_back(asker);
      if (answered.size() == limits::log_reads_of_one_max + 1) all_answered.set_value();
    });
  };
  for (std::size_t i = 0; i < limits::log_reads_of_one_max + 3; ++i) ask("loud");
  EXPECT_EQ(refused, std::vector<Fault>(3, Fault::busy)) << "told at once";
  ask("quiet");
  let_go.set_value();
  all_answered.get_future().wait();
  EXPECT_EQ(answered[1], "quiet") << "after one of the other's";
  EXPECT_EQ(town.store_->counts().refused_busy, 3U);
}

TEST(LogStore, groups_and_streams_are_bounded_and_their_full_number_works) {
  Town town;
  town.make({"web"});
  town.store_.reset();
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(town.folder_.file().c_str(), &handle), SQLITE_OK);
  const std::string many =
      "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < " +
      std::to_string(limits::log_groups_max - 1) +
      ") INSERT INTO groups(name, created_ms, retention_days, bytes, tags)"
      " SELECT 'g' || i, 0, retention_days, 0, tags FROM n, (SELECT * FROM groups LIMIT 1);"
      "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < " +
      std::to_string(limits::log_streams_max - 1) +
      ") INSERT INTO streams(group_id, name, created_ms, first_ms, last_ms, ingested_ms)"
      " SELECT 1, 's' || i, 0, first_ms, last_ms, ingested_ms FROM n, (SELECT * FROM streams LIMIT 1);";
  char* why = nullptr;
  ASSERT_EQ(sqlite3_exec(handle, many.c_str(), nullptr, nullptr, &why), SQLITE_OK) << why;
  sqlite3_close(handle);
  town.start();
  const auto group = [&](const std::string& name) {
    return wait_for([&](Done done) { town.store_->create_group(name, {}, std::move(done)); });
  };
  const auto stream = [&](const std::string& name) {
    return wait_for([&](Done done) { town.store_->create_stream("app", name, std::move(done)); });
  };
  EXPECT_TRUE(group("the-last"));
  EXPECT_EQ(group("one-too-many").error().fault, Fault::denied);
  EXPECT_TRUE(stream("the-last"));
  EXPECT_EQ(stream("one-too-many").error().fault, Fault::denied);
  EXPECT_EQ(town.store_->counts().groups, limits::log_groups_max);
  EXPECT_EQ(town.store_->counts().streams, limits::log_streams_max);
  ASSERT_TRUE(town.put("the-last", {Town::event(0, "found")}));
  EXPECT_NE(town.read(Town::all()).find("found"), std::string::npos);
  EXPECT_TRUE(wait_for([&](Done done) { town.store_->delete_stream("app", "s5", std::move(done)); }));
  EXPECT_TRUE(stream("in-its-place"));
}

TEST(LogStore, one_maker_leaves_room_for_the_others) {
  Town town;
  town.bytes_ = 2u << 20;
  town.restart();
  town.make({"web"}); // Kaden's own
  const auto group = [&](const std::string& name, const std::string& maker) {
    return wait_for([&](Done done) { town.store_->create_group(name, {}, std::move(done), maker); });
  };
  const auto stream = [&](const std::string& in, const std::string& name, const std::string& maker) {
    return wait_for([&](Done done) { town.store_->create_stream(in, name, std::move(done), maker); });
  };
  for (std::size_t i = 0; i < limits::log_groups_of_one_max; ++i)
    ASSERT_TRUE(group("loud-" + std::to_string(i), "LOUD"));
  EXPECT_EQ(group("one-too-many", "LOUD").error().fault, Fault::denied);
  EXPECT_TRUE(group("quiet", "QUIET"));
  EXPECT_TRUE(stream("quiet", "s", "QUIET"));
  EXPECT_TRUE(stream("loud-0", "s", "LOUD"));
  ASSERT_TRUE(town.put("web", {Town::event(0, "ours")}));
  ASSERT_TRUE(wait_for([&](Done done) {
    town.store_->append("quiet", "s", {Town::event(0, "theirs")}, std::move(done), "QUIET");
  }));
  town.restart(); // whose is whose is remembered
  std::uint64_t state = 1;
  for (int i = 0; i < 64; ++i) {
    std::string noise;
    while (noise.size() < 100'000) {
      state = state * 6'364'136'223'846'793'005u + 1;
      noise += std::to_string(state);
    }
    ASSERT_TRUE(wait_for([&](Done done) {
      town.store_->append(i % 2 == 0 ? "loud-0" : "quiet", "s", {Town::event(i, noise)}, std::move(done),
                          "LOUD");
    }));
  }
  for (int i = 0; i < 50; ++i) town.tick(limits::log_drop_every);
  EXPECT_GT(town.store_->counts().dropped_chunks, 0U);
  EXPECT_LE(town.store_->counts().file_bytes, town.bytes_);
  EXPECT_EQ(town.read(Town::all()), "ours ");
  Query theirs = Town::all();
  theirs.group = "quiet";
  EXPECT_TRUE(town.read(theirs).starts_with("theirs "))
      << "whoever wrote beside it lost only what is its own";
  EXPECT_EQ(group("one-too-many", "LOUD").error().fault, Fault::denied);
  EXPECT_TRUE(wait_for([&](Done done) { town.store_->delete_group("loud-7", std::move(done)); }));
  EXPECT_TRUE(group("in-its-place", "LOUD"));
}

TEST(LogStore, a_file_of_an_older_schema_is_taken_over) {
  const std::string to_2 =
      "DROP INDEX chunks_of_writer; ALTER TABLE chunks DROP COLUMN writer; PRAGMA user_version=2;";
  const std::string to_1 = to_2 +
                           "ALTER TABLE groups DROP COLUMN maker; ALTER TABLE streams DROP COLUMN maker;"
                           "PRAGMA user_version=1;";
  for (const std::string& back : {to_2, to_1}) {
    Town town;
    town.make({"web"});
    ASSERT_TRUE(town.put("web", {Town::event(0, "old")}));
    town.store_.reset();
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(town.folder_.file().c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, back.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
    town.start();
    EXPECT_EQ(town.read(Town::all()), "old ");
    EXPECT_TRUE(wait_for([&](Done done) { town.store_->create_group("new", {}, std::move(done), "KEY"); }));
    ASSERT_TRUE(wait_for([&](Done done) {
      town.store_->append("app", "web", {Town::event(1, "new")}, std::move(done), "KEY");
    }));
    EXPECT_EQ(town.read(Town::all()), "old new ");
  }
}

TEST(LogStore, two_do_not_share_a_file_and_others_files_are_left_alone) {
  Town town;
  Settings settings;
  settings.path = town.folder_.file();
  const auto second = Store::open(settings, town.clock_, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::conflict);

  const TestFolder folder;
  const auto run_sql = [&](const char* sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(folder.file().c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sql;
    sqlite3_close(handle);
  };
  settings.path = folder.file();
  run_sql("CREATE TABLE theirs(x)");
  const auto foreign = Store::open(settings, town.clock_, {});
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().message.find("another program's"), std::string::npos) << foreign.error().message;
  run_sql("PRAGMA application_id=1263292231; PRAGMA user_version=99");
  const auto newer = Store::open(settings, town.clock_, {});
  ASSERT_FALSE(newer);
  EXPECT_NE(newer.error().message.find("newer Kaden"), std::string::npos) << newer.error().message;
}

TEST(LogStore, a_chunk_that_cannot_be_read_is_passed_over_and_counted) {
  Town town;
  town.make({"web"});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(town.put("web", {Town::event(i, std::string(200, static_cast<char>('a' + i)))}));
  }
  town.store_.reset();
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(town.folder_.file().c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "UPDATE chunks SET data = x'00' WHERE id = 2", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(handle);
  town.start();
  const std::string left = town.read(Town::all());
  EXPECT_EQ(left, std::string(200, 'a') + " " + std::string(200, 'c') + " ");
  EXPECT_EQ(town.store_->counts().unreadable, 1U);
}

} // namespace
} // namespace kaden::logstore
