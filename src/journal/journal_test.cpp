#include "kaden/journal.h"
#include "kaden/limits/engine.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "test_folder.h"

namespace kaden::journal {
namespace {

std::vector<NewEntry> entries_of(std::initializer_list<std::string> payloads) {
  std::vector<NewEntry> entries;
  for (const std::string& payload : payloads) {
    entries.push_back({wall_time(1'000 + static_cast<std::int64_t>(payload.size())), payload});
  }
  return entries;
}

std::vector<std::string> payloads_after(const Journal& journal, Position after) {
  std::vector<std::string> payloads;
  const auto read = journal.read(after, [&](const Entry& entry) {
    payloads.push_back(entry.payload);
    return true;
  });
  if (!read) payloads.push_back("error: " + read.error().message);
  return payloads;
}

// What every journal must do

class JournalContract : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { reopen(); }
  bool durable() const { return GetParam(); }
  void reopen() {
    journal_.reset();
    if (!durable()) {
      journal_ = open_memory("0123456789abcdef");
      return;
    }
    auto opened = open_sqlite(folder_.file());
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = std::move(*opened);
  }
  TestFolder folder_;
  std::unique_ptr<Journal> journal_;
};
INSTANTIATE_TEST_SUITE_P(All, JournalContract, testing::Values(false, true),
                         [](const auto& tested) { return tested.param ? "sqlite" : "memory"; });

TEST_P(JournalContract, starts_empty) {
  EXPECT_EQ(journal_->last_position(), 0U);
  EXPECT_EQ(journal_->installation().size(), 16U);
  EXPECT_EQ(payloads_after(*journal_, 0), std::vector<std::string>{});
  EXPECT_EQ(journal_->latest_snapshot().value(), std::nullopt);
  const Check check = journal_->verify().value();
  EXPECT_EQ(check.entries, 0U);
  EXPECT_EQ(check.first_bad, 0U);
}

TEST_P(JournalContract, positions_have_no_gaps) {
  EXPECT_EQ(journal_->append(entries_of({"a", "bb", "ccc"})).value(), 3U);
  EXPECT_EQ(journal_->append({}).value(), 3U);
  EXPECT_EQ(journal_->append(entries_of({std::string("\0\xff", 2), ""})).value(), 5U);
  std::vector<Entry> read;
  ASSERT_TRUE(journal_->read(0, [&](const Entry& entry) {
    read.push_back(entry);
    return true;
  }));
  ASSERT_EQ(read.size(), 5U);
  for (std::size_t i = 0; i < read.size(); ++i) EXPECT_EQ(read[i].position, i + 1);
  EXPECT_EQ(read[2].payload, "ccc");
  EXPECT_EQ(read[2].at, wall_time(1'003));
  EXPECT_EQ(read[3].payload, std::string("\0\xff", 2));
  EXPECT_EQ(read[4].payload, "");
  EXPECT_EQ(journal_->verify().value().head, read[4].chain);
}

TEST_P(JournalContract, reads_after_a_position_until_told_to_stop) {
  ASSERT_TRUE(journal_->append(entries_of({"a", "b", "c", "d"})));
  EXPECT_EQ(payloads_after(*journal_, 2), (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ(payloads_after(*journal_, 4), std::vector<std::string>{});
  EXPECT_EQ(payloads_after(*journal_, 99), std::vector<std::string>{});
  EXPECT_EQ(payloads_after(*journal_, ~Position{0}), std::vector<std::string>{});
  int taken = 0;
  ASSERT_TRUE(journal_->read(0, [&](const Entry&) { return ++taken < 2; }));
  EXPECT_EQ(taken, 2);
}

TEST_P(JournalContract, reads_more_than_one_stretch) {
  std::vector<NewEntry> many;
  many.reserve(4'500);
  for (int i = 0; i < 4'500; ++i) many.push_back({wall_time(i), std::to_string(i)});
  ASSERT_EQ(journal_->append(many).value(), 4'500U);
  const auto payloads = payloads_after(*journal_, 100);
  ASSERT_EQ(payloads.size(), 4'400U);
  EXPECT_EQ(payloads.front(), "100");
  EXPECT_EQ(payloads.back(), "4499");
}

TEST_P(JournalContract, times_before_1970_and_backwards_are_kept) {
  const std::vector<NewEntry> odd = {{wall_time(5'000), "late"}, {wall_time(-7), "early"}};
  ASSERT_TRUE(journal_->append(odd));
  std::vector<std::int64_t> times;
  ASSERT_TRUE(journal_->read(0, [&](const Entry& entry) {
    times.push_back(to_ms(entry.at));
    return true;
  }));
  EXPECT_EQ(times, (std::vector<std::int64_t>{5'000, -7}));
  EXPECT_EQ(journal_->verify().value().first_bad, 0U);
}

TEST_P(JournalContract, the_newest_two_snapshots_are_kept) {
  ASSERT_TRUE(journal_->append(entries_of({"a", "b", "c"})));
  for (const Position at : {Position{0}, Position{1}, Position{3}, Position{2}}) {
    ASSERT_TRUE(journal_->save_snapshot({at, "state " + std::to_string(at)}));
  }
  const auto latest = journal_->latest_snapshot().value();
  ASSERT_TRUE(latest);
  EXPECT_EQ(latest->position, 3U);
  EXPECT_EQ(latest->state, "state 3");
  ASSERT_TRUE(journal_->save_snapshot({3, "again"}));
  EXPECT_EQ(journal_->latest_snapshot().value()->state, "again");
  const auto beyond = journal_->save_snapshot({4, "no"});
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().fault, Fault::invalid);
}

TEST_P(JournalContract, everything_is_there_after_reopening) {
  if (!durable()) GTEST_SKIP() << "memory forgets";
  ASSERT_TRUE(journal_->append(entries_of({"a", "b"})));
  ASSERT_TRUE(journal_->save_snapshot({2, "two"}));
  const std::string installation = journal_->installation();
  const Sha256 head = journal_->verify().value().head;
  reopen();
  EXPECT_EQ(journal_->installation(), installation);
  EXPECT_EQ(journal_->last_position(), 2U);
  EXPECT_EQ(journal_->verify().value().head, head);
  EXPECT_EQ(journal_->latest_snapshot().value()->state, "two");
  EXPECT_EQ(journal_->append(entries_of({"c"})).value(), 3U);
  EXPECT_EQ(journal_->verify().value().first_bad, 0U);
}

TEST_P(JournalContract, the_chain_is_the_documented_one) {
  ASSERT_TRUE(journal_->append(std::vector<NewEntry>{{wall_time(258), "payload"}}));
  const Sha256 first = sha256("kaden-journal-1" + journal_->installation());
  const Sha256 wanted = sha256(std::string(as_view(first)) + std::string("\0\0\0\0\0\0\0\1", 8) +
                               std::string("\0\0\0\0\0\0\1\2", 8) + "payload");
  EXPECT_EQ(journal_->verify().value().head, wanted);
}

TEST(MemoryJournal, fails_when_told_to) {
  auto journal = open_memory("0123456789abcdef", {[](Position next) { return next == 2; }});
  EXPECT_TRUE(journal->append(entries_of({"a"})));
  const auto failed = journal->append(entries_of({"b", "c"}));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().fault, Fault::unavailable);
  EXPECT_EQ(journal->last_position(), 1U);
}

// The file

TEST(SqliteJournal, only_its_owner_can_read_the_file) {
  const TestFolder folder;
  for (int round = 0; round < 2; ++round) {
    auto journal = open_sqlite(folder.file());
    ASSERT_TRUE(journal) << journal.error().message;
    ASSERT_TRUE((*journal)->append(entries_of({"a"})));
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
      struct stat status {};
      ASSERT_EQ(stat((folder.file() + suffix).c_str(), &status), 0) << suffix;
      EXPECT_EQ(status.st_mode & 0777U, 0600U) << suffix;
    }
    journal->reset();
    ASSERT_EQ(chmod(folder.file().c_str(), 0644), 0); // the next opening closes it again
  }
}

TEST(SqliteJournal, is_open_once) {
  const TestFolder folder;
  auto first = open_sqlite(folder.file());
  ASSERT_TRUE(first);
  const auto second = open_sqlite(folder.file());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::conflict);
  EXPECT_EQ(second.error().message,
            "opening the journal " + folder.file() + ": " + folder.file() + " is open in another Kaden");
  first->reset();
  EXPECT_TRUE(open_sqlite(folder.file()));
}

TEST(SqliteJournal, a_reader_looks_on_and_changes_nothing) {
  const TestFolder folder;
  const auto none = open_sqlite_read_only(folder.file());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().fault, Fault::not_found);
  EXPECT_FALSE(std::filesystem::exists(folder.file()));

  auto writer = open_sqlite(folder.file());
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->append(entries_of({"a"})));
  auto reader = open_sqlite_read_only(folder.file());
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->last_position(), 1U);
  EXPECT_EQ((*reader)->installation(), (*writer)->installation());
  EXPECT_EQ((*reader)->append(entries_of({"b"})).error().fault, Fault::denied);
  EXPECT_EQ((*reader)->save_snapshot({1, "x"}).error().fault, Fault::denied);
  ASSERT_TRUE((*writer)->append(entries_of({"b"})));
  EXPECT_EQ(payloads_after(**reader, 0), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ((*reader)->verify().value().entries, 2U);
  writer->reset();
  EXPECT_EQ(payloads_after(**reader, 1), std::vector<std::string>{"b"});
  auto later = open_sqlite_read_only(folder.file());
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_EQ((*later)->last_position(), 2U);
}

TEST(SqliteJournal, entries_over_the_limit_are_refused) {
  const TestFolder folder;
  auto journal = open_sqlite(folder.file());
  ASSERT_TRUE(journal);
  const std::vector<NewEntry> big = {{wall_time(1), "small"},
                                     {wall_time(1), std::string(limits::journal_entry_bytes_max + 1, 'x')}};
  const auto refused = (*journal)->append(big);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::invalid);
  EXPECT_EQ((*journal)->last_position(), 0U);
}

TEST(SqliteJournal, refuses_what_it_cannot_be) {
  const TestFolder folder;
  struct Case {
    const char* name;
    std::function<std::string()> make;
    Fault fault;
  };
  const auto made = [&](const std::string& name, const std::string& content) {
    std::ofstream(folder.path() + "/" + name) << content;
    return folder.path() + "/" + name;
  };
  const auto with_sql = [&](const std::string& name, const std::string& sql) {
    std::string path = folder.path() + "/" + name;
    { static_cast<void>(open_sqlite(path)); }
    EXPECT_EQ(run_sql(path, sql), SQLITE_OK) << sql;
    return path;
  };
  const std::vector<Case> cases = {
      {"no path", [] { return std::string(); }, Fault::invalid},
      {"no folder", [&] { return folder.path() + "/none/kaden.db"; }, Fault::unavailable},
      {"a folder", [&] { return folder.path(); }, Fault::unavailable},
      {"text", [&] { return made("text", std::string(5'000, 'x')); }, Fault::corrupt},
      {"another program's",
       [&] {
         std::string path = folder.path() + "/other";
         EXPECT_EQ(run_sql(path, "CREATE TABLE cats(name)"), SQLITE_OK);
         return path;
       },
       Fault::invalid},
      {"newer", [&] { return with_sql("newer", "UPDATE meta SET value = '99' WHERE name = 'schema'"); },
       Fault::invalid},
      {"no schema", [&] { return with_sql("noschema", "DELETE FROM meta WHERE name = 'schema'"); },
       Fault::corrupt},
      {"no name", [&] { return with_sql("noname", "DELETE FROM meta WHERE name = 'installation'"); },
       Fault::corrupt},
  };
  for (const Case& tried : cases) {
    const std::string path = tried.make();
    for (const auto& opened :
         {open_sqlite(path).map([](const auto&) {}), open_sqlite_read_only(path).map([](const auto&) {})}) {
      ASSERT_FALSE(opened) << tried.name;
      const bool reader_finds_none = opened.error().fault == Fault::not_found;
      EXPECT_TRUE(opened.error().fault == tried.fault || reader_finds_none)
          << tried.name << ": " << opened.error().message;
    }
  }
}

TEST(SqliteJournal, an_empty_file_becomes_a_journal) {
  const TestFolder folder;
  { std::ofstream file(folder.file()); } // as a crash between creation and the first commit leaves it
  auto journal = open_sqlite(folder.file());
  ASSERT_TRUE(journal) << journal.error().message;
  EXPECT_EQ((*journal)->append(entries_of({"a"})).value(), 1U);
}

// Tampering

struct Tampering {
  const char* name;
  const char* sql;
  Position first_bad;
  bool opens; ///< the last link holds, so that a writer may go on and verify() shows it
};

TEST(SqliteJournal, tampering_shows) {
  const std::vector<Tampering> table = {
      {"nothing", "SELECT 1", 0, true},
      {"payload changed", "UPDATE entries SET payload = x'58' WHERE position = 4", 4, true},
      {"payload emptied", "UPDATE entries SET payload = x'' WHERE position = 1", 1, true},
      {"time changed", "UPDATE entries SET at_ms = at_ms + 1 WHERE position = 5", 5, true},
      {"chain changed", "UPDATE entries SET chain = zeroblob(32) WHERE position = 6", 6, true},
      {"chain cut", "UPDATE entries SET chain = x'00' WHERE position = 6", 6, true},
      {"removed in the middle", "DELETE FROM entries WHERE position = 3", 3, true},
      {"removed first", "DELETE FROM entries WHERE position = 1", 1, true},
      {"two swapped",
       "UPDATE entries SET payload = CASE position WHEN 2 THEN x'63' ELSE x'62' END WHERE position IN (2, 3)",
       2, true},
      {"added below", "INSERT INTO entries VALUES(0, 0, x'00', zeroblob(32))", 1, true},
      {"added far below", "INSERT INTO entries VALUES(-9, 0, x'00', zeroblob(32))", 1, true},
      {"last changed", "UPDATE entries SET payload = x'58' WHERE position = 10", 10, false},
      {"added at the end", "INSERT INTO entries VALUES(11, 0, x'00', zeroblob(32))", 11, false},
      {"added far above", "INSERT INTO entries VALUES(9223372036854775807, 0, x'00', zeroblob(32))", 11,
       false},
      {"end removed, a snapshot tells", "DELETE FROM entries WHERE position > 7", 8, true},
      {"installation changed", "UPDATE meta SET value = '0123456789abcdef' WHERE name = 'installation'", 1,
       true},
  };
  for (const Tampering& tampering : table) {
    const TestFolder folder;
    {
      auto journal = open_sqlite(folder.file());
      ASSERT_TRUE(journal);
      ASSERT_TRUE((*journal)->append(entries_of({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"})));
      ASSERT_TRUE((*journal)->save_snapshot({9, "nine"}));
    }
    // A second connection of this process keeps the reader open across the change of the file.
    auto before = open_sqlite_read_only(folder.file());
    ASSERT_TRUE(before);
    ASSERT_EQ(run_sql(folder.file(), tampering.sql), SQLITE_OK) << tampering.name;

    auto journal = open_sqlite(folder.file());
    EXPECT_EQ(journal.has_value(), tampering.opens) << tampering.name;
    if (!journal) {
      EXPECT_EQ(journal.error().fault, Fault::corrupt) << tampering.name;
    }
    const bool renamed = std::string(tampering.name) == "installation changed";
    const Journal& looked_at = renamed ? **journal : **before;
    const Check check = looked_at.verify().value();
    EXPECT_EQ(check.first_bad, tampering.first_bad) << tampering.name << ": " << check.reason;
    EXPECT_EQ(check.reason.empty(), tampering.first_bad == 0) << tampering.name;
    const auto read = looked_at.read(0, [](const Entry&) { return true; });
    const bool cut = std::string(tampering.name).starts_with("end removed");
    EXPECT_EQ(read.has_value(), tampering.first_bad == 0 || cut) << tampering.name;
    if (!read) {
      EXPECT_EQ(read.error().fault, Fault::corrupt) << tampering.name;
    }
  }
}

TEST(SqliteJournal, reading_after_a_missing_entry_is_refused) {
  const TestFolder folder;
  auto journal = open_sqlite(folder.file());
  ASSERT_TRUE(journal);
  ASSERT_TRUE((*journal)->append(entries_of({"a", "b", "c"})));
  ASSERT_EQ(run_sql(folder.file(), "DELETE FROM entries WHERE position = 2"), SQLITE_OK);
  const auto read = (*journal)->read(2, [](const Entry&) { return true; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, Fault::corrupt);
  EXPECT_FALSE((*journal)->save_snapshot({2, "x"}));
}

TEST(SqliteJournal, a_snapshot_that_does_not_fit_is_passed_over) {
  const std::vector<std::pair<const char*, std::optional<Position>>> table = {
      {"SELECT 1", 4},
      {"UPDATE snapshots SET state = x'00' WHERE position = 4", 2},
      {"UPDATE snapshots SET digest = zeroblob(32) WHERE position = 4", 2},
      {"UPDATE snapshots SET chain = zeroblob(32) WHERE position = 4", 2},
      {"UPDATE snapshots SET position = 3 WHERE position = 4", 2},
      {"UPDATE snapshots SET position = -4 WHERE position = 4", 2},
      {"UPDATE snapshots SET position = 40 WHERE position = 4", 2},
      {"DELETE FROM entries WHERE position = 4", 2},
      {"UPDATE snapshots SET state = x'00'", std::nullopt},
  };
  for (const auto& [sql, wanted] : table) {
    const TestFolder folder;
    auto journal = open_sqlite(folder.file());
    ASSERT_TRUE(journal);
    ASSERT_TRUE((*journal)->append(entries_of({"a", "b", "c", "d"})));
    ASSERT_TRUE((*journal)->save_snapshot({2, "two"}));
    ASSERT_TRUE((*journal)->save_snapshot({4, "four"}));
    ASSERT_EQ(run_sql(folder.file(), sql), SQLITE_OK) << sql;
    const auto latest = (*journal)->latest_snapshot().value();
    EXPECT_EQ(latest.has_value(), wanted.has_value()) << sql;
    EXPECT_TRUE(!latest || !wanted || latest->position == *wanted) << sql;
  }
}

TEST(SqliteJournal, a_cut_or_scribbled_file_is_corrupt_and_never_a_crash) {
  std::string whole;
  const TestFolder made;
  {
    auto journal = open_sqlite(made.file());
    ASSERT_TRUE(journal);
    const std::vector<NewEntry> many(400, {wall_time(1), std::string(100, 'p')});
    ASSERT_TRUE((*journal)->append(many));
  }
  std::ifstream file(made.file(), std::ios::binary);
  whole.assign(std::istreambuf_iterator<char>(file), {});
  ASSERT_GT(whole.size(), 20'000U);

  const auto damage_shows = [](const std::string& bytes, const std::string& name) {
    const TestFolder folder;
    std::ofstream(folder.file(), std::ios::binary) << bytes;
    const auto journal = open_sqlite(folder.file());
    if (!journal) {
      EXPECT_NE(journal.error().fault, Fault::conflict) << name;
      return true;
    }
    const auto check = (*journal)->verify();
    return !check || check->first_bad != 0 || check->entries != 400;
  };
  EXPECT_FALSE(damage_shows(whole, "whole"));
  for (std::size_t size = 1; size < whole.size(); size += whole.size() / 23) {
    EXPECT_TRUE(damage_shows(whole.substr(0, size), "cut to " + std::to_string(size)));
  }
  // Entry data fills the pages from their ends; a flipped byte there is in a payload, a chain, or a cell's
  // header.
  for (std::size_t page = 6; page * 4'096 < whole.size(); page += 3) {
    std::string scribbled = whole;
    char& byte = scribbled[page * 4'096 - 100];
    byte = static_cast<char>(byte ^ 0x20);
    EXPECT_TRUE(damage_shows(scribbled, "byte flipped in page " + std::to_string(page)));
  }
}

// Records

class RecordsContract : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!GetParam()) {
      records_ = open_records_in_memory();
      return;
    }
    auto opened = open_records(folder_.file());
    ASSERT_TRUE(opened) << opened.error().message;
    records_ = std::move(*opened);
  }
  TestFolder folder_;
  std::unique_ptr<Records> records_;
};
INSTANTIATE_TEST_SUITE_P(All, RecordsContract, testing::Values(false, true),
                         [](const auto& tested) { return tested.param ? "sqlite" : "memory"; });

TEST_P(RecordsContract, puts_replaces_erases_and_orders) {
  using Map = std::map<std::string, std::string>;
  EXPECT_EQ(records_->all("alarm").value(), Map{});
  EXPECT_TRUE(records_->apply({}));
  const std::vector<Records::Change> first = {
      {"alarm", "b", "1"}, {"alarm", "a", std::string("\0x", 2)}, {"state", "a", ""}, {"alarm", "Z", "3"}};
  ASSERT_TRUE(records_->apply(first));
  EXPECT_EQ(records_->all("alarm").value(), (Map{{"Z", "3"}, {"a", std::string("\0x", 2)}, {"b", "1"}}));
  EXPECT_EQ(records_->all("state").value(), (Map{{"a", ""}}));
  const std::vector<Records::Change> second = {{"alarm", "b", "2"},
                                               {"alarm", "a", std::nullopt},
                                               {"alarm", "none", std::nullopt},
                                               {"new", "k", "1"},
                                               {"new", "k", std::nullopt}};
  ASSERT_TRUE(records_->apply(second));
  EXPECT_EQ(records_->all("alarm").value(), (Map{{"Z", "3"}, {"b", "2"}}));
  EXPECT_EQ(records_->all("new").value(), Map{});
}

TEST(SqliteRecords, live_beside_a_journal_that_is_written) {
  const TestFolder folder;
  auto journal = open_sqlite(folder.file());
  ASSERT_TRUE(journal);
  auto records = open_records(folder.file());
  ASSERT_TRUE(records) << records.error().message;
  constexpr int rounds = 200;
  std::thread writer([&] {
    for (int i = 0; i < rounds; ++i) {
      const std::vector<Records::Change> change = {{"alarm", std::to_string(i), "x"}};
      EXPECT_TRUE((*records)->apply(change));
    }
  });
  std::thread reader([&] {
    for (int i = 0; i < 20; ++i) EXPECT_EQ((*journal)->verify().value().first_bad, 0U);
  });
  for (int i = 0; i < rounds; ++i) EXPECT_TRUE((*journal)->append(entries_of({"a", "b"})));
  writer.join();
  reader.join();
  EXPECT_EQ((*records)->all("alarm").value().size(), 200U);
  EXPECT_EQ((*journal)->verify().value().entries, 400U);
  records->reset();
  records = open_records(folder.file());
  ASSERT_TRUE(records);
  EXPECT_EQ((*records)->all("alarm").value().size(), 200U);
}

} // namespace
} // namespace kaden::journal
