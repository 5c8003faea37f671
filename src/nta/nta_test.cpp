// Two endpoints and a plain UDP socket on loopback. Waits end as soon as the awaited event is there.
#include "kaden/nta.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

#include "kaden/limits/input.h"
#include "kaden/sip_session.h"

namespace kaden::nta {
namespace {

using sip::Message;

/// Notes every event as a line; on_request can be answered by a script.
class Notes : public Events {
 public:
  void on_request(std::uint64_t request, const Message& m) override {
    note("request " + m.method);
    last_request = request;
    if (answer) answer(request, m);
  }
  void on_cancel(std::uint64_t) override { note("cancelled"); }
  void on_ack(std::uint64_t, bool came) override { note(came ? "ack" : "no ack"); }
  void on_response(std::uint64_t, const Message& m) override {
    {
      std::lock_guard lock(mutex_);
      last = m;
    }
    note(m.method + " " + std::to_string(m.status) + (m.local ? " local" : ""));
  }
  void on_stray(const Message& m) override { note("stray " + m.method + " " + std::to_string(m.status)); }
  void on_timer() override { note("timer"); }

  bool wait_for(const std::string& what, int times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return seen_[what] >= times; });
  }
  int count(const std::string& what) {
    std::lock_guard lock(mutex_);
    return seen_[what];
  }
  Message response() {
    std::lock_guard lock(mutex_);
    return last;
  }

  std::function<void(std::uint64_t, const Message&)> answer;
  std::uint64_t last_request = 0;

 private:
  void note(const std::string& what) {
    std::lock_guard lock(mutex_);
    ++seen_[what];
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> seen_;
  Message last;
};

std::unique_ptr<Endpoint> open(Notes& notes, bool answers_calls) {
  Settings settings;
  settings.answers_calls = answers_calls;
  auto made = Endpoint::open(settings, notes);
  EXPECT_TRUE(made.has_value());
  return std::move(*made);
}

/// A bare socket that can say anything.
class Wire {
 public:
  explicit Wire(std::uint16_t to) {
    fd_ = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
    socklen_t size = sizeof here;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&here), &size);
    port = ntohs(here.sin_port);
    here.sin_port = htons(to);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
  }
  ~Wire() { close(fd_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  void say(const std::string& text) const { static_cast<void>(send(fd_, text.data(), text.size(), 0)); }
  std::string hear(int wait_ms = 5'000) const {
    pollfd wait{fd_, POLLIN, 0};
    if (poll(&wait, 1, wait_ms) != 1) return {};
    std::string out(65'536, '\0');
    const ssize_t n = recv(fd_, out.data(), out.size(), 0);
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
  }
  std::string request(const std::string& method, const std::string& extra = "") const {
    const std::string number = std::to_string(++number_);
    return method + " sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:" + std::to_string(port) +
           ";branch=z9hG4bKt" + number + "\r\nFrom: <sip:t@127.0.0.1>;tag=1\r\nTo: <sip:x@127.0.0.1>\r\n" +
           "Call-ID: wire-" + number + "\r\nCSeq: 1 " + method + "\r\nMax-Forwards: 70\r\n" + extra +
           "Content-Length: 0\r\n\r\n";
  }
  std::uint16_t port = 0;

 private:
  int fd_ = -1;
  mutable int number_ = 0;
};

class NtaCall : public ::testing::Test {
 protected:
  NtaCall() : far(open(far_notes, true)), near(open(near_notes, false)) {
    order.call = {"call-1"};
    order.target = "sip:sato@127.0.0.1:" + std::to_string(far->port());
    order.from = {"Kaden", "sip:kaden@127.0.0.1", ""};
    order.contact = "sip:kaden@127.0.0.1:" + std::to_string(near->port());
    order.media = {"127.0.0.1", 40000, 1, 1};
    order.ring_max = seconds(30);
  }
  void begin() {
    far->start();
    near->start();
  }
  /// Sends what a session would; returns the transaction's number.
  std::uint64_t send(const Message& message) {
    std::uint64_t number = 0;
    run([&] {
      const auto sent = near->send(message);
      ASSERT_TRUE(sent.has_value()) << sent.error().message;
      number = *sent;
    });
    return number;
  }
  void run(const std::function<void()>& job) {
    std::mutex mutex;
    std::condition_variable done;
    bool is_done = false;
    ASSERT_TRUE(near->post([&] {
      job();
      std::lock_guard lock(mutex);
      is_done = true;
      done.notify_one();
    }));
    std::unique_lock lock(mutex);
    ASSERT_TRUE(done.wait_for(lock, std::chrono::seconds(10), [&] { return is_done; }));
  }
  Message invite() {
    sip::Session session(order);
    const auto actions = sip::step(session, sip::Start{}, SteadyTime{});
    return std::get<sip::SendRequest>(actions.at(0)).message;
  }
  Answer answer(int status) {
    Answer out;
    out.status = status;
    if (status < 300) out.contact = "sip:sato@127.0.0.1:" + std::to_string(far->port());
    if (status == 200) out.sdp = sip::make_offer({"127.0.0.1", 50000, 1, 1});
    return out;
  }

  Notes far_notes, near_notes;
  std::unique_ptr<Endpoint> far, near;
  sip::SessionOrder order;
};

TEST_F(NtaCall, CarriesAWholeCall) {
  Message seen;
  far_notes.answer = [&](std::uint64_t id, const Message& m) {
    if (m.method == "INVITE") {
      seen = m;
      far->reply(id, answer(180));
    }
    far->reply(id, answer(200));
  };
  begin();
  send(invite());
  ASSERT_TRUE(near_notes.wait_for("INVITE 180"));
  ASSERT_TRUE(near_notes.wait_for("INVITE 200"));
  EXPECT_EQ(seen.call_id, "call-1");
  EXPECT_EQ(seen.branch, sip::make_identity(order.call).branch(1u));
  EXPECT_EQ(seen.from.display, "Kaden");
  const Message ok = near_notes.response();
  const auto dialog = sip::dialog_of(ok);
  ASSERT_TRUE(dialog.has_value());
  EXPECT_EQ(dialog->remote_target, "sip:sato@127.0.0.1:" + std::to_string(far->port()));
  EXPECT_TRUE(sip::choose_media(sip::parse_sdp(ok.body).value()).has_value());
  ASSERT_TRUE(near_notes.wait_for("INVITE 200", 2)) << "resent until the ACK";
  const auto actions = sip::end_late_answer(ok, order.target);
  run([&] { EXPECT_TRUE(near->send_ack(std::get<sip::SendAck>(actions[0]).message).has_value()); });
  EXPECT_TRUE(far_notes.wait_for("ack"));
  send(std::get<sip::SendRequest>(actions[1]).message);
  EXPECT_TRUE(far_notes.wait_for("request BYE"));
  EXPECT_TRUE(near_notes.wait_for("BYE 200"));
}

TEST_F(NtaCall, CancelWithTheDerivedBranchReachesTheInvite) {
  far_notes.answer = [&](std::uint64_t id, const Message&) { far->reply(id, answer(180)); };
  begin();
  send(invite());
  ASSERT_TRUE(near_notes.wait_for("INVITE 180"));
  send(sip::make_cancel(order, 1));
  EXPECT_TRUE(far_notes.wait_for("cancelled"));
  EXPECT_TRUE(near_notes.wait_for("CANCEL 200"));
  EXPECT_TRUE(near_notes.wait_for("INVITE 487"));
}

TEST_F(NtaCall, AnswersAfterForgettingAreStray) {
  std::uint64_t pending = 0;
  far_notes.answer = [&](std::uint64_t id, const Message&) {
    pending = id;
    far->reply(id, answer(180));
  };
  begin();
  const std::uint64_t number = send(invite());
  ASSERT_TRUE(near_notes.wait_for("INVITE 180"));
  run([&] { near->forget(number); });
  ASSERT_TRUE(far->post([&] { far->reply(pending, answer(200)); }));
  EXPECT_TRUE(near_notes.wait_for("stray INVITE 200"));
  EXPECT_EQ(near_notes.count("INVITE 200"), 0);
}

TEST_F(NtaCall, NobodyThereIsALocalFailure) {
  order.target = "sip:sato@127.0.0.1:1";
  begin();
  send(invite());
  EXPECT_TRUE(near_notes.wait_for("INVITE 503 local"));
}

TEST_F(NtaCall, RefusesWhatCannotBeWritten) {
  begin();
  Message bad = invite();
  bad.uri = "tel:1";
  run([&] { EXPECT_EQ(near->send(bad).error().fault, Fault::invalid); });
}

TEST_F(NtaCall, TimerFiresOnceAndIsReplaced) {
  begin();
  run([&] {
    near->wake_after(seconds(30));
    near->wake_after(Millis(5));
  });
  EXPECT_TRUE(near_notes.wait_for("timer"));
}

TEST_F(NtaCall, AnswersOptionsAndRefusesOtherMethods) {
  begin();
  const Wire wire(near->port());
  wire.say(wire.request("OPTIONS"));
  EXPECT_NE(wire.hear().find("SIP/2.0 200"), std::string::npos);
  for (const char* method : {"REGISTER", "SUBSCRIBE", "MESSAGE", "REFER", "UPDATE", "PRACK", "FOO"}) {
    wire.say(wire.request(method));
    EXPECT_NE(wire.hear().find("SIP/2.0 405"), std::string::npos) << method;
  }
  wire.say(wire.request("CANCEL"));
  EXPECT_NE(wire.hear().find("SIP/2.0 481"), std::string::npos);
}

TEST_F(NtaCall, DropsOversizedAndAlienDatagrams) {
  begin();
  const Wire wire(near->port());
  wire.say(wire.request("OPTIONS", "Subject: " + std::string(limits::sip_datagram_bytes_max, 'x') + "\r\n"));
  wire.say(std::string("\0\1\0\0stun", 8));
  wire.say("\xf8sigcomp");
  wire.say("\r\n\r\n");
  wire.say("options sip:x SIP/2.0\r\n\r\n");
  EXPECT_EQ(wire.hear(100), "");
  wire.say(
      wire.request("OPTIONS", "Subject: " + std::string(limits::sip_datagram_bytes_max - 400, 'x') + "\r\n"));
  const std::string heard = wire.hear();
  EXPECT_NE(heard.find("SIP/2.0 200"), std::string::npos) << heard;
}

TEST_F(NtaCall, SurvivesAStormOfMalformedMessages) {
  far_notes.answer = [&](std::uint64_t id, const Message&) { far->reply(id, answer(486)); };
  begin();
  const Wire wire(far->port());
  const std::string good = wire.request("INVITE", "Contact: <sip:t@127.0.0.1>\r\n");
  std::uint32_t chance = 1;
  for (int i = 0; i < 3'000; ++i) {
    std::string bad = good;
    for (int k = 0; k < 4; ++k) {
      chance = chance * 1'664'525u + 1'013'904'223u;
      const std::size_t where = (chance >> 8) % bad.size();
      if ((chance & 3u) == 0) {
        bad.erase(where, 1 + (chance >> 28));
      } else {
        bad[where] = static_cast<char>(chance >> 24);
      }
    }
    wire.say(bad);
  }
  for (const char* contact : {"*", "x", "<tel:1>", "<http:a>", "<urn:a>", "<sip:>", "<>"}) {
    wire.say(wire.request("INVITE", std::string("Contact: ") + contact + "\r\nRecord-Route: <tel:1>\r\n"));
  }
  const Wire calm(far->port());
  for (int i = 0; i < 50; ++i) { // datagrams may be lost in a storm: ask until it answers
    calm.say(calm.request("OPTIONS"));
    if (calm.hear(200).find("SIP/2.0 200") != std::string::npos) return;
  }
  FAIL() << "no answer after the storm";
}

TEST(Nta, RefusesATakenPortAndOddAddresses) {
  Notes notes;
  auto first = open(notes, false);
  Settings settings;
  settings.port = first->port();
  EXPECT_EQ(Endpoint::open(settings, notes).error().fault, Fault::unavailable);
  settings.bind_ip = "203.0.113.1";
  EXPECT_FALSE(Endpoint::open(settings, notes).has_value());
}

TEST(Nta, AdvertisesAnotherHost) {
  Notes notes;
  Settings settings;
  settings.advertised = "198.51.100.7";
  auto made = Endpoint::open(settings, notes);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ((*made)->host(), "198.51.100.7");
  (*made)->start();
  const Wire wire((*made)->port());
  wire.say(wire.request("OPTIONS"));
  EXPECT_NE(wire.hear().find("SIP/2.0 200"), std::string::npos);
}

} // namespace
} // namespace kaden::nta
