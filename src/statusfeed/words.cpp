#include "words.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kaden/limits/provider_status.h"

namespace kaden::statusfeed {

namespace {

constexpr std::array<std::pair<Stage, std::string_view>, 9> stages{{{Stage::unknown, "unknown"},
                                                                    {Stage::scheduled, "scheduled"},
                                                                    {Stage::investigating, "investigating"},
                                                                    {Stage::identified, "identified"},
                                                                    {Stage::monitoring, "monitoring"},
                                                                    {Stage::in_progress, "in_progress"},
                                                                    {Stage::verifying, "verifying"},
                                                                    {Stage::completed, "completed"},
                                                                    {Stage::resolved, "resolved"}}};
constexpr std::array<std::pair<Impact, std::string_view>, 6> impacts{{{Impact::unknown, "unknown"},
                                                                      {Impact::none, "none"},
                                                                      {Impact::minor, "minor"},
                                                                      {Impact::major, "major"},
                                                                      {Impact::critical, "critical"},
                                                                      {Impact::maintenance, "maintenance"}}};
constexpr std::array<std::string_view, 9> directions{
    "north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_direction(std::string_view text) {
  return std::find(directions.begin(), directions.end(), text) != directions.end();
}

/// "1" of "1" and of "1a", which is a zone; nothing else.
std::string_view number_of(std::string_view part) {
  if (part.size() > 1 && is_letter(part.back())) part.remove_suffix(1);
  if (part.empty() || part.size() > 2 || !std::all_of(part.begin(), part.end(), is_digit)) return {};
  return part;
}

bool is_area(std::string_view part) {
  return part.size() >= 2 && part.size() <= 4 && std::all_of(part.begin(), part.end(), is_letter);
}

/// `word` holds lower-case letters, digits and '-' only.
std::string region_of(std::string_view word) {
  const auto parts = split(word, '-');
  const std::size_t count = parts.size();
  if (count < 2) return {};
  const std::string_view last = parts[count - 1];
  if (count >= 3 && !number_of(last).empty() && is_direction(parts[count - 2]) && is_area(parts[count - 3])) {
    std::string region = std::string(parts[count - 3]) + '-' + std::string(parts[count - 2]) + '-' +
                         std::string(number_of(last));
    const bool is_partition = parts[count - 3] == "gov" || parts[count - 3].starts_with("iso");
    if (is_partition && count >= 4) region.insert(0, std::string(parts[count - 4]) + '-');
    return region;
  }
  // Google's way: the number belongs to the direction.
  const std::size_t digits = last.find_first_of("0123456789");
  if (digits == std::string_view::npos || !is_direction(last.substr(0, digits))) return {};
  const std::string_view area = parts[count - 2];
  if (number_of(last.substr(digits)).empty() || area.size() < 2 ||
      !std::all_of(area.begin(), area.end(), is_letter)) {
    return {};
  }
  return std::string(area) + '-' + std::string(last);
}

} // namespace

std::string_view to_text(Stage stage) {
  return stages.at(static_cast<std::size_t>(stage)).second;
}

std::string_view to_text(Impact impact) {
  return impacts.at(static_cast<std::size_t>(impact)).second;
}

std::optional<Stage> parse_stage(std::string_view text) {
  for (const auto& [stage, name] : stages) {
    if (name == text) return stage;
  }
  return std::nullopt;
}

std::optional<Impact> parse_impact(std::string_view text) {
  for (const auto& [impact, name] : impacts) {
    if (name == text) return impact;
  }
  return std::nullopt;
}

std::optional<StageWord> stage_word(std::string_view text) {
  text = trim(text);
  if (text.size() > 32) return std::nullopt;
  std::string word = to_lower(text);
  std::replace(word.begin(), word.end(), ' ', '_');
  if (word == "update" || word == "updated") return StageWord{};
  if (word == "postmortem" || word == "post-mortem") return StageWord{Stage::resolved};
  const auto stage = parse_stage(word);
  if (!stage || *stage == Stage::unknown) return std::nullopt;
  return StageWord{stage};
}

int rank_of(Stage stage) {
  switch (stage) {
    case Stage::unknown:
    case Stage::scheduled:
      return 0;
    case Stage::investigating:
      return 1;
    case Stage::identified:
      return 2;
    case Stage::monitoring:
    case Stage::in_progress:
      return 3;
    case Stage::verifying:
      return 4;
    case Stage::completed:
    case Stage::resolved:
      return 5;
  }
  return 0;
}

bool is_over(Stage stage) {
  return stage == Stage::resolved || stage == Stage::completed;
}

bool is_of_maintenance(Stage stage) {
  return stage == Stage::scheduled || stage == Stage::in_progress || stage == Stage::verifying ||
         stage == Stage::completed;
}

void find_regions(std::string_view text, std::vector<std::string>& found) {
  const std::string lower = to_lower(text);
  const auto in_word = [](char c) { return is_letter(c) || is_digit(c) || c == '-'; };
  for (std::size_t i = 0; i < lower.size() && found.size() < limits::status_names_max;) {
    if (!in_word(lower[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < lower.size() && in_word(lower[end])) ++end;
    // No name of a region is near this long; the rest of the text is not split for nothing.
    std::string region =
        end - i <= 64 ? region_of(std::string_view(lower).substr(i, end - i)) : std::string();
    if (!region.empty() && std::find(found.begin(), found.end(), region) == found.end()) {
      found.push_back(std::move(region));
    }
    i = end;
  }
}

std::string bounded_id(std::string_view id) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  const bool is_clean = std::none_of(id.begin(), id.end(), is_control);
  if (is_clean && id.size() <= limits::status_id_bytes_max) return std::string(id);
  return "sha256-" + sha256_hex(id);
}

} // namespace kaden::statusfeed
