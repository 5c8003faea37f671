#include "kaden/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/triage.h"

namespace kaden::modelapi {

namespace {

constexpr std::array severities = {Severity::critical, Severity::error, Severity::warning, Severity::info};
constexpr std::size_t shown_bytes_max = 120; // of a text in the list of the wrong ones

std::size_t place(Severity severity) {
  return static_cast<std::size_t>(severity);
}
/// Somebody is called at once for these, as routes usually go.
bool calls(Severity severity) {
  return severity >= Severity::error;
}

Result<Case> read_case(std::string_view line) {
  const auto value = parse_json(line);
  if (!value) return tl::unexpected(value.error());
  if (!value->is_object()) return fail(Fault::invalid, "must be an object");
  const Fields fields(value->get_object(), "");
  if (const auto known =
          fields.only({"id", "language", "severity", "source", "alarm", "machine", "reason", "labels"});
      !known) {
    return tl::unexpected(known.error());
  }
  Case out;
  for (const auto& [name, bytes_max, into] :
       {std::tuple("id", limits::event_id_bytes_max, &out.id),
        std::tuple("source", limits::source_bytes_max, &out.event.source),
        std::tuple("alarm", limits::alarm_name_bytes_max, &out.event.alarm)}) {
    auto text = fields.text(name, bytes_max);
    if (!text) return tl::unexpected(text.error());
    if (trim(*text).empty()) return fail(Fault::invalid, std::string(name) + ": must not be empty");
    *into = std::move(*text);
  }
  for (const auto& [name, bytes_max, into] :
       {std::tuple("machine", limits::machine_bytes_max, &out.event.machine),
        std::tuple("reason", limits::reason_bytes_max, &out.event.reason)}) {
    auto text = fields.text_or(name, bytes_max, "");
    if (!text) return tl::unexpected(text.error());
    *into = std::move(*text);
  }
  auto labels = fields.text_map("labels", limits::labels_max, limits::label_bytes_max);
  if (!labels) return tl::unexpected(labels.error());
  out.event.labels = std::move(*labels);
  const auto severity = fields.text("severity", 32);
  if (!severity) return tl::unexpected(severity.error());
  const auto parsed = parse_severity(*severity);
  if (!parsed) return fail(Fault::invalid, "severity: must be critical, error, warning or info");
  out.event.severity = *parsed;
  const auto language = fields.text("language", 8);
  if (!language) return tl::unexpected(language.error());
  const auto spoken = parse_language(*language);
  if (!spoken) return fail(Fault::invalid, "language: must be ja or en");
  out.language = *spoken;
  out.event.event_id = out.id;
  return out;
}

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string_view in(Language language, std::string_view en, std::string_view ja) {
  return language == Language::ja ? ja : en;
}

/// The value below which so many of a hundred lie.
Millis percentile(std::vector<Millis> values, std::size_t of_hundred) {
  if (values.empty()) return Millis(0);
  const std::size_t at = std::min(values.size() - 1, values.size() * of_hundred / 100);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

} // namespace

Result<std::vector<Case>> read_cases(std::string_view text) {
  std::vector<Case> cases;
  std::set<std::string> ids;
  std::size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) continue;
    auto one = read_case(trim(line));
    if (!one) return fail(Fault::invalid, fmt::format("line {}: {}", number, one.error().message));
    if (!ids.insert(one->id).second)
      return fail(Fault::invalid, fmt::format("line {}: id: stands twice", number));
    if (cases.size() >= limits::triage_evaluation_max)
      return fail(Fault::invalid, fmt::format("more than {} texts", limits::triage_evaluation_max));
    cases.push_back(std::move(*one));
  }
  if (cases.empty()) return fail(Fault::invalid, "there is no text in it");
  return cases;
}

void Tally::add(const Case& asked, const TriageAnswer& answer, Millis took) {
  const Severity expected = asked.event.severity;
  const auto language = static_cast<std::size_t>(asked.language);
  ++asked_;
  ++of_language_.at(language);
  const bool is_judged = answer.outcome == TriageOutcome::judged;
  if (is_judged) {
    ++judged_;
    took_.push_back(took);
    ++said_.at(place(expected)).at(place(answer.severity));
  } else {
    ++unsaid_.at(place(expected));
  }
  if (is_judged && answer.severity == expected) {
    ++right_of_language_.at(language);
    return;
  }
  std::string text = asked.event.alarm;
  if (!asked.event.reason.empty()) text += ": " + asked.event.reason;
  wrong_.push_back({asked.id, std::move(text), expected, answer});
}

double Tally::accuracy_percent() const {
  return percent(right_of_language_[0] + right_of_language_[1], asked_);
}

std::string Tally::matrix() const {
  std::string out = fmt::format("{:<12}{:>10}{:>8}{:>9}{:>6}{:>7}\n", "expected", "critical", "error",
                                "warning", "info", "none");
  for (const Severity expected : severities) {
    const auto& row = said_.at(place(expected));
    out +=
        fmt::format("{:<12}{:>10}{:>8}{:>9}{:>6}{:>7}\n", to_text(expected), row[place(Severity::critical)],
                    row[place(Severity::error)], row[place(Severity::warning)], row[place(Severity::info)],
                    unsaid_.at(place(expected)));
  }
  return out;
}

std::string Tally::figures(Language language) const {
  std::size_t missed = 0;
  std::size_t needless = 0;
  for (const Severity expected : severities) {
    for (const Severity said : severities) {
      const std::size_t count = said_.at(place(expected)).at(place(said));
      if (calls(expected) && !calls(said)) missed += count;
      if (!calls(expected) && calls(said)) needless += count;
    }
  }
  const std::size_t right = right_of_language_[0] + right_of_language_[1];
  const auto of = [&](Language each) {
    const auto i = static_cast<std::size_t>(each);
    return percent(right_of_language_.at(i), of_language_.at(i));
  };
  std::string out = fmt::format(
      fmt::runtime(in(language, "accuracy {:.1f} % ({} of {}); Japanese {:.1f} %, English {:.1f} %\n",
                      "正解率 {:.1f} % ({} / {})、日本語 {:.1f} %、英語 {:.1f} %\n")),
      percent(right, asked_), right, asked_, of(Language::ja), of(Language::en));
  out += fmt::format(
      fmt::runtime(in(language,
                      "judged below error although it was not: {}; judged error or above although it "
                      "was not: {}; no verdict: {}\n",
                      "見逃し (error 以上を下回る判定): {}、過剰 (error 以上の判定): {}、判定なし: {}\n")),
      missed, needless, without_verdict());
  out += fmt::format(
      fmt::runtime(in(language, "time for a verdict: median {}, 95 of 100 within {}, longest {}\n",
                      "判定時間: 中央値 {}、95 % が {} 以内、最長 {}\n")),
      to_words(percentile(took_, 50)), to_words(percentile(took_, 95)), to_words(percentile(took_, 100)));
  return out;
}

std::string Tally::wrong_ones(Language language) const {
  if (wrong_.empty()) return "";
  std::string out = fmt::format("\n{}\n", in(language, "Not as expected:", "期待と異なるもの:"));
  for (const Wrong& wrong : wrong_) {
    const bool is_judged = wrong.answer.outcome == TriageOutcome::judged;
    const std::string said = is_judged
                                 ? std::string(to_text(wrong.answer.severity))
                                 : fmt::format("{} ({})", to_text(wrong.answer.outcome), wrong.answer.detail);
    out += fmt::format("{:<16} {} -> {}  {}\n", wrong.id, to_text(wrong.expected), said,
                       cut_utf8(wrong.text, shown_bytes_max));
    if (const auto reason = wrong.answer.reason.find(language); reason != wrong.answer.reason.end())
      out += fmt::format("{:<16} {}\n", "", reason->second);
  }
  return out;
}

std::string Tally::report(std::string_view model, Language language) const {
  return fmt::format("{}\n\n{}\n{}{}", model, matrix(), figures(language), wrong_ones(language));
}

} // namespace kaden::modelapi
