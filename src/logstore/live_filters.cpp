#include "live_filters.h"

#include <iterator>

namespace kaden::logstore {

Result<logfilter::MetricFilter> make_filter(const Filter& filter) {
  auto pattern = logfilter::Pattern::parse(filter.pattern);
  if (!pattern) return fail_while("filterPattern", pattern.error());
  return logfilter::MetricFilter::make(std::move(*pattern), filter.transformation);
}

void LiveFilters::set(const std::string& group, const std::vector<Filter>& filters) {
  std::map<std::string, Live> fresh;
  auto& known = groups_[group];
  for (const Filter& filter : filters) {
    const auto same = known.find(filter.name);
    if (same != known.end() && same->second.definition == filter) {
      fresh.insert(known.extract(same));
      continue;
    }
    // One that cannot be made (of a newer Kaden) is kept and described, and makes nothing.
    if (auto made = make_filter(filter)) fresh.emplace(filter.name, Live{filter, std::move(*made)});
  }
  if (fresh.empty()) {
    groups_.erase(group);
  } else {
    known = std::move(fresh);
  }
}

std::vector<logfilter::Datum> LiveFilters::take(const std::string& group, const std::vector<Event>& events,
                                                WallTime now) {
  std::vector<logfilter::Datum> data;
  const auto found = groups_.find(group);
  if (found == groups_.end()) return data;
  for (const Event& event : events) {
    const logfilter::Message message(event.message);
    for (auto& [name, live] : found->second) {
      auto made = live.filter.take(message, event.at, now);
      std::move(made.begin(), made.end(), std::back_inserter(data));
    }
  }
  return data;
}

std::vector<logfilter::Datum> LiveFilters::step(WallTime now) {
  std::vector<logfilter::Datum> data;
  for (auto& [group, filters] : groups_) {
    for (auto& [name, live] : filters) {
      if (auto made = live.filter.step(now)) data.push_back(std::move(*made));
    }
  }
  return data;
}

} // namespace kaden::logstore
