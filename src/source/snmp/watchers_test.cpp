#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "desk.h"
#include "kaden/kept_events.h"
#include "kaden/snmp_source.h"
#include "mib.h"

namespace kaden::snmp {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Against nobody; real devices are in test/wire/snmp_test.py.
class SnmpWatchersTest : public testing::Test {
 protected:
  SnmpWatchersTest() {
    settings_.identity = "test";
    settings_.alarms.devices = {{"core-1", "Core router 1", "127.0.0.1"}};
    PolledDevice device;
    device.id = "core-1";
    device.agent.address = "127.0.0.1";
    device.agent.port = 1;
    device.agent.community = "public";
    device.agent.patience = Millis(20);
    device.unreadable_after = seconds(0);
    settings_.devices = {device};
  }
  void begin() {
    watchers_.clear();
    watchers_ = watch_snmp(settings_, {journal_, *records_, clock_});
  }
  std::string boots() const { return records_->all("snmp")->at("engine/boots"); }

  const runtime::SystemClock clock_;
  const std::atomic<bool> cancelled_ = false;
  const std::unique_ptr<journal::Records> records_ = journal::open_records_in_memory();
  source::KeptEvents journal_;
  Settings settings_;
  std::vector<std::unique_ptr<source::Watcher>> watchers_;
};

TEST_F(SnmpWatchersTest, a_device_that_does_not_answer_is_an_alarm_once) {
  begin();
  ASSERT_THAT(watchers_, SizeIs(1));
  EXPECT_EQ(watchers_[0]->name(), "core-1");
  journal_.is_full = true;
  EXPECT_TRUE(watchers_[0]->look(cancelled_).trouble);
  EXPECT_THAT(journal_.events, IsEmpty());
  journal_.is_full = false;
  const auto looked = watchers_[0]->look(cancelled_);
  ASSERT_TRUE(looked.trouble);
  EXPECT_THAT(looked.trouble->message, HasSubstr("127.0.0.1"));
  ASSERT_THAT(journal_.events, SizeIs(1)) << "what the journal refused is told again";
  EXPECT_EQ(journal_.events[0].alarm, "core-1: SNMP cannot be read");
  EXPECT_EQ(journal_.events[0].machine, "Core router 1");
  begin();
  watchers_[0]->look(cancelled_);
  EXPECT_THAT(journal_.events, SizeIs(1)) << "a restart is no news";
}

TEST_F(SnmpWatchersTest, the_engine_counts_its_lives) {
  begin();
  EXPECT_EQ(boots(), "1");
  begin();
  EXPECT_EQ(boots(), "2");
  const std::vector<journal::Records::Change> worn{{"snmp", "engine/boots", "2147483647"}};
  ASSERT_TRUE(records_->apply(worn));
  begin();
  EXPECT_EQ(boots(), "1");
}

TEST_F(SnmpWatchersTest, a_port_that_cannot_be_had_is_an_alarm) {
  settings_.devices.clear();
  settings_.unreadable_after = seconds(0);
  ReceiverSettings traps;
  traps.address = "192.0.2.1"; // RFC 5737: nobody's
  traps.port = 1162;
  settings_.traps = traps;
  begin();
  ASSERT_THAT(watchers_, SizeIs(1));
  const auto looked = watchers_[0]->look(cancelled_);
  ASSERT_TRUE(looked.trouble);
  EXPECT_THAT(looked.trouble->message, HasSubstr("listening for SNMP traps on 192.0.2.1 port 1162"));
  ASSERT_THAT(journal_.events, SizeIs(1));
  EXPECT_EQ(journal_.events[0].alarm, "traps: SNMP cannot be read");
}

/// UDP, bound to a port of 127.0.0.1 that is free.
class Socket {
 public:
  Socket() : fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address_), size), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  std::uint16_t port() const { return ntohs(address_.sin_port); }
  void send(std::uint16_t port, std::string_view bytes) {
    sockaddr_in to = address_;
    to.sin_port = htons(port);
    sendto(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof(to));
  }

 private:
  const int fd_;
  sockaddr_in address_{};
};

TEST_F(SnmpWatchersTest, traps_of_kinds_that_no_rule_knows_are_counted_and_shown) {
  std::uint16_t port = 0;
  {
    const Socket taken_and_left;
    port = taken_and_left.port();
  }
  settings_.devices.clear();
  ReceiverSettings traps;
  traps.port = port;
  traps.networks = {Network::parse("127.0.0.0/8").value()};
  traps.communities = {"c"};
  settings_.traps = traps;
  begin();
  watchers_[0]->look(cancelled_);
  // coldStart (RFC 3418), version 2c, community "c".
  constexpr std::string_view cold_start(
      "\x30\x3b\x02\x01\x01\x04\x01\x63\xa7\x33\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x28"
      "\x30\x0d\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x43\x01\x01"
      "\x30\x17\x06\x0a\x2b\x06\x01\x06\x03\x01\x01\x04\x01\x00\x06\x09\x2b\x06\x01\x06\x03\x01\x01\x05\x01",
      61);
  Socket device;
  device.send(port, cold_start);
  const auto looked = watchers_[0]->look(cancelled_);
  EXPECT_EQ(looked.counts.at("taken"), 1U);
  EXPECT_EQ(looked.counts.at("unknown"), 1U);
  ASSERT_TRUE(looked.trouble);
  EXPECT_THAT(looked.trouble->message,
              HasSubstr("passed over so far: 1 of kinds that no rule knows (the last "
                        "1.3.6.1.6.3.1.1.5.1 from 127.0.0.1)"));
  EXPECT_THAT(journal_.events, IsEmpty());
}

/// Records that refuse on command.
class Shelf final : public journal::Records {
 public:
  Result<void> apply(std::span<const Change> changes) override {
    if (is_down) return fail(Fault::unavailable, "no room");
    return inner_->apply(changes);
  }
  Result<std::map<std::string, std::string>> all(const std::string& kind) const override {
    return inner_->all(kind);
  }

  bool is_down = false;

 private:
  const std::unique_ptr<Records> inner_ = journal::open_records_in_memory();
};

/// What traps and polls share, with a clock that the test moves.
class DeskTest : public testing::Test {
 protected:
  DeskTest() { settings_.identity = "test"; }
  void begin() {
    desk_.reset();
    desk_ = std::make_unique<Desk>(settings_, Ports{journal_, shelf_, clock_});
  }
  Result<std::size_t> trap(const Oid& kind, std::uint32_t index) {
    Notification trap{"10.0.0.254", kind};
    Oid column = mib::if_index;
    column.push_back(index);
    trap.bindings = {{column, std::int64_t{index}}};
    return desk_->tell([&](Alarms& alarms) { return alarms.take(trap, clock_.wall(), clock_.steady()); });
  }

  runtime::ManualClock clock_{wall_time(1'790'000'000'000)};
  Shelf shelf_;
  source::KeptEvents journal_;
  Settings settings_;
  std::unique_ptr<Desk> desk_;
};

TEST_F(DeskTest, alarms_that_find_no_room_are_an_alarm_of_their_own) {
  begin();
  for (std::uint32_t i = 0; i < limits::snmp_device_alarms_max; ++i) ASSERT_TRUE(trap(mib::link_down, i));
  EXPECT_EQ(desk_->why_dropping(), "");
  journal_.events.clear();
  ASSERT_TRUE(trap(mib::link_down, 5'000));
  ASSERT_THAT(journal_.events, SizeIs(1));
  EXPECT_EQ(journal_.events[0].alarm, "SNMP alarms are dropped");
  EXPECT_EQ(journal_.events[0].machine, "10.0.0.254");
  EXPECT_THAT(desk_->why_dropping(), HasSubstr("dropped since the start: 1, the last of 10.0.0.254"));
  ASSERT_TRUE(trap(mib::link_down, 5'001));
  EXPECT_THAT(journal_.events, SizeIs(1)) << "one alarm, whatever their number";
  begin();
  ASSERT_TRUE(trap(mib::link_down, 0));
  EXPECT_THAT(journal_.events, SizeIs(1)) << "a restart is no news, and there is no room yet";
  ASSERT_TRUE(trap(mib::link_up, 0));
  ASSERT_THAT(journal_.events, SizeIs(3));
  EXPECT_EQ(journal_.events[2].alarm, "SNMP alarms are dropped");
  EXPECT_EQ(journal_.events[2].state, AlarmState::ok);
}

TEST_F(DeskTest, what_was_stored_before_a_death_is_told_after_it_with_its_end) {
  begin();
  journal_.is_full = true;
  ASSERT_FALSE(trap(mib::link_down, 3));
  begin(); // died between the commit and the telling
  journal_.is_full = false;
  ASSERT_TRUE(trap(mib::link_up, 3)) << "the trouble is over at the next start";
  ASSERT_THAT(journal_.events, SizeIs(2));
  EXPECT_EQ(journal_.events[0].state, AlarmState::alarm);
  EXPECT_EQ(journal_.events[1].state, AlarmState::ok);
  EXPECT_EQ(journal_.events[0].alarm, journal_.events[1].alarm);
  begin(); // died after that
  ASSERT_TRUE(trap(mib::link_up, 3));
  EXPECT_THAT(journal_.events, SizeIs(2));
  EXPECT_THAT(*shelf_.all("outbox/snmp"), IsEmpty());
}

TEST_F(DeskTest, what_cannot_be_stored_is_not_told_and_waits) {
  begin();
  shelf_.is_down = true;
  ASSERT_FALSE(trap(mib::link_down, 3));
  EXPECT_THAT(journal_.events, IsEmpty());
  ASSERT_FALSE(trap(mib::link_down, 4));
  shelf_.is_down = false;
  EXPECT_EQ(desk_->tell_again().value(), 2U);
  EXPECT_THAT(journal_.events, SizeIs(2));
}

TEST_F(DeskTest, an_outage_that_was_stored_before_a_death_is_told_after_it_with_its_end) {
  begin();
  journal_.is_full = true;
  Readability readability(seconds(0));
  readability.failed(clock_.wall());
  AlarmEvent event;
  event.source = source_name;
  event.event_id = "core-1/unreadable/x";
  event.alarm = "core-1: SNMP cannot be read";
  event.state = AlarmState::alarm;
  ASSERT_FALSE(desk_->note("core-1", readability, event));
  begin();
  journal_.is_full = false;
  Readability again(seconds(0));
  ASSERT_TRUE(desk_->restore("core-1", again));
  EXPECT_EQ(again.read(), Readability::Change::readable) << "its end is news";
  ASSERT_TRUE(desk_->tell_again());
  EXPECT_THAT(journal_.events, SizeIs(1));
}

TEST_F(DeskTest, dropping_is_over_when_nothing_was_dropped_for_a_while) {
  begin();
  for (std::uint32_t i = 0; i <= limits::snmp_device_alarms_max; ++i) ASSERT_TRUE(trap(mib::link_down, i));
  ASSERT_TRUE(trap(mib::link_up, 0));
  EXPECT_EQ(journal_.events.back().alarm, "10.0.0.254: interface 0");
  clock_.advance(seconds(601));
  ASSERT_TRUE(trap(mib::link_up, 1));
  EXPECT_EQ(journal_.events.back().alarm, "SNMP alarms are dropped");
  EXPECT_EQ(journal_.events.back().state, AlarmState::ok);
}

} // namespace
} // namespace kaden::snmp
