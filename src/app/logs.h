/// app/logs.h - the log store as Kaden runs it: its operations on the endpoint, its metric filters' data on
/// the way to the alarms. Room: app. Uses: config, cloudwatch, cloudwatchlogs, logstore. Threads: open() and
/// set_filters() on the owner's, the rest on any. Errors: none: when the file cannot be opened, alarms and
/// calls go on without it, senders are told to come again, and trouble() says why.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "kaden/cloudwatch.h"
#include "kaden/config.h"
#include "kaden/log_taps.h"
#include "kaden/logstore.h"
#include "kaden/metrics.h"

namespace kaden::app {

class Logs {
 public:
  /// Serves CloudWatch Logs on `endpoint`, which is borrowed; before its first request. The file is
  /// "logs.db" in the store's folder.
  /// What is stored goes to `taps`, too, which is borrowed. `say` writes a line of Kaden's own log; it may be
  /// empty.
  static std::unique_ptr<Logs> open(const config::Settings& settings, const runtime::Clock& clock,
                                    cloudwatch::Endpoint& endpoint, logs::Taps& taps,
                                    std::function<void(const std::string&)> say);

  /// Log groups that were sent the output of Get-AlarmDefinition | Get-AlarmAction since the start, which
  /// holds no states; at most limits::log_groups_max.
  std::set<std::string> old_alarm_groups() const;
  /// Null: there is none.
  logstore::Store* store() { return store_.get(); }

  void set_filters(const std::vector<config::MetricFilter>& filters);
  /// About each second.
  void tick();
  /// Empty when log events can be stored.
  std::string trouble() const;
  void add_metrics(std::vector<api::Metric>& out) const;

 private:
  Logs() = default;

  void look_for_old_alarm_logs(const std::string& group, const std::vector<logstore::Event>& events);

  std::function<void(const std::string&)> say_;
  std::string open_trouble_; // set by open()
  mutable std::mutex mutex_;
  std::set<std::string> old_alarm_groups_; // guarded by mutex_
  std::unique_ptr<logstore::Store> store_; // null: it could not be opened. Last: its threads use the rest
};

} // namespace kaden::app
