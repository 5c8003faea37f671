// nextToken: where the next page begins, and of which question it is a page. The caller brings them back
// unread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "offer.h"

namespace kaden::cloudwatchlogs {

/// What a question asks for; pages belong together only when it is the same.
class Question {
 public:
  explicit Question(std::string_view operation) { add(operation); }
  /// Also with nothing in it: the order counts.
  Question& add(std::string_view part);
  Question& add(std::optional<std::int64_t> number);

  std::string token(std::string_view place, WallTime now) const;
  /// nullopt without a token; InvalidParameterException when it is of another question, older than a day, or
  /// none at all.
  Answer<std::optional<std::string>> read(const Value& input, WallTime now) const;
  Answer<std::string> place_of(std::string_view token, WallTime now) const;

 private:
  std::string digest() const;
  std::string text_;
};

std::string to_text(const logstore::Place& place);
Answer<logstore::Place> parse_place(std::string_view text);
tl::unexpected<Problem> invalid_token();

} // namespace kaden::cloudwatchlogs
