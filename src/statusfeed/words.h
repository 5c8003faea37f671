/// words.h - the words that pages use for stages and impacts. Room: statusfeed.
/// Threads: values; any. Errors: none; unknown words give nothing.
#pragma once

#include <optional>
#include <string_view>

#include "kaden/statusfeed.h"

namespace kaden::statusfeed {

/// A word that stands where a stage stands. "Update" is one, but leaves the stage as it was.
struct StageWord {
  std::optional<Stage> stage;
};
/// "Investigating", "RESOLVED", "In progress", "postmortem" ...; nullopt for any other text.
std::optional<StageWord> stage_word(std::string_view text);

/// How far an incident has come; settles which of two reports of one second is the newer.
int rank_of(Stage stage);
bool is_over(Stage stage);
bool is_of_maintenance(Stage stage);

/// "ap-northeast-1", "us-gov-west-1", "asia-northeast1": lower case, in the order of the text, added to
/// `found` without repeats, at most limits::status_names_max.
void find_regions(std::string_view text, std::vector<std::string>& found);

/// Itself, or its digest when it is longer than limits::status_id_bytes_max or has control characters.
std::string bounded_id(std::string_view id);

} // namespace kaden::statusfeed
