/// incident/triage.h - how severe an alarm event is: by rule, then by a model's verdict. Room: incident.
/// Values and small decisions; the engine moves them (triage.cpp). Threads: values; any. Errors: none; parse
/// functions return nullopt.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/incident.h"
#include "pack.h"
#include "seen.h"

namespace kaden::incident {

/// Routes and rules name an event's own fields like labels. A label that is missing is empty text.
std::string_view field_of(const AlarmEvent& event, const std::string& name);
/// Whether the event is of one of the sources, and has each label. Empty matches all.
bool matches(const std::vector<std::string>& sources, const std::map<std::string, std::string>& labels,
             const AlarmEvent& event);

/// What the rules say of an event.
struct Ruling {
  Severity severity = Severity::critical;
  Severity lowest = Severity::critical; ///< a model may lower to this; never above severity
  bool asks = false;                    ///< a model is to be asked: it could change something
};
Ruling ruling_of(const Triage& triage, const AlarmReported& in);

/// What decided the severity of an event, for the record.
struct Judgement {
  Why why = Why::by_rule;
  Severity before = Severity::critical; ///< by_rule: the source's; else the rule's
  Severity after = Severity::critical;
  std::optional<Severity> said; ///< by a model
  SpokenText reason;
  std::string detail; ///< what went wrong
};
/// "critical (rule: warning)", "warning: no answer within 2 s"
std::string to_text(const Judgement& judgement);
/// `lowest` as of a Ruling.
Judgement judgement_of(Why why, const TriageAnswer& answer, Severity by_rule, Severity lowest);
Why why_of(TriageOutcome outcome);

/// An event on its way into its incident; its severity is decided.
struct Report {
  const AlarmReported& in;
  const Judgement* judgement = nullptr;
  bool is_over = false; ///< what is taken next ends it: nobody is to be called
};

/// Events of one alarm, with one text, that wait for a model's verdict.
struct Waiting {
  struct Event {
    AlarmReported in; ///< with the rule's severity
    Severity lowest = Severity::critical;
  };
  std::string text;
  WallTime due{};            ///< then the rule's severity holds
  std::vector<Event> events; ///< in the order they came; at least one
};

/// Key of an alarm with its text, as it stands in AskTriage and TriageAnswered: 32 hex digits.
Key question_of(const AlarmEvent& event);
std::string to_text(const Key& key);
std::optional<Key> parse_key(std::string_view text);

/// Verdicts for texts that come again: at most limits::triage_remembered_max, for at most
/// limits::triage_remembered_age_max; the oldest are forgotten first.
class Verdicts {
 public:
  struct Verdict {
    WallTime at{};
    Severity severity = Severity::critical;
    SpokenText reason;
  };
  const Verdict* find(const Key& question, WallTime now);
  /// `now` never goes back.
  void add(const Key& question, Verdict verdict, WallTime now);
  bool contains(const Key& question) const { return by_question_.count(question) > 0; }
  std::size_t size() const { return order_.size(); }
  void clear();

  void save(Packer& out) const;
  bool restore(Unpacker& in, WallTime now);

 private:
  void forget_old(WallTime now, std::size_t most);

  std::map<Key, Verdict> by_question_;
  std::deque<Key> order_; // as they came
};

void save(Packer& out, const SpokenText& text);
SpokenText restore_spoken(Unpacker& in);

} // namespace kaden::incident
