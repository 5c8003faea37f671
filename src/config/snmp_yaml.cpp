// SNMP in the file.
#include <algorithm>

#include "checks.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/snmp.h"
#include "sections.h"

namespace kaden::config {
namespace {

constexpr std::int64_t wait_s_max = 86'400;
constexpr std::size_t oid_bytes_max = 512;
constexpr std::size_t user_bytes_max = 32; // RFC 3414 section 5, usmUserName
constexpr std::string_view nothing = "none";

std::string read_oid(Section& section, std::string_view key) {
  std::string text = section.text(key, oid_bytes_max);
  if (!text.empty() && !snmp::parse_oid(text))
    section.mistake(key, "is no object identifier such as 1.3.6.1.6.3.1.1.5.3");
  return text;
}

/// The password that belongs to a kind which is not none.
std::string read_password(Section& section, std::string_view key, const Surroundings& around) {
  std::string password = read_secret(section, key, limits::snmp_password_bytes_min, around);
  if (password.size() > limits::snmp_password_bytes_max)
    section.mistake(key, "is too long a password for SNMP");
  return password;
}

SnmpUser read_user(Section& section, const Surroundings& around) {
  SnmpUser user;
  if (section.wants("name")) user.name = section.text("name", user_bytes_max);
  const auto kind = [&](const char* key, const std::vector<std::string_view>& known) -> std::string {
    const auto word = section.word(key, 16);
    if (!word) return "none";
    if (std::find(known.begin(), known.end(), word->text) != known.end()) return word->text;
    section.not_one_of(key, *word, known);
    return "none";
  };
  user.authentication =
      kind("authentication", {"none", "md5", "sha", "sha224", "sha256", "sha384", "sha512"});
  user.privacy = kind("privacy", {"none", "des", "aes", "aes256"});
  if (user.authentication != nothing)
    user.authentication_password = read_password(section, "authentication_password", around);
  if (user.privacy == nothing) return user;
  if (user.authentication == nothing) section.mistake("privacy", "needs authentication as well (RFC 3414)");
  user.privacy_password = read_password(section, "privacy_password", around);
  return user;
}

std::vector<SnmpUser> read_users(Section& snmp, const Surroundings& around) {
  std::vector<SnmpUser> users;
  std::set<std::string> seen;
  for (Section& section : snmp.sections("users", limits::snmp_users_max, "sources.snmp.users[]")) {
    users.push_back(read_user(section, around));
    check_unique(section, "name", users.back().name, seen, "user");
  }
  return users;
}

std::vector<std::string> read_communities(Section& snmp, const Surroundings& around) {
  std::vector<std::string> communities;
  for (Section& section :
       snmp.sections("communities", limits::snmp_communities_max, "sources.snmp.communities[]")) {
    std::string community = read_secret(section, "community", 1, around);
    if (!community.empty()) communities.push_back(std::move(community));
  }
  return communities;
}

void read_access(Section& section, SnmpDevice& device, const std::vector<SnmpUser>& users,
                 const Surroundings& around) {
  device.user = section.text("user", user_bytes_max);
  const bool has_community = section.has("community_file") || section.has("community_env");
  if (has_community) device.community = read_secret(section, "community", 1, around);
  if (has_community && !device.user.empty()) section.mistake("user", "has no place beside a community");
  if (device.user.empty()) return;
  const auto found = std::find_if(users.begin(), users.end(),
                                  [&](const SnmpUser& user) { return user.name == device.user; });
  if (found != users.end()) return;
  std::vector<std::string_view> known;
  known.reserve(users.size());
  for (const SnmpUser& user : users) known.push_back(user.name);
  section.mistake("user", "unknown user \"" + device.user + "\"" + suggestion(device.user, known));
}

SnmpDevice read_device(Section& section, std::set<std::string>& seen, const std::vector<SnmpUser>& users,
                       const Surroundings& around) {
  SnmpDevice device;
  device.id = read_id(section, seen, "device");
  device.name = section.text("name", limits::machine_bytes_max, device.id);
  if (section.wants("address")) device.address = section.text("address", 64);
  if (!device.address.empty() && !is_ip_address(device.address))
    section.mistake("address", "is no IP address; names are not looked up for SNMP");
  device.port = section.integer("port", 1, 65'535, device.port);
  read_access(section, device, users, around);
  for (Word& glob : section.texts("interfaces", limits::snmp_globs_max, 255))
    device.interfaces.push_back(std::move(glob.text));
  device.names = section.text_map("names", limits::snmp_globs_max, limits::label_bytes_max);
  device.poll = section.seconds("poll_s", 5, 3'600, device.poll);
  device.unreadable_after = section.seconds("unreadable_s", 0, wait_s_max, device.unreadable_after);
  device.severity = section.choice("severity", parse_severity, severity_words(), device.severity);
  return device;
}

SnmpRule read_rule(Section& section) {
  SnmpRule rule;
  if (section.wants("trap")) rule.trap = read_oid(section, "trap");
  if (section.wants("name")) rule.name = section.text("name", 100);
  rule.severity = section.choice("severity", parse_severity, severity_words(), rule.severity);
  rule.by = read_oid(section, "by");
  rule.clear = read_oid(section, "clear");
  rule.clear_after = section.seconds("clear_s", 0, wait_s_max, rule.clear_after);
  return rule;
}

void read_listening(Section& section, Snmp& snmp) {
  snmp.listen = section.text("listen", 64);
  if (!snmp.listen.empty() && !is_ip_address(snmp.listen)) section.mistake("listen", "is no IP address");
  snmp.port = section.integer("port", 1, 65'535, snmp.port);
  for (Word& network : section.texts("from", limits::snmp_networks_max, 64)) {
    if (!snmp::Network::parse(network.text))
      section.mistake_at(network.at, "from", "\"" + network.text + "\" is no network such as 10.0.0.0/8");
    snmp.from.push_back(std::move(network.text));
  }
  if (snmp.listen.empty()) return;
  if (snmp.from.empty()) section.mistake("listen", "needs from: the networks that traps are taken from");
  if (snmp.communities.empty() && snmp.users.empty())
    section.mistake("listen",
                    "needs communities (version 2c) or users (version 3): whose traps are believed");
}

} // namespace

std::optional<Snmp> read_snmp(Section& sources, const Surroundings& around) {
  auto section = sources.section("snmp", "sources.snmp");
  if (!section) return std::nullopt;
  Snmp snmp;
  snmp.communities = read_communities(*section, around);
  snmp.users = read_users(*section, around);
  read_listening(*section, snmp);
  std::set<std::string> seen, addresses;
  for (Section& one : section->sections("devices", limits::snmp_devices_max, "sources.snmp.devices[]")) {
    snmp.devices.push_back(read_device(one, seen, snmp.users, around));
    check_unique(one, "address", snmp.devices.back().address, addresses, "device's address");
  }
  for (Section& rule : section->sections("rules", limits::snmp_rules_max, "sources.snmp.rules[]"))
    snmp.rules.push_back(read_rule(rule));
  if (auto vcenter = section->section("vcenter", "sources.snmp.vcenter")) {
    snmp.vcenter_yellow = read_severity_or_none(*vcenter, "yellow", snmp.vcenter_yellow);
    snmp.vcenter_red = read_severity_or_none(*vcenter, "red", snmp.vcenter_red);
  }
  return snmp;
}

} // namespace kaden::config
