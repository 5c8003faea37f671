// The parameters of an AWS Query request: application/x-www-form-urlencoded, lists as "Name.member.N" from 1
// on.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "answer.h"

namespace kaden::cloudwatch {

class Parameters {
 public:
  /// MalformedQueryString: bad %XX, a name twice, not UTF-8, or characters that XML could not give back.
  static Answer<Parameters> parse(std::string_view body);

  /// Null when absent.
  const std::string* find(const std::string& name) const;
  std::string text_or(const std::string& name, std::string_view fallback) const;
  /// Anything called `name` or below it ("name.x"), with a value that is not empty.
  bool any_under(const std::string& name) const;
  /// The paths of a list's members, "MetricData.member.1" ..., in the order of their numbers; gaps are
  /// allowed. An empty list ("MetricData=") has none.
  std::vector<std::string> members(const std::string& list) const;
  /// The values of a list of texts.
  std::vector<std::string> texts(const std::string& list) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

} // namespace kaden::cloudwatch
