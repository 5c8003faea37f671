#include <fmt/format.h>

#include <algorithm>

#include "feeds.h"
#include "markup.h"
#include "xml.h"

#include "kaden/limits/provider_status.h"

namespace kaden::statusfeed {

namespace {

constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";

std::string_view without_mark(std::string_view bytes) {
  if (bytes.starts_with(utf8_mark)) bytes.remove_prefix(utf8_mark.size());
  return bytes;
}

/// Behind blanks, comments and processing instructions.
std::string_view without_prolog(std::string_view text) {
  while (true) {
    text = trim(text);
    const std::string_view end = text.starts_with("<!--") ? "-->" : text.starts_with("<?") ? "?>" : "";
    const std::size_t at = end.empty() ? std::string_view::npos : text.find(end);
    if (at == std::string_view::npos) return text;
    text.remove_prefix(at + end.size());
  }
}

bool is_html(std::string_view text) {
  text = without_prolog(text);
  return starts_with_no_case(text, "<!doctype html") || starts_with_no_case(text, "<html") ||
         starts_with_no_case(text, "<head") || starts_with_no_case(text, "<body");
}

/// " (Captive portal)", or nothing.
std::string html_title(std::string_view text) {
  const auto tokens = tokenize(text.substr(0, 16'384));
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].is_open("title") || tokens[i + 1].kind != Token::Kind::text) continue;
    const std::string title = plain_text(std::span(tokens).subspan(i + 1, 1), 80);
    if (!title.empty()) return " (" + title + ")";
  }
  return {};
}

Result<void> check_encoding(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    return fail(Fault::invalid, "it is UTF-16; only UTF-8 is read");
  }
  if (bytes.find('\0') != std::string_view::npos)
    return fail(Fault::invalid, "it has NUL bytes, so it is no text");
  if (!is_valid_utf8(bytes)) return fail(Fault::invalid, "it is not valid UTF-8");
  return {};
}

Result<Page> read_xml(std::string_view text, std::string_view url) {
  pugi::xml_document document;
  if (const auto loaded = load_xml(text, document); !loaded) return tl::unexpected(loaded.error());
  const pugi::xml_node root = root_of(document);
  const std::string_view name = root.name();
  if (name == "rss") return read_rss(root, url);
  if (local_name(root) == "feed" && in_namespace(root, atom_namespace)) return read_atom(root, url);
  return fail(Fault::invalid, fmt::format("it is XML, but neither RSS 2.0 nor Atom: its root is <{}>",
                                          cut_utf8(tidy_title(name), 40)));
}

Result<Page> read_any(std::string_view bytes, std::string_view url) {
  if (bytes.size() > limits::status_page_bytes_max) {
    return fail(Fault::invalid, fmt::format("it is {} bytes long, at most {} are allowed", bytes.size(),
                                            limits::status_page_bytes_max));
  }
  if (const auto checked = check_encoding(bytes); !checked) return tl::unexpected(checked.error());
  const std::string_view text = trim(without_mark(bytes));
  if (text.empty()) return fail(Fault::invalid, "it is empty");
  if (text.front() == '{' || text.front() == '[') return read_statuspage(text, url);
  if (is_html(text)) return fail(Fault::invalid, "it is an HTML page" + html_title(text));
  if (text.front() == '<') return read_xml(text, url);
  return fail(Fault::invalid, fmt::format("it is neither XML nor JSON; it begins with \"{}\"",
                                          cut_utf8(tidy_title(cut_utf8(text, 160)), 40)));
}

} // namespace

Result<Page> parse(std::string_view bytes, std::string_view url) {
  auto page = read_any(bytes, url);
  if (!page) return fail_while("the answer is no status page", page.error());
  return page;
}

} // namespace kaden::statusfeed
