/// kaden/cloudwatch.h - the CloudWatch-compatible endpoint: what the aws CLI, the SDKs and the CloudWatch
/// agent speak to. Room: cloudwatch. Uses: base, runtime, alarm, sigv4, smithy, journal, http. Threads: any
/// thread may call; one mutex guards the alarms; the sink and the observer are called without it, on the
/// caller's or on the endpoint's own thread. Errors: as AWS writes them, in the answers; open() gives the
/// store's faults. API: Amazon CloudWatch 2010-08-01 over AWS Query (POST, GET for presigned URLs), AWS
/// JSON 1.0 and Smithy RPC v2 CBOR; gzip for PutMetricData; Signature Version 4 of any region, in the header
/// or presigned. Operations: those of operations.h. Further services (CloudWatch Logs) are given to serve(),
/// see smithy_service.h.
///
/// What differs from Amazon's:
/// - An alarm calls people by itself. Its severity is the tag `kaden:severity` (critical, error, warning,
/// info; critical
///   when absent), its sentences are the tags `kaden:say:ja` and `kaden:say:en` (templates, see script.h).
///   The machine is the dimension host, InstanceId or VMName, else the first one. Tags of a later
///   PutMetricAlarm replace the earlier ones; without tags the earlier ones stay.
/// - Actions are kept and described, not run. ActionsEnabled=false holds back ALARM and INSUFFICIENT_DATA,
/// never OK.
/// - No anomaly detection, no PromQL, no dashboards, one account. Entities beside metric data are read over.
/// - Deleting an alarm that is in ALARM tells OK first: nothing else would end its incident and its calls.
/// - Alarms of Kaden's own rules are described beside the others. Deleting one lasts until its metric arrives
/// again.
///
/// What is durable: an alarm's definition before the 200 of PutMetricAlarm; the event and the state before
/// the 200 of SetAlarmState. A new state is stored only after its event was durable, so after a crash a
/// change that was not told is told again; its entry in the history is stored with it. Datapoints are in
/// memory; whoever stores them (the observer) gives them back: to ListMetrics by remember(), to alarms by
/// recall(), to GetMetricData and GetMetricStatistics by a Past.
///
/// A noisy or hostile sender is bounded by its access key: rates, permissions, live metrics (limits::key_*,
/// or as configured); answered with Throttling, AccessDenied or LimitExceeded, it costs no other key. Bad
/// signatures are throttled by sender and key. Unsigned senders on loopback are this machine's own and not
/// bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/alarm_book.h"
#include "kaden/base.h"
#include "kaden/http.h"
#include "kaden/journal.h"
#include "kaden/limits/metrics.h"
#include "kaden/runtime.h"
#include "kaden/samples.h"
#include "kaden/smithy_service.h"

namespace kaden::cloudwatch {

struct AccessKey {
  std::string id;
  std::string secret;
  std::string session_token{}; ///< empty: requests come without one
  std::vector<smithy::Permission> may{smithy::Permission::ingest, smithy::Permission::alarms,
                                      smithy::Permission::read};
  std::int64_t requests_per_second = limits::key_requests_per_s;
  std::int64_t bytes_per_second = limits::key_bytes_per_s;
  std::int64_t metrics = limits::key_metrics; ///< live ones that its data may have made
  /// Globs of what it may write into and change, as IAM's conditions do; empty: everything. What it may look
  /// at is not narrowed.
  std::vector<std::string> namespaces{}, log_groups{};
  bool operator==(const AccessKey&) const = default;
};

struct Settings {
  std::vector<AccessKey> access_keys;
  bool allow_unsigned_on_loopback = false; ///< only requests without any Authorization header
  std::string region = "us-east-1";        ///< shown in ARNs only
  std::string account = "000000000000";    ///< the same
};

/// Takes one event; `durable` is called exactly once, from any thread: true after the event is committed.
/// Must not block. Events of one alarm come one after another: the next when the one before is durable. A
/// refused one comes again.
using Sink = std::function<void(AlarmEvent event, std::function<void(bool durable)> told)>;
/// Sees each datum that was taken, with the access key that sent it; empty: Kaden's own, or unsigned. Must
/// not block.
using Observer = std::function<void(const alarm::Datum& datum, const std::string& access_key_id)>;

/// Datapoints that memory no longer holds.
struct PastQuery {
  struct Wanted {
    alarm::MetricId metric;
    /// What lies within one step, counted from 1970, may be given as one, without Point::each; zero: as it
    /// is.
    Millis step{};
  };
  std::vector<Wanted> metrics; ///< each once
  WallTime from{}, to{};       ///< points that begin in [from, to)
  std::string asker{};         ///< the access key; askers take turns, so that none holds up the others
};
struct PastSeries {
  struct Point {
    WallTime at{};
    alarm::StatisticSet values;
    bool high_resolution = false;
    std::shared_ptr<const samples::Distribution> each{}; ///< null: what `values` tells, or nothing
  };
  alarm::MetricId metric;
  std::string unit;
  std::vector<Point> points;
};
/// `done` is called exactly once, from any thread but not from inside the call. Must not block.
/// Fault::invalid: more than limits::query_points_max points.
using Past = std::function<void(PastQuery query, std::function<void(Result<std::vector<PastSeries>>)> done)>;

/// "cloudwatch" or "guest" as its source; event_id is name/state/milliseconds of the change.
AlarmEvent event_of(const alarm::Transition& transition);

class Endpoint {
 public:
  /// Reads definitions and states from `records` (kinds "alarm" and "alarm_state"). `records` and `clock` are
  /// borrowed. corrupt: a stored definition cannot be read.
  static Result<std::unique_ptr<Endpoint>> open(const Settings& settings, std::vector<alarm::Rule> rules,
                                                journal::Records& records, const runtime::Clock& clock,
                                                Sink sink, Observer observer = {});
  /// Calls of `told` that come later are ignored; open replies are dropped.
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Another service beside CloudWatch's own, before the first handle(). Its name is new.
  void serve(smithy::Service service);
  /// How far back alarms look at the metric: what recall() should be given of it. Zero: nothing does.
  Millis history_wanted(const alarm::MetricId& metric) const;
  /// Before recall(): metrics of a life before this one, see AlarmBook::remember().
  void remember(std::span<const alarm::KnownMetric> known);
  /// Before the first put(): datapoints of a life before this one, see AlarmBook::recall(). busy.
  Result<void> recall(std::span<const alarm::Datum> data, WallTime complete_until);
  /// Before the first handle(): where older datapoints are. Without, only what is in memory is answered.
  void set_past(Past past);

  /// An http::Handler for / and /service/...
  void handle(const http::Request& request, http::Reply reply);
  /// An http::Refused: RequestEntityTooLarge and RequestTimeout in the protocol of the sender; nullopt for
  /// other paths.
  std::optional<http::Response> refused(const http::Request& head, int status);
  /// The way in for data from inside the process: as PutMetricData, already checked. busy.
  Result<void> put(std::span<const alarm::Datum> data);

  /// Evaluates what is due, tells what changed, and tries again what the sink refused. Returns when to call
  /// it next; early, late and repeated calls are harmless.
  WallTime evaluate(WallTime now);

  /// At run time. States of alarms whose metric still matches stay; of the others those in ALARM are told OK.
  void set_rules(std::vector<alarm::Rule> rules);
  void set_access_keys(const std::vector<AccessKey>& access_keys);

  struct Counts {
    std::uint64_t requests = 0, refused_signatures = 0, data = 0;
    std::uint64_t throttled = 0;       ///< by an access key's rates, or for bad signatures
    std::uint64_t denied = 0;          ///< by an access key's permissions
    std::uint64_t refused_metrics = 0; ///< requests that would have made too many metrics
    std::size_t alarms = 0, metrics = 0, datapoints = 0;
    std::size_t untold = 0;           ///< changes whose event is not durable yet
    std::uint64_t refused_alarms = 0; ///< of rules, by limits::alarms_max
  };
  Counts counts() const;

 private:
  struct Impl;
  explicit Endpoint(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::cloudwatch
