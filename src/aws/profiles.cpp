#include <fmt/format.h>

#include "kaden/aws_profiles.h"

namespace kaden::aws {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

class Reader {
 public:
  Reader(ProfileFile kind, Profiles& into) : kind_(kind), into_(into) {}

  Result<void> read(std::string_view line) {
    ++number_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const std::string_view text = trim(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') return {};
    if (is_blank(line.front())) return read_inner(text);
    return text.front() == '[' ? read_section(text) : read_value(text);
  }

 private:
  tl::unexpected<Error> mistake(std::string_view what) const {
    return fail(Fault::invalid, fmt::format("line {}: {}", number_, what));
  }

  Result<void> read_section(std::string_view text) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return mistake("a section ends with ']'");
    const std::string_view rest = trim(text.substr(end + 1));
    if (!rest.empty() && rest.front() != '#' && rest.front() != ';')
      return mistake("only a comment may follow a section's ']'");
    const std::string_view name = trim(text.substr(1, end - 1));
    outer_.clear();
    in_section_ = true;
    values_ = values_of(name);
    return {};
  }

  /// Null: a section of another kind.
  Profiles::Values* values_of(std::string_view name) {
    if (kind_ == ProfileFile::credentials) return &into_.profiles[std::string(name)];
    if (name == "default") return &into_.profiles["default"];
    const std::size_t blank = name.find_first_of(" \t");
    if (blank == std::string_view::npos) return nullptr;
    const std::string_view kind = name.substr(0, blank);
    const std::string rest(trim(name.substr(blank)));
    if (kind == "profile") return &into_.profiles[rest];
    return kind == "services" ? &into_.services[rest] : nullptr;
  }

  Result<void> read_value(std::string_view text) {
    if (!in_section_) return mistake("a value stands before the first section");
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || trim(text.substr(0, equals)).empty())
      return mistake("expected key = value");
    outer_ = to_lower(trim(text.substr(0, equals)));
    const std::string_view value = trim(text.substr(equals + 1));
    is_outer_empty_ = value.empty();
    if (values_ != nullptr) (*values_)[outer_] = value;
    return {};
  }

  /// Below an empty value its members, below another one more of it.
  Result<void> read_inner(std::string_view text) {
    if (!in_section_ || outer_.empty()) return mistake("an indented line follows no value");
    if (!is_outer_empty_) {
      if (values_ != nullptr) (*values_)[outer_].append("\n").append(text);
      return {};
    }
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || trim(text.substr(0, equals)).empty())
      return mistake("expected key = value");
    if (values_ != nullptr)
      (*values_)[outer_ + "." + to_lower(trim(text.substr(0, equals)))] = trim(text.substr(equals + 1));
    return {};
  }

  // Config
  const ProfileFile kind_;
  Profiles& into_;
  // State
  int number_ = 0;
  bool in_section_ = false, is_outer_empty_ = false;
  Profiles::Values* values_ = nullptr;
  std::string outer_;
};

} // namespace

const std::string* Profiles::find(const std::string& profile, const std::string& key) const {
  const auto values = profiles.find(profile);
  if (values == profiles.end()) return nullptr;
  const auto value = values->second.find(key);
  return value == values->second.end() || value->second.empty() ? nullptr : &value->second;
}

Result<void> parse_profiles(std::string_view text, ProfileFile kind, Profiles& into) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF"; // of Windows' Notepad
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (!is_valid_utf8(text)) return fail(Fault::invalid, "it is not UTF-8");
  Reader reader(kind, into);
  for (const std::string_view line : split(text, '\n')) {
    if (auto done = reader.read(line); !done) return done;
  }
  return {};
}

} // namespace kaden::aws
