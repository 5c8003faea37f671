/// kaden/evaluation.h - how good a model is at triage: texts whose severity is known, and a confusion matrix
/// of what it said. Room: modelapi. Uses: base. Pure: how long an answer took is an argument. Threads:
/// values; any. Errors: invalid, with the line.
///
/// A set is JSON Lines (jsonlines.org), one text a line: {"id":"net-001","language":"ja","severity":"error",
/// "source":"network","alarm":"...","machine":"...","reason":"...","labels":{...}}; machine, reason and
/// labels may be missing.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/triage_answer.h"

namespace kaden::modelapi {

struct Case {
  std::string id;
  Language language = Language::en; ///< of the text
  AlarmEvent event;                 ///< its severity is what the model should say
};
/// At most limits::triage_evaluation_max; ids are unique.
Result<std::vector<Case>> read_cases(std::string_view text);

/// What was said of the texts so far.
class Tally {
 public:
  void add(const Case& asked, const TriageAnswer& answer, Millis took);

  std::size_t asked() const { return asked_; }
  std::size_t without_verdict() const { return asked_ - judged_; }
  /// Of all that were asked: who says nothing is not right.
  double accuracy_percent() const;
  /// "accuracy 88.5 % ...", the matrix, the wrong ones: lines for a terminal.
  std::string report(std::string_view model, Language language) const;

 private:
  struct Wrong {
    std::string id, text;
    Severity expected = Severity::info;
    TriageAnswer answer;
  };
  std::string matrix() const;
  std::string figures(Language language) const;
  std::string wrong_ones(Language language) const;

  std::size_t asked_ = 0, judged_ = 0;
  std::array<std::array<std::size_t, 4>, 4> said_{}; // [expected][said]
  std::array<std::size_t, 4> unsaid_{};              // by expected
  std::array<std::size_t, 2> of_language_{}, right_of_language_{};
  std::vector<Millis> took_; // of verdicts
  std::vector<Wrong> wrong_;
};

} // namespace kaden::modelapi
