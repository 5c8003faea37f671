/// app/triage_eval.h - `kaden triage`: how good the configured model is, on texts whose severity is known.
/// Room: app. Threads: the main thread. Errors: printed; the exit code says which.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::app {

/// The evaluation set that comes with Kaden, JSON Lines (kaden/evaluation.h).
extern const std::string_view triage_texts;

struct TriageEvalOptions {
  std::string config;
  std::string set;                     ///< a file; empty: triage_texts
  int limit = 0;                       ///< so many texts, spread over the set; 0: all
  std::optional<Language> of_language; ///< only texts in it
  int time_limit_s = 0;                ///< for each; 0: the configuration's
  double least_percent = 0;            ///< less accuracy is exit code 1
  Language language = Language::en;    ///< of the report
};
/// 0: every text has a verdict and the accuracy is at least what is wanted; 1: not so, or a mistake; 2: the
/// model gave no verdict at all.
int run_triage_eval(const TriageEvalOptions& options);
int print_triage_texts();

} // namespace kaden::app
