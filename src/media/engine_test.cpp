// The engine on loopback: two streams speak to each other; a plain socket plays the stranger.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "kaden/media.h"
#include "kaden/rtp.h"
#include "kaden/wav.h"

namespace kaden::media {
namespace {

class Notes {
 public:
  StreamEvents events() {
    StreamEvents out;
    out.on_first_packet = [this] { add("first "); };
    out.on_key = [this](char key) { add(std::string("key ") + key + " "); };
    out.on_pause = [this] { add("pause "); };
    return out;
  }
  void add(const std::string& what) {
    std::lock_guard lock(mutex_);
    text_ += what;
    changed_.notify_all();
  }
  bool wait_for(const std::string& what, int ms = 10'000) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(ms),
                             [&] { return text_.find(what) != std::string::npos; });
  }
  std::string text() {
    std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

Samples tone(std::size_t count) {
  auto out = std::make_shared<std::vector<std::int16_t>>(count);
  for (std::size_t i = 0; i < count; ++i) (*out)[i] = (i / 10) % 2 == 0 ? 8'000 : -8'000;
  return out;
}

RemoteAudio at_port(std::uint16_t port) {
  RemoteAudio out;
  out.ip = "127.0.0.1";
  out.port = port;
  out.event_payload = 101;
  return out;
}

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = MediaEngine::start({"127.0.0.1", 31'000, 31'098}, clock);
    ASSERT_TRUE(made.has_value());
    engine = std::move(*made);
  }
  bool eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 500; ++i) {
      if (holds()) return true;
      usleep(20'000);
    }
    return false;
  }
  runtime::SystemClock clock;
  std::unique_ptr<MediaEngine> engine;
};

TEST_F(EngineTest, SpeaksHearsAndRecords) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("kaden_engine_{}", getpid());
  std::filesystem::create_directories(folder);
  const std::string path = folder / "heard.wav";
  Notes a_notes, b_notes;
  const OpenStream a = engine->open(a_notes.events()).value();
  const OpenStream b = engine->open(b_notes.events()).value();
  EXPECT_EQ(a.port % 2, 0);
  ASSERT_TRUE(engine->record(b.id, path).has_value());
  engine->connect(a.id, at_port(b.port));
  engine->connect(b.id, at_port(a.port));
  ASSERT_TRUE(a_notes.wait_for("first ")) << "silence flows by itself";
  engine->play(a.id, tone(4'001), [&] { a_notes.add("done "); });
  ASSERT_TRUE(a_notes.wait_for("done "));
  ASSERT_TRUE(b_notes.wait_for("pause "));
  engine->press(b.id, '1', Millis(100));
  engine->press(b.id, '#', Millis(40));
  ASSERT_TRUE(a_notes.wait_for("key 1 key # "));
  engine->close(b.id, [&] { b_notes.add("saved "); });
  ASSERT_TRUE(b_notes.wait_for("saved "));
  const auto heard = read_wav(path).value();
  const auto loud =
      std::count_if(heard.begin(), heard.end(), [](std::int16_t s) { return s > 7'000 || s < -7'000; });
  EXPECT_EQ(loud, 4'001);
  engine->close(a.id);
  std::filesystem::remove_all(folder);
}

TEST_F(EngineTest, StoppedOrReplacedSpeechIsNeverDone) {
  Notes notes;
  const OpenStream a = engine->open({}).value();
  engine->connect(a.id, at_port(9));
  engine->play(a.id, tone(80'000), [&] { notes.add("first "); });
  engine->play(a.id, tone(80'000), [&] { notes.add("second "); });
  engine->stop(a.id);
  engine->play(a.id, nullptr, [&] { notes.add("empty "); });
  EXPECT_TRUE(notes.wait_for("empty "));
  EXPECT_EQ(notes.text(), "empty ");
}

TEST_F(EngineTest, BelievesTheAgreedAddressOnly) {
  Notes notes;
  const OpenStream a = engine->open(notes.events()).value();
  const OpenStream peer = engine->open({}).value();
  engine->connect(a.id, at_port(peer.port));
  const int stranger = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1); // 127.0.0.2
  ASSERT_EQ(bind(stranger, reinterpret_cast<sockaddr*>(&from), sizeof from), 0);
  sockaddr_in to = from;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(a.port);
  std::array<unsigned char, rtp_header_bytes> header{};
  write_rtp_header({}, header);
  const auto say = [&](const void* data, std::size_t size) {
    sendto(stranger, data, size, 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  };
  EXPECT_TRUE(eventually([&] {
    say(header.data(), header.size());
    return engine->counts().wrong_sender > 0;
  }));
  EXPECT_TRUE(eventually([&] {
    say("garbage", 7);
    return engine->counts().malformed > 0;
  }));
  EXPECT_EQ(notes.text(), "");
  engine->connect(peer.id, at_port(a.port));
  EXPECT_TRUE(notes.wait_for("first "));
  close(stranger);
}

TEST_F(EngineTest, AnotherPortIsNotBelieved) {
  Notes notes;
  const OpenStream a = engine->open(notes.events()).value();
  const OpenStream agreed = engine->open({}).value();
  const OpenStream orphan = engine->open({}).value(); // still sends to a port that a new call has now
  engine->connect(a.id, at_port(agreed.port));
  engine->connect(orphan.id, at_port(a.port));
  engine->press(orphan.id, '5', Millis(100));
  EXPECT_TRUE(eventually([&] { return engine->counts().wrong_sender > 5; }));
  engine->connect(agreed.id, at_port(a.port));
  engine->press(agreed.id, '6', Millis(100));
  EXPECT_TRUE(notes.wait_for("key 6 "));
  EXPECT_EQ(notes.text().find("key 5"), std::string::npos);
}

TEST_F(EngineTest, PortOfASymmetricGatewayMayDifferOnce) {
  Notes notes;
  const OpenStream a = engine->open(notes.events()).value();
  const OpenStream real = engine->open({}).value();
  RemoteAudio described = at_port(9);
  described.may_use_other_port = true;
  engine->connect(a.id, described);
  engine->connect(real.id, at_port(a.port));
  EXPECT_TRUE(notes.wait_for("first "));
  const OpenStream late = engine->open({}).value();
  engine->connect(late.id, at_port(a.port));
  engine->press(late.id, '5', Millis(100));
  engine->press(real.id, '6', Millis(100));
  EXPECT_TRUE(notes.wait_for("key 6 "));
  EXPECT_EQ(notes.text().find("key 5"), std::string::npos);
}

TEST_F(EngineTest, AStormCostsOnlyItself) {
  Notes notes;
  const OpenStream victim = engine->open({}).value();
  const OpenStream a = engine->open(notes.events()).value();
  const OpenStream b = engine->open({}).value();
  engine->connect(victim.id, at_port(b.port));
  const int stranger = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(victim.port);
  const std::string junk(1'400, '\x80');
  for (int i = 0; i < 20'000; ++i) {
    sendto(stranger, junk.data(), static_cast<std::size_t>(i) % junk.size(), MSG_DONTWAIT,
           reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
  engine->connect(a.id, at_port(b.port));
  engine->connect(b.id, at_port(a.port));
  engine->press(b.id, '1', Millis(40));
  EXPECT_TRUE(notes.wait_for("key 1 "));
  close(stranger);
}

TEST_F(EngineTest, PortsRunOutAndComeBack) {
  std::vector<OpenStream> open;
  for (int i = 0; i < 50; ++i) {
    auto stream = engine->open({});
    if (!stream) break; // another program may hold a port of the range
    open.push_back(*stream);
  }
  EXPECT_GE(open.size(), 40u);
  EXPECT_EQ(engine->open({}).error().fault, Fault::busy);
  engine->close(open.front().id);
  EXPECT_TRUE(eventually([&] { return engine->open({}).has_value(); }));
}

TEST(Engine, RefusesOddSettings) {
  const runtime::SystemClock clock;
  EXPECT_FALSE(MediaEngine::start({"127.0.0.1", 0, 10}, clock).has_value());
  EXPECT_FALSE(MediaEngine::start({"127.0.0.1", 20, 10}, clock).has_value());
  auto engine = MediaEngine::start({"not an address", 31'000, 31'010}, clock);
  ASSERT_TRUE(engine.has_value());
  EXPECT_EQ((*engine)->open({}).error().fault, Fault::invalid);
  (*engine)->close(StreamId{99});
  (*engine)->play(StreamId{99}, nullptr, nullptr);
}

} // namespace
} // namespace kaden::media
