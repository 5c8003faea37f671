// Providers' status pages in the file.
#include <fmt/format.h>

#include <array>

#include "checks.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/limits/metrics.h"
#include "kaden/limits/provider_status.h"
#include "kaden/limits/sources.h"
#include "sections.h"

namespace kaden::config {
namespace {

using statusfeed::Impact;
using statusfeed::Stage;

constexpr std::int64_t unreadable_s_max = 86'400;
constexpr std::int64_t first_look_s_max = 365 * 86'400;
constexpr std::size_t fingerprint_bytes_max = 95; // 64 digits and the colons between

constexpr std::int64_t whole_seconds(Millis time) {
  return time.count() / 1'000;
}

const std::vector<std::string_view>& stage_words() {
  static const std::vector<std::string_view> words{"investigating", "identified", "monitoring",
                                                   "in_progress",   "verifying",  "unknown"};
  return words;
}
const std::vector<std::string_view>& impact_words() {
  static const std::vector<std::string_view> words{"none",     "minor",       "major",
                                                   "critical", "maintenance", "unknown"};
  return words;
}

void read_url(Section& section, StatusPage& page) {
  if (!section.wants("url")) return;
  page.url = section.text("url", limits::url_bytes_max);
  if (page.url.empty()) return; // said already
  const auto url = parse_web_url(page.url);
  if (!url) {
    section.mistake("url",
                    "is not an address such as https://status.example.com/api/v2/summary.json: http or "
                    "https, no user, no #");
  } else if (url->is_link_local) {
    section.mistake("url", "is a link-local address, where a cloud keeps a machine's credentials");
  } else if (url->is_plain && !url->is_loopback && !page.allow_plain) {
    section.mistake(
        "url", "is http: anybody on the way can forge or hide news; use https, or say allow_plain: true");
  }
}

std::vector<std::string> read_globs(Section& section, std::string_view key) {
  std::vector<std::string> globs;
  for (Word& word : section.texts(key, limits::status_globs_max, limits::pattern_bytes_max)) {
    globs.push_back(std::move(word.text));
  }
  return globs;
}

/// Absent: any.
template <class T>
std::optional<T> read_condition(Section& section, std::string_view key,
                                std::optional<T> (*parse)(std::string_view),
                                const std::vector<std::string_view>& words) {
  const auto word = section.word(key, 32);
  if (!word) return std::nullopt;
  const auto value = parse(word->text);
  if (!value || std::find(words.begin(), words.end(), word->text) == words.end()) {
    section.not_one_of(key, *word, words);
    return std::nullopt;
  }
  return value;
}

std::vector<statusfeed::SeverityRule> read_severities(Section& page) {
  std::vector<statusfeed::SeverityRule> rules;
  for (Section& section :
       page.sections("severities", limits::status_severities_max, "sources.status_pages[].severities[]")) {
    statusfeed::SeverityRule rule;
    rule.stage = read_condition<Stage>(section, "stage", &statusfeed::parse_stage, stage_words());
    rule.impact = read_condition<Impact>(section, "impact", &statusfeed::parse_impact, impact_words());
    if (section.wants("severity")) {
      rule.severity = section.choice<Severity>("severity", parse_severity, severity_words(), Severity::error);
    }
    rules.push_back(rule);
  }
  return rules;
}

void read_trust(Section& section, StatusPage& page, const Surroundings& around) {
  if (section.has("ca_file")) page.ca_file = read_public_file(section, "ca_file", around);
  page.certificate_sha256 = section.text("certificate_sha256", fingerprint_bytes_max);
  if (!page.certificate_sha256.empty() && !is_fingerprint(page.certificate_sha256)) {
    section.mistake("certificate_sha256",
                    "is not what openssl x509 -fingerprint -sha256 prints: 64 hex digits");
  }
}

StatusPage read_page(Section& section, const Surroundings& around) {
  StatusPage page;
  page.allow_plain = section.flag("allow_plain", false);
  read_url(section, page);
  page.poll = section.seconds("poll_s", whole_seconds(limits::status_poll_min),
                              whole_seconds(limits::status_poll_max), page.poll);
  page.timeout = section.seconds("timeout_s", 1, whole_seconds(limits::status_timeout_max), page.timeout);
  page.unreadable_after = section.seconds("unreadable_s", 0, unreadable_s_max, page.unreadable_after);
  page.unreadable =
      section.choice<Severity>("unreadable_severity", parse_severity, severity_words(), page.unreadable);
  page.first_age_max = section.seconds("first_look_s", 0, first_look_s_max, page.first_age_max);
  page.filter = {read_globs(section, "include"), read_globs(section, "exclude")};
  page.maintenance_too = section.flag("maintenance", false);
  page.severities = read_severities(section);
  read_trust(section, page, around);
  return page;
}

} // namespace

std::vector<StatusPage> read_status_pages(Section& sources, const Surroundings& around) {
  std::vector<StatusPage> pages;
  std::set<std::string> seen;
  for (Section& section :
       sources.sections("status_pages", limits::status_pages_max, "sources.status_pages[]")) {
    StatusPage page = read_page(section, around);
    page.id = read_id(section, seen, "status page");
    page.name = section.text("name", limits::machine_bytes_max, page.id);
    pages.push_back(std::move(page));
  }
  return pages;
}

} // namespace kaden::config
