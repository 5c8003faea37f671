// Looking at alarms and metrics through the desk.
#include "desk.h"

namespace kaden::cloudwatch {

std::vector<alarm::AlarmInfo> Desk::describe(const alarm::AlarmFilter& filter) const {
  const std::lock_guard lock(mutex_);
  return book_.describe(filter);
}

std::vector<alarm::AlarmInfo> Desk::describe(const std::vector<std::string>& names) const {
  const std::lock_guard lock(mutex_);
  std::vector<alarm::AlarmInfo> found;
  for (const auto& name : names) {
    for (const auto origin : {alarm::Origin::api, alarm::Origin::rule}) {
      if (auto info = book_.describe(alarm::AlarmKey{name, origin})) found.push_back(std::move(*info));
    }
  }
  return found;
}

std::vector<alarm::AlarmInfo> Desk::describe_for(const alarm::MetricId& metric) const {
  const std::lock_guard lock(mutex_);
  return infos_of(book_.alarms_on(metric));
}

std::vector<alarm::AlarmInfo> Desk::infos_of(const std::vector<alarm::AlarmKey>& keys) const {
  std::vector<alarm::AlarmInfo> found;
  for (const auto& key : keys) {
    if (auto info = book_.describe(key)) found.push_back(std::move(*info));
  }
  return found;
}

std::vector<alarm::AlarmInfo> Desk::children_of(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return infos_of(book_.children_of(name));
}

std::vector<alarm::AlarmInfo> Desk::parents_of(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return infos_of(book_.parents_of(name));
}

std::vector<alarm::HistoryItem> Desk::history(const alarm::HistoryFilter& filter) const {
  const std::lock_guard lock(mutex_);
  return book_.history().find(filter);
}

alarm::MetricPage Desk::list(const alarm::MetricFilter& filter) const {
  const std::lock_guard lock(mutex_);
  return book_.metrics().list(filter);
}

void Desk::count_into(Endpoint::Counts& counts) const {
  const std::lock_guard lock(mutex_);
  counts.alarms = book_.size();
  counts.metrics = book_.metrics().series_count();
  counts.datapoints = book_.metrics().datapoint_count();
  counts.refused_alarms = book_.refused_alarms();
  counts.untold = 0;
  for (const auto& one : untold_) counts.untold += one.second.size();
}

} // namespace kaden::cloudwatch
