#include "words_of_command.h"

#include <utility>

namespace kaden::aws {

Result<std::vector<std::string>> words_of_command(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool has_next = i + 1 < text.size();
    const bool is_escape = c == '\\' && has_next && quote != '\'' &&
                           (quote == '\0' || text[i + 1] == '"' || text[i + 1] == '\\');
    if (is_escape) {
      word.push_back(text[++i]);
      in_word = true;
    } else if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word.push_back(c);
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::exchange(word, ""));
      in_word = false;
    } else {
      word.push_back(c);
      in_word = true;
    }
  }
  if (quote != '\0') return fail(Fault::invalid, "a quote is not closed");
  if (in_word) words.push_back(std::move(word));
  if (words.empty() || words.front().empty()) return fail(Fault::invalid, "there is no program to run");
  return words;
}

} // namespace kaden::aws
