/// json_places.h - where in a JSON text a member or item stands. Room: imports, inside. Threads: values; any.
/// Errors: none; the text has been read as JSON before.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace kaden::imports {

/// Paths are "metrics.metrics_collected.procstat[0].exe".
class JsonPlaces {
 public:
  explicit JsonPlaces(std::string_view text) : text_(text) { value(""); }
  /// From 1; a member stands where its name does. 1 for a path that is not in the text.
  std::size_t line_of(const std::string& path) const;

 private:
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void blanks();
  std::string_view quoted();
  void value(const std::string& path);
  void entries(const std::string& path, char end);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::map<std::string, std::size_t> lines_;
};

} // namespace kaden::imports
