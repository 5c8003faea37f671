#include <fmt/format.h>

#include <algorithm>

#include "checks.h"
#include "sections.h"

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/configuration.h"

namespace kaden::config {
namespace {

constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t uri_bytes_max = 255;
constexpr std::int64_t wait_s_max = 86'400;  // a day: later, somebody has come to work
constexpr std::int64_t redial_s_max = 3'600; // an hour: longer waits are a level's
constexpr std::int64_t redials_max = 20;
constexpr std::int64_t rounds_max = 100;
constexpr std::int64_t ring_s_min = 5;   // a phone that has not rung by then was never reached
constexpr std::int64_t ring_s_max = 180; // RFC 3261's Timer C
constexpr std::size_t patterns_max = 100;
constexpr std::string_view nobody = "none"; // the route's policy that calls nobody

using Ids = std::set<std::string, std::less<>>;

std::vector<std::string_view> views(const Ids& ids) {
  return {ids.begin(), ids.end()};
}

/// The carrier's address of what the file says, or "" and a note.
std::string address_of(Section& person, const Word& word, const std::optional<Sip>& sip) {
  const bool is_number = is_e164(word.text);
  if (!is_number) {
    const auto uri = parse_sip_uri(word.text);
    if (!uri || uri->user.empty()) {
      person.mistake_at(
          word.at, "call",
          fmt::format("\"{}\" is neither a SIP URI (sip:sato@10.0.0.5) nor a number (+81312345678)",
                      word.text));
      return "";
    }
    if (uri->is_ipv6()) {
      person.mistake_at(word.at, "call",
                        fmt::format("\"{}\" is an IPv6 address; SIP and RTP take IPv4 only", uri->host));
      return "";
    }
  }
  if (!sip) {
    person.mistake_at(word.at, "call", "needs a carrier: carriers.sip is missing");
    return "";
  }
  if (is_number && sip->proxy.empty()) {
    person.mistake_at(word.at, "call", "a number needs a trunk: carriers.sip.proxy is missing");
    return "";
  }
  // RFC 3261 section 19.1.6: a telephone number as a SIP URI.
  const auto proxy = parse_sip_uri(sip->proxy);
  std::string address = word.text;
  if (is_number && proxy) {
    address = fmt::format("sip:{}@{}{}{};user=phone", word.text, proxy->host, proxy->port.empty() ? "" : ":",
                          proxy->port);
  }
  if (may_dial(*sip, address)) return address;
  person.mistake_at(word.at, "call", fmt::format("carriers.sip.allow does not allow {}", word.text));
  return "";
}

std::vector<std::string> read_crew(Section& section, std::string_view key, const Ids& people) {
  std::vector<std::string> crew;
  for (const Word& word : section.texts(key, limits::people_per_level_max, name_bytes_max)) {
    if (people.count(word.text) > 0) {
      crew.push_back(word.text);
    } else {
      section.mistake_at(
          word.at, key,
          fmt::format("unknown person \"{}\"{}", word.text,
                      section.notes().wants_more() ? suggestion(word.text, views(people)) : ""));
    }
  }
  return crew;
}

/// Notes a list that is missing or has no entries.
void refuse_empty(Section& section, std::string_view key, std::string_view why) {
  if (section.wants(key) && section.is_empty(key)) section.mistake(key, fmt::format("is empty: {}", why));
}

incident::Level read_level(Section& section, const Ids& people) {
  incident::Level level;
  level.people = read_crew(section, "people", people);
  refuse_empty(section, "people", "a level calls somebody");
  level.wait = section.seconds("wait_s", 0, wait_s_max, level.wait);
  return level;
}

void read_redial(Section& redial, std::string_view key, incident::Redial& into) {
  auto section = redial.section(key, "policies[].redial.*");
  if (!section) return;
  into.wait = section->seconds("wait_s", 0, redial_s_max, into.wait);
  into.most = static_cast<int>(section->integer("most", 0, redials_max, into.most));
}

incident::Policy read_policy(Section& section, const Ids& people) {
  incident::Policy policy;
  for (Section& level : section.sections("levels", limits::levels_per_policy_max, "policies[].levels[]")) {
    policy.levels.push_back(read_level(level, people));
  }
  refuse_empty(section, "levels", "a policy has at least one level");
  policy.rounds = static_cast<int>(section.integer("rounds", 1, rounds_max, policy.rounds));
  policy.ring_max = section.seconds("ring_s", ring_s_min, ring_s_max, policy.ring_max);
  policy.last_resort = read_crew(section, "last_resort", people);
  if (auto redial = section.section("redial", "policies[].redial")) {
    read_redial(*redial, "busy", policy.busy);
    read_redial(*redial, "no_answer", policy.no_answer);
    read_redial(*redial, "no_key", policy.no_key);
    read_redial(*redial, "carrier_failed", policy.carrier_failed);
  }
  return policy;
}

std::vector<std::string> texts_of(std::vector<Word> words) {
  std::vector<std::string> texts;
  texts.reserve(words.size());
  for (Word& word : words) texts.push_back(std::move(word.text));
  return texts;
}

std::string read_route_policy(Section& section, const Ids& policies) {
  if (!section.wants("policy")) return "";
  const auto word = section.word("policy", name_bytes_max);
  if (!word || word->text == nobody) return "";
  if (policies.count(word->text) == 0) {
    section.mistake_at(
        word->at, "policy",
        fmt::format("unknown policy \"{}\"{}", word->text, suggestion(word->text, views(policies))));
  }
  return word->text;
}

} // namespace

const std::vector<std::string_view>& severity_words() {
  static const std::vector<std::string_view> words{"critical", "error", "warning", "info"};
  return words;
}

std::optional<Severity> read_severity_or_none(Section& section, std::string_view key,
                                              std::optional<Severity> fallback) {
  constexpr std::string_view none = "none";
  const auto word = section.word(key, name_bytes_max);
  if (!word) return fallback;
  if (word->text == none) return std::nullopt;
  if (const auto severity = parse_severity(word->text)) return severity;
  std::vector<std::string_view> known = severity_words();
  known.push_back(none);
  section.not_one_of(key, *word, known);
  return fallback;
}

std::string read_id(Section& section, std::set<std::string>& seen, std::string_view of) {
  if (!section.wants("id")) return "";
  std::string id = section.text("id", name_bytes_max);
  if (!id.empty() && !is_id(id)) {
    section.mistake("id", fmt::format("\"{}\" is not an id: 1 to 64 of a-z, 0-9, _ and -", id));
  }
  check_unique(section, "id", id, seen, of);
  return id;
}

std::vector<incident::Person> read_people(Section& top, const std::optional<Sip>& sip) {
  std::vector<incident::Person> people;
  std::set<std::string> seen;
  for (Section& section : top.sections("people", limits::people_max, "people[]")) {
    incident::Person person;
    person.id = read_id(section, seen, "person");
    person.name = section.text("name", name_bytes_max, person.id);
    person.language = section.choice<Language>("language", parse_language, {"ja", "en"}, person.language);
    for (const Word& word : section.texts("call", limits::methods_per_person_max, uri_bytes_max)) {
      if (std::string address = address_of(section, word, sip); !address.empty()) {
        person.methods.push_back({"sip", std::move(address)});
      }
    }
    refuse_empty(section, "call", "a person has at least one way to be called");
    people.push_back(std::move(person));
  }
  return people;
}

std::vector<incident::Policy> read_policies(Section& top, const std::vector<incident::Person>& people) {
  Ids known;
  for (const incident::Person& person : people) known.insert(person.id);
  std::vector<incident::Policy> policies;
  std::set<std::string> seen;
  for (Section& section : top.sections("policies", limits::policies_max, "policies[]")) {
    incident::Policy policy = read_policy(section, known);
    policy.id = read_id(section, seen, "policy");
    if (policy.id == nobody) section.mistake("id", "\"none\" is the word for calling nobody");
    policies.push_back(std::move(policy));
  }
  return policies;
}

std::vector<incident::Route> read_routes(Section& top, const std::vector<incident::Policy>& policies) {
  Ids known;
  for (const incident::Policy& policy : policies) known.insert(policy.id);
  std::vector<incident::Route> routes;
  for (Section& section : top.sections("routes", limits::routes_max, "routes[]")) {
    incident::Route route;
    for (const Word& word : section.texts("severity", severity_words().size(), name_bytes_max)) {
      const auto severity = parse_severity(word.text);
      if (severity) route.severities.push_back(*severity);
      if (!severity) section.not_one_of("severity", word, severity_words());
    }
    route.sources = texts_of(section.texts("source", patterns_max, limits::source_bytes_max));
    route.labels = section.text_map("labels", limits::labels_max, limits::label_bytes_max);
    route.group_by = texts_of(section.texts("group_by", limits::labels_max, limits::alarm_name_bytes_max));
    route.policy = read_route_policy(section, known);
    routes.push_back(std::move(route));
  }
  if (!policies.empty() && routes.empty() && (!top.has("routes") || top.is_empty("routes"))) {
    top.mistake("routes", "is missing or empty: without a route nobody is ever called");
  }
  return routes;
}

} // namespace kaden::config
