// A sentence as its voice reads it right: names by their readings, ASCII words in Japanese as katakana, signs
// as words or pauses. What a voice cannot say is left out here, so that no voice ever sees it.
#include <algorithm>

#include "characters.h"
#include "kaden/limits/speech.h"
#include "kaden/speech.h"

namespace kaden::speech {
namespace {

using script::Span;
using script::SpanKind;

bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

/// Letters and digits, with single joints inside: "web-01", "10.0.0.5", "/data" without its slash.
std::size_t token_end(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const bool is_joint = is_one_of(text[at], "-_./:@") && at + 1 < text.size() && is_alnum(text[at + 1]);
    if (!is_alnum(text[at]) && !is_joint) break;
    at += 1;
  }
  return at;
}

bool has_letter(std::string_view token) {
  return std::any_of(token.begin(), token.end(), is_letter);
}
bool has_digit(std::string_view token) {
  return std::any_of(token.begin(), token.end(), is_digit);
}

/// A machine's name in the middle of plain words: an underscore, letters with digits, or dots that are no
/// decimal point. Other words are left to the voice, or to the lexicon.
bool is_name_like(std::string_view token) {
  if (token.find('_') != std::string_view::npos) return true;
  if (!has_letter(token)) return std::count(token.begin(), token.end(), '.') > 1;
  const std::size_t dot = token.find('.');
  return has_digit(token) || (dot != std::string_view::npos && dot > 1);
}

// Japanese

struct Unit {
  std::string_view written;
  std::string_view ja;
};
constexpr Unit units[] = {{"ms", "ミリ秒"},      {"s", "秒"},          {"min", "分"},
                          {"h", "時間"},         {"kb", "キロバイト"}, {"mb", "メガバイト"},
                          {"gb", "ギガバイト"},  {"tb", "テラバイト"}, {"kib", "キビバイト"},
                          {"mib", "メビバイト"}, {"gib", "ギビバイト"}};

/// "91.5" and "10" are numbers, read as such; "01", "10.0.0.5" and long serial numbers are names.
bool is_number(std::string_view token) {
  constexpr std::size_t digits_max = 8;
  const auto dots = std::count(token.begin(), token.end(), '.');
  const bool has_other =
      std::any_of(token.begin(), token.end(), [](char c) { return !is_digit(c) && c != '.'; });
  const bool is_padded = token.size() > 1 && token[0] == '0' && token[1] != '.';
  return !has_other && dots <= 1 && !is_padded && token.size() <= digits_max;
}

/// "9:30" as a time of day; empty when it is none.
std::string read_time(std::string_view token) {
  const std::size_t colon = token.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 2 || token.size() != colon + 3) return "";
  const auto hour = parse_int(token.substr(0, colon));
  const auto minute = parse_int(token.substr(colon + 1));
  if (!hour || !minute || *hour > 24 || *minute > 59) return "";
  return std::to_string(*hour) + "時" + (*minute == 0 ? "" : std::to_string(*minute) + "分");
}

std::string read_token_ja(std::string_view token) {
  if (is_number(token)) return std::string(token);
  if (!has_letter(token)) {
    const std::string time = read_time(token);
    return time.empty() ? reading_of_name(Language::ja, token) : time;
  }
  const std::size_t letters = run_end(token, 0, [](char c) { return is_digit(c) || c == '.'; });
  const std::string unit = to_lower(token.substr(letters));
  for (const Unit& each : units) {
    if (unit == each.written && is_number(token.substr(0, letters))) {
      return std::string(token.substr(0, letters)) + std::string(each.ja);
    }
  }
  return reading_of_name(Language::ja, token);
}

class JapaneseWriter {
 public:
  void add(const Span& span) {
    const std::string plain = to_half_width(span.text);
    if (span.kind == SpanKind::name) {
      breathe();
      add_readable(reading_of_name(Language::ja, plain));
      after_token_ = true;
    } else {
      add_words(plain);
    }
  }
  std::string take() { return std::move(text_); }

 private:
  void add_words(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      if (is_alnum(text[at])) {
        const std::size_t end = token_end(text, at);
        add_token(text.substr(at, end - at), text, at);
        at = end;
        // "1,234" is one number.
        if (at + 3 < text.size() && text[at] == ',' && is_digit(text[at - 1]) &&
            run_end(text, at + 1, is_digit) == at + 4) {
          after_token_ = false;
          at += 1;
        }
        continue;
      }
      const Character each = character_at(text, at);
      at += each.bytes.size();
      if (each.code == ' ') {
        blank_pending_ = true;
      } else {
        add_sign(each);
      }
    }
  }
  void add_token(std::string_view token, std::string_view text, std::size_t at) {
    // A blank between two ASCII words is heard; one beside Japanese is only typography.
    const bool is_name = is_name_like(token) && (is_letter(token[0]) || !has_letter(token)); // not "10GB"
    if ((after_token_ && blank_pending_) || is_name) breathe();
    blank_pending_ = false;
    const bool has_minus = at > 0 && text[at - 1] == '-' && (at == 1 || !is_alnum(text[at - 2]));
    if (has_minus && is_number(token)) text_ += "マイナス";
    add_readable(read_token_ja(token));
    after_token_ = true;
  }
  void add_sign(const Character& each) {
    const bool was_after_token = after_token_;
    blank_pending_ = false;
    after_token_ = false;
    if (is_japanese(each.code)) {
      text_ += each.bytes;
    } else if (each.code == U'%') {
      text_ += "パーセント";
    } else if (each.code == U'\u2103') { // degrees Celsius
      text_ += "度";
    } else if (each.code == U'。' || each.code == U'.' || each.code == U'!' || each.code == U'?') {
      pause("。");
    } else if (each.code != U'-' && each.code != U'"' && each.code != U'\'') {
      pause("、");
    } else {
      after_token_ = was_after_token;
    }
  }
  /// Readings are katakana, digits and blanks, but a name may hold anything.
  void add_readable(std::string_view reading) {
    for (std::size_t at = 0; at < reading.size();) {
      const Character each = character_at(reading, at);
      at += each.bytes.size();
      const bool is_number = each.code == U'.' || (each.code < 0x80 && is_digit(each.bytes[0]));
      if (is_number || is_japanese(each.code)) {
        text_ += each.bytes;
      } else if (each.code == ' ') {
        breathe();
      } else {
        pause("、");
      }
    }
  }
  void breathe() {
    blank_pending_ = false;
    if (!text_.empty() && !ends_in_pause()) text_ += ' ';
  }
  /// One pause is enough; the stronger one stays.
  void pause(std::string_view sign) {
    if (text_.empty()) return;
    if (text_.back() == ' ') text_.pop_back();
    if (text_.ends_with("。")) return;
    if (text_.ends_with("、")) text_.resize(text_.size() - std::string_view("、").size());
    text_ += sign;
  }
  bool ends_in_pause() const { return text_.back() == ' ' || text_.ends_with("、") || text_.ends_with("。"); }

  std::string text_;
  bool blank_pending_ = false;
  bool after_token_ = false;
};

// English

class EnglishWriter {
 public:
  void add(const Span& span) {
    const std::string plain = to_half_width(span.text);
    if (span.kind == SpanKind::name) {
      add_readable(reading_of_name(Language::en, plain));
      return;
    }
    for (std::size_t at = 0; at < plain.size();) {
      const std::size_t end = is_alnum(plain[at]) ? token_end(plain, at)
                                                  : run_end(plain, at, [](char c) { return !is_alnum(c); });
      const std::string_view token = std::string_view(plain).substr(at, end - at);
      if (is_alnum(plain[at]) && is_name_like(token)) {
        add_readable(reading_of_name(Language::en, token));
      } else {
        add_readable(token);
      }
      at = end;
    }
  }
  std::string take() { return std::string(trim(text_)); }

 private:
  void add_readable(std::string_view text) {
    if (!text_.empty() && !text.empty() && is_alnum(text_.back()) && is_alnum(text.front())) text_ += ' ';
    bool in_japanese = false;
    for (std::size_t at = 0; at < text.size();) {
      const Character each = character_at(text, at);
      at += each.bytes.size();
      constexpr char32_t latin_last = 0x024F;
      if (each.code <= latin_last) {
        text_ += each.bytes;
      } else if (!in_japanese) {
        // The voice would say "Japanese letter" once for each.
        text_ += is_japanese(each.code) ? " Japanese text " : " ";
      }
      in_japanese = is_japanese(each.code);
    }
  }

  std::string text_;
};

} // namespace

std::string text_for_voice(const script::Utterance& utterance) {
  const auto write = [&](auto writer) {
    for (const Span& span : utterance.spans) writer.add(span);
    return std::string(cut_utf8(writer.take(), limits::voice_text_bytes_max));
  };
  return utterance.language == Language::ja ? write(JapaneseWriter()) : write(EnglishWriter());
}

} // namespace kaden::speech
