#include <boost/json/parse.hpp>

#include "kaden/limits/logs.h"
#include "kaden/logfilter.h"

namespace kaden::logfilter {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Splits a line into fields; remembers that a kind of delimiter is not closed, so that no text is searched
/// twice.
class Splitter {
 public:
  Splitter(std::string_view text, std::vector<std::string_view>& into) : text_(text), into_(into) {}

  void run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_blank(c)) {
        ++at_;
      } else if (!(c == '"' && enclosed(quote_end(), no_quote_closes_)) &&
                 !(c == '[' && enclosed(text_.find(']', no_bracket_closes_ ? text_.size() : at_ + 1),
                                        no_bracket_closes_))) {
        const std::size_t begin = at_;
        while (at_ < text_.size() && !is_blank(text_[at_])) ++at_;
        into_.push_back(text_.substr(begin, at_ - begin));
      }
    }
  }

 private:
  /// Takes the field that ends before `end`, the place of its closing delimiter.
  bool enclosed(std::size_t end, bool& none_closes) {
    if (end == std::string_view::npos) {
      none_closes = true;
      return false;
    }
    into_.push_back(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return true;
  }

  std::size_t quote_end() const {
    if (no_quote_closes_) return std::string_view::npos;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '"') {
        return i;
      }
    }
    return std::string_view::npos;
  }

  const std::string_view text_;
  std::vector<std::string_view>& into_;
  std::size_t at_ = 0;
  bool no_quote_closes_ = false;
  bool no_bracket_closes_ = false;
};

} // namespace

const json::object* Message::object() const {
  if (!is_parsed_) {
    is_parsed_ = true;
    const std::string_view text = trim(text_);
    if (text.starts_with('{') && text.ends_with('}')) {
      json::parse_options options;
      options.max_depth = limits::log_json_depth_max;
      boost::system::error_code failed;
      value_.emplace(json::parse(text, failed, &memory_, options));
      if (failed) value_.reset();
    }
  }
  return value_ ? value_->if_object() : nullptr;
}

std::span<const std::string_view> Message::fields() const {
  if (!is_split_) {
    is_split_ = true;
    Splitter(text_, fields_).run();
  }
  return fields_;
}

} // namespace kaden::logfilter
