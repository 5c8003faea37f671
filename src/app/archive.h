/// app/archive.h - the store of datapoints in the running Kaden: what comes goes in, alarms get back what
/// they look at after a restart, and reads of the past are answered. Room: app. Uses: base, runtime, samples,
/// alarm, cloudwatch, datapoints.
/// Threads: put(), read(), trouble() and counts() from any; a thread of its own reads, and opens the file
/// again when that failed. Errors: none that stops anything: datapoints that cannot be stored cost their
/// history, never an alarm. What is wrong is in trouble() and told to the log.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "kaden/cloudwatch.h"
#include "kaden/datapoint_reader.h"
#include "kaden/datapoints.h"
#include "kaden/fair_mailbox.h"
#include "kaden/limits/stored_datapoints.h"

namespace kaden::app {

class Archive {
 public:
  using Log = datapoints::Store::Log;

  /// `clock` is borrowed. Opens the file, or tries again each limits::archive_retry.
  Archive(datapoints::Settings settings, const runtime::Clock& clock, Log log);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  /// Before the endpoint takes anything: tells it the metrics of the last limits::silent_metric_max, and
  /// gives its alarms the datapoints they look at, for at most limits::recall_time_max. How many.
  std::size_t recall(cloudwatch::Endpoint& endpoint) const;

  /// `maker` as datapoints::Store::put().
  void put(const alarm::Datum& datum, std::string_view maker);
  /// As cloudwatch::Past.
  void read(cloudwatch::PastQuery query,
            std::function<void(Result<std::vector<cloudwatch::PastSeries>>)> done);

  /// One sentence; empty: all is well.
  std::string trouble() const;
  /// Zeros while the file is not open.
  datapoints::Store::Counts counts() const;

 private:
  struct Read {
    cloudwatch::PastQuery query;
    std::function<void(Result<std::vector<cloudwatch::PastSeries>>)> done;
  };
  void open();
  std::shared_ptr<datapoints::Store> store() const;
  Result<std::vector<cloudwatch::PastSeries>> look_up(const cloudwatch::PastQuery& query);

  // Config
  const datapoints::Settings settings_;
  const Log log_;
  // Borrowed
  const runtime::Clock& clock_;
  // State
  mutable std::mutex mutex_;
  std::shared_ptr<datapoints::Store> store_; // guarded by mutex_; null while the file cannot be opened
  std::string not_opened_;                   // guarded by mutex_; why
  // The worker's only
  std::unique_ptr<datapoints::Reader> reader_; // null: opened when it is needed
  std::uint64_t reader_begun_ = 0;             // Counts::set_aside when it was opened
  runtime::FairMailbox<Read> reads_{limits::past_reads_max, limits::past_reads_of_one_max};
  // Owned; last, so that its thread ends before the rest goes
  std::unique_ptr<runtime::Worker> worker_;
};

/// The points of a step put together, as cloudwatch::PastQuery::Wanted::step says. `points` are ordered by
/// time and begin in [from, to).
std::vector<cloudwatch::PastSeries::Point> in_steps(const std::vector<datapoints::Point>& points, Millis step,
                                                    WallTime from, WallTime to);

} // namespace kaden::app
