// The SIP carrier against the robot phone, and against far ends that a robot phone would not be: all on
// loopback.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>

#include "carrier_contract.h"
#include "kaden/phone.h"
#include "kaden/rtp.h"
#include "kaden/sdp.h"
#include "kaden/sip_carrier.h"
#include "kaden/sip_identity.h"
#include "kaden/wav.h"

namespace kaden::carrier {
namespace {

using phone::Plan;

class Town : public World {
 public:
  Town() {
    folder = std::filesystem::temp_directory_path() / fmt::format("kaden_town_{}", getpid());
    std::filesystem::create_directories(folder);
    phone::Settings settings;
    settings.port = 0;
    settings.record_folder = folder;
    settings.rtp_first = 33'000;
    settings.rtp_last = 33'998;
    settings.otherwise = Plan{Plan::Mode::answer, Millis(100), {{'1', Millis(400), false}}, {}};
    settings.plans["busy"].mode = Plan::Mode::busy;
    settings.plans["decline"].mode = Plan::Mode::decline;
    settings.plans["ring"].mode = Plan::Mode::ring;
    settings.plans["gone"].mode = Plan::Mode::unavailable;
    settings.plans["short"] = Plan{Plan::Mode::answer, Millis(50), {}, Millis(300)};
    settings.plans["quiet"] = Plan{Plan::Mode::answer, Millis(50), {}, {}};
    robot = phone::Phone::open(settings, clock, [this](const phone::Event& event) {
              std::lock_guard lock(mutex);
              events.push_back(event);
              changed.notify_all();
            }).value();
    open();
  }
  ~Town() override {
    sip.reset();
    robot.reset();
    std::filesystem::remove_all(folder);
  }
  void open() {
    SipSettings settings;
    settings.port = port;
    settings.rtp_first = 34'000;
    settings.rtp_last = 34'998;
    settings.auth_user = "kaden";
    settings.auth_password = "secret";
    sip = SipCarrier::start(settings, notes, clock).value();
    port = sip->port();
    notes.carrier = sip.get();
  }
  std::string at(const char* user) const { return fmt::format("sip:{}@127.0.0.1:{}", user, robot->port()); }
  bool phone_says(const std::string& call, const std::string& what, int seconds_most = 10) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(seconds_most), [&] {
      return std::any_of(events.begin(), events.end(),
                         [&](const phone::Event& e) { return e.call_id == call && e.what == what; });
    });
  }

  Carrier& carrier() override { return *sip; }
  Witness& witness() override { return notes; }
  std::string presses_one() override { return at("sato"); }
  std::string is_busy() override { return at("busy"); }
  std::string declines() override { return at("decline"); }
  std::string never_answers() override { return at("ring"); }
  std::string hangs_up() override { return at("short"); }

  runtime::SystemClock clock;
  std::filesystem::path folder;
  Witness notes;
  std::uint16_t port = 0;
  std::unique_ptr<phone::Phone> robot;
  std::unique_ptr<SipCarrier> sip;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<phone::Event> events;
};

TEST(SipCarrier, KeepsTheContract) {
  Town town;
  check_contract(town, "c-");
}

TEST(SipCarrier, IsHeardAndRecorded) {
  Town town;
  ASSERT_TRUE(town.sip->place(make_order("heard", town.at("sato"))).has_value());
  ASSERT_TRUE(town.notes.wait_for("heard", "ended"));
  ASSERT_TRUE(town.phone_says("heard", "recorded"));
  const auto samples = media::read_wav(town.folder / "heard.wav").value();
  const auto loud = std::count_if(samples.begin(), samples.end(), [](std::int16_t s) { return s > 2'500; });
  EXPECT_GT(loud, 2'400) << "at least one line of 0.3 s";
}

TEST(SipCarrier, ManyCallsAtOnce) {
  Town town;
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(town.sip->place(make_order(fmt::format("m{}", i), town.at("sato"))).has_value());
  }
  for (int i = 0; i < 40; ++i) {
    const std::string id = fmt::format("m{}", i);
    ASSERT_TRUE(town.notes.wait_for(id, "ended", std::chrono::seconds(30))) << town.notes.story(id);
    EXPECT_EQ(town.notes.outcome(id), LineOutcome::hung_up);
    EXPECT_NE(town.notes.story(id).find("key 1"), std::string::npos);
  }
  EXPECT_EQ(town.sip->counts().live, 0u);
  EXPECT_EQ(town.notes.broken(), "");
}

TEST(SipCarrier, AnswerWaitsForProceed) {
  Town town;
  town.notes.proceeds = false;
  ASSERT_TRUE(town.sip->place(make_order("slow", town.at("quiet"))).has_value());
  ASSERT_TRUE(town.notes.wait_for("slow", "answered"));
  std::this_thread::sleep_for(
      std::chrono::milliseconds(700)); // the 200 comes again meanwhile, and changes nothing
  EXPECT_EQ(town.notes.story("slow"), "ringing, answered");
  town.sip->proceed({"slow"});
  ASSERT_TRUE(town.notes.wait_for("slow", "heard"));
  town.sip->end({"slow"}, EndReason::shutdown);
  ASSERT_TRUE(town.notes.wait_for("slow", "ended"));
  EXPECT_TRUE(town.phone_says("slow", "bye"));
}

TEST(SipCarrier, NobodyAtTheAddress) {
  Town town;
  ASSERT_TRUE(town.sip->place(make_order("nobody", "sip:x@127.0.0.1:1")).has_value());
  ASSERT_TRUE(town.notes.wait_for("nobody", "ended carrier_failed"));
  ASSERT_TRUE(town.sip->place(make_order("gone", town.at("gone"))).has_value());
  ASSERT_TRUE(town.notes.wait_for("gone", "ended no_answer"));
}

/// The carrier closes as a killed process would: nothing is said to the far end. Its successor ends what it
/// left.
TEST(SipCarrier, SuccessorEndsARingingCall) {
  Town town;
  ASSERT_TRUE(town.sip->place(make_order("orphan-1", town.at("ring"))).has_value());
  ASSERT_TRUE(town.notes.wait_for("orphan-1", "ringing"));
  town.sip.reset();
  town.open();
  town.sip->recover({"orphan-1"}, town.at("ring"), Progress::ringing, {});
  ASSERT_TRUE(town.notes.wait_for("orphan-1", "ended lost"));
  EXPECT_TRUE(town.phone_says("orphan-1", "cancelled"));
  EXPECT_EQ(town.notes.endings("orphan-1"), 1);
}

TEST(SipCarrier, SuccessorEndsAnAnsweredCall) {
  Town town;
  ASSERT_TRUE(town.sip->place(make_order("orphan-2", town.at("quiet"))).has_value());
  ASSERT_TRUE(town.notes.wait_for("orphan-2", "answered"));
  const Dialog dialog = town.notes.dialog("orphan-2");
  ASSERT_TRUE(town.phone_says("orphan-2", "answered"));
  town.sip.reset();
  town.open();
  town.sip->recover({"orphan-2"}, town.at("quiet"), Progress::answered, dialog);
  ASSERT_TRUE(town.notes.wait_for("orphan-2", "ended lost"));
  EXPECT_TRUE(town.phone_says("orphan-2", "bye"));
}

/// The answer came while nobody lived: it is sent again, and the successor, who only knows the id, ends it.
TEST(SipCarrier, SuccessorEndsAnAnswerThatWasNeverSeen) {
  Town town;
  town.notes.proceeds = false;
  ASSERT_TRUE(town.sip->place(make_order("orphan-3", town.at("quiet"))).has_value());
  ASSERT_TRUE(town.phone_says("orphan-3", "answered"));
  town.sip.reset();
  town.open();
  town.sip->recover({"orphan-3"}, town.at("quiet"), Progress::dialling, {});
  ASSERT_TRUE(town.notes.wait_for("orphan-3", "ended lost"));
  EXPECT_TRUE(town.phone_says("orphan-3", "bye"));
}

TEST(SipCarrier, RecoveringWhatIsGoneEndsOnce) {
  Town town;
  town.sip->recover({"gone-1"}, town.at("sato"), Progress::dialling, {});
  town.sip->recover({"gone-2"}, "sip:x@127.0.0.1:1", Progress::answered,
                    Dialog{"t", "sip:x@127.0.0.1:1", {}, 1});
  town.sip->recover({"gone-3"}, "nonsense", Progress::dialling, {});
  for (const char* id : {"gone-1", "gone-2", "gone-3"}) {
    ASSERT_TRUE(town.notes.wait_for(id, "ended lost")) << id;
    EXPECT_EQ(town.notes.endings(id), 1);
  }
}

/// A far end that says exactly what a test wants.
class Scripted {
 public:
  Scripted() {
    fd_ = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
    socklen_t size = sizeof here;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&here), &size);
    port = ntohs(here.sin_port);
    voice_fd_ = socket(AF_INET, SOCK_DGRAM, 0);
    here.sin_port = 0;
    EXPECT_EQ(bind(voice_fd_, reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
    getsockname(voice_fd_, reinterpret_cast<sockaddr*>(&here), &size);
    voice_port_ = ntohs(here.sin_port);
  }
  ~Scripted() {
    close(fd_);
    close(voice_fd_);
  }
  Scripted(const Scripted&) = delete;
  Scripted& operator=(const Scripted&) = delete;

  /// The next request that starts with `method`; others are passed over.
  std::string expect(const std::string& method, int seconds_most = 8) {
    for (int i = 0; i < 200; ++i) {
      pollfd wait{fd_, POLLIN, 0};
      if (poll(&wait, 1, seconds_most * 1'000) != 1) return {};
      std::string text(65'536, '\0');
      socklen_t size = sizeof peer_;
      const ssize_t n =
          recvfrom(fd_, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&peer_), &size);
      text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
      if (text.rfind(method + " ", 0) == 0) return text;
    }
    return {};
  }
  static std::string header(const std::string& request, const std::string& name) {
    const std::size_t at = request.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const std::size_t from = at + name.size() + 4;
    return request.substr(from, request.find("\r\n", from) - from);
  }
  void answer(const std::string& request, const std::string& status, const std::string& tag,
              const std::string& extra = "", const std::string& body = "") {
    const std::string to = header(request, "To");
    say("SIP/2.0 " + status + "\r\nVia: " + header(request, "Via") + "\r\nFrom: " + header(request, "From") +
        "\r\nTo: " + to + (tag.empty() || to.find(";tag=") != std::string::npos ? "" : ";tag=" + tag) +
        "\r\nCall-ID: " + header(request, "Call-ID") + "\r\nCSeq: " + header(request, "CSeq") + "\r\n" +
        extra + fmt::format("Content-Length: {}\r\n\r\n", body.size()) + body);
  }
  void pick_up(const std::string& invite, const std::string& tag) {
    answer(invite, "200 OK", tag,
           fmt::format("Contact: <sip:{}@127.0.0.1:{}>\r\nContent-Type: application/sdp\r\n", tag, port),
           sip::make_offer({"127.0.0.1", voice_port_, 1, 1}));
  }
  void say(const std::string& text) {
    sendto(fd_, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&peer_), sizeof peer_);
  }
  /// One telephone-event packet from the announced port to the one that the INVITE names.
  void press_by_rtp(const std::string& invite, std::uint8_t event) {
    const auto sdp = sip::parse_sdp(invite.substr(invite.find("\r\n\r\n") + 4));
    ASSERT_TRUE(sdp.has_value());
    std::array<unsigned char, media::rtp_header_bytes> header{};
    media::write_rtp_header({true, 101, 1, 160, 7}, header);
    const auto payload = media::write_key_event({event, true, 800});
    std::string packet(header.begin(), header.end());
    packet.append(payload.begin(), payload.end());
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(sdp->media.at(0).port);
    sendto(voice_fd_, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
  std::string address() const { return fmt::format("sip:x@127.0.0.1:{}", port); }
  std::uint16_t port = 0;

 private:
  int fd_ = -1;
  int voice_fd_ = -1;
  std::uint16_t voice_port_ = 0;
  sockaddr_in peer_{};
};

TEST(SipCarrier, EndsTheSecondForkAndKeepsTheFirst) {
  Town town;
  Scripted far;
  ASSERT_TRUE(town.sip->place(make_order("fork", far.address())).has_value());
  const std::string invite = far.expect("INVITE");
  far.pick_up(invite, "one");
  far.pick_up(invite, "two");
  std::set<std::string> acked;
  for (int i = 0; i < 2; ++i) {
    const std::string to = Scripted::header(far.expect("ACK"), "To");
    acked.insert(to.substr(to.find("tag=")));
  }
  EXPECT_EQ(acked, (std::set<std::string>{"tag=one", "tag=two"}));
  EXPECT_EQ(town.notes.endings("fork"), 0) << "the first lives";
}

TEST(SipCarrier, AnswerAfterTheCallEndedIsAcknowledgedAndEnded) {
  Town town;
  Scripted far;
  ASSERT_TRUE(town.sip->place(make_order("late", far.address(), seconds(1))).has_value());
  const std::string invite = far.expect("INVITE");
  far.answer(invite, "180 Ringing", "one");
  const std::string cancel = far.expect("CANCEL");
  EXPECT_EQ(Scripted::header(cancel, "Via"), Scripted::header(invite, "Via")) << "RFC 3261 9.1";
  far.answer(cancel, "200 OK", "one");
  far.answer(invite, "487 Request Terminated", "one");
  ASSERT_TRUE(town.notes.wait_for("late", "ended no_answer"));
  far.pick_up(invite, "other");
  EXPECT_NE(far.expect("ACK").find("tag=one"), std::string::npos) << "of the 487";
  EXPECT_NE(far.expect("ACK").find("tag=other"), std::string::npos);
  const std::string bye = far.expect("BYE");
  EXPECT_NE(bye.find("tag=other"), std::string::npos);
  far.answer(bye, "200 OK", "");
  EXPECT_EQ(town.notes.endings("late"), 1);
}

/// The INVITE that a dead predecessor sent, as its CANCEL tells.
std::string invite_of(std::string cancel) {
  for (std::size_t at = cancel.find("CANCEL"); at != std::string::npos; at = cancel.find("CANCEL", at))
    cancel.replace(at, 6, "INVITE");
  return cancel;
}

/// RFC 3261 leaves a far end that has answered free to know nothing of the INVITE any more: its next 200
/// tells.
TEST(SipCarrier, SuccessorWaitsForTheAnswerThatTheCancelDidNotMeet) {
  Town town;
  Scripted far;
  town.sip->recover({"orphan-4"}, far.address(), Progress::ringing, {});
  const std::string first = far.expect("CANCEL");
  const std::string second = far.expect("CANCEL");
  far.answer(first, "481 Call/Transaction Does Not Exist", "one");
  far.answer(second, "481 Call/Transaction Does Not Exist", "one");
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_EQ(town.notes.endings("orphan-4"), 0) << "it may have been answered";
  far.pick_up(invite_of(first), "one");
  EXPECT_FALSE(far.expect("ACK").empty());
  const std::string bye = far.expect("BYE");
  EXPECT_NE(bye.find("tag=one"), std::string::npos);
  EXPECT_EQ(town.notes.endings("orphan-4"), 0) << "the far end has not hung up yet";
  far.answer(bye, "200 OK", "");
  ASSERT_TRUE(town.notes.wait_for("orphan-4", "ended lost"));
  EXPECT_EQ(town.notes.detail("orphan-4"), "ended at the far end after a restart");
}

TEST(SipCarrier, SuccessorGoesOnAtOnceWhenTheInviteWasRefused) {
  Town town;
  Scripted far;
  town.sip->recover({"orphan-5"}, far.address(), Progress::ringing, {});
  const std::string first = far.expect("CANCEL");
  far.answer(far.expect("CANCEL"), "481 Call/Transaction Does Not Exist", "one");
  far.answer(first, "200 OK", "one");
  far.answer(invite_of(first), "487 Request Terminated", "one");
  EXPECT_FALSE(far.expect("ACK").empty());
  ASSERT_TRUE(town.notes.wait_for("orphan-5", "ended lost", std::chrono::seconds(3)));
  EXPECT_EQ(town.notes.endings("orphan-5"), 1);
}

/// Its predecessor was killed while it ended a call of its own predecessor: nobody remembers the call.
TEST(SipCarrier, AnAnswerToACallThatNobodyRemembersIsEnded) {
  Town town;
  Scripted far;
  ASSERT_TRUE(town.sip->place(make_order("door", far.address())).has_value());
  std::string invite = far.expect("INVITE");
  far.answer(invite, "486 Busy Here", "one");
  ASSERT_TRUE(town.notes.wait_for("door", "ended busy"));
  const sip::DialIdentity door = sip::make_identity({"door"});
  const sip::DialIdentity lost = sip::make_identity({"long-lost"});
  const auto replace = [&invite](const std::string& what, const std::string& with) {
    for (std::size_t at = invite.find(what); at != std::string::npos;
         at = invite.find(what, at + with.size()))
      invite.replace(at, what.size(), with);
  };
  replace("Call-ID: door", "Call-ID: long-lost");
  replace(door.branch(1), lost.branch(1));
  far.pick_up(invite, "stranger"); // the From tag is not this call's: a forgery
  replace(door.from_tag, lost.from_tag);
  far.pick_up(invite, "two");
  const std::string ack = far.expect("ACK"); // of the 486
  EXPECT_NE(ack.find("Call-ID: door"), std::string::npos);
  EXPECT_NE(far.expect("ACK").find("tag=two"), std::string::npos);
  const std::string bye = far.expect("BYE");
  EXPECT_NE(bye.find("tag=two"), std::string::npos);
  EXPECT_NE(bye.find("Call-ID: long-lost"), std::string::npos);
  far.answer(bye, "200 OK", "");
  EXPECT_EQ(town.notes.endings("long-lost"), 0) << "nobody asked for it";
}

TEST(SipCarrier, AnswersADigestChallengeOnce) {
  for (const char* algorithm : {"MD5", "SHA-256"}) {
    Town town;
    Scripted far;
    ASSERT_TRUE(town.sip->place(make_order("digest", far.address())).has_value());
    const std::string first = far.expect("INVITE");
    const std::string challenge = fmt::format(
        "WWW-Authenticate: Digest realm=\"trunk\", nonce=\"n1\", algorithm={}, qop=\"auth\"\r\n", algorithm);
    far.answer(first, "401 Unauthorized", "a", challenge);
    const std::string second = far.expect("INVITE");
    EXPECT_EQ(Scripted::header(second, "CSeq"), "2 INVITE");
    EXPECT_NE(Scripted::header(second, "Authorization").find("username=\"kaden\""), std::string::npos);
    EXPECT_EQ(second.find("secret"), std::string::npos);
    far.answer(second, "401 Unauthorized", "a", challenge);
    ASSERT_TRUE(town.notes.wait_for("digest", "ended forbidden"));
  }
}

TEST(SipCarrier, KeyByInfoIsAKeyAndTheSamePressByRtpIsNot) {
  Town town;
  Scripted far;
  town.notes.verdict = Verdict::acknowledged;
  ASSERT_TRUE(town.sip->place(make_order("info", far.address())).has_value());
  const std::string invite = far.expect("INVITE");
  far.pick_up(invite, "one");
  const std::string ack = far.expect("ACK");
  const std::string from = Scripted::header(ack, "From");
  far.say(
      fmt::format("INFO sip:kaden@127.0.0.1:{} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{};branch=z9hG4bKi1\r\n"
                  "From: {}\r\nTo: {}\r\nCall-ID: info\r\nCSeq: 1 INFO\r\nMax-Forwards: 70\r\n"
                  "Content-Type: application/dtmf-relay\r\nContent-Length: 8\r\n\r\nSignal=1",
                  town.port, far.port, Scripted::header(ack, "To"), from));
  EXPECT_TRUE(town.notes.wait_for("info", "key 1"));
  far.press_by_rtp(invite, 1);
  ASSERT_TRUE(town.notes.wait_for("info", "ended"));
  EXPECT_EQ(town.notes.story("info").find("key"), town.notes.story("info").rfind("key")) << "one press";
}

TEST(SipCarrier, SilentFarEndIsTheTrunksFaultAndIsCancelledLater) {
  Town town;
  Scripted far;
  ASSERT_TRUE(town.sip->place(make_order("silent", far.address())).has_value());
  const std::string invite = far.expect("INVITE");
  ASSERT_TRUE(town.notes.wait_for("silent", "ended carrier_failed"));
  far.answer(invite, "180 Ringing", "one");
  EXPECT_FALSE(far.expect("CANCEL").empty()) << "it was alive after all";
}

TEST(SipCarrier, AnsweredWithoutAudioIsNoMedia) {
  Town town;
  Scripted far;
  ASSERT_TRUE(town.sip->place(make_order("mute", far.address())).has_value());
  far.pick_up(far.expect("INVITE"), "one");
  const std::string bye = far.expect("BYE");
  far.answer(bye, "200 OK", "");
  ASSERT_TRUE(town.notes.wait_for("mute", "ended no_media"));
}

TEST(SipCarrier, HostileAnswersDoNotStallTheOthers) {
  Town town;
  Scripted far;
  ASSERT_TRUE(town.sip->place(make_order("hostile", far.address())).has_value());
  const std::string invite = far.expect("INVITE");
  for (int i = 0; i < 500; ++i)
    far.answer(invite, fmt::format("1{:02} Storm", i % 100), fmt::format("t{}", i));
  for (const char* contact : {"*", "<tel:1>", "<http://x>", "x", "<>", "<sip:>"}) {
    far.answer(
        invite, "183 Odd", "t",
        fmt::format("Contact: {}\r\nRecord-Route: <tel:1>\r\nRSeq: 1\r\nRequire: 100rel\r\n", contact));
  }
  far.answer(invite, "200 OK", "bad", "Contact: <tel:1>\r\nRecord-Route: <http://x>\r\n", "garbage");
  EXPECT_FALSE(far.expect("ACK").empty());
  const std::string bye = far.expect("BYE");
  EXPECT_FALSE(bye.empty());
  far.answer(bye, "200 OK", "");
  ASSERT_TRUE(town.notes.wait_for("hostile", "ended carrier_failed"));
  ASSERT_TRUE(town.sip->place(make_order("calm", town.at("sato"))).has_value());
  ASSERT_TRUE(town.notes.wait_for("calm", "key 1"));
}

TEST(SipCarrier, RefusesOddSettings) {
  Town town;
  SipSettings settings;
  settings.port = town.port;
  EXPECT_EQ(SipCarrier::start(settings, town.notes, town.clock).error().fault, Fault::unavailable);
  settings.port = 0;
  settings.proxy = "tel:1";
  EXPECT_EQ(SipCarrier::start(settings, town.notes, town.clock).error().fault, Fault::invalid);
  settings.proxy.clear();
  settings.from_user = "a b";
  EXPECT_EQ(SipCarrier::start(settings, town.notes, town.clock).error().fault, Fault::invalid);
  settings.from_user = "kaden";
  settings.advertised = "host.example";
  EXPECT_EQ(SipCarrier::start(settings, town.notes, town.clock).error().fault, Fault::invalid);
}

} // namespace
} // namespace kaden::carrier
