/// compiled_rule.h - one rule, ready to match. Room: logalarms, inside. Uses: base, logfilter. Pure. Threads:
/// immutable values. Errors: invalid, "raise: at character 3: ...".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kaden/log_alarms.h"
#include "kaden/log_record.h"
#include "kaden/logfilter.h"

namespace kaden::logalarms {

/// A record, with what several rules want to know of it found out once.
class Seen {
 public:
  explicit Seen(const Record& record) : record_(record), text_(record.text) {}
  Seen(const Seen&) = delete;
  Seen& operator=(const Seen&) = delete;
  const Record& record() const { return record_; }
  /// What a pattern of that kind looks at.
  const logfilter::Message& for_pattern(logfilter::Pattern::Kind kind) const;

 private:
  const Record& record_;
  const logfilter::Message text_;
  mutable std::string json_; // before what points into it
  mutable std::optional<logfilter::Message> object_;
};

class CompiledRule {
 public:
  static Result<CompiledRule> make(const Rule& rule);

  bool raises(const Seen& seen) const { return matches(raise_, seen); }
  bool clears(const Seen& seen) const { return clear_ && matches(*clear_, seen); }
  /// One value for each key of the rule; nullopt: the record does not have them all.
  std::optional<std::vector<std::string>> keys_of_raise(const Seen& seen) const {
    return keys_of(raise_, seen);
  }
  std::optional<std::vector<std::string>> keys_of_clear(const Seen& seen) const {
    return keys_of(*clear_, seen);
  }
  bool sees_json() const;

 private:
  struct Side {
    logfilter::Pattern pattern;
    std::vector<std::optional<logfilter::Selector>> selectors; ///< of each key; nothing: it is a field
  };
  CompiledRule(const Rule& rule, Side raise, std::optional<Side> clear)
      : keys_(rule.keys), raise_(std::move(raise)), clear_(std::move(clear)) {}
  static Result<Side> make_side(const Rule& rule, const std::string& pattern, const char* name);
  static bool matches(const Side& side, const Seen& seen) {
    return side.pattern.matches(seen.for_pattern(side.pattern.kind()));
  }
  std::optional<std::vector<std::string>> keys_of(const Side& side, const Seen& seen) const;

  std::vector<std::string> keys_;
  Side raise_;
  std::optional<Side> clear_;
};

} // namespace kaden::logalarms
