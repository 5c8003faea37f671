#include "query.h"

#include <algorithm>
#include <utility>

namespace kaden::cloudwatch {

namespace {

bool is_clean(std::string_view text) {
  return is_valid_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 && c != '\t' && c != '\n' && c != '\r';
         });
}

} // namespace

Answer<Parameters> Parameters::parse(std::string_view body) {
  constexpr std::string_view code = "MalformedQueryString";
  Parameters out;
  for (const std::string_view pair : split(trim(body), '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    if (!name || !value)
      return problem(code, "The query string has a percent sign without two hexadecimal digits.");
    if (!is_clean(*name) || !is_clean(*value)) {
      return problem(code, "The query string holds bytes that are not UTF-8 text or are control characters.");
    }
    if (!out.values_.emplace(std::move(*name), std::move(*value)).second) {
      return problem(code, "The query string holds a parameter twice.");
    }
  }
  return out;
}

const std::string* Parameters::find(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::string Parameters::text_or(const std::string& name, std::string_view fallback) const {
  const std::string* found = find(name);
  return found == nullptr ? std::string(fallback) : *found;
}

bool Parameters::any_under(const std::string& name) const {
  const std::string* exact = find(name);
  if (exact != nullptr && !exact->empty()) return true;
  const std::string prefix = name + ".";
  const auto next = values_.lower_bound(prefix);
  return next != values_.end() && next->first.starts_with(prefix);
}

std::vector<std::string> Parameters::members(const std::string& list) const {
  constexpr std::size_t digits_max = 7; // more members than a body can hold
  const std::string prefix = list + ".member.";
  std::vector<std::pair<std::int64_t, std::string>> found;
  for (auto entry = values_.lower_bound(prefix);
       entry != values_.end() && entry->first.starts_with(prefix);) {
    const std::size_t end = std::min(entry->first.find('.', prefix.size()), entry->first.size());
    const std::string_view digits = std::string_view(entry->first).substr(prefix.size(), end - prefix.size());
    const auto number = digits.size() <= digits_max ? parse_int(digits) : std::nullopt;
    const std::string path = entry->first.substr(0, end);
    if (number && *number >= 0) found.emplace_back(*number, path);
    // Past everything of this member: '/' follows '.' in ASCII. "member.1" itself sorts before "member.1.x".
    const auto beyond = values_.lower_bound(path + "/");
    entry = beyond == entry ? std::next(entry) : beyond;
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<std::string> paths;
  paths.reserve(found.size());
  for (auto& one : found) paths.push_back(std::move(one.second));
  return paths;
}

std::vector<std::string> Parameters::texts(const std::string& list) const {
  std::vector<std::string> out;
  for (const auto& path : members(list)) out.push_back(text_or(path, ""));
  return out;
}

} // namespace kaden::cloudwatch
