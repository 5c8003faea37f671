#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/snmp_alarms.h"
#include "mib.h"

namespace kaden::snmp {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Oid under(Oid oid, std::initializer_list<std::uint32_t> more) {
  oid.insert(oid.end(), more);
  return oid;
}

Notification link_trap(bool is_up, std::uint32_t index, const std::string& peer = "10.0.0.254",
                       std::int64_t admin = 1) {
  Notification trap{peer, is_up ? mib::link_up : mib::link_down};
  trap.bindings = {{under(mib::if_index, {index}), std::int64_t{index}},
                   {under(mib::if_admin_status, {index}), admin},
                   {under(mib::if_oper_status, {index}), std::int64_t{is_up ? 1 : 2}}};
  return trap;
}

Notification bgp_trap(const Oid& kind) {
  Notification trap{"10.0.0.254", kind};
  trap.bindings = {{under(mib::bgp_last_error, {169, 254, 10, 1}), std::string("0400")},
                   {under(mib::bgp_peer_state, {169, 254, 10, 1}), std::int64_t{1}}};
  return trap;
}

Notification vcenter_trap(const std::string& old_status, const std::string& status, const std::string& value,
                          const std::string& entity = "erp-db01") {
  Notification trap{"10.0.0.9", mib::vcenter_alarm};
  trap.bindings = {{under(mib::vcenter_target_type, {0}), std::int64_t{1}},
                   {under(mib::vcenter_old_status, {0}), old_status},
                   {under(mib::vcenter_new_status, {0}), status},
                   {under(mib::vcenter_value, {0}), value},
                   {under(mib::vcenter_target, {0}), entity}};
  return trap;
}

DeviceReading::Interface interface(const std::string& name, std::int64_t oper, std::int64_t admin = 1,
                                   const std::string& alias = "") {
  return {name, "desc " + name, alias, admin, oper};
}

class AlarmsTest : public testing::Test {
 protected:
  AlarmsTest() {
    DeviceSettings core{"core-1", "Core router 1", "10.0.0.254"};
    core.names = {{"Gi0/0/1", "Tokyo Direct Connect"}, {"169.254.10.1", "Tokyo Direct Connect"}};
    settings_.devices = {core};
    rebuild();
  }
  void rebuild() { alarms_.emplace(settings_); }
  void restart() {
    for (auto& [key, text] : alarms_->changed()) {
      stored_.erase(key);
      if (text) stored_[key] = *text;
    }
    rebuild();
    ASSERT_TRUE(alarms_->restore(stored_));
  }
  std::vector<AlarmEvent> take(const Notification& trap) {
    return alarms_->take(trap, wall(), SteadyTime(seconds(++at_s_)));
  }
  std::vector<AlarmEvent> poll(std::map<std::uint32_t, DeviceReading::Interface> interfaces,
                               std::map<std::string, DeviceReading::Peer> peers = {}) {
    return poll_of("core-1", std::move(interfaces), std::move(peers));
  }
  std::vector<AlarmEvent> poll_of(const std::string& device,
                                  std::map<std::uint32_t, DeviceReading::Interface> interfaces,
                                  std::map<std::string, DeviceReading::Peer> peers = {}) {
    ++at_s_;
    return alarms_->take(device, {std::move(interfaces), std::move(peers), SteadyTime(seconds(at_s_))},
                         wall());
  }
  WallTime wall() const { return wall_time(1'790'000'000'000 + at_s_ * 1'000); }

  AlarmSettings settings_;
  std::optional<Alarms> alarms_;
  std::map<std::string, std::string> stored_;
  std::int64_t at_s_ = 0;
};

TEST_F(AlarmsTest, a_link_that_goes_down_and_comes_up) {
  const auto down = take(link_trap(false, 3));
  ASSERT_EQ(down.size(), 1U);
  EXPECT_EQ(down[0].source, "snmp");
  EXPECT_EQ(down[0].alarm, "core-1: interface 3");
  EXPECT_EQ(down[0].machine, "Core router 1");
  EXPECT_EQ(down[0].severity, Severity::critical);
  EXPECT_EQ(down[0].labels.at("thing"), "3") << "no poll has named it";
  EXPECT_THAT(take(link_trap(false, 3)), IsEmpty()) << "told already";
  const auto up = take(link_trap(true, 3));
  ASSERT_EQ(up.size(), 1U);
  EXPECT_EQ(up[0].state, AlarmState::ok);
  EXPECT_EQ(up[0].alarm, down[0].alarm);
  EXPECT_NE(up[0].event_id, down[0].event_id);
  EXPECT_THAT(take(link_trap(true, 3)), IsEmpty());
}

TEST_F(AlarmsTest, trap_and_poll_of_one_interface_are_one_alarm) {
  EXPECT_THAT(poll({{3, interface("Gi0/0/1", 1)}}), IsEmpty());
  const auto down = take(link_trap(false, 3));
  ASSERT_EQ(down.size(), 1U);
  EXPECT_EQ(down[0].labels.at("interface"), "Gi0/0/1");
  EXPECT_EQ(down[0].labels.at("thing"), "Tokyo Direct Connect") << "the path, as the settings name it";
  EXPECT_THAT(poll({{3, interface("Gi0/0/1", 2)}}), IsEmpty());
  EXPECT_EQ(poll({{3, interface("Gi0/0/1", 1)}}).at(0).state, AlarmState::ok) << "its linkUp was lost";
  EXPECT_EQ(poll({{3, interface("Gi0/0/1", 7)}}).at(0).alarm, down[0].alarm) << "its linkDown was lost";
  EXPECT_EQ(take(link_trap(true, 3)).at(0).state, AlarmState::ok);
}

TEST_F(AlarmsTest, a_poll_that_began_before_the_trap_knows_less) {
  poll({{3, interface("Gi0/0/1", 1)}});
  const SteadyTime began(seconds(at_s_));
  ASSERT_EQ(take(link_trap(false, 3)).size(), 1U);
  EXPECT_THAT(alarms_->take("core-1", {{{3, interface("Gi0/0/1", 1)}}, {}, began}, wall()), IsEmpty());
  EXPECT_EQ(poll({{3, interface("Gi0/0/1", 1)}}).size(), 1U);
}

TEST_F(AlarmsTest, what_an_administrator_shut_is_not_in_trouble) {
  EXPECT_THAT(take(link_trap(false, 3, "10.0.0.254", 2)), IsEmpty());
  poll({{4, interface("Gi0/0/2", 1)}});
  ASSERT_EQ(take(link_trap(false, 4)).size(), 1U);
  EXPECT_EQ(poll({{4, interface("Gi0/0/2", 2, 2)}}).at(0).state, AlarmState::ok);
}

TEST_F(AlarmsTest, ports_that_were_never_up_are_unused_also_after_a_restart) {
  EXPECT_THAT(poll({{1, interface("Gi1", 2)}, {2, interface("Gi2", 1)}}), IsEmpty());
  EXPECT_THAT(poll({{1, interface("Gi1", 2)}, {2, interface("Gi2", 1)}}), IsEmpty());
  restart();
  const auto down = poll({{1, interface("Gi1", 2)}, {2, interface("Gi2", 2)}});
  ASSERT_EQ(down.size(), 1U) << "it went down while nobody looked";
  EXPECT_EQ(down[0].labels.at("interface"), "Gi2");
  EXPECT_THAT(poll({{1, interface("Gi1", 1)}, {2, interface("Gi2", 2)}}), IsEmpty());
  EXPECT_EQ(poll({{1, interface("Gi1", 2)}, {2, interface("Gi2", 2)}}).size(), 1U) << "it was up once";
}

TEST_F(AlarmsTest, named_interfaces_are_watched_from_the_first_look_and_others_not) {
  settings_.devices[0].interfaces = {"gi0/*", "*direct connect*"};
  rebuild();
  const auto down = poll({{1, interface("Gi0/1", 2)},
                          {2, interface("Te1/1", 2)},
                          {3, interface("Te1/2", 2, 1, "Direct Connect Osaka")}});
  ASSERT_EQ(down.size(), 2U);
  EXPECT_EQ(down[1].labels.at("thing"), "Direct Connect Osaka");
  EXPECT_THAT(take(link_trap(false, 2)), IsEmpty());
}

TEST_F(AlarmsTest, what_leaves_the_table_is_over) {
  poll({{1, interface("Gi1", 1)}, {2, interface("Gi2", 1)}});
  ASSERT_EQ(poll({{1, interface("Gi1", 2)}, {2, interface("Gi2", 1)}}).size(), 1U);
  const auto gone = poll({{2, interface("Gi2", 1)}});
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].state, AlarmState::ok);
  EXPECT_THAT(gone[0].reason, HasSubstr("no longer in the device's table"));
}

TEST_F(AlarmsTest, a_bgp_session_falls_back_and_is_established_again) {
  for (const auto& [backward, established] : {std::pair(mib::bgp_backward, mib::bgp_established),
                                              std::pair(mib::bgp_backward_old, mib::bgp_established_old)}) {
    const auto down = take(bgp_trap(backward));
    ASSERT_EQ(down.size(), 1U);
    EXPECT_EQ(down[0].alarm, "core-1: BGP 169.254.10.1");
    EXPECT_EQ(down[0].labels.at("thing"), "Tokyo Direct Connect");
    EXPECT_THAT(take(bgp_trap(backward)), IsEmpty());
    EXPECT_THAT(poll({}, {{"169.254.10.1", {2, 3}}}), IsEmpty());
    EXPECT_EQ(take(bgp_trap(established)).at(0).state, AlarmState::ok);
  }
  ASSERT_EQ(take(bgp_trap(mib::bgp_backward)).size(), 1U);
  EXPECT_EQ(poll({}, {{"169.254.10.1", {2, 6}}}).at(0).state, AlarmState::ok) << "cleared by the poll";
  EXPECT_EQ(poll({}, {{"169.254.10.1", {2, 1}}}).size(), 1U) << "raised by the poll";
  EXPECT_EQ(poll({}, {{"169.254.10.1", {1, 1}}}).at(0).state, AlarmState::ok)
      << "stopped by an administrator";
}

TEST_F(AlarmsTest, vcenters_statuses_in_its_own_language) {
  const std::string name = "alarm.VmCPUUsageAlarm";
  const auto red = take(vcenter_trap("Green", "Red", name + " - Metric CPU Usage = 95%"));
  ASSERT_EQ(red.size(), 1U);
  EXPECT_EQ(red[0].severity, Severity::critical);
  EXPECT_EQ(red[0].machine, "erp-db01");
  EXPECT_EQ(red[0].labels.at("alarm_name"), name);
  EXPECT_THAT(red[0].reason, HasSubstr("Metric CPU Usage = 95%"));
  const auto yellow = take(vcenter_trap("赤", "黄", name + " - Metric CPU Usage = 80%"));
  ASSERT_EQ(yellow.size(), 1U);
  EXPECT_EQ(yellow[0].alarm, red[0].alarm);
  EXPECT_EQ(yellow[0].severity, Severity::warning);
  EXPECT_THAT(take(vcenter_trap("黄", "灰色", name + " - x")), IsEmpty());
  const auto other = take(vcenter_trap("緑", "赤", name + " - x", "erp-db02"));
  ASSERT_EQ(other.size(), 1U);
  EXPECT_NE(other[0].alarm, red[0].alarm);
  EXPECT_EQ(take(vcenter_trap("黄", "緑", name + " - Metric CPU Usage = 3%")).at(0).state, AlarmState::ok);
  EXPECT_EQ(take(vcenter_trap("", "?!", "a - b")).at(0).severity, Severity::critical)
      << "what is not known is red";
  settings_.yellow.reset();
  rebuild();
  EXPECT_THAT(take(vcenter_trap("Green", "Yellow", name + " - x")), IsEmpty());
}

TEST_F(AlarmsTest, vcenters_alarms_whose_names_begin_alike_are_kept_apart) {
  const auto cpu = take(vcenter_trap("Green", "Red", "Production - CPU - Metric CPU Usage = 95%"));
  const auto memory = take(vcenter_trap("Green", "Red", "Production - Memory - Metric Memory Usage = 97%"));
  ASSERT_EQ(cpu.size(), 1U);
  ASSERT_EQ(memory.size(), 1U);
  EXPECT_NE(cpu[0].alarm, memory[0].alarm);
  EXPECT_EQ(cpu[0].labels.at("alarm_name"), "Production - CPU") << "a call says the whole name";
  EXPECT_EQ(memory[0].labels.at("alarm_name"), "Production - Memory");
  const auto green = take(vcenter_trap("Red", "Green", "Production - CPU - Metric CPU Usage = 5%"));
  ASSERT_EQ(green.size(), 1U);
  EXPECT_EQ(green[0].alarm, cpu[0].alarm);
  const auto reset = take(vcenter_trap("Warning", "Normal", "Production - Memory"));
  ASSERT_EQ(reset.size(), 1U) << "somebody reset it: it comes by its name alone";
  EXPECT_EQ(reset[0].state, AlarmState::ok);
  EXPECT_EQ(reset[0].alarm, memory[0].alarm);
}

TEST(VcenterAlarmName, is_what_stands_before_the_value) {
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {"alarm.VmCPUUsageAlarm - Metric CPU Usage = 95%", "alarm.VmCPUUsageAlarm"},
      {"alarm.VmMemoryUsageAlarm - 衡量指标 内存 使用情况 = 19%", "alarm.VmMemoryUsageAlarm"},
      {"CPU使用率高 - 衡量指标 使用情况 = 84%", "CPU使用率高"},
      {"alarm.HostConnectivityAlarm - Event: Host connection lost (26813982)\nSummary: a - b = c\n",
       "alarm.HostConnectivityAlarm"},
      {"Tokyo - hosts - Event: Lost - for 3 s, limit = 2 (7)", "Tokyo - hosts"},
      {"東京 - ホスト - イベント: 接続 - 切断 (7)", "東京 - ホスト"},
      {"Tokyo - power - State = Powered off", "Tokyo - power"},
      {"a = b - c - Metric CPU Usage = 95%", "a = b - c"},
      {"alarm.HAfailoverInProgress", "alarm.HAfailoverInProgress"},
      {"alarm.X - words that are not known - and more", "alarm.X"},
      {"Production - CPU", "Production - CPU"},
      {" - ", "-"},
      {"", ""},
  };
  for (const auto& [value, name] : table) EXPECT_EQ(mib::vcenter_alarm_name_of(value), name) << value;
}

TEST_F(AlarmsTest, the_obsolete_trap_of_vcenter_is_read_as_well) {
  Notification trap{"10.0.0.9", mib::vcenter_alarm_old};
  trap.bindings = {{under(mib::vcenter_host, {0}), std::string("esx1")},
                   {under(mib::vcenter_vm, {0}), std::string()},
                   {under(mib::vcenter_new_status, {0}), std::string("Red")},
                   {under(mib::vcenter_value, {0}), std::string("Host connection state - lost")}};
  EXPECT_EQ(take(trap).at(0).machine, "esx1");
}

TEST_F(AlarmsTest, traps_of_other_kinds_by_rules) {
  TrapRule rule;
  rule.trap = {1, 3, 6, 1, 4, 1, 9, 1};
  rule.name = "fan failed";
  rule.by = Oid{1, 3, 6, 1, 4, 1, 9, 5};
  rule.clear = Oid{1, 3, 6, 1, 4, 1, 9, 2};
  TrapRule passing;
  passing.trap = {1, 3, 6, 1, 4, 1, 9, 3};
  passing.name = "login failed";
  passing.severity = Severity::warning;
  passing.clear_after = seconds(60);
  settings_.rules = {rule, passing};
  rebuild();
  const auto fan = [&](const Oid& kind, const std::string& which) {
    return Notification{"10.0.0.254", kind, {{under(*rule.by, {1}), which}}};
  };
  const auto one = take(fan(rule.trap, "fan 1"));
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].alarm, "core-1: fan failed fan 1");
  EXPECT_EQ(take(fan(rule.trap, "fan 2")).size(), 1U);
  EXPECT_EQ(take(fan(*rule.clear, "fan 1")).at(0).alarm, one[0].alarm);
  ASSERT_EQ(take({"10.0.0.254", passing.trap}).size(), 1U);
  at_s_ += 30;
  EXPECT_THAT(take({"10.0.0.254", passing.trap}), IsEmpty()) << "again: the wait begins anew";
  restart();
  at_s_ += 50;
  EXPECT_THAT(alarms_->tick(wall()), IsEmpty());
  at_s_ += 20;
  EXPECT_EQ(alarms_->tick(wall()).at(0).state, AlarmState::ok);
  EXPECT_EQ(alarms_->counts().unknown, 0U);
  EXPECT_THAT(take({"10.0.0.254", {1, 3, 6, 1, 6, 3, 1, 1, 5, 1}}), IsEmpty());
  EXPECT_EQ(alarms_->counts().unknown, 1U);
  EXPECT_EQ(alarms_->counts().last_unknown, "1.3.6.1.6.3.1.1.5.1 from 10.0.0.254");
}

TEST_F(AlarmsTest, a_sender_that_the_settings_do_not_name_is_told_by_its_address) {
  EXPECT_EQ(take(link_trap(false, 3, "10.9.9.9")).at(0).alarm, "10.9.9.9: interface 3");
}

TEST_F(AlarmsTest, a_restart_is_no_news_and_the_end_is_told) {
  ASSERT_EQ(take(link_trap(false, 3)).size(), 1U);
  restart();
  EXPECT_THAT(take(link_trap(false, 3)), IsEmpty());
  const auto up = take(link_trap(true, 3));
  ASSERT_EQ(up.size(), 1U);
  EXPECT_EQ(up[0].alarm, "core-1: interface 3");
  restart();
  EXPECT_THAT(take(link_trap(true, 3)), IsEmpty());
}

TEST_F(AlarmsTest, traps_without_what_they_need_are_passed_over) {
  EXPECT_THAT(take({"10.0.0.254", mib::link_down}), IsEmpty());
  EXPECT_THAT(take({"10.0.0.254", mib::bgp_backward}), IsEmpty());
  EXPECT_THAT(take({"10.0.0.254", mib::vcenter_alarm}), IsEmpty());
  Notification odd{"10.0.0.254", mib::link_down, {{under(mib::if_index, {1}), std::string("one")}}};
  EXPECT_THAT(take(odd), IsEmpty());
  EXPECT_EQ(alarms_->counts().broken, 4U);
}

TEST_F(AlarmsTest, who_floods_silences_himself_alone) {
  for (std::uint32_t i = 0; i < limits::snmp_device_alarms_max; ++i)
    ASSERT_EQ(take(link_trap(false, 1'000 + i, "10.9.9.9")).size(), 1U);
  EXPECT_THAT(take(link_trap(false, 3, "10.9.9.9")), IsEmpty());
  EXPECT_EQ(alarms_->counts().dropped, 1U);
  EXPECT_EQ(alarms_->counts().last_dropped, "10.9.9.9");
  EXPECT_TRUE(alarms_->is_full());
  EXPECT_EQ(take(link_trap(false, 3)).size(), 1U) << "of another device";
  restart();
  EXPECT_TRUE(alarms_->is_full());
  EXPECT_THAT(take(link_trap(false, 3, "10.9.9.9")), IsEmpty());
  EXPECT_EQ(take(link_trap(true, 1'000, "10.9.9.9")).size(), 1U);
  EXPECT_FALSE(alarms_->is_full());
  EXPECT_EQ(take(link_trap(false, 3, "10.9.9.9")).size(), 1U) << "there is room again";
}

TEST_F(AlarmsTest, many_senders_that_nobody_named_leave_the_named_ones_their_room) {
  const std::size_t each = limits::snmp_device_alarms_max;
  for (std::size_t i = 0; i < limits::snmp_alarms_max; ++i) {
    const std::string peer = "10.8.0." + std::to_string(i / each);
    ASSERT_EQ(take(link_trap(false, static_cast<std::uint32_t>(i), peer)).size(), 1U);
  }
  EXPECT_THAT(take(link_trap(false, 3, "10.9.9.9")), IsEmpty());
  EXPECT_EQ(take(link_trap(false, 3)).size(), 1U);
}

TEST_F(AlarmsTest, a_trap_before_the_first_poll_after_a_restart_knows_what_is_watched) {
  settings_.devices[0].interfaces = {"wan*"};
  settings_.devices[0].names = {{"wan0", "Tokyo Direct Connect"}};
  rebuild();
  const auto unwatched = take(link_trap(false, 2));
  ASSERT_EQ(unwatched.size(), 1U) << "nothing is known of it";
  const auto over = poll({{1, interface("wan0", 1)}, {2, interface("lo", 2)}});
  ASSERT_EQ(over.size(), 1U) << "the next poll ends what it does not watch";
  EXPECT_EQ(over[0].state, AlarmState::ok);
  EXPECT_EQ(over[0].alarm, unwatched[0].alarm);
  restart();
  EXPECT_THAT(take(link_trap(false, 2)), IsEmpty());
  const auto down = take(link_trap(false, 1));
  ASSERT_EQ(down.size(), 1U);
  EXPECT_EQ(down[0].labels.at("thing"), "Tokyo Direct Connect");
}

TEST_F(AlarmsTest, what_is_open_stays_when_its_sender_is_given_an_id_or_loses_it) {
  const auto named = settings_.devices;
  settings_.devices.clear();
  rebuild();
  const auto down = take(link_trap(false, 3));
  const auto worse = take(link_trap(false, 4));
  ASSERT_EQ(down.size(), 1U);
  settings_.devices = named;
  settings_.devices[0].severity = Severity::error;
  restart();
  const auto milder = take(link_trap(false, 4));
  ASSERT_EQ(milder.size(), 1U) << "the settings say error, nobody had said critical";
  EXPECT_EQ(milder[0].alarm, worse.at(0).alarm) << "the same alarm";
  const auto up = take(link_trap(true, 3));
  ASSERT_EQ(up.size(), 1U);
  EXPECT_EQ(up[0].state, AlarmState::ok);
  EXPECT_EQ(up[0].alarm, down[0].alarm);
  const auto again = take(link_trap(false, 3));
  EXPECT_EQ(again.at(0).alarm, "core-1: interface 3");
  settings_.devices[0].id = "core-one";
  restart();
  restart();
  EXPECT_THAT(take(link_trap(false, 3)), IsEmpty());
  EXPECT_EQ(poll_of("core-one", {{3, interface("Gi3", 1)}, {4, interface("Gi4", 2)}}).at(0).alarm,
            again[0].alarm);
  settings_.devices.clear();
  restart();
  EXPECT_EQ(take(link_trap(true, 4)).at(0).alarm, worse[0].alarm);
}

TEST_F(AlarmsTest, what_was_told_under_two_ids_ends_under_both) {
  const auto named = settings_.devices;
  const auto one = take(link_trap(false, 3));
  restart();
  settings_.devices.clear();
  rebuild(); // an older Kaden forgot whose it was
  const auto two = take(link_trap(false, 3));
  ASSERT_EQ(two.size(), 1U);
  settings_.devices = named;
  restart();
  const auto over = alarms_->tick(wall());
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].alarm, two[0].alarm);
  EXPECT_EQ(over[0].state, AlarmState::ok);
  EXPECT_EQ(take(link_trap(true, 3)).at(0).alarm, one.at(0).alarm);
}

TEST_F(AlarmsTest, what_was_not_saved_by_it_is_refused) {
  for (const char* key : {"alarm/core-1/if/3", "device/core-1"}) {
    for (const char* text : {"", "[]", "{}", R"({"read":1})", R"({"read":true,"unused":["x"]})",
                             R"({"read":true,"unused":[],"names":[[1,"a","b"]]})"}) {
      rebuild();
      EXPECT_EQ(alarms_->restore({{key, text}}).error().fault, Fault::corrupt) << key << text;
    }
  }
  EXPECT_TRUE(alarms_->restore({{"engine/boots", "3"}, {"readability/traps", "{}"}}));
}

} // namespace
} // namespace kaden::snmp
