#include "kaden/mail_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/mail.h"

namespace kaden::mailrules {

namespace {

using Fields = std::map<std::string, std::string>;

constexpr std::array<std::string_view, 5> usual_fields{"sender", "subject", "date", "message_id", "text"};
constexpr std::size_t digest_digits = 16;

/// A mail as conditions see it.
struct Texts {
  std::string sender, subject, body;
  std::string lower_sender, lower_subject, lower_body;

  const std::string& of(Part part, bool is_lower) const {
    switch (part) {
      case Part::sender:
        return is_lower ? lower_sender : sender;
      case Part::subject:
        return is_lower ? lower_subject : subject;
      case Part::body:
        break;
    }
    return is_lower ? lower_body : body;
  }
};

Texts texts_of(const mime::Mail& mail, std::string_view envelope_from) {
  Texts texts;
  texts.sender = mail.from + "\n" + mail.from_address + "\n" + std::string(envelope_from);
  texts.subject = mail.subject;
  texts.body = mail.text;
  texts.lower_sender = to_lower(texts.sender);
  texts.lower_subject = to_lower(texts.subject);
  texts.lower_body = to_lower(texts.body);
  return texts;
}

/// Empty: all of it holds; else what does not.
std::string what_misses(const Condition& condition, const Texts& texts, regex::Budget& budget,
                        Fields& fields) {
  for (const auto& [part, keywords] : condition.keywords) {
    for (const std::string& word : keywords) {
      if (texts.of(part, true).find(to_lower(word)) == std::string::npos)
        return fmt::format("the {} has no \"{}\"", to_text(part), word);
    }
  }
  for (const auto& [part, regexes] : condition.regexes) {
    for (const regex::Regex& each : regexes) {
      const auto found = each.find_in(texts.of(part, false), budget);
      if (budget.is_spent()) return "the regular expressions took too long";
      if (!found) return fmt::format("the {} has nothing like {}", to_text(part), each.text());
      for (std::size_t i = 0; i < found->groups.size(); ++i) {
        if (found->groups[i]) fields[each.names()[i]] = std::string(trim(*found->groups[i]));
      }
    }
  }
  return "";
}

/// "{a} {{b}}": texts and names of fields by turns, a text first. Nothing when a brace stands alone.
std::optional<std::vector<std::string>> pieces_of(std::string_view text) {
  std::vector<std::string> pieces(1);
  while (!text.empty()) {
    const char c = text.front();
    const bool is_doubled = text.size() > 1 && text[1] == c;
    if ((c == '{' || c == '}') && is_doubled) {
      pieces.back() += c;
      text.remove_prefix(2);
    } else if (c == '{') {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos) return std::nullopt;
      pieces.emplace_back(text.substr(1, end - 1));
      pieces.emplace_back();
      text.remove_prefix(end + 1);
    } else if (c == '}') {
      return std::nullopt;
    } else {
      pieces.back() += c;
      text.remove_prefix(1);
    }
  }
  return pieces;
}

/// On one line.
std::string cleaned(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_blank = byte <= 0x20 || byte == 0x7F;
    if (!is_blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return std::string(trim(out));
}

std::string fill(std::string_view text, const Fields& fields, std::size_t bytes_max) {
  const auto pieces = pieces_of(text);
  require(pieces.has_value(), "templates of rules were checked when they were read");
  std::string out;
  for (std::size_t i = 0; i < pieces->size(); ++i) {
    const bool is_field = i % 2 == 1;
    const auto field = is_field ? fields.find((*pieces)[i]) : fields.end();
    if (!is_field) out += (*pieces)[i];
    if (field != fields.end()) out += field->second;
  }
  return std::string(cut_utf8(cleaned(out), bytes_max));
}

/// A name that tells problems apart keeps doing so when it is too long.
std::string fill_name(std::string_view text, const Fields& fields) {
  std::string name = fill(text, fields, limits::mail_body_bytes_max);
  if (name.size() <= limits::alarm_name_bytes_max) return name;
  const std::string digest = sha256_hex(name).substr(0, digest_digits);
  return std::string(cut_utf8(name, limits::alarm_name_bytes_max - digest_digits - 1)) + "~" + digest;
}

Fields usual_fields_of(const mime::Mail& mail, std::string_view envelope_from) {
  return {{"sender", mail.from_address.empty() ? std::string(envelope_from) : mail.from_address},
          {"subject", mail.subject},
          {"date", mail.date},
          {"message_id", mail.message_id},
          {"text", mail.text}};
}

bool is_timeless(const mime::Mail& mail) {
  return mail.message_id.empty() && mail.date.empty();
}

std::string event_id(std::string_view rule, const mime::Mail& mail, WallTime received_at) {
  std::string content;
  for (const std::string_view part :
       {std::string_view(mail.message_id), std::string_view(mail.date), std::string_view(mail.from),
        std::string_view(mail.subject), std::string_view(mail.text)}) {
    content += fmt::format("{}:{}", part.size(), part);
  }
  // Nothing in it tells it from the same mail of tomorrow: a sender repeats within minutes.
  constexpr std::int64_t repeats_ms = 1'800'000;
  if (is_timeless(mail)) content += std::to_string(to_ms(received_at) / repeats_ms);
  const std::string digest = sha256_hex(content).substr(0, 2 * digest_digits);
  return fmt::format("{}/{}/{}", rule, cut_utf8(cleaned(mail.message_id), 150), digest);
}

SpokenText say_of(bool has_machine) {
  return {{Language::ja,
           std::string("{severity}アラームです。") + (has_machine ? "{machine}、" : "") + "{title}。"},
          {Language::en,
           std::string("Kaden, {severity} alarm. ") + (has_machine ? "{machine}, " : "") + "{title}."}};
}

Severity severity_of(const Rule& rule, const Fields& fields) {
  const auto field = fields.find(rule.severity_field);
  if (rule.severity_field.empty() || field == fields.end()) return rule.severity;
  const std::string word = to_lower(field->second);
  if (const auto own = rule.severities.find(word); own != rule.severities.end()) return own->second;
  return parse_severity(word).value_or(rule.severity);
}

void put_label(AlarmEvent& event, const std::string& name, const std::string& value) {
  const std::string clean(cut_utf8(cleaned(value), limits::label_bytes_max));
  if (!clean.empty()) event.labels.emplace(name, clean);
}

AlarmEvent event_of(const Rules& rules, const Rule& rule, AlarmState state, const mime::Mail& mail,
                    const Fields& fields, WallTime received_at) {
  AlarmEvent event;
  event.source = "mail";
  event.event_id = event_id(rule.id, mail, received_at);
  event.alarm = fill_name(rule.alarm, fields);
  event.state = state;
  event.severity = severity_of(rule, fields);
  event.machine = fill(rule.machine, fields, limits::machine_bytes_max);
  event.reason = fill(rule.reason, fields, limits::reason_bytes_max);
  std::string title = fill(rule.title, fields, limits::label_bytes_max);
  if (title.empty()) title = event.alarm;
  put_label(event, "title", title);
  put_label(event, "listener", rules.listener);
  put_label(event, "rule", rule.id);
  put_label(event, "sender", fields.at("sender"));
  put_label(event, "subject", mail.subject);
  put_label(event, "message_id", mail.message_id);
  for (const auto& [name, text] : rule.labels)
    put_label(event, name, fill(text, fields, limits::label_bytes_max));
  event.say = say_of(!event.machine.empty());
  return event;
}

AlarmEvent unmatched_event(const Rules& rules, Severity severity, const mime::Mail& mail,
                           const Fields& fields, std::string_view why, WallTime received_at) {
  Rule rule;
  rule.id = "unmatched";
  rule.alarm = "mail that no rule fits: {sender} {subject}";
  rule.severity = severity;
  AlarmEvent event = event_of(rules, rule, AlarmState::alarm, mail, fields, received_at);
  event.reason = cut_utf8(fmt::format("{}: {}", why, event.reason), limits::reason_bytes_max);
  event.say = {
      {Language::ja, "{severity}アラームです。どのルールにも合わないメールが届きました。件名は、{title}。"},
      {Language::en, "Kaden, {severity} alarm. A mail has come that no rule fits. Its subject: {title}."}};
  return event;
}

enum class Fit : std::uint8_t { no, raises, clears, excepted, spent };
struct Tried {
  Fit fit = Fit::no;
  Fields fields;
  std::string words;
};

Tried try_rule(const Rule& rule, const Texts& texts, const Fields& usual, regex::Budget& budget) {
  Tried tried;
  if (rule.clear) {
    tried.fields = usual;
    const std::string missing = what_misses(*rule.clear, texts, budget, tried.fields);
    if (missing.empty()) tried.fit = Fit::clears;
    tried.words = fmt::format("clear: {}; ", missing);
  }
  if (tried.fit == Fit::no && !budget.is_spent()) {
    tried.fields = usual;
    const std::string missing = what_misses(rule.when, texts, budget, tried.fields);
    if (missing.empty()) tried.fit = Fit::raises;
    tried.words += fmt::format("when: {}", missing);
  }
  if (tried.fit != Fit::no && rule.except) {
    Fields ignored;
    if (what_misses(*rule.except, texts, budget, ignored).empty()) tried.fit = Fit::excepted;
  }
  if (tried.fit == Fit::raises || tried.fit == Fit::clears) {
    if (fill_name(rule.alarm, tried.fields).empty()) {
      tried.fit = Fit::no;
      tried.words = "it fits, but the alarm's name comes out empty";
    }
  }
  if (budget.is_spent()) tried.fit = Fit::spent;
  return tried;
}

std::string words_of(const Tried& tried) {
  switch (tried.fit) {
    case Fit::no:
      return tried.words;
    case Fit::raises:
      return "fits: it raises";
    case Fit::clears:
      return "fits: it clears";
    case Fit::excepted:
      return "fits, but for `except`: it is nothing";
    case Fit::spent:
      break;
  }
  return "the regular expressions took too long";
}

void check_fields(std::set<std::string>& known, const Condition& condition) {
  for (const auto& [part, regexes] : condition.regexes) {
    for (const regex::Regex& each : regexes) known.insert(each.names().begin(), each.names().end());
  }
}

Result<void> check_template(std::string_view what, std::string_view text, const std::set<std::string>& known,
                            std::string_view where) {
  const auto pieces = pieces_of(text);
  if (!pieces)
    return fail(Fault::invalid, fmt::format("{}: a single brace; write {{{{ for the sign itself", what));
  for (std::size_t i = 1; i < pieces->size(); i += 2) {
    if (known.contains((*pieces)[i])) continue;
    return fail(Fault::invalid, fmt::format("{}: no regular expression of `{}` has a group called {}", what,
                                            where, (*pieces)[i]));
  }
  return {};
}

Judged decide(const Rules& rules, const mime::Mail& mail, std::string_view envelope_from,
              WallTime received_at) {
  const Texts texts = texts_of(mail, envelope_from);
  const Fields usual = usual_fields_of(mail, envelope_from);
  regex::Budget budget{limits::mail_regex_steps_max};
  for (const Rule& rule : rules.rules) {
    Tried tried = try_rule(rule, texts, usual, budget);
    if (tried.fit == Fit::no) continue;
    if (tried.fit == Fit::excepted)
      return {Judged::Why::excepted, rule.id, {}, words_of(tried), tried.fields};
    if (tried.fit == Fit::spent) {
      // Not knowing what a mail says is no reason to be quiet.
      const Severity severity = rules.unmatched.value_or(rule.severity);
      return {
          Judged::Why::too_costly, rule.id,
          unmatched_event(rules, severity, mail, usual, "rule " + rule.id + " took too long", received_at),
          "the regular expressions took too long, in rule " + rule.id, usual};
    }
    const bool is_clear = tried.fit == Fit::clears;
    Judged judged{is_clear ? Judged::Why::cleared : Judged::Why::raised, rule.id, {}, {}, tried.fields};
    judged.event =
        event_of(rules, rule, is_clear ? AlarmState::ok : AlarmState::alarm, mail, tried.fields, received_at);
    judged.words = fmt::format("rule {}: {} {}", rule.id, to_text(judged.event->state), judged.event->alarm);
    return judged;
  }
  Judged judged{Judged::Why::unmatched, "", {}, "no rule fits", usual};
  if (rules.unmatched) {
    judged.event = unmatched_event(rules, *rules.unmatched, mail, usual, "no rule fits", received_at);
  }
  return judged;
}

} // namespace

std::string_view to_text(Part part) {
  switch (part) {
    case Part::sender:
      return "sender";
    case Part::subject:
      return "subject";
    case Part::body:
      break;
  }
  return "body";
}

Result<void> check(const Rule& rule) {
  const std::set<std::string> usual(usual_fields.begin(), usual_fields.end());
  std::set<std::string> raised = usual;
  check_fields(raised, rule.when);
  std::set<std::string> cleared = usual;
  if (rule.clear) check_fields(cleared, *rule.clear);
  if (rule.when.is_empty()) return fail(Fault::invalid, "when: needs at least one condition");
  if (rule.clear && rule.clear->is_empty())
    return fail(Fault::invalid, "clear: needs at least one condition");
  if (rule.except && rule.except->is_empty())
    return fail(Fault::invalid, "except: needs at least one condition");
  if (auto good = check_template("alarm", rule.alarm, raised, "when"); !good) return good;
  if (rule.clear) {
    if (auto good = check_template("alarm", rule.alarm, cleared, "clear"); !good) return good;
  }
  for (const auto& [what, text] : {std::pair("machine", &rule.machine), std::pair("title", &rule.title),
                                   std::pair("reason", &rule.reason)}) {
    if (auto good = check_template(what, *text, raised, "when"); !good) return good;
  }
  for (const auto& [name, text] : rule.labels) {
    if (auto good = check_template("labels." + name, text, raised, "when"); !good) return good;
  }
  if (!rule.severity_field.empty() && !raised.contains(rule.severity_field)) {
    return fail(Fault::invalid,
                "severity_field: no regular expression of `when` has a group called " + rule.severity_field);
  }
  return {};
}

Judged judge(const Rules& rules, const mime::Mail& mail, std::string_view envelope_from,
             WallTime received_at) {
  Judged judged = decide(rules, mail, envelope_from, received_at);
  judged.is_timeless = is_timeless(mail);
  return judged;
}

std::vector<Explained> explain(const Rules& rules, const mime::Mail& mail, std::string_view envelope_from) {
  const Texts texts = texts_of(mail, envelope_from);
  const Fields usual = usual_fields_of(mail, envelope_from);
  regex::Budget budget{limits::mail_regex_steps_max};
  std::vector<Explained> out;
  for (const Rule& rule : rules.rules) {
    const Tried tried = try_rule(rule, texts, usual, budget);
    out.push_back({rule.id, words_of(tried)});
    if (tried.fit != Fit::no) break;
  }
  return out;
}

} // namespace kaden::mailrules
