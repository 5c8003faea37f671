// The alarm book with everything around it that is durable: definitions, states, history, and events told in
// order.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "kaden/alarm_book.h"
#include "kaden/cloudwatch.h"
#include "kaden/metric_query.h"
#include "record_writer.h"
#include "turns.h"

namespace kaden::cloudwatch {

/// Whose data it is, and how many live metrics that sender may have made.
struct Maker {
  std::string access_key_id;
  std::size_t metrics_max = 0;
};

/// The end of an alarm in ALARM whose rule is gone; without a text to be saved.
alarm::Transition ended_by_configuration(const alarm::AlarmKey& key, std::string machine, WallTime now);

/// Changes of definitions that concern the same alarm are made one after the other, each seeing what the one
/// before left; others share their commits.
/// Threads: any. Callbacks come on the record writer's thread or on the sink's, never from inside a call.
class Desk : public std::enable_shared_from_this<Desk> {
 public:
  using Done = std::function<void(const Result<void>&)>;

  Desk(journal::Records& records, const runtime::Clock& clock, Sink sink);
  /// Once, before anything else.
  Result<void> load(std::vector<alarm::Rule> rules, journal::Records& records);

  /// All or none. busy: no room for their metrics, or `maker` (null: unbounded) has made too many.
  Result<void> put(std::span<const alarm::Datum> data, WallTime now, const Maker* maker = nullptr);
  WallTime evaluate(WallTime now);
  /// Alarms that no rule makes any more are told OK when they were in ALARM, and forgotten.
  void set_rules(std::vector<alarm::Rule> rules, WallTime now);

  /// PutMetricAlarm: `done` after the definition is durable and in force. busy: limits::alarms_max; conflict:
  /// a composite alarm has the name.
  void define(alarm::Definition definition, WallTime now, const Done& done);
  /// PutCompositeAlarm: the same.
  void define(alarm::CompositeDefinition definition, WallTime now, const Done& done);
  /// DeleteAlarms: all of them or, when one does not exist (not_found) or stands in the rule of a composite
  /// alarm that stays (conflict), none. What is in ALARM is told OK first.
  void erase(const std::vector<std::string>& names, WallTime now, const Done& done);
  /// EnableAlarmActions, DisableAlarmActions. Names without an alarm are read over. A rule's alarm keeps it
  /// until it is no more: over restarts, and over set_rules() while its rule makes it.
  void set_actions_enabled(const std::vector<std::string>& names, bool enabled, WallTime now,
                           const Done& done);
  /// TagResource, UntagResource. not_found; conflict: a rule's alarm has the tags of its rule.
  void tag(const std::string& name, const std::map<std::string, std::string>& set,
           const std::vector<std::string>& erase, const Done& done);
  /// SetAlarmState: `done` after the event and the state are durable.
  void set_state(const std::string& name, AlarmState state, std::string reason, std::string reason_data,
                 WallTime now, Done done);

  std::vector<alarm::AlarmInfo> describe(const alarm::AlarmFilter& filter) const;
  std::vector<alarm::AlarmInfo> describe(const std::vector<std::string>& names) const;
  /// Metric alarms on exactly this metric.
  std::vector<alarm::AlarmInfo> describe_for(const alarm::MetricId& metric) const;
  std::vector<alarm::AlarmInfo> children_of(const std::string& name) const;
  std::vector<alarm::AlarmInfo> parents_of(const std::string& name) const;
  std::vector<alarm::HistoryItem> history(const alarm::HistoryFilter& filter) const;

  Millis history_wanted(const alarm::MetricId& metric) const;
  void remember(std::span<const alarm::KnownMetric> known);
  Result<void> recall(std::span<const alarm::Datum> data, WallTime complete_until);
  void set_past(Past past) { past_ = std::move(past); }

  /// GetMetricData and GetMetricStatistics. What memory no longer holds comes from the past, then `done` is
  /// called later; never while the desk is locked.
  struct DataRequest {
    std::vector<alarm::MetricQuery> queries;
    WallTime from{}, to{};
    std::string asker{}; ///< the access key
  };
  using DataDone = std::function<void(const Result<std::vector<alarm::MetricDataResult>>&)>;
  void metric_data(DataRequest request, WallTime now, const DataDone& done) const;
  struct StatisticsRequest {
    alarm::MetricId metric;
    alarm::PeriodQuery query;
    std::vector<alarm::AnyStatistic> wanted;
    std::string asker{}; ///< the access key
  };
  using StatisticsDone = std::function<void(const Result<std::vector<alarm::StatisticsPoint>>&)>;
  void statistics(StatisticsRequest request, WallTime now, const StatisticsDone& done) const;
  alarm::MetricPage list(const alarm::MetricFilter& filter) const;
  /// Of the numbers in MetricFilter::after and MetricPage::next: another one after a restart.
  std::int64_t list_edition() const { return begun_ms_; }

  void count_into(Endpoint::Counts& counts) const;

 private:
  enum class Step : std::uint8_t { waiting, telling, saving };
  /// A change on its way: told, then saved. Of one alarm only the first in its queue is past waiting.
  struct Untold {
    alarm::Transition transition;
    std::vector<Done> done;
    Step step = Step::waiting;
  };
  using Jobs = std::vector<std::function<void()>>;

  Result<void> load_definitions(journal::Records& records);
  Result<void> load_history(journal::Records& records);
  Result<void> load_disabled(journal::Records& records);
  void refuse(Error error, const Done& done);
  /// A change of definitions as it will be made.
  struct Plan {
    RecordWriter::Changes changes{};
    std::function<Result<void>(Jobs&)> into_force{}; ///< what is to be told joins the jobs
    std::string fresh{};                             ///< the name of an alarm that did not exist
  };
  void change(Claim claim, std::function<void(Turns::Ticket)> begin);
  void begin_changes();
  void end_change(Turns::Ticket ticket);
  void carry_out(Turns::Ticket ticket, Result<Plan> plan, const Done& done);
  Result<Plan> plan_of(alarm::Definition definition, WallTime now);
  Result<Plan> plan_of(alarm::CompositeDefinition definition, WallTime now, Turns::Ticket ticket);
  Plan plan_actions(const std::vector<std::string>& names, bool enabled, WallTime now);
  Result<Plan> plan_tags(const std::string& name, const std::map<std::string, std::string>& set,
                         const std::vector<std::string>& erase);
  Result<std::vector<alarm::AlarmKey>> check_erasure(const std::vector<std::string>& names) const;
  Result<Plan> plan_erasure(const std::vector<std::string>& names, WallTime now);
  void erase_now(const alarm::AlarmKey& key, WallTime now, Jobs& jobs);
  Result<void> room_for(std::span<const alarm::Datum> data, const Maker& maker, WallTime now);
  void save_history(RecordWriter::Changes& changes, WallTime now);
  std::optional<Error> misfit_of(const alarm::CompositeDefinition& definition, Turns::Ticket ticket) const;
  std::optional<Error> use_that_stays(const std::string& name, const std::vector<std::string>& going) const;
  void note_late(std::span<const alarm::Datum> data);
  void fetch_past(WallTime now, Jobs& jobs);
  void on_past(const alarm::MetricId& metric, Millis history, WallTime cut,
               const Result<std::vector<PastSeries>>& older);
  void enqueue(alarm::Transition transition, Done done, Jobs& jobs);
  void start(const alarm::AlarmKey& key, Untold& head, Jobs& jobs);
  void tell(const alarm::AlarmKey& key);
  void on_told(const alarm::AlarmKey& key, bool durable);
  void on_saved(const alarm::AlarmKey& key, const Result<void>& result);
  template <class Request, class Look, class Answered>
  void look_back(const Request& request, PastQuery query, WallTime now, const Look& look,
                 const Answered& done) const;
  std::unique_ptr<alarm::MetricStore> joined(const std::vector<PastSeries>& older,
                                             const std::vector<PastQuery::Wanted>& metrics,
                                             WallTime cut) const;
  std::optional<alarm::AlarmKey> find(const std::string& name) const;
  std::vector<alarm::AlarmInfo> infos_of(const std::vector<alarm::AlarmKey>& keys) const;

  // Borrowed
  const runtime::Clock& clock_;
  // Config
  const std::int64_t begun_ms_;
  Sink sink_;
  Past past_; // set before the first request; null: there is none
  // State, guarded by mutex_
  mutable std::mutex mutex_;
  alarm::AlarmBook book_;
  Turns turns_;
  std::map<Turns::Ticket, std::function<void(Turns::Ticket)>> changes_; // whose turn has not come
  std::map<alarm::AlarmKey, std::deque<Untold>> untold_;
  std::size_t untold_most_ = 0; ///< alarms in it since it was empty
  struct Reading {
    WallTime cut{};
    bool is_outrun = false; ///< data from before the cut came meanwhile
  };
  std::map<alarm::MetricId, Reading> reading_past_;
  struct Made {
    std::vector<std::uint64_t> metrics; ///< Series::number of each that this maker's data made
    WallTime counted_at{};              ///< when those that are no more were last taken out
  };
  std::map<std::string, Made> made_;                             // by access key id
  std::deque<std::pair<std::uint64_t, WallTime>> saved_history_; // numbers and times of stored items
  // Owned; last, so that its thread ends before the rest goes
  RecordWriter writer_;
};

} // namespace kaden::cloudwatch
