#include "spool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace kaden::agent {
namespace {

constexpr WallTime start = wall_time(1'787'540'645'000);

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() { std::filesystem::remove_all(folder_); }
  ~SpoolTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Spool> open(std::size_t bytes_max = 64u << 20, bool on_disk = true) {
    SpoolSettings settings;
    settings.name = "metrics";
    settings.folder = on_disk ? folder_.string() : "";
    settings.bytes_max = bytes_max;
    settings.memory_bytes_max = 1'000'000;
    settings.age_max = seconds(3'600);
    settings.on_safe = [this](std::string_view content) { safe_.emplace_back(content); };
    settings.log = [this](const std::string& line) { log_ += line + "\n"; };
    auto opened = Spool::open(std::move(settings));
    require(opened.has_value(), "the spool opens");
    return std::move(*opened);
  }
  /// All that wait, each taken off.
  static std::vector<std::string> drain(Spool& spool, WallTime now = start) {
    std::vector<std::string> out;
    while (const auto entry = spool.front(now)) {
      out.push_back(entry->content);
      spool.done(entry->number);
    }
    return out;
  }
  std::vector<std::filesystem::path> segments() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path().extension() == ".seg") found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("kaden-spool-" + std::to_string(getpid()));
  std::vector<std::string> safe_;
  std::string log_;
};

using Texts = std::vector<std::string>;

TEST_F(SpoolTest, a_healthy_agent_writes_nothing) {
  const auto spool = open();
  spool->put("a", start);
  spool->put("b", start);
  EXPECT_TRUE(segments().empty());
  EXPECT_TRUE(safe_.empty());
  EXPECT_EQ(drain(*spool), (Texts{"a", "b"}));
  EXPECT_EQ(safe_, (Texts{"a", "b"})) << "told when they were sent";
  EXPECT_EQ(spool->counts().waiting, 0U);
}

TEST_F(SpoolTest, order_holds_through_memory_disk_and_restarts) {
  {
    const auto spool = open();
    spool->put("1", start);
    spool->put("2", start);
    spool->keep();
    spool->put("3", start);
    EXPECT_EQ(safe_, (Texts{"1", "2", "3"}));
    spool->done(spool->front(start)->number);
  }
  {
    const auto spool = open();
    EXPECT_EQ(spool->counts().waiting, 2U);
    spool->put("4", start);
  }
  const auto spool = open();
  spool->put("5", start);
  EXPECT_EQ(drain(*spool), (Texts{"2", "3", "4", "5"}));
  spool->put("6", start);
  EXPECT_EQ(drain(*spool), (Texts{"6"}));
  EXPECT_TRUE(segments().empty());
  EXPECT_EQ(log_.find("damaged"), std::string::npos) << log_;
}

TEST_F(SpoolTest, what_was_sent_is_not_sent_again_after_kill) {
  auto spool = open();
  spool->keep();
  for (const char* text : {"1", "2", "3"}) spool->put(text, start);
  spool->done(spool->front(start)->number);
  // As after kill -9: the files as they stand, and nobody who tidies up.
  const auto copy = std::filesystem::path(folder_.string() + "-copy");
  std::filesystem::remove_all(copy);
  std::filesystem::copy(folder_, copy);
  spool.reset();
  std::filesystem::remove_all(folder_);
  std::filesystem::rename(copy, folder_);
  EXPECT_EQ(drain(*open()), (Texts{"2", "3"}));
}

TEST_F(SpoolTest, an_entry_that_goes_to_disk_while_it_is_sent_is_done_all_the_same) {
  const auto spool = open();
  spool->put("1", start);
  const auto sent = spool->front(start);
  spool->put("2", start);
  spool->keep();
  spool->done(sent->number);
  EXPECT_EQ(drain(*spool), (Texts{"2"}));
}

TEST_F(SpoolTest, a_segment_cut_at_every_byte_gives_what_was_whole) {
  {
    const auto spool = open();
    spool->keep();
    spool->put("first", start);
    spool->put("second", start);
  }
  ASSERT_EQ(segments().size(), 1U);
  const auto path = segments().front();
  std::ostringstream whole;
  whole << std::ifstream(path, std::ios::binary).rdbuf();
  const std::string bytes = whole.str();
  const std::size_t first_end = segment_heading.size() + 24 + 5;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    std::filesystem::remove(folder_ / "done");
    std::ofstream(path, std::ios::binary) << bytes.substr(0, cut);
    const auto spool = open();
    spool->put("third", start); // goes behind the damage, in a segment of its own
    const Texts expected = cut < first_end      ? Texts{"third"}
                           : cut < bytes.size() ? Texts{"first", "third"}
                                                : Texts{"first", "second", "third"};
    EXPECT_EQ(drain(*spool), expected) << cut;
  }
}

TEST_F(SpoolTest, a_flipped_bit_ends_a_segment) {
  std::string bytes(segment_heading);
  bytes += encode_record({1, start, "one"}) + encode_record({2, start, "two"});
  for (std::size_t at = segment_heading.size(); at < bytes.size(); ++at) {
    std::string spoiled = bytes;
    spoiled[at] = static_cast<char>(spoiled[at] ^ 0x10);
    std::size_t good = 0;
    EXPECT_FALSE(scan_segment(spoiled, [&](const SpoolRecord&, std::size_t) { ++good; })) << at;
    EXPECT_EQ(good, at < segment_heading.size() + 27 ? 0U : 1U) << at;
  }
  EXPECT_EQ(decode_done(encode_done(77)), std::uint64_t{77});
  EXPECT_FALSE(decode_done("123456789012"));
}

TEST_F(SpoolTest, the_oldest_go_first_when_it_is_full_and_are_counted) {
  const auto spool = open(4u << 20);
  spool->keep();
  for (int i = 0; i < 50; ++i) spool->put(std::to_string(i) + std::string(200'000, ' '), start);
  const Spool::Counts counts = spool->counts();
  EXPECT_LE(counts.bytes, 4u << 20);
  EXPECT_GT(counts.dropped, 20U);
  EXPECT_EQ(counts.waiting + counts.dropped, 50U);
  EXPECT_TRUE(spool->is_filling());
  EXPECT_NE(log_.find("requests of metrics were dropped so far: the spool is full"), std::string::npos)
      << log_;
  const Texts left = drain(*spool);
  ASSERT_EQ(left.size(), counts.waiting);
  EXPECT_TRUE(left.front().starts_with(std::to_string(counts.dropped) + " ")) << left.front().substr(0, 5);
  EXPECT_TRUE(left.back().starts_with("49 "));
}

TEST_F(SpoolTest, memory_is_bounded_without_a_folder) {
  const auto spool = open(0, false);
  for (int i = 0; i < 50; ++i) spool->put(std::to_string(i) + std::string(100'000, ' '), start);
  EXPECT_LE(spool->counts().bytes, 1'000'000U);
  EXPECT_TRUE(drain(*spool).front().starts_with("41 "));
}

TEST_F(SpoolTest, what_is_too_old_is_dropped_from_disk_and_from_memory) {
  const auto spool = open();
  spool->put("old", start);
  EXPECT_EQ(drain(*spool, start + seconds(3'601)), Texts{});
  spool->keep();
  spool->put("older", start);
  spool->put("young", start + seconds(10));
  EXPECT_EQ(drain(*spool, start + seconds(3'605)), (Texts{"young"}));
  EXPECT_EQ(spool->counts().dropped, 2U);
}

} // namespace
} // namespace kaden::agent
