#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/kept_events.h"
#include "kaden/snmp_source.h"

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

} // namespace
} // namespace kaden::snmp
