// How a machine's name is read, piece by piece.
#include "characters.h"
#include "kaden/speech.h"
#include "lexicon.h"
#include "names.h"

namespace kaden::speech {
namespace {

/// Signs that help to recognise a name; all others are a short pause.
std::string_view spoken_sign(Language language, char sign) {
  const bool is_ja = language == Language::ja;
  switch (sign) {
    case '.':
      return is_ja ? "ドット" : "dot";
    case '/':
      return is_ja ? "スラッシュ" : "slash";
    case ':':
      return is_ja ? "コロン" : "colon";
    case '@':
      return is_ja ? "アット" : "at";
    case '+':
      return is_ja ? "プラス" : "plus";
    case '%':
      return is_ja ? "パーセント" : "percent";
    default:
      return "";
  }
}

/// A dot or colon is said between two parts only: neither the root of a DNS name nor a full stop.
bool is_said(std::string_view name, std::size_t at) {
  if (name[at] != '.' && name[at] != ':') return true;
  if (at == 0 || at + 1 == name.size()) return false;
  const char next = name[at + 1];
  return is_alnum(next) || !is_ascii(next) || (name[at] == ':' && next == ':');
}

bool is_known(std::string_view word) {
  return find_reading(to_lower(word)) != nullptr;
}

/// "webServer" is two words, "HTTPServer" too; "VMs" and "vCenter" are one because the lexicon knows them.
std::size_t word_end(std::string_view run, std::size_t at) {
  const std::size_t letters = run_end(run, at, is_letter);
  if (is_known(run.substr(at, letters - at))) return letters;
  const std::size_t upper = run_end(run, at, is_upper);
  if (upper == letters) return letters;
  // The last capital of several begins the next word.
  if (upper > at + 1) return upper - 1;
  return run_end(run, upper, is_lower);
}

class NameReader {
 public:
  explicit NameReader(Language language) : language_(language) {}

  std::string read(std::string_view name) {
    for (std::size_t at = 0; at < name.size();) {
      std::size_t end = at + 1;
      if (is_alnum(name[at])) {
        end = run_end(name, at, is_alnum);
        read_run(name.substr(at, end - at));
      } else if (!is_ascii(name[at])) {
        end = run_end(name, at, [](char c) { return !is_ascii(c); });
        add(name.substr(at, end - at));
      } else if (is_said(name, at)) {
        add(spoken_sign(language_, name[at]));
      }
      at = end;
    }
    return std::move(text_);
  }

 private:
  /// Letters and digits: known as a whole ("k8s"), or word by word.
  void read_run(std::string_view run) {
    if (is_known(run)) {
      add(read_word(language_, run));
      return;
    }
    for (std::size_t at = 0; at < run.size();) {
      const bool is_number = is_digit(run[at]);
      const std::size_t end = is_number ? run_end(run, at, is_digit) : word_end(run, at);
      const std::string_view part = run.substr(at, end - at);
      add(is_number ? read_digits(language_, part) : read_word(language_, part));
      at = end;
    }
  }
  void add(std::string_view part) {
    if (part.empty()) return;
    if (!text_.empty()) text_ += ' ';
    text_ += part;
  }

  Language language_;
  std::string text_;
};

} // namespace

std::string reading_of_name(Language language, std::string_view name) {
  const std::string plain = to_half_width(name);
  return NameReader(language).read(trim(plain));
}

} // namespace kaden::speech
