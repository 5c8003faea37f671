#include "json_places.h"

#include <algorithm>

#include "kaden/base.h"

namespace kaden::imports {

namespace {

std::string name_of(std::string_view quoted) {
  const auto value = parse_json(quoted);
  const auto* name = value ? value->if_string() : nullptr;
  return name == nullptr ? std::string() : std::string(std::string_view(*name));
}

} // namespace

std::size_t JsonPlaces::line_of(const std::string& path) const {
  const auto found = lines_.find(path);
  return found == lines_.end() ? 1 : found->second;
}

void JsonPlaces::blanks() {
  for (; at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos; ++at_)
    line_ += text_[at_] == '\n' ? 1U : 0U;
}

/// With its quotes.
std::string_view JsonPlaces::quoted() {
  const std::size_t begin = at_++;
  while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2U : 1U;
  at_ = std::min(at_ + 1, text_.size());
  return text_.substr(begin, at_ - begin);
}

void JsonPlaces::value(const std::string& path) {
  blanks();
  lines_.emplace(path, line_);
  if (next() == '{') {
    entries(path, '}');
  } else if (next() == '[') {
    entries(path, ']');
  } else if (next() == '"') {
    quoted();
  } else {
    at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
  }
}

void JsonPlaces::entries(const std::string& path, char end) {
  ++at_;
  blanks();
  for (std::size_t index = 0; at_ < text_.size() && next() != end; ++index) {
    std::string entry = path + "[" + std::to_string(index) + "]";
    if (end == '}') {
      entry = path + (path.empty() ? "" : ".") + name_of(quoted());
      lines_.emplace(entry, line_);
      blanks();
      ++at_; // the colon
    }
    value(entry);
    blanks();
    if (next() == ',') ++at_;
    blanks();
  }
  ++at_;
}

} // namespace kaden::imports
