#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <deque>

#include "kaden/kept_events.h"
#include "kaden/mail_listener.h"

namespace kaden::mail {
namespace {

using boost::asio::ip::tcp;
using testing::HasSubstr;
using testing::StartsWith;

ListenerSettings settings() {
  ListenerSettings out;
  out.name = "alerts";
  out.port = 0;
  out.hostname = "kaden.example";
  out.senders = {"*@Monitor.example"};
  out.recipients = {"alerts@kaden.example"};
  out.networks = {*smtp::parse_network("127.0.0.0/8")};
  return out;
}

/// Keeps mails until the test settles them.
class Desk {
 public:
  Take take() {
    return [this](Arrival arrival, Settle settle) {
      std::lock_guard lock(mutex_);
      waiting_.emplace_back(std::move(arrival), std::move(settle));
      changed_.notify_all();
    };
  }
  std::pair<Arrival, Settle> next() {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !waiting_.empty(); });
    EXPECT_TRUE(came) << "no mail came";
    if (!came) return {};
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Arrival, Settle>> waiting_;
};

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(io_) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  }
  void sends(const std::string& lines) {
    std::string bytes;
    for (const char c : lines) bytes += c == '\n' ? std::string("\r\n") : std::string(1, c);
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
  }
  /// One line; "" at the end of the connection.
  std::string hears() {
    boost::system::error_code code;
    const std::size_t size =
        boost::asio::read_until(socket_, boost::asio::dynamic_buffer(buffer_), "\r\n", code);
    if (code) return "";
    std::string line = buffer_.substr(0, size - 2);
    buffer_.erase(0, size);
    return line;
  }
  /// The last line of a reply.
  std::string asks(const std::string& line) {
    sends(line + "\n");
    std::string heard = hears();
    while (heard.size() > 3 && heard[3] == '-') heard = hears();
    return heard;
  }
  void begins_a_mail() {
    EXPECT_EQ(hears(), "220 kaden.example ESMTP Kaden");
    EXPECT_EQ(asks("EHLO web-01"), "250 HELP");
    EXPECT_EQ(asks("MAIL FROM:<zabbix@monitor.example>"), "250 2.1.0 OK");
    EXPECT_EQ(asks("RCPT TO:<alerts@kaden.example>"), "250 2.1.5 OK");
    EXPECT_THAT(asks("DATA"), StartsWith("354 "));
  }

 private:
  boost::asio::io_context io_;
  tcp::socket socket_;
  std::string buffer_;
};

TEST(Listener, AMailIsAnsweredWhenItIsSettled) {
  const runtime::SystemClock clock;
  Desk desk;
  Listener listener(settings(), clock, desk.take());
  ASSERT_TRUE(listener.start());
  Client client(listener.port());
  client.begins_a_mail();
  client.sends("Subject: disk\n\nfull\n.\nNOOP\n");
  auto [arrival, settle] = desk.next();
  EXPECT_EQ(arrival.listener, "alerts");
  EXPECT_EQ(arrival.peer, "127.0.0.1");
  EXPECT_EQ(arrival.message.envelope.from, "zabbix@monitor.example");
  EXPECT_EQ(arrival.message.data, "Subject: disk\r\n\r\nfull\r\n");
  settle({smtp::Verdict::Kind::taken, "durable"});
  EXPECT_EQ(client.hears(), "250 2.0.0 durable");
  EXPECT_EQ(client.hears(), "250 2.0.0 OK") << "what was sent ahead";
  EXPECT_THAT(client.asks("QUIT"), StartsWith("221 "));
  EXPECT_EQ(client.hears(), "");
  EXPECT_EQ(listener.counts().mails, 1U);
}

TEST(Listener, AMailThatNobodySettlesComesAgain) {
  const runtime::SystemClock clock;
  Desk desk;
  Listener listener(settings(), clock, desk.take());
  ASSERT_TRUE(listener.start());
  Client client(listener.port());
  client.begins_a_mail();
  client.sends("x\n.\n");
  desk.next(); // dropped
  EXPECT_THAT(client.hears(), StartsWith("451 4.3.0 "));
  auto slow = settings();
  slow.commit_max = Millis(30);
  Listener impatient(slow, clock, desk.take());
  ASSERT_TRUE(impatient.start());
  Client other(impatient.port());
  other.begins_a_mail();
  other.sends("x\n.\n");
  auto held = desk.next();
  EXPECT_EQ(other.hears(), "451 4.3.0 storing it takes too long; the same again");
  held.second({smtp::Verdict::Kind::taken, "too late"});
  EXPECT_EQ(other.asks("NOOP"), "250 2.0.0 OK") << "a late verdict is nothing";
}

TEST(Listener, StrangersAndCrowdsAreTurnedAway) {
  const runtime::SystemClock clock;
  Desk desk;
  auto elsewhere = settings();
  elsewhere.networks = {*smtp::parse_network("10.0.0.0/8")};
  Listener closed(elsewhere, clock, desk.take());
  ASSERT_TRUE(closed.start());
  Client stranger(closed.port());
  EXPECT_EQ(stranger.hears(), "554 5.7.1 127.0.0.1 is in none of this listener's networks");
  EXPECT_EQ(stranger.hears(), "");
  EXPECT_EQ(closed.counts().turned_away, 1U);

  auto small = settings();
  small.connections_per_peer_max = 1;
  Listener crowded(small, clock, desk.take());
  ASSERT_TRUE(crowded.start());
  Client first(crowded.port());
  EXPECT_THAT(first.hears(), StartsWith("220 "));
  Client second(crowded.port());
  EXPECT_EQ(second.hears(), "421 4.7.0 too many connections; the same again, soon");
  EXPECT_THAT(first.asks("QUIT"), StartsWith("221 "));
}

TEST(Listener, NothingIsHeldForEver) {
  const runtime::SystemClock clock;
  Desk desk;
  auto quick = settings();
  quick.idle_max = Millis(40);
  Listener listener(quick, clock, desk.take());
  ASSERT_TRUE(listener.start());
  Client quiet(listener.port());
  EXPECT_THAT(quiet.hears(), StartsWith("220 "));
  EXPECT_EQ(quiet.hears(), "421 4.7.0 kaden.example ends the connection: it was quiet for too long");
  auto tight = settings();
  tight.bytes_max = 10'000;
  Listener full(tight, clock, desk.take());
  ASSERT_TRUE(full.start());
  Client large(full.port());
  large.begins_a_mail();
  for (int i = 0; i < 20; ++i) large.sends(std::string(900, 'x') + "\n");
  EXPECT_THAT(large.hears(), HasSubstr("too much mail comes at once"));
}

TEST(Listener, EndsWithAWord) {
  const runtime::SystemClock clock;
  Desk desk;
  auto listener = std::make_unique<Listener>(settings(), clock, desk.take());
  ASSERT_TRUE(listener->start());
  Client idle(listener->port());
  EXPECT_THAT(idle.hears(), StartsWith("220 "));
  Client busy(listener->port());
  busy.begins_a_mail();
  busy.sends("x\n.\n");
  auto held = desk.next();
  std::thread ending([&] { listener.reset(); });
  EXPECT_EQ(idle.hears(),
            "421 4.7.0 kaden.example ends the connection: Kaden is shutting down; the same again, soon");
  held.second({smtp::Verdict::Kind::taken, "durable"});
  EXPECT_EQ(busy.hears(), "250 2.0.0 durable") << "a mail that was being stored has its answer first";
  ending.join();
}

TEST(Listener, SaysWhyItCannotStart) {
  const runtime::SystemClock clock;
  Desk desk;
  Listener first(settings(), clock, desk.take());
  ASSERT_TRUE(first.start());
  auto taken = settings();
  taken.port = first.port();
  Listener second(taken, clock, desk.take());
  const auto refused = second.start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("listening for mail on 127.0.0.1 port "));
  auto broken = settings();
  broken.certificate_file = broken.key_file = "/nowhere/mail.pem";
  Listener third(broken, clock, desk.take());
  EXPECT_THAT(third.start().error().message, HasSubstr("certificate /nowhere/mail.pem"));
}

class WatcherTest : public testing::Test {
 protected:
  WatcherTest() { settings_.listener = settings(); }
  void begin() {
    watcher_.reset();
    watcher_ = watch_mail(settings_, {journal_, *records_, clock_, desk_.take()});
  }
  /// What the look reports: "alerts: no mail can be received ALARM".
  std::vector<std::string> look(Millis after = {}) {
    clock_.advance(after);
    const std::size_t before = journal_.events.size();
    looked_ = watcher_->look(cancelled_);
    std::vector<std::string> lines;
    for (std::size_t i = before; i < journal_.events.size(); ++i)
      lines.push_back(journal_.events[i].alarm + " " + std::string(to_text(journal_.events[i].state)));
    return lines;
  }
  std::string trouble() const { return looked_.trouble ? looked_.trouble->message : ""; }

  runtime::ManualClock clock_{wall_time(1'795'741'200'000)};
  source::KeptEvents journal_;
  std::unique_ptr<journal::Records> records_ = journal::open_records_in_memory();
  Desk desk_;
  WatcherSettings settings_;
  std::atomic<bool> cancelled_ = false;
  std::unique_ptr<source::Watcher> watcher_;
  source::Looked looked_;
};

TEST_F(WatcherTest, APortThatIsTakenIsAnAlarmUntilItIsFree) {
  const runtime::SystemClock system;
  auto other = std::make_unique<Listener>(settings(), system, desk_.take());
  ASSERT_TRUE(other->start());
  settings_.listener.port = other->port();
  begin();
  EXPECT_TRUE(look().empty());
  EXPECT_THAT(trouble(), HasSubstr("listening for mail on 127.0.0.1"));
  journal_.is_full = true;
  EXPECT_TRUE(look(seconds(60)).empty());
  journal_.is_full = false;
  EXPECT_EQ(look(seconds(1)), std::vector<std::string>{"alerts: no mail can be received ALARM"});
  EXPECT_TRUE(look(seconds(60)).empty()) << "one for each outage";
  const AlarmEvent raised = journal_.events.back();
  EXPECT_EQ(raised.severity, Severity::critical);
  EXPECT_TRUE(alarm_event_from_json(to_json(raised), "event"));
  begin(); // a restart in the middle of it
  EXPECT_TRUE(look(seconds(5)).empty());
  other.reset();
  EXPECT_EQ(look(seconds(5)), std::vector<std::string>{"alerts: no mail can be received OK"});
  EXPECT_EQ(trouble(), "");
  EXPECT_EQ(journal_.events.back().alarm, raised.alarm);
  EXPECT_NE(journal_.events.back().event_id, raised.event_id);
}

TEST_F(WatcherTest, SilenceIsAnAlarmUntilAMailComes) {
  settings_.silent_after = seconds(3'600);
  settings_.silent = Severity::warning;
  settings_.listener.port = 0;
  begin();
  EXPECT_TRUE(look().empty());
  EXPECT_TRUE(look(seconds(3'599)).empty());
  EXPECT_EQ(look(seconds(1)), std::vector<std::string>{"alerts: no mail has come ALARM"});
  EXPECT_EQ(journal_.events.back().severity, Severity::warning);
  begin();
  EXPECT_TRUE(look(seconds(7'200)).empty()) << "told already, before the restart";
}

TEST_F(WatcherTest, WhatIsStoredWrongIsBegunAnew) {
  const std::vector<journal::Records::Change> rubbish{{"source_state", "mail/alerts", "{}"}};
  ASSERT_TRUE(records_->apply(rubbish));
  begin();
  look();
  EXPECT_THAT(trouble(), HasSubstr("begun anew"));
  look();
  EXPECT_EQ(trouble(), "");
}

} // namespace
} // namespace kaden::mail
