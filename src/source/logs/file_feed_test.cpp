// Files of a folder, followed over restarts. How rotation is followed is tested where it is done: tail,
// agent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "feed.h"

namespace kaden::logs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FileFeedTest : public testing::Test {
 protected:
  FileFeedTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    settings_.paths = {folder_ / "app.log"};
  }
  ~FileFeedTest() override {
    feed_.reset();
    std::filesystem::remove_all(folder_);
  }
  bool start() {
    const json::value saved = feed_ ? feed_->position() : json::value(nullptr);
    feed_ = follow_files(settings_, clock_, [](const std::string&) {});
    return feed_->begin(parse_json(to_text(saved)).value());
  }
  void append(const std::string& text, const std::string& name = "app.log") const {
    std::ofstream(folder_ / name, std::ios::app) << text;
  }
  std::vector<std::string> read() {
    std::vector<std::string> texts;
    clock_.advance(seconds(1));
    do {
      read_ = feed_->read([&](const logalarms::Record& record) {
        texts.push_back(record.file.substr(record.file.rfind('/') + 1) + ": " + record.text);
      });
    } while (read_.has_more);
    return texts;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("kaden-files-" + std::to_string(getpid()));
  runtime::ManualClock clock_{wall_time(1'787'540'000'000)};
  Files settings_;
  std::unique_ptr<Feed> feed_;
  Feed::Read read_;
};

TEST_F(FileFeedTest, begins_at_the_end_and_resumes_where_it_was) {
  append("old\n");
  EXPECT_TRUE(start());
  EXPECT_THAT(read(), IsEmpty());
  append("new\nhal");
  EXPECT_THAT(read(), ElementsAre("app.log: new"));
  append("f\n");
  EXPECT_TRUE(start());
  append("while down\n");
  EXPECT_THAT(read(), ElementsAre("app.log: half", "app.log: while down"));
}

TEST_F(FileFeedTest, a_file_that_was_empty_or_not_there_is_read_from_its_beginning_after_a_restart) {
  settings_.paths = {folder_ / "*.log"};
  append("");
  EXPECT_TRUE(start());
  EXPECT_THAT(read(), IsEmpty());
  start();
  append("first\n");
  append("other\n", "b.log");
  EXPECT_THAT(read(), ElementsAre("app.log: first", "b.log: other"));
  settings_.paths.push_back(folder_ / "c.txt");
  append("history\n", "c.txt");
  start();
  EXPECT_THAT(read(), IsEmpty()) << "a path that is new in the configuration begins at its end";
}

TEST_F(FileFeedTest, rotated_while_nobody_looked) {
  append("1 some line long enough to be told apart\n");
  start();
  read();
  append("2\n");
  read();
  append("3\n");
  std::filesystem::rename(folder_ / "app.log", folder_ / "app.log.1");
  append("4\n");
  start();
  std::vector<std::string> all = read();
  for (const std::string& text : read()) all.push_back(text);
  EXPECT_THAT(all, ElementsAre("app.log: 3", "app.log: 4"));
}

TEST_F(FileFeedTest, rotated_and_packed_while_nobody_looked) {
  for (const bool is_dated : {false, true}) {
    const std::string before(1'000, 'x'); // more than a print
    append(before + "\n1 some line long enough to be told apart\n");
    start();
    read();
    append("2\n");
    read();
    append("3\n");
    const std::string to = is_dated ? "old/app-20261127.log" : "app.log.1";
    std::filesystem::create_directories(folder_ / "old");
    std::filesystem::rename(folder_ / "app.log", folder_ / to);
    ASSERT_EQ(std::system(("gzip " + (folder_ / to).string()).c_str()), 0);
    append("4\n");
    start();
    std::vector<std::string> all = read();
    start(); // also when it dies half-way
    for (int i = 0; i < 10; ++i) {
      for (const std::string& text : read()) all.push_back(text);
    }
    EXPECT_THAT(all, ElementsAre("app.log: 3", "app.log: 4")) << is_dated;
    start();
    EXPECT_THAT(read(), IsEmpty());
    EXPECT_EQ(feed_->counts().at("lost_files"), 0U);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    feed_.reset();
  }
}

TEST_F(FileFeedTest, what_was_taken_away_while_nobody_looked_is_counted_once) {
  append("1 some line long enough to be told apart\n");
  start();
  read();
  append("2\n");
  read();
  std::filesystem::remove(folder_ / "app.log");
  append("4\n", "other.log"); // takes its number, perhaps
  append("5\n");
  start();
  EXPECT_THAT(read(), ElementsAre("app.log: 5"));
  EXPECT_EQ(feed_->counts().at("lost_files"), 1U);
  start();
  read();
  EXPECT_EQ(feed_->counts().at("lost_files"), 0U);
}

TEST_F(FileFeedTest, what_is_missing_is_trouble_unless_it_may_be) {
  start();
  read();
  EXPECT_THAT(read_.trouble->message, HasSubstr("app.log: No such file or directory"));
  EXPECT_TRUE(read_.is_blind);
  append("x\n");
  EXPECT_THAT(read(), ElementsAre("app.log: x")) << "it came after the beginning";
  EXPECT_FALSE(read_.trouble);
  settings_.paths.push_back(folder_ / "nothing-*.log");
  start();
  read();
  EXPECT_THAT(read_.trouble->message, HasSubstr("nothing-*.log: No such file or directory"));
  EXPECT_FALSE(read_.is_blind);
  settings_.may_be_missing = true;
  start();
  read();
  EXPECT_FALSE(read_.trouble);
}

TEST_F(FileFeedTest, files_in_other_encodings) {
  const std::string sjis = "\x8f\xe1\x8a\x51"; // 障害
  settings_.encoding = tail::Encoding::shift_jis;
  append("old\n");
  start();
  read();
  append(sjis + "1\n" + sjis.substr(0, 3));
  EXPECT_THAT(read(), ElementsAre("app.log: 障害1"));
  start();
  append(sjis.substr(3) + "2\n");
  EXPECT_THAT(read(), ElementsAre("app.log: 障害2")) << "over a restart";
  EXPECT_FALSE(feed_->is_garbled());
}

TEST_F(FileFeedTest, utf_16_begins_where_a_character_does) {
  settings_.encoding = tail::Encoding::utf_16le;
  append(std::string("\xff\xfeo\0\n\0a", 7)); // half a character was there
  start();
  read();
  append(std::string("\0b\0\n\0c\0\n", 8));
  EXPECT_THAT(read(), ElementsAre("app.log: ab"));
  append(std::string("\0", 1));
  start();
  EXPECT_THAT(read(), ElementsAre("app.log: c"));
}

TEST_F(FileFeedTest, a_file_in_another_encoding_is_noticed) {
  append("old\n");
  start();
  read();
  for (std::uint64_t i = 1; i < limits::log_garbled_records; ++i) append("\x8f\xe1\x8a\x51\nplain\n");
  read();
  EXPECT_FALSE(feed_->is_garbled());
  append("\x8f\xe1\x8a\x51\n");
  read();
  EXPECT_TRUE(feed_->is_garbled());
  EXPECT_EQ(feed_->counts().at("garbled"), limits::log_garbled_records);
}

TEST_F(FileFeedTest, records_of_several_lines) {
  settings_.record_start = "^[0-9]";
  append("");
  start();
  read();
  append("1 error\n  at a\n  at b\n2 next\n");
  EXPECT_THAT(read(), ElementsAre("app.log: 1 error\n  at a\n  at b"));
  std::vector<std::string> last;
  for (int i = 0; i < 6 && last.empty(); ++i) last = read();
  EXPECT_THAT(last, ElementsAre("app.log: 2 next"));
}

TEST_F(FileFeedTest, a_position_that_is_none_is_refused) {
  for (const char* saved : {"5", "{}", R"({"paths":[],"positions":[{}]})", R"({"paths":[1],"positions":[]})",
                            R"({"paths":[],"positions":[{"device":1,"inode":2,"offset":3,"head_bytes":9999,)"
                            R"("head_print":0,"tail_bytes":0,"tail_print":0,"path":"/a"}]})"}) {
    auto feed = follow_files(settings_, clock_, [](const std::string&) {});
    EXPECT_FALSE(feed->begin(parse_json(saved).value())) << saved;
  }
}

TEST_F(FileFeedTest, waits_for_a_line_and_not_for_a_poll) {
  append("");
  start();
  read();
  read();
  const runtime::SystemClock real;
  auto feed = follow_files(settings_, real, [](const std::string&) {});
  feed->begin(nullptr);
  feed->read([](const logalarms::Record&) {});
  std::thread writer([this] { append("now\n"); });
  std::size_t came = 0;
  std::atomic<bool> cancelled = false;
  for (int i = 0; i < 50 && came == 0; ++i) {
    feed->wait(seconds(1), cancelled);
    feed->read([&](const logalarms::Record&) { ++came; });
  }
  writer.join();
  EXPECT_EQ(came, 1U);
}

} // namespace
} // namespace kaden::logs
