// Listeners for mail in the file, and the rules that make alarms of mails.
#include <fmt/format.h>

#include "checks.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/limits/mail.h"
#include "sections.h"

namespace kaden::config {
namespace {

using mailrules::Condition;
using mailrules::Part;
using mailrules::Rule;

constexpr std::int64_t mib = 1 << 20;
constexpr std::int64_t unreadable_s_max = 86'400;
constexpr std::int64_t silent_s_min = 60;
constexpr std::size_t address_bytes_max = 254;
constexpr std::size_t hostname_bytes_max = 253;
constexpr std::size_t word_bytes_max = 255;
constexpr std::string_view condition_shape = "sources.mail[].rules[].when";

void read_part(Section& section, std::string_view key, Part part, Condition& condition) {
  for (Word& word : section.texts(key, limits::mail_keywords_max, limits::mail_text_max)) {
    condition.keywords[part].push_back(std::move(word.text));
  }
  const std::string regex_key = std::string(key) + "_regex";
  for (const Word& word : section.texts(regex_key, limits::mail_keywords_max, limits::mail_text_max)) {
    auto parsed = regex::Regex::parse(word.text);
    if (!parsed) {
      section.mistake_at(word.at, regex_key, parsed.error().message);
    } else {
      condition.regexes[part].push_back(std::move(*parsed));
    }
  }
}

std::optional<Condition> read_condition(Section& rule, std::string_view key) {
  auto section = rule.section(key, condition_shape);
  if (!section) return std::nullopt;
  Condition condition;
  read_part(*section, "sender", Part::sender, condition);
  read_part(*section, "subject", Part::subject, condition);
  read_part(*section, "body", Part::body, condition);
  return condition;
}

void read_severity_words(Section& section, Rule& rule) {
  for (const auto& [word, meaning] : section.text_map("severities", limits::mail_words_max, word_bytes_max)) {
    const auto severity = parse_severity(meaning);
    if (!severity) {
      section.mistake("severities",
                      fmt::format("{}: \"{}\" is none of critical, error, warning, info", word, meaning));
    } else if (!rule.severities.emplace(to_lower(word), *severity).second) {
      section.mistake("severities", fmt::format("{}: stands twice but for its case", word));
    }
  }
  if (!rule.severities.empty() && rule.severity_field.empty())
    section.mistake("severities", "translates the words of a field: say which, severity_field");
}

Rule read_rule(Section& section, std::set<std::string>& seen) {
  Rule rule;
  const bool has_when = section.wants("when");
  const std::size_t before = section.notes().empty() ? 0 : 1;
  if (auto when = read_condition(section, "when")) rule.when = std::move(*when);
  rule.clear = read_condition(section, "clear");
  rule.except = read_condition(section, "except");
  const bool has_alarm = section.wants("alarm");
  rule.alarm = section.text("alarm", limits::mail_text_max);
  rule.machine = section.text("machine", limits::mail_text_max);
  rule.title = section.text("title", limits::mail_text_max, rule.title);
  rule.reason = section.text("reason", limits::mail_text_max, rule.reason);
  rule.labels = section.text_map("labels", limits::mail_labels_max, limits::mail_text_max);
  rule.severity = section.choice<Severity>("severity", parse_severity, severity_words(), rule.severity);
  rule.severity_field = section.text("severity_field", word_bytes_max);
  read_severity_words(section, rule);
  rule.id = read_id(section, seen, "mail rule");
  // What is wrong inside a condition is said already, and would be said here once more in other words.
  if (!has_when || !has_alarm || before != 0 || !section.notes().empty()) return rule;
  if (const auto good = mailrules::check(rule); !good) {
    // "alarm: ..." and "labels.site: ..." begin with the key.
    const std::string& message = good.error().message;
    const std::size_t end = message.find_first_of(":.");
    section.mistake(message.substr(0, end), std::string(trim(message.substr(end + 1))));
  }
  return rule;
}

std::vector<std::string> read_globs(Section& section, std::string_view key, std::string_view what) {
  std::vector<std::string> globs;
  if (!section.wants(key)) return globs;
  for (const Word& word : section.texts(key, limits::mail_patterns_max, address_bytes_max)) {
    const bool is_empty_path = word.text == "<>" && key == "senders";
    if (!is_empty_path && word.text != "*" && word.text.find('@') == std::string::npos) {
      section.mistake_at(word.at, key,
                         fmt::format("\"{}\" is no address or pattern such as {}", word.text, what));
    }
    globs.push_back(is_empty_path ? "" : word.text);
  }
  if (section.is_empty(key)) section.mistake(key, fmt::format("needs at least one address such as {}", what));
  return globs;
}

std::vector<smtp::Network> read_networks(Section& section, const MailListener& listener) {
  std::vector<smtp::Network> networks;
  for (const Word& word : section.texts("networks", limits::mail_patterns_max, word_bytes_max)) {
    auto parsed = smtp::parse_network(word.text);
    if (!parsed) {
      section.mistake_at(word.at, "networks", parsed.error().message);
    } else {
      networks.push_back(std::move(*parsed));
    }
  }
  if (!section.has("networks")) {
    if (!is_loopback(listener.address))
      section.mistake(
          "", fmt::format("{} is not loopback: say from which networks mail may come, networks: [...]",
                          listener.address));
    for (const char* local : {"127.0.0.0/8", "::1"}) networks.push_back(*smtp::parse_network(local));
  }
  return networks;
}

void read_trust(Section& section, MailListener& listener, const Surroundings& around) {
  listener.allow_plain = section.flag("allow_plain", false);
  if (section.has("certificate") != section.has("key")) {
    section.mistake(section.has("key") ? "key" : "certificate", "certificate and key go together");
  } else if (section.has("certificate")) {
    listener.certificate_file = read_public_file(section, "certificate", around);
    listener.key_file = read_private_file(section, "key", around);
  } else if (!is_loopback(listener.address) && !listener.allow_plain) {
    section.mistake(
        "", fmt::format("{} is not loopback: give certificate and key for STARTTLS, or say allow_plain: "
                        "true to take mail that anybody on the way can forge",
                        listener.address));
  }
}

MailListener read_listener(Section& section, const Surroundings& around) {
  MailListener listener;
  listener.address = section.text("address", word_bytes_max, listener.address);
  if (!is_ip_address(listener.address)) {
    section.mistake("address", fmt::format("\"{}\" is not an IP address", listener.address));
    listener.address = MailListener().address;
  }
  listener.port = static_cast<std::uint16_t>(section.integer("port", 0, 65'535, listener.port));
  listener.hostname = section.text("hostname", hostname_bytes_max, "kaden.localdomain");
  if (listener.hostname.find_first_of(" <>@") != std::string::npos)
    section.mistake("hostname", fmt::format("\"{}\" is no name of a machine", listener.hostname));
  listener.recipients = read_globs(section, "recipients", "alerts@kaden.example");
  listener.senders = read_globs(section, "senders", "*@monitor.example");
  listener.networks = read_networks(section, listener);
  read_trust(section, listener, around);
  constexpr auto most = static_cast<std::int64_t>(limits::mail_message_bytes_max) / mib;
  listener.message_bytes_max = static_cast<std::size_t>(
      section.integer("most_mib", 1, most, static_cast<std::int64_t>(limits::mail_message_bytes) / mib) *
      mib);
  listener.unreadable_after = section.seconds("unreadable_s", 0, unreadable_s_max, listener.unreadable_after);
  constexpr std::int64_t silent_s_max = limits::mail_silent_max.count() / 1'000;
  if (section.has("silent_s"))
    listener.silent_after = section.seconds("silent_s", silent_s_min, silent_s_max, {});
  listener.silent =
      section.choice<Severity>("silent_severity", parse_severity, severity_words(), listener.silent);
  return listener;
}

} // namespace

mailrules::Rules read_mail_rules(Section& listener) {
  mailrules::Rules rules;
  rules.unmatched = read_severity_or_none(listener, "unmatched", rules.unmatched);
  std::set<std::string> seen;
  if (!listener.wants("rules")) return rules;
  for (Section& section : listener.sections("rules", limits::mail_rules_max, "sources.mail[].rules[]")) {
    rules.rules.push_back(read_rule(section, seen));
  }
  return rules;
}

std::vector<MailListener> read_mail_listeners(Section& sources, const Surroundings& around) {
  std::vector<MailListener> listeners;
  std::set<std::string> seen;
  std::set<std::string> places;
  for (Section& section : sources.sections("mail", limits::mail_listeners_max, "sources.mail[]")) {
    MailListener listener = read_listener(section, around);
    listener.rules = read_mail_rules(section);
    listener.id = read_id(section, seen, "mail listener");
    listener.name = section.text("name", limits::machine_bytes_max, listener.id);
    listener.rules.listener = listener.id;
    const std::string place = fmt::format("{} {}", listener.address, listener.port);
    if (listener.port != 0 && !places.insert(place).second)
      section.mistake("port",
                      fmt::format("another listener has the address {} and this port", listener.address));
    listeners.push_back(std::move(listener));
  }
  return listeners;
}

} // namespace kaden::config
