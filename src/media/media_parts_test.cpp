// Tables for the pure parts of the room: G.711, RTP, keys, WAV.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "kaden/g711.h"
#include "kaden/rtp.h"
#include "kaden/runtime.h"
#include "kaden/wav.h"
#include "recorder.h"

namespace kaden::media {
namespace {

SteadyTime at(std::int64_t ms) {
  return SteadyTime(Millis(ms));
}

// The digests are of CPython's audioop module over every sample and every code.
TEST(G711, EqualsAudioopForEverySampleAndCode) {
  std::string mu, a, mu_back, a_back;
  for (int i = -32'768; i <= 32'767; ++i) {
    mu += static_cast<char>(encode(Law::mu, static_cast<std::int16_t>(i)));
    a += static_cast<char>(encode(Law::a, static_cast<std::int16_t>(i)));
  }
  for (int i = 0; i < 256; ++i) {
    for (auto [law, out] : {std::pair(Law::mu, &mu_back), std::pair(Law::a, &a_back)}) {
      const auto value = static_cast<std::uint16_t>(decode(law, static_cast<std::uint8_t>(i)));
      *out += static_cast<char>(value & 0xff);
      *out += static_cast<char>(value >> 8);
    }
  }
  EXPECT_EQ(sha256_hex(mu), "81d633c9e6972a18c74a58720b96cb8ca0bdd096d4060b646dd708c3b846019a");
  EXPECT_EQ(sha256_hex(a), "38488f6fd710f4686360edc4d38639f96c491595ef93f8eb8d62d5e07ca6ce7b");
  EXPECT_EQ(sha256_hex(mu_back), "3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827");
  EXPECT_EQ(sha256_hex(a_back), "e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174");
  EXPECT_EQ(decode(Law::mu, silence(Law::mu)), 0);
  EXPECT_EQ(encode(Law::a, 0), silence(Law::a));
}

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int v : values) out += static_cast<char>(v);
  return out;
}

TEST(Rtp, WritesAndReadsBack) {
  const RtpHeader header{true, 101, 65'535, 0xfffffff0u, 0xdeadbeefu};
  std::array<unsigned char, rtp_header_bytes> wire{};
  write_rtp_header(header, wire);
  const std::string text = std::string(wire.begin(), wire.end()) + "abc";
  const auto packet = parse_rtp(text);
  ASSERT_TRUE(packet.has_value());
  EXPECT_EQ(packet->header, header);
  EXPECT_EQ(packet->payload, "abc");
}

TEST(Rtp, SkipsWhatIsAllowedAndRefusesTheRest) {
  const std::string rest = bytes({0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4});
  const struct {
    const char* why;
    std::string datagram;
    std::optional<std::string> payload;
  } table[] = {
      {"empty payload", bytes({0x80}) + rest, ""},
      {"two sources", bytes({0x82}) + rest + std::string(8, 's') + "x", "x"},
      {"sources cut", bytes({0x8f}) + rest + std::string(59, 's'), {}},
      {"extension", bytes({0x90}) + rest + bytes({0xbe, 0xde, 0, 1}) + "1234x", "x"},
      {"extension cut", bytes({0x90}) + rest + bytes({0xbe, 0xde, 0, 2}) + "1234", {}},
      {"extension header cut", bytes({0x90}) + rest + "abc", {}},
      {"padding", bytes({0xa0}) + rest + bytes({'x', 0, 2}), "x"},
      {"padding is all", bytes({0xa0}) + rest + bytes({0, 2}), ""},
      {"padding too long", bytes({0xa0}) + rest + bytes({'x', 3}), {}},
      {"padding zero", bytes({0xa0}) + rest + bytes({'x', 0}), {}},
      {"padding without a byte", bytes({0xa0}) + rest, {}},
      {"version 1", bytes({0x40}) + rest, {}},
      {"short", bytes({0x80}) + rest.substr(1), {}},
      {"empty", "", {}},
  };
  for (const auto& row : table) {
    const auto packet = parse_rtp(row.datagram);
    ASSERT_EQ(packet.has_value(), row.payload.has_value()) << row.why;
    if (packet) {
      EXPECT_EQ(packet->payload, *row.payload) << row.why;
    }
  }
}

TEST(KeyEvent, KnowsSixteenKeys) {
  for (char key : std::string_view("0123456789*#ABCD"))
    EXPECT_EQ(key_of_event(event_of_key(key).value()), key);
  EXPECT_EQ(event_of_key('#'), 11);
  EXPECT_FALSE(event_of_key('x').has_value());
  EXPECT_FALSE(key_of_event(16).has_value());
  EXPECT_FALSE(parse_key_event("abc").has_value());
}

/// {ms, ssrc, timestamp, event, end, duration} -> keys told.
struct Arrival {
  int ms;
  std::uint32_t ssrc, timestamp;
  std::uint8_t event;
  bool is_end;
  std::uint16_t duration;
};
std::string fold(const std::vector<Arrival>& arrivals) {
  KeyFold keys;
  std::string out;
  for (const Arrival& a : arrivals) {
    RtpHeader header;
    header.ssrc = a.ssrc;
    header.timestamp = a.timestamp;
    if (const auto key = keys.take(header, {a.event, a.is_end, a.duration}, at(a.ms))) out += *key;
  }
  return out;
}

TEST(KeyFold, OnePressIsOneKey) {
  EXPECT_EQ(fold({{0, 1, 100, 1, false, 160},
                  {20, 1, 100, 1, false, 320},
                  {40, 1, 100, 1, true, 480},
                  {60, 1, 100, 1, true, 480},
                  {80, 1, 100, 1, true, 480}}),
            "1");
  EXPECT_EQ(fold({{0, 1, 100, 1, true, 480}}), "1") << "only the last packet arrived";
  EXPECT_EQ(fold({{0, 1, 100, 1, true, 480}, {20, 1, 900, 1, true, 480}}), "11") << "pressed twice";
  EXPECT_EQ(fold({{0, 1, 100, 1, false, 160}, {20, 1, 900, 2, false, 160}}), "12")
      << "the first end was lost";
  EXPECT_EQ(fold({{0, 1, 900, 2, false, 160}, {20, 1, 100, 1, true, 480}}), "2") << "an old packet came late";
  EXPECT_EQ(fold({{0, 1, 100, 1, false, 160}, {900, 1, 100, 1, false, 320}}), "1")
      << "same press after a gap";
  EXPECT_EQ(fold({{0, 1, 100, 1, true, 160}, {20, 2, 50, 1, true, 160}}), "11") << "another source";
  EXPECT_EQ(fold({{0, 1, 100, 16, false, 160}, {20, 1, 900, 255, true, 160}}), "") << "not keys";
  EXPECT_EQ(fold({{0, 1, 0xfffffff0u, 1, true, 160}, {20, 1, 700, 2, true, 160}}), "12") << "the clock wraps";
}

TEST(KeyFold, ALongPressGoesOnInSegments) {
  EXPECT_EQ(fold({{8'170, 1, 0, 1, false, 0xff00},
                  {8'190, 1, 0, 1, false, 0xffff},
                  {8'210, 1, 0xffff, 1, false, 160}}),
            "1");
  EXPECT_EQ(fold({{8'170, 1, 0, 1, false, 0xff00},
                  {8'190, 1, 0, 1, true, 0xffff},
                  {8'210, 1, 0xffff, 1, false, 160}}),
            "11")
      << "it had ended";
  EXPECT_EQ(fold({{8'170, 1, 0, 1, false, 0xff00},
                  {8'190, 1, 0, 1, false, 0xffff},
                  {8'351, 1, 0xffff, 1, false, 160}}),
            "11")
      << "closed after 160 ms without a packet";
}

TEST(KeySender, GrowsAndEndsThreeTimes) {
  KeySender sender(5, 1'000, Millis(60));
  std::string seen;
  while (const auto packet = sender.next()) {
    EXPECT_EQ(packet->timestamp, 1'000u);
    EXPECT_EQ(packet->event.event, 5);
    seen += fmt::format("{}{}{} ", packet->marker ? "M" : "", packet->event.duration,
                        packet->event.is_end ? "E" : "");
  }
  EXPECT_EQ(seen, "M160 320 480E 480E 480E ");
}

class WavTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("kaden_wav_{}", getpid());
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "a.wav";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(WavTest, IsValidAfterEveryStep) {
  {
    auto file = WavFile::create(path_).value();
    EXPECT_TRUE(read_wav(path_).value().empty());
    file->write_at(0, {1, -2});
    file->flush();
    EXPECT_EQ(read_wav(path_).value(), (std::vector<std::int16_t>{1, -2}));
    file->write_at(4, {5});
    EXPECT_EQ(read_wav(path_).value().size(), 2u) << "the header tells what was flushed";
  }
  EXPECT_EQ(read_wav(path_).value(), (std::vector<std::int16_t>{1, -2, 0, 0, 5}));
  EXPECT_FALSE(WavFile::create((folder_ / "no" / "folder.wav").string()).has_value());
}

TEST_F(WavTest, ReaderRefusesWhatItIsNot) {
  EXPECT_EQ(read_wav(path_).error().fault, Fault::not_found);
  for (const char* text : {"", "RIFF", "RIFF....WAVEdata\x04\0\0\0", "RIFF....WAVEfmt \xff\xff\xff\xff"}) {
    std::ofstream(path_, std::ios::binary) << text;
    EXPECT_EQ(read_wav(path_).error().fault, Fault::invalid) << text;
  }
}

TEST_F(WavTest, RecorderPutsPacketsWhereTheyBelong) {
  const runtime::SystemClock clock;
  std::mutex mutex;
  std::condition_variable saved;
  bool is_saved = false;
  {
    runtime::Worker worker(clock, "test");
    Recorder recorder(std::shared_ptr<WavFile>(WavFile::create(path_).value()), worker);
    recorder.take(1'000, {1, 1});
    recorder.take(1'006, {4, 4});    // two lost between
    recorder.take(1'002, {2, 2});    // late
    recorder.take(900'000'000, {9}); // the far end's clock jumped
    recorder.take(900'000'001, {9});
    recorder.finish([&] {
      std::lock_guard lock(mutex);
      is_saved = true;
      saved.notify_one();
    });
    std::unique_lock lock(mutex);
    ASSERT_TRUE(saved.wait_for(lock, std::chrono::seconds(10), [&] { return is_saved; }));
  }
  EXPECT_EQ(read_wav(path_).value(), (std::vector<std::int16_t>{1, 1, 2, 2, 0, 0, 4, 4, 9, 9}));
}

} // namespace
} // namespace kaden::media
