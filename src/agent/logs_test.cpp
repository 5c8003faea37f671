#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/input.h"
#include "tail.h"

namespace kaden::agent {
namespace {

using Texts = std::vector<std::string>;
constexpr WallTime start = wall_time(1'787'540'645'000);

TEST(LogBatch, keeps_the_limits_of_the_api) {
  LogBatch small("g", "s");
  ASSERT_TRUE(small.add("a \"b\"\\\n\x01", start));
  ASSERT_TRUE(small.add("c", start - seconds(5)));
  EXPECT_EQ(
      small.body(),
      R"({"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1787540645000,"message":"a \"b\"\\\n\u0001"},{"timestamp":1787540645000,"message":"c"}]})")
      << "times never fall";
  EXPECT_FALSE(small.add("later", start + limits::log_put_span_max));
  LogBatch many("g", "s");
  std::size_t count = 0;
  while (many.add("x", start)) ++count;
  EXPECT_LE(count, limits::log_events_per_put_max);
  LogBatch large("g", "s");
  EXPECT_TRUE(large.add(std::string(limits::log_event_bytes_max, '\x01'), start)) << "one always fits";
  EXPECT_FALSE(large.add("x", start));
  EXPECT_LT(large.body().size(), limits::http_body_bytes_max);
}

TEST(Parcel, reads_back_and_refuses_the_rest) {
  const Parcel parcel{
      true, "/g", "a b%", {{1, 2, 900, 256, 4, 256, 6, "/var/log/x y.log"}, {}}, std::string("\0\n1", 3)};
  EXPECT_EQ(decode_parcel(encode_parcel(parcel)).value(), parcel);
  for (const char* bad : {"", "2 gzip % % 0\n", "1 zip % % 0\n", "1 gzip % %\n", "1 gzip % % 1\n",
                          "1 gzip % % 1\n1 2 3 999 0 0 0 /a\n"})
    EXPECT_FALSE(decode_parcel(bad)) << bad;
  const std::string text = encode_positions(parcel.positions);
  EXPECT_EQ(decode_positions(text).value(), parcel.positions);
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(decode_positions(text.substr(0, size))) << size;
}

/// A folder of logs, and a tail that may be stopped and begun again with the positions it has kept.
class TailTest : public testing::Test {
 protected:
  TailTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    settings_.logs = {{.path = folder_ / "app.log", .group = "g"}};
    begin();
  }
  ~TailTest() override {
    tail_.reset();
    std::filesystem::remove_all(folder_);
  }
  void begin() {
    tail_.reset();
    if (book_) book_->save();
    book_ = std::make_unique<PositionBook>(folder_ / "positions", log());
    tail_ = std::make_unique<Tail>(settings_, "web-01", *book_, log());
  }
  std::function<void(const std::string&)> log() {
    return [this](const std::string& line) { log_ += line + "\n"; };
  }
  void append(const std::string& text, const std::string& name = "app.log") const {
    std::ofstream(folder_ / name, std::ios::app) << text;
  }
  void rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(folder_ / from, folder_ / to);
  }
  void copy_truncate(const std::string& to) const {
    std::filesystem::copy_file(folder_ / "app.log", folder_ / to);
    std::filesystem::resize_file(folder_ / "app.log", 0);
  }
  /// Messages of so many rounds; each request is safe at once.
  Texts rounds(int count = 1) {
    Texts messages;
    const Tail::Sink sink{[this] { return has_room_; },
                          [&](const Tail::Request& request) {
                            for (const FilePosition& at : request.positions) book_->mark(at);
                            const auto body = parse_json(request.body);
                            require(body.has_value(), "the body is JSON");
                            for (const auto& event : body->at("logEvents").as_array())
                              messages.emplace_back(event.at("message").as_string());
                          }};
    for (int i = 0; i < count; ++i) {
      while (tail_->round(start, sink)) {
      }
    }
    return messages;
  }
  static std::string lines(int from, int to) {
    std::string text;
    for (int i = from; i < to; ++i) text += "2026-08-24 line number " + std::to_string(i) + "\n";
    return text;
  }
  static Texts numbered(int from, int to) {
    Texts out;
    for (int i = from; i < to; ++i) out.push_back("2026-08-24 line number " + std::to_string(i));
    return out;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("kaden-tail-" + std::to_string(getpid()));
  Settings settings_;
  std::unique_ptr<PositionBook> book_;
  std::unique_ptr<Tail> tail_;
  std::string log_;
  bool has_room_ = true;
};

TEST_F(TailTest, reads_what_is_new_and_waits_for_line_ends) {
  EXPECT_EQ(rounds(), Texts{});
  append(lines(0, 3) + "half");
  EXPECT_EQ(rounds(), numbered(0, 3));
  EXPECT_EQ(rounds(3), Texts{});
  append(" done\n");
  EXPECT_EQ(rounds(), Texts{"half done"});
}

TEST_F(TailTest, renamed_and_created_anew) {
  append(lines(0, 20));
  EXPECT_EQ(rounds(), numbered(0, 20));
  append(lines(20, 22));
  rename("app.log", "app.log.1");
  append(lines(22, 24), "app.log.1"); // the writer has not reopened yet
  append(lines(24, 30));
  EXPECT_EQ(rounds(2), numbered(20, 30));
  append(lines(30, 31), "app.log.1");
  EXPECT_EQ(rounds(10), numbered(30, 31)) << "read as long as somebody writes";
  EXPECT_EQ(tail_->following(), 1U) << "then closed";
}

TEST_F(TailTest, copied_and_cut) {
  append(lines(0, 20));
  EXPECT_EQ(rounds(), numbered(0, 20));
  append(lines(20, 25));
  copy_truncate("app.log.1");
  append(lines(25, 27));
  EXPECT_EQ(rounds(2), numbered(20, 27)) << log_;
  EXPECT_NE(log_.find("was cut or written anew; its copy is read"), std::string::npos);
  EXPECT_EQ(rounds(10), Texts{});
}

TEST_F(TailTest, copied_and_cut_where_the_glob_matches_the_copy_too) {
  settings_.logs[0].path = folder_ / "app.log*";
  begin();
  append(lines(0, 20));
  EXPECT_EQ(rounds(), numbered(0, 20));
  std::filesystem::copy_file(folder_ / "app.log", folder_ / "app.log.1");
  EXPECT_EQ(rounds(), Texts{}) << "the copy holds nothing new";
  append(lines(20, 25));
  std::filesystem::remove(folder_ / "app.log.1");
  copy_truncate("app.log.1");
  append(lines(25, 45));
  EXPECT_EQ(rounds(2), numbered(20, 45)) << log_;
  begin();
  EXPECT_EQ(rounds(2), Texts{}) << "and after a restart";
}

TEST_F(TailTest, cut_and_grown_beyond_where_it_was_read) {
  append(lines(0, 20));
  EXPECT_EQ(rounds(), numbered(0, 20));
  std::filesystem::resize_file(folder_ / "app.log", 0);
  append(lines(100, 150));
  EXPECT_EQ(rounds(), numbered(100, 150));
}

TEST_F(TailTest, goes_on_after_a_restart_through_each_kind_of_rotation) {
  append(lines(0, 20) + "open");
  EXPECT_EQ(rounds(), numbered(0, 20));
  begin();
  append("ed\n" + lines(20, 30));
  Texts expected = numbered(20, 30);
  expected.insert(expected.begin(), "opened");
  EXPECT_EQ(rounds(), expected) << "what was half-read is read again, whole";
  append(lines(30, 35));
  rename("app.log", "app.log.1");
  append(lines(35, 40));
  begin();
  EXPECT_EQ(rounds(2), numbered(30, 40)) << "renamed while nobody looked";
  append(lines(40, 60));
  EXPECT_EQ(rounds(), numbered(40, 60));
  append(lines(60, 65));
  copy_truncate("app.log.2");
  append(lines(65, 67));
  begin();
  EXPECT_EQ(rounds(3), numbered(60, 67)) << "copied and cut while nobody looked";
}

TEST_F(TailTest, another_file_with_an_old_inode_is_read_from_its_beginning) {
  append(lines(0, 5));
  EXPECT_EQ(rounds(), numbered(0, 5));
  std::filesystem::resize_file(folder_ / "app.log", 0); // the same number, other content
  append(lines(50, 90));
  begin();
  EXPECT_EQ(rounds(2), numbered(50, 90));
}

TEST_F(TailTest, begins_at_the_end_when_told_so) {
  settings_.logs[0].from_end = true;
  append(lines(0, 5));
  begin();
  EXPECT_EQ(rounds(), Texts{});
  append(lines(5, 7));
  begin();
  EXPECT_EQ(rounds(), numbered(5, 7)) << "the end of the first look, not of the second";
}

TEST_F(TailTest, multi_line_events_end_when_the_next_begins_or_nothing_comes) {
  settings_.logs[0].multi_line_start = "^2026-";
  begin();
  append("2026-08-24 a\n  at b\n2026-08-24 c\n");
  EXPECT_EQ(rounds(), Texts{"2026-08-24 a\n  at b"});
  EXPECT_EQ(rounds(6), Texts{"2026-08-24 c"});
}

TEST_F(TailTest, files_in_other_encodings_become_utf_8) {
  settings_.logs = {{.path = folder_ / "sjis.log",
                     .group = "g",
                     .multi_line_start = "^障",
                     .encoding = tail::Encoding::shift_jis},
                    {.path = folder_ / "jis.log", .group = "g", .encoding = tail::Encoding::iso_2022_jp},
                    {.path = folder_ / "wide.log", .group = "g", .encoding = tail::Encoding::utf_16le},
                    {.path = folder_ / "app.log", .group = "g"}};
  begin();
  append("\x8f\xe1\x8a\x51\x87\x40\n  \x95\x5c\n\x8f\xe1\n", "sjis.log");
  append("\x1b$B>c32-!\x1b(B half", "jis.log");
  append(std::string("\xff\xfe\x9c\x96\n\0", 6), "wide.log");
  append("障害\n");
  EXPECT_EQ(rounds(), (Texts{"障害①\n  表", "障", "障害"}));
  append(" line\n\x1b$B>c\n32\n", "jis.log");
  begin();
  EXPECT_EQ(rounds(), (Texts{"障害① half line", "障", "32"})) << "positions are bytes of the file";
}

TEST_F(TailTest, reads_nothing_while_there_is_no_room) {
  append(lines(0, 5));
  has_room_ = false;
  EXPECT_EQ(rounds(2), Texts{});
  has_room_ = true;
  EXPECT_EQ(rounds(), numbered(0, 5));
}

TEST_F(TailTest, leaves_out_what_is_excluded_and_packed) {
  settings_.logs[0] = {.path = folder_ / "*", .exclude = {"*.old", "positions*"}, .group = "g"};
  begin();
  append("a\n", "a.old");
  append("b\n", "b.gz");
  append("c\n", "c.log");
  EXPECT_EQ(rounds(), Texts{"c"});
}

TEST_F(TailTest, a_damaged_book_is_told) {
  std::ofstream(folder_ / "positions") << "nonsense";
  book_.reset();
  tail_.reset();
  begin();
  EXPECT_NE(log_.find("the positions cannot be trusted"), std::string::npos);
}

} // namespace
} // namespace kaden::agent
