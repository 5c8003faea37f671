#include <algorithm>

#include "compiled.h"

namespace kaden::logfilter {

namespace {

bool is_term(char c) {
  return Reader::is_name(c) || Reader::is_beyond_ascii(c);
}

Parsed<Terms::Term> read_term(Reader& reader) {
  const std::size_t begin = reader.at();
  if (reader.peek() == '%') {
    const auto inside = reader.percent();
    if (!inside) return tl::unexpected(inside.error());
    auto regex = Regex::parse(*inside, begin + 1);
    if (!regex) return tl::unexpected(regex.error());
    ++reader.regexes;
    return std::move(*regex);
  }
  if (reader.peek() == '"') {
    auto text = reader.quoted();
    if (!text) return tl::unexpected(text.error());
    if (trim(*text).empty()) text->clear(); // blanks only: every event
    return std::move(*text);
  }
  return std::string(reader.take_while(is_term));
}

bool is_in(const Terms::Term& term, std::string_view text) {
  if (const auto* part = std::get_if<std::string>(&term)) return contains(text, *part);
  return std::get<Regex>(term).found_in(text);
}

} // namespace

Parsed<Terms> Terms::read(Reader& reader) {
  Terms terms;
  for (reader.skip_blanks(); !reader.is_done(); reader.skip_blanks()) {
    const std::size_t begin = reader.at();
    const bool is_either = reader.take("?");
    const bool is_excluded = !is_either && reader.take("-");
    const std::size_t at = reader.at();
    auto term = read_term(reader);
    if (!term) return tl::unexpected(term.error());
    if (reader.at() == at) {
      if (reader.is_done() || Reader::is_blank(reader.peek())) return wrong(begin, "a term is missing here");
      return reader.problem(reader.seen() + " must stand in double quotes");
    }
    if (!reader.is_done() && !Reader::is_blank(reader.peek())) {
      return reader.problem(reader.seen() + " must stand in double quotes, with the rest of its term");
    }
    (is_either ? terms.any : is_excluded ? terms.none : terms.all).push_back(std::move(*term));
  }
  if (!terms.all.empty() || !terms.none.empty()) terms.any.clear();
  return terms;
}

bool Terms::match(const Message& message) const {
  const auto is_there = [&](const Term& term) { return is_in(term, message.text()); };
  return std::all_of(all.begin(), all.end(), is_there) && std::none_of(none.begin(), none.end(), is_there) &&
         (any.empty() || std::any_of(any.begin(), any.end(), is_there));
}

} // namespace kaden::logfilter
