/// kaden/mail_rules.h - which mail is which alarm: rules on sender, subject and body, with fields that they
/// take out. Room: mailrules. Uses: base, regex, mime. Pure. docs/mail.md says how rules are written.
/// Threads: values; any. Errors: invalid, the message begins with the field that is wrong.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/mime.h"
#include "kaden/regex.h"

namespace kaden::mailrules {

enum class Part : std::uint8_t { sender, subject, body };
std::string_view to_text(Part part);

/// All of it must hold. Keywords are contained, ASCII letters in either case; what the groups of regular
/// expressions take are fields.
struct Condition {
  std::map<Part, std::vector<std::string>> keywords;
  std::map<Part, std::vector<regex::Regex>> regexes;
  bool is_empty() const { return keywords.empty() && regexes.empty(); }
  bool operator==(const Condition&) const = default;
};

/// Texts are templates: "{machine}: {subject}" puts fields in, braces are doubled. Beside a condition's own
/// there are {sender} (the address), {subject}, {date}, {message_id} and {text} (the body).
struct Rule {
  std::string id;
  Condition when;
  std::optional<Condition> clear;  ///< the recovery mail, looked at first: the same alarm is OK
  std::optional<Condition> except; ///< then the rule says nothing
  std::string alarm;               ///< what tells problems apart; must not come out empty
  std::string machine, title = "{subject}", reason = "{subject}";
  std::map<std::string, std::string> labels;
  Severity severity = Severity::critical;
  std::string severity_field;                 ///< a field whose word decides; empty: none
  std::map<std::string, Severity> severities; ///< of that word, lower case, beside our own words
  bool operator==(const Rule&) const = default;
};
/// Templates name only fields that `when`, and `clear` for `alarm`, take out.
Result<void> check(const Rule& rule);

struct Rules {
  std::string listener;
  std::vector<Rule> rules; ///< the first that fits decides
  std::optional<Severity>
      unmatched{}; ///< a mail that no rule fits is an alarm of its own; nothing: it is not
  bool operator==(const Rules&) const = default;
};

struct Judged {
  enum class Why : std::uint8_t {
    raised,    ///< `when` of a rule fits
    cleared,   ///< `clear` does
    excepted,  ///< a rule fits and says that it is nothing
    unmatched, ///< no rule fits
    too_costly ///< the regular expressions took too long: what it is is not known
  };
  Why why = Why::unmatched;
  std::string rule; ///< its id; empty: none
  std::optional<AlarmEvent> event{};
  std::string words; ///< one sentence
  std::map<std::string, std::string> fields{};
  /// Nothing in the mail tells it from the same mail later: the caller adds to the event's id since when the
  /// alarm is in this state, so that what follows the opposite is news.
  bool is_timeless = false;
};
/// `envelope_from` counts as a sender beside the one that is written in the mail. `received_at` is used for
/// the id of mails that have neither a Message-ID nor a date: a sender repeats within half an hour.
/// An event's id is made of the rule, the Message-ID and the content: a mail that comes twice gives it twice,
/// and senders that give all their mails one Message-ID lose none.
Judged judge(const Rules& rules, const mime::Mail& mail, std::string_view envelope_from,
             WallTime received_at);

/// For each rule up to the one that fits: why it does or does not.
struct Explained {
  std::string rule;
  std::string words;
};
std::vector<Explained> explain(const Rules& rules, const mime::Mail& mail, std::string_view envelope_from);

} // namespace kaden::mailrules
