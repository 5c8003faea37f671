// The outcome as text: two rows a machine, the values as eighths of a block and the states below them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "kaden/rehearsal.h"

namespace kaden::rehearsal {

namespace {

constexpr std::array<std::string_view, 8> bars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::size_t label_columns_max = 40;
constexpr std::string_view red = "31";
constexpr std::string_view green = "32";
constexpr std::string_view yellow = "33";

struct Words {
  std::string_view nothing, column, rule, threshold, in_alarm, no_data, and_more, no_change, coarse, summary;
  std::string_view legend, silence, and_more_lines;
};

constexpr Words english = {
    "No stored datapoint between {} and {} fits the rule.\n",
    "{} to {}, one column is {}\n",
    "{} {} {}, {} of {} x {}",
    "threshold {} at {}",
    "ALARM {}",
    "no data {}",
    "... and {} more changes\n",
    "No alarm would have changed its state.\n",
    "Datapoints older than 15 days are kept in longer steps: what lasted a few minutes may not show.\n",
    "{} changes to ALARM, {} incidents, {} calls (if the first person called answers and presses 1)\n",
    "OK ─  ALARM █  INSUFFICIENT_DATA ·\n",
    "no metric for {}",
    "... and {} more alarms that were never in ALARM\n",
};
constexpr Words japanese = {
    "{} から {} までに、このルールに合う保存済みのデータポイントはありません。\n",
    "{} から {} まで、1 桁は {}\n",
    "{} {} {}、{}/{} × {}",
    "しきい値 {} は {}",
    "ALARM {}",
    "データなし {}",
    "... ほかに {} 件の状態変化\n",
    "状態が変わるアラームはありませんでした。\n",
    "15 日より古いデータポイントは長い間隔で保存されています。数分の出来事は現れないことがあります。\n",
    "ALARM への変化 {} 回、インシデント {} 件、発信 {} 回 (最初の人が応答して 1 を押した場合)\n",
    "OK ─  ALARM █  INSUFFICIENT_DATA ·\n",
    "{} のあいだメトリクスなし",
    "... ほかに、一度も ALARM にならなかったアラーム {} 件\n",
};

const Words& words_of(Language language) {
  return language == Language::ja ? japanese : english;
}

template <class... Parts>
std::string fill(std::string_view words, const Parts&... parts) {
  return fmt::format(fmt::runtime(words), parts...);
}

std::string_view sign_of(alarm::Comparison comparison) {
  switch (comparison) {
    case alarm::Comparison::greater_or_equal:
      return ">=";
    case alarm::Comparison::greater:
      return ">";
    case alarm::Comparison::less:
      return "<";
    case alarm::Comparison::less_or_equal:
      return "<=";
  }
  return "?";
}

/// Names come from outside: nothing in them may move the cursor.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(byte < 0x20 || byte == 0x7f ? '?' : c);
  }
  return is_valid_utf8(out) ? out : std::string("?");
}

/// Terminal columns: most of what is beyond Latin takes two.
std::size_t columns_of(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80) continue;
    count += byte >= 0xE3 ? 2 : 1;
  }
  return count;
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t used = columns_of(text);
  return text + std::string(used < width ? width - used : 0, ' ');
}

/// Cells of one colour in one pair of escapes.
class Painter {
 public:
  explicit Painter(bool color) : color_(color) {}
  void put(std::string_view what, std::string_view color) {
    if (color_ && color != now_) {
      if (!now_.empty()) out_ += "\033[0m";
      if (!color.empty()) out_ += fmt::format("\033[{}m", color);
      now_ = color;
    }
    out_ += what;
  }
  std::string take() {
    put("", "");
    return std::move(out_);
  }

 private:
  const bool color_;
  std::string out_;
  std::string_view now_;
};

struct Scale {
  double least = 0, greatest = 0; ///< of the values
  double bottom = 0, top = 0;     ///< with the threshold
  bool empty = true;

  std::string_view bar(double value) const {
    if (!(top > bottom)) return bars[3];
    const double part = std::clamp((value - bottom) / (top - bottom), 0.0, 1.0);
    return bars.at(static_cast<std::size_t>(std::lround(part * 7)));
  }
};

Scale scale_of(const Line& line) {
  Scale scale;
  for (const Cell& cell : line.cells) {
    if (!cell.value) continue;
    scale.least = scale.empty ? *cell.value : std::min(scale.least, *cell.value);
    scale.greatest = scale.empty ? *cell.value : std::max(scale.greatest, *cell.value);
    scale.empty = false;
  }
  scale.bottom = std::min(scale.least, line.condition.threshold);
  scale.top = std::max(scale.greatest, line.condition.threshold);
  if (scale.empty) scale.bottom = scale.top = line.condition.threshold;
  return scale;
}

std::string values_row(const Line& line, const Scale& scale, bool color) {
  Painter painter(color);
  for (const Cell& cell : line.cells) {
    if (!cell.value) {
      painter.put(" ", "");
      continue;
    }
    painter.put(scale.bar(*cell.value),
                alarm::breaches(line.condition, *cell.value) ? red : std::string_view());
  }
  return painter.take();
}

std::string states_row(const Line& line, bool color) {
  Painter painter(color);
  for (const Cell& cell : line.cells) {
    if (!cell.state) {
      painter.put(" ", "");
    } else if (*cell.state == AlarmState::alarm) {
      painter.put("█", red);
    } else if (*cell.state == AlarmState::insufficient_data) {
      painter.put("·", yellow);
    } else {
      painter.put("─", green);
    }
  }
  return painter.take();
}

std::string condition_text(const Line& line, const Words& words) {
  if (line.silent_after > Millis(0)) return fill(words.silence, to_words(line.silent_after));
  const alarm::Condition& condition = line.condition;
  const std::string when =
      fmt::format("{} {}", sign_of(condition.comparison), kaden::to_text(condition.threshold));
  return fill(words.rule, printable(line.rule_metric), alarm::statistic_text(condition), when,
              condition.datapoints_to_alarm, condition.evaluation_periods, to_words(condition.period));
}

std::string line_text(const Line& line, std::size_t width, const Words& words, bool color) {
  const Scale scale = scale_of(line);
  std::string facts =
      fill(words.threshold, kaden::to_text(line.condition.threshold), scale.bar(line.condition.threshold));
  if (!scale.empty) {
    facts = fmt::format("{} … {}  {}", alarm::spoken_number(scale.least),
                        alarm::spoken_number(scale.greatest), facts);
  }
  std::string states;
  if (line.in_alarm > Millis(0)) states += "  " + fill(words.in_alarm, to_words(line.in_alarm));
  if (line.without_data > Millis(0)) states += "  " + fill(words.no_data, to_words(line.without_data));
  const std::string label = padded(std::string(cut_utf8(printable(line.alarm), label_columns_max)), width);
  if (line.silent_after > Millis(0)) return fmt::format("{}  {}{}\n", label, states_row(line, color), states);
  return fmt::format("{}  {}  {}\n{}  {}{}\n", label, values_row(line, scale, color), facts,
                     std::string(width, ' '), states_row(line, color), states);
}

std::string change_text(const Change& change, bool color) {
  const std::string_view tint =
      change.to == AlarmState::alarm ? red : (change.to == AlarmState::ok ? green : yellow);
  Painter painter(color);
  painter.put(fmt::format("{}  ", to_iso8601(change.at)), "");
  painter.put(fmt::format("{:<17}", kaden::to_text(change.to)), tint);
  painter.put(fmt::format("  {}  {}\n", printable(change.alarm), printable(change.reason)), "");
  return painter.take();
}

/// All lines, or when they are too many those that were in ALARM and as many others as fit.
std::vector<const Line*> shown_lines(const Outcome& outcome, std::size_t most) {
  const auto rang = [](const Line& line) { return line.in_alarm > Millis(0); };
  const auto count =
      static_cast<std::size_t>(std::count_if(outcome.lines.begin(), outcome.lines.end(), rang));
  std::size_t quiet = most > count ? most - count : 0;
  std::vector<const Line*> shown;
  for (const Line& line : outcome.lines) {
    if (!rang(line)) {
      if (quiet == 0) continue;
      --quiet;
    }
    shown.push_back(&line);
  }
  return shown;
}

std::string changes_text(const Outcome& outcome, const Words& words, const Look& look) {
  std::string out;
  const std::size_t shown = std::min(outcome.changes.size(), look.changes_max);
  for (std::size_t i = 0; i < shown; ++i) out += change_text(outcome.changes[i], look.color);
  if (shown < outcome.changes.size()) out += fill(words.and_more, outcome.changes.size() - shown);
  if (outcome.changes.empty()) out += words.no_change;
  return out;
}

} // namespace

std::string draw(const Outcome& outcome, const Look& look) {
  const Words& words = words_of(look.language);
  const std::string from = to_iso8601(outcome.from);
  const std::string to = to_iso8601(outcome.to);
  if (outcome.lines.empty()) return fill(words.nothing, from, to);
  const auto columns = static_cast<std::int64_t>(outcome.lines.front().cells.size());
  std::string out = fill(words.column, from, to, to_words((outcome.to - outcome.from) / columns));
  out += words.legend;
  const auto lines = shown_lines(outcome, look.lines_max);
  std::size_t width = 0;
  for (const Line* line : lines) {
    width = std::max(width, columns_of(cut_utf8(printable(line->alarm), label_columns_max)));
  }
  std::string last;
  for (const Line* line : lines) {
    std::string condition = condition_text(*line, words);
    if (condition != last) out += "\n" + condition + "\n";
    last = std::move(condition);
    out += line_text(*line, width, words, look.color);
  }
  if (lines.size() < outcome.lines.size())
    out += fill(words.and_more_lines, outcome.lines.size() - lines.size());
  out += "\n" + changes_text(outcome, words, look) + "\n";
  if (outcome.is_coarse) out += words.coarse;
  out += fill(words.summary, outcome.alarms, outcome.incidents, outcome.calls);
  return out;
}

} // namespace kaden::rehearsal
