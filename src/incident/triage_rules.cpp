// The decisions of triage: what the rules say, what a verdict may change, what a model is shown.
#include <algorithm>
#include <array>

#include "triage.h"

namespace kaden::incident {

namespace {

bool has_text(const SeverityRule& rule, const AlarmEvent& event) {
  if (rule.texts.empty()) return true;
  std::vector<std::string> texts = {to_lower(event.alarm), to_lower(event.reason)};
  for (const auto& [language, text] : event.say) texts.push_back(to_lower(text));
  return std::any_of(rule.texts.begin(), rule.texts.end(), [&](const std::string& glob) {
    const std::string lower = to_lower(glob);
    return std::any_of(texts.begin(), texts.end(),
                       [&](const std::string& text) { return glob_match(lower, text); });
  });
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

/// "name: value" on a line of its own, as far as there is room.
void add_line(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty() || out.size() >= limits::triage_text_bytes_max) return;
  std::string line(name);
  line += ": ";
  for (const char c : value) line += is_control(c) ? ' ' : c;
  line += '\n';
  out += cut_utf8(line, limits::triage_text_bytes_max - out.size());
}

/// What some programs also break lines at: U+0085, U+2028, U+2029.
constexpr std::array<std::string_view, 3> other_breaks{"\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};

/// One line for certain: also a name of a label, which a sender of events chooses freely.
std::string one_line(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t bytes = is_control(text.front()) ? 1 : 0;
    for (const std::string_view each : other_breaks) {
      if (text.starts_with(each)) bytes = each.size();
    }
    out += bytes == 0 ? text.front() : ' ';
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return out;
}

bool is_address(std::string_view text) {
  return starts_with_no_case(text, "http://") || starts_with_no_case(text, "https://");
}

} // namespace

std::string_view field_of(const AlarmEvent& event, const std::string& name) {
  if (name == "alarm") return event.alarm;
  if (name == "machine") return event.machine;
  const auto found = event.labels.find(name);
  return found == event.labels.end() ? std::string_view() : std::string_view(found->second);
}

bool matches(const std::vector<std::string>& sources, const std::map<std::string, std::string>& labels,
             const AlarmEvent& event) {
  if (!sources.empty() && std::none_of(sources.begin(), sources.end(), [&](const std::string& glob) {
        return glob_match(glob, event.source);
      })) {
    return false;
  }
  return std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
    return glob_match(label.second, field_of(event, label.first));
  });
}

Ruling ruling_of(const Triage& triage, const AlarmReported& in) {
  const AlarmEvent& event = in.event;
  Ruling ruling{event.severity, event.severity, true};
  const auto rule = std::find_if(triage.rules.begin(), triage.rules.end(), [&](const SeverityRule& each) {
    return matches(each.sources, each.labels, event) && has_text(each, event);
  });
  if (rule != triage.rules.end()) {
    ruling.severity = rule->severity.value_or(event.severity);
    ruling.lowest = std::min(rule->lowest.value_or(ruling.severity), ruling.severity);
    ruling.asks = rule->asks;
  }
  // Nobody is called for what was taken at its source, and nothing is worse than critical: then a model's
  // word would change nothing, and nothing waits for it.
  const bool can_change = ruling.severity < Severity::critical || ruling.lowest < ruling.severity;
  ruling.asks = ruling.asks && can_change && !triage.model.empty() && event.state == AlarmState::alarm &&
                in.acknowledged_by.empty();
  return ruling;
}

Why why_of(TriageOutcome outcome) {
  switch (outcome) {
    case TriageOutcome::judged:
      return Why::by_model;
    case TriageOutcome::late:
      return Why::model_late;
    case TriageOutcome::failed:
      return Why::model_failed;
    case TriageOutcome::malformed:
      return Why::model_malformed;
    case TriageOutcome::busy:
      return Why::model_busy;
  }
  return Why::model_failed;
}

Judgement judgement_of(Why why, const TriageAnswer& answer, Severity by_rule, Severity lowest) {
  Judgement out;
  out.why = why;
  out.before = by_rule;
  out.after = by_rule;
  if (answer.outcome != TriageOutcome::judged) {
    out.detail = answer.detail;
    return out;
  }
  out.said = answer.severity;
  out.after = answer.severity >= by_rule ? answer.severity : std::max(answer.severity, lowest);
  out.reason = answer.reason;
  return out;
}

std::string to_text(const Judgement& judgement) {
  std::string out(kaden::to_text(judgement.after));
  std::string aside;
  const auto add = [&aside](std::string_view who, Severity severity) {
    aside.append(aside.empty() ? " (" : ", ").append(who).append(": ").append(kaden::to_text(severity));
  };
  if (judgement.before != judgement.after)
    add(judgement.why == Why::by_rule ? "source" : "rule", judgement.before);
  if (judgement.said && *judgement.said != judgement.after) add("model", *judgement.said);
  if (!aside.empty()) out += aside + ")";
  if (!judgement.detail.empty()) out += ": " + judgement.detail;
  return out;
}

namespace {

/// Each text and each label's name as `as_shown` gives them.
template <class Show>
std::string lines_of(const AlarmEvent& event, const Show& as_shown) {
  std::string out;
  add_line(out, "alarm", as_shown(event.alarm));
  add_line(out, "machine", as_shown(event.machine));
  add_line(out, "source", as_shown(event.source));
  add_line(out, "reason", as_shown(event.reason));
  for (const auto& [language, text] : event.say) {
    add_line(out, "spoken (" + std::string(kaden::to_text(language)) + ")", as_shown(text));
  }
  for (const auto& [name, value] : event.labels) {
    if (!is_address(value)) add_line(out, "label " + std::string(as_shown(name)), as_shown(value));
  }
  return out;
}

} // namespace

std::string triage_text(const AlarmEvent& event) {
  return lines_of(event, one_line);
}

// Journals hold answers by the digest of the text as it once was, with its odd line breaks: it must not
// change.
Key question_of(const AlarmEvent& event) {
  const std::string text = lines_of(event, [](const std::string& each) -> std::string_view { return each; });
  return key_of({"triage", event.source, event.alarm, text});
}

std::string to_text(const Key& key) {
  std::string bytes;
  for (const std::uint64_t half : {key.high, key.low}) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(half >> shift & 0xFF);
  }
  return to_hex(bytes);
}

std::optional<Key> parse_key(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  Key key;
  for (const char c : text) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c < 'a' || c > 'f')) return std::nullopt;
    key.high = key.high << 4 | key.low >> 60;
    key.low = key.low << 4 | static_cast<std::uint64_t>(is_digit ? c - '0' : c - 'a' + 10);
  }
  return key;
}

const Verdicts::Verdict* Verdicts::find(const Key& question, WallTime now) {
  forget_old(now, limits::triage_remembered_max);
  const auto found = by_question_.find(question);
  return found == by_question_.end() ? nullptr : &found->second;
}

void Verdicts::add(const Key& question, Verdict verdict, WallTime now) {
  forget_old(now, limits::triage_remembered_max - 1);
  verdict.at = now;
  if (by_question_.emplace(question, std::move(verdict)).second) order_.push_back(question);
}

void Verdicts::forget_old(WallTime now, std::size_t most) {
  while (!order_.empty() && (order_.size() > most ||
                             now - by_question_.at(order_.front()).at > limits::triage_remembered_age_max)) {
    by_question_.erase(order_.front());
    order_.pop_front();
  }
}

void Verdicts::clear() {
  by_question_.clear();
  order_.clear();
}

void Verdicts::save(Packer& out) const {
  out.number(order_.size());
  for (const Key& question : order_) {
    const Verdict& verdict = by_question_.at(question);
    incident::save(out, question);
    out.time(verdict.at);
    out.word(verdict.severity);
    incident::save(out, verdict.reason);
  }
}

bool Verdicts::restore(Unpacker& in, WallTime now) {
  const std::size_t count = in.count();
  WallTime before{};
  for (std::size_t i = 0; i < count && !in.bad(); ++i) {
    const Key question = restore_key(in);
    Verdict verdict;
    verdict.at = in.time();
    verdict.severity = in.word(Severity::critical);
    verdict.reason = restore_spoken(in);
    if (verdict.at < before || verdict.at > now || order_.size() >= limits::triage_remembered_max)
      return false;
    before = verdict.at;
    if (!by_question_.emplace(question, std::move(verdict)).second) return false;
    order_.push_back(question);
  }
  return !in.bad();
}

void save(Packer& out, const SpokenText& text) {
  out.number(text.size());
  for (const auto& [language, words] : text) {
    out.word(language);
    out.text(words);
  }
}

SpokenText restore_spoken(Unpacker& in) {
  SpokenText text;
  const std::size_t count = in.count();
  std::optional<Language> before;
  for (std::size_t i = 0; i < count && !in.bad(); ++i) {
    const auto language = in.word(Language::en);
    if (before && language <= *before) in.spoil(); // one form only
    before = language;
    text[language] = in.text();
  }
  return text;
}

} // namespace kaden::incident
