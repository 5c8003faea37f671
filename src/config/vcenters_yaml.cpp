// vCenters in the file.
#include "checks.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/limits/sources.h"
#include "kaden/limits/vcenter.h"
#include "sections.h"

namespace kaden::config {
namespace {

constexpr std::int64_t poll_s_min = 5;
constexpr std::int64_t poll_s_max = 600;
constexpr std::int64_t unreadable_s_max = 86'400;
constexpr std::size_t fingerprint_bytes_max = 95; // 64 digits and the colons between

void read_url(Section& section, Vcenter& vcenter) {
  if (!section.wants("url")) return;
  vcenter.url = section.text("url", limits::url_bytes_max);
  if (vcenter.url.empty()) return; // said already
  const auto url = parse_web_url(vcenter.url);
  if (!url || !vcenter.url.ends_with("/sdk")) {
    section.mistake("url", "is not an address such as https://vcenter.example.com/sdk");
  } else if (url->is_link_local) {
    section.mistake("url", "is a link-local address, where a cloud keeps a machine's credentials");
  } else if (url->is_plain) {
    section.mistake("url", "is http: a password goes there, so it must be https");
  }
}

std::vector<VcenterRule> read_rules_of(Section& vcenter) {
  std::vector<VcenterRule> rules;
  for (Section& section :
       vcenter.sections("severities", limits::vcenter_rules_max, "sources.vcenters[].severities[]")) {
    VcenterRule rule;
    rule.alarm = section.text("alarm", limits::vcenter_glob_bytes_max, rule.alarm);
    rule.entity = section.text("entity", limits::vcenter_glob_bytes_max, rule.entity);
    rule.yellow = read_severity_or_none(section, "yellow", Severity::warning);
    rule.red = read_severity_or_none(section, "red", Severity::critical);
    rules.push_back(std::move(rule));
  }
  return rules;
}

Vcenter read_vcenter(Section& section, const Surroundings& around) {
  Vcenter vcenter;
  read_url(section, vcenter);
  if (section.wants("user")) vcenter.user = section.text("user", limits::vcenter_user_bytes_max);
  vcenter.password = read_secret(section, "password", 1, around);
  vcenter.poll = section.seconds("poll_s", poll_s_min, poll_s_max, vcenter.poll);
  vcenter.unreadable_after = section.seconds("unreadable_s", 0, unreadable_s_max, vcenter.unreadable_after);
  vcenter.acknowledge = section.flag("acknowledge", true);
  vcenter.rules = read_rules_of(section);
  if (section.has("ca_file")) vcenter.ca_file = read_public_file(section, "ca_file", around);
  vcenter.certificate_sha256 = section.text("certificate_sha256", fingerprint_bytes_max);
  if (!vcenter.certificate_sha256.empty() && !is_fingerprint(vcenter.certificate_sha256)) {
    section.mistake("certificate_sha256",
                    "is not what openssl x509 -fingerprint -sha256 prints: 64 hex digits");
  }
  return vcenter;
}

} // namespace

std::vector<Vcenter> read_vcenters(Section& sources, const Surroundings& around) {
  std::vector<Vcenter> vcenters;
  std::set<std::string> seen;
  for (Section& section : sources.sections("vcenters", limits::vcenters_max, "sources.vcenters[]")) {
    Vcenter vcenter = read_vcenter(section, around);
    vcenter.id = read_id(section, seen, "vCenter");
    vcenter.name = section.text("name", limits::machine_bytes_max, vcenter.id);
    vcenters.push_back(std::move(vcenter));
  }
  return vcenters;
}

} // namespace kaden::config
