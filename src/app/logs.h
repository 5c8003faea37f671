/// app/logs.h - the log store as Kaden runs it: its operations on the endpoint, its metric filters' data on
/// the way to the alarms. Room: app. Uses: config, cloudwatch, cloudwatchlogs, logstore. Threads: open() and
/// set_filters() on the owner's, the rest on any. Errors: none: when the file cannot be opened, alarms and
/// calls go on without it, senders are told to come again, and trouble() says why.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kaden/cloudwatch.h"
#include "kaden/config.h"
#include "kaden/logstore.h"
#include "kaden/metrics.h"

namespace kaden::app {

class Logs {
 public:
  /// Serves CloudWatch Logs on `endpoint`, which is borrowed; before its first request. The file is
  /// "logs.db" in the store's folder.
  static std::unique_ptr<Logs> open(const config::Settings& settings, const runtime::Clock& clock,
                                    cloudwatch::Endpoint& endpoint);

  void set_filters(const std::vector<config::MetricFilter>& filters);
  /// About each second.
  void tick();
  /// Empty when log events can be stored.
  std::string trouble() const;
  void add_metrics(std::vector<api::Metric>& out) const;

 private:
  Logs() = default;

  std::string open_trouble_;               // set by open()
  std::unique_ptr<logstore::Store> store_; // null: it could not be opened
};

} // namespace kaden::app
