#include "snmp.h"

#include <algorithm>

namespace kaden::app {

namespace {

snmp::User settings_of(const config::SnmpUser& user) {
  const auto authentication = snmp::parse_authentication(user.authentication);
  const auto privacy = snmp::parse_privacy(user.privacy);
  require(authentication && privacy, "SNMP users were checked when the configuration was read");
  return {user.name, *authentication, user.authentication_password, *privacy, user.privacy_password};
}

snmp::Oid oid_of(const std::string& text) {
  auto oid = snmp::parse_oid(text);
  require(oid.has_value(), "object identifiers were checked when the configuration was read");
  return std::move(*oid);
}

snmp::TrapRule settings_of(const config::SnmpRule& rule) {
  snmp::TrapRule out;
  out.trap = oid_of(rule.trap);
  out.name = rule.name;
  out.severity = rule.severity;
  if (!rule.by.empty()) out.by = oid_of(rule.by);
  if (!rule.clear.empty()) out.clear = oid_of(rule.clear);
  out.clear_after = rule.clear_after;
  return out;
}

snmp::ReceiverSettings traps_of(const config::Snmp& snmp) {
  snmp::ReceiverSettings traps;
  traps.address = snmp.listen;
  traps.port = static_cast<std::uint16_t>(snmp.port);
  traps.communities = snmp.communities;
  for (const auto& user : snmp.users) traps.users.push_back(settings_of(user));
  for (const auto& text : snmp.from) {
    const auto network = snmp::Network::parse(text);
    require(network.has_value(), "networks were checked when the configuration was read");
    traps.networks.push_back(*network);
  }
  return traps;
}

} // namespace

snmp::Settings settings_of(const config::Snmp& snmp, const std::string& installation) {
  snmp::Settings settings;
  settings.identity = installation;
  settings.alarms.yellow = snmp.vcenter_yellow;
  settings.alarms.red = snmp.vcenter_red;
  for (const auto& rule : snmp.rules) settings.alarms.rules.push_back(settings_of(rule));
  for (const auto& device : snmp.devices) {
    settings.alarms.devices.push_back(
        {device.id, device.name, device.address, device.interfaces, device.names, device.severity});
    if (device.community.empty() && device.user.empty()) continue; // only its traps
    snmp::PolledDevice polled;
    polled.id = device.id;
    polled.poll = device.poll;
    polled.unreadable_after = device.unreadable_after;
    polled.agent.address = device.address;
    polled.agent.port = static_cast<std::uint16_t>(device.port);
    polled.agent.community = device.community;
    const auto user = std::find_if(snmp.users.begin(), snmp.users.end(),
                                   [&](const config::SnmpUser& one) { return one.name == device.user; });
    if (!device.user.empty() && user != snmp.users.end()) polled.agent.user = settings_of(*user);
    settings.devices.push_back(std::move(polled));
  }
  if (!snmp.listen.empty()) settings.traps = traps_of(snmp);
  return settings;
}

} // namespace kaden::app
