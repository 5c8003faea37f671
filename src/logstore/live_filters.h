// Metric filters at work.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kaden/logstore.h"

namespace kaden::logstore {

/// What a filter of the catalog says, ready to run. invalid: names the parameter in CloudWatch's words.
Result<logfilter::MetricFilter> make_filter(const Filter& filter);

/// Threads: one.
class LiveFilters {
 public:
  /// Those of a group, instead of the ones before. A filter that is the same goes on with what it remembers.
  void set(const std::string& group, const std::vector<Filter>& filters);
  void remove(const std::string& group) { groups_.erase(group); }

  bool has(const std::string& group) const { return groups_.contains(group); }
  std::vector<logfilter::Datum> take(const std::string& group, const std::vector<Event>& events,
                                     WallTime now);
  /// Default values of minutes that have ended.
  std::vector<logfilter::Datum> step(WallTime now);

 private:
  struct Live {
    Filter definition;
    logfilter::MetricFilter filter;
  };
  std::map<std::string, std::map<std::string, Live>> groups_; // none is empty
};

} // namespace kaden::logstore
