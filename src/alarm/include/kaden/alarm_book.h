/// kaden/alarm_book.h - every alarm with its state: those put by API and those Kaden's own rules make. Room:
/// alarm. Uses: base. Pure: `now` is an argument. Threads: one owner. Errors: as stated; busy is a limit of
/// kaden/limits/metrics.h. API: CloudWatch PutMetricAlarm, DescribeAlarms, SetAlarmState, DeleteAlarms.
///
/// When alarms are evaluated (user guide, "Evaluating an alarm"): periods of 10, 20 and 30 s every 10 s,
/// others every minute, those that look back over a day every hour; on the wall clock,
/// limits::evaluation_grace later, over complete periods only. A missed time is not made up for: the newest
/// complete periods count. After a start, absent datapoints from before it are unknown, not missing
/// (alarm_evaluation.h), so a restart neither raises nor clears an alarm.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/alarm_evaluation.h"
#include "kaden/alarm_history.h"
#include "kaden/composite_rule.h"
#include "kaden/limits/metrics.h"
#include "kaden/metric_math.h"
#include "kaden/metric_store.h"

namespace kaden::alarm {

/// What PutMetricAlarm defines. Actions are kept and described, not run: an alarm's event is its action.
struct Definition {
  std::string name;
  std::string description;
  bool actions_enabled = true; ///< false: the state changes, but ALARM and INSUFFICIENT_DATA are not told
  std::vector<std::string> ok_actions, alarm_actions, insufficient_data_actions;
  MetricId metric;     ///< without `queries`
  Condition condition; ///< with `queries` its period is theirs and statistic, unit are not used
  std::map<std::string, std::string> tags;
  std::vector<MetricQuery> queries{}; ///< Metrics[]: an alarm on metric math; see check_alarm_queries()
  /// Tag kaden:severity; critical when absent.
  Severity severity() const;
  /// Tags kaden:say:ja and kaden:say:en.
  SpokenText say() const;
  bool operator==(const Definition&) const = default;
};
json::value to_json(const Definition& definition);
Result<Definition> definition_from_json(const json::value& value);

/// What PutCompositeAlarm defines.
struct CompositeDefinition {
  std::string name;
  std::string description;
  bool actions_enabled = true;
  std::vector<std::string> ok_actions, alarm_actions, insufficient_data_actions;
  std::string rule;          ///< AlarmRule
  std::string suppressor;    ///< ActionsSuppressor: an alarm's name or ARN; empty: none
  Millis wait_period{};      ///< ActionsSuppressorWaitPeriod
  Millis extension_period{}; ///< ActionsSuppressorExtensionPeriod
  std::map<std::string, std::string> tags;
  Severity severity() const; ///< as Definition's
  SpokenText say() const;
  bool operator==(const CompositeDefinition&) const = default;
};
/// Fault::invalid: the rule or the suppressor ("AlarmRule: ...").
Result<void> check(const CompositeDefinition& definition);
json::value to_json(const CompositeDefinition& definition);
Result<CompositeDefinition> composite_from_json(const json::value& value);

/// ActionsSuppressedBy.
enum class SuppressedBy : std::uint8_t { nothing, wait_period, extension_period, alarm };
std::string_view to_text(SuppressedBy by); ///< "", "WaitPeriod", "ExtensionPeriod", "Alarm"

struct AlarmInfo {
  AlarmKey key;
  Definition definition; ///< for a rule's alarm as if it had been put by API
  WallTime defined_at{};
  AlarmState state = AlarmState::insufficient_data;
  WallTime changed_at{}; ///< of the state
  WallTime updated_at{}; ///< of the state or its reason
  std::string reason;
  std::string reason_data;                        ///< JSON object, or empty
  std::optional<CompositeDefinition> composite{}; ///< then `definition` has the name only
  SuppressedBy suppressed_by = SuppressedBy::nothing;
  std::string
      evaluation_state{}; ///< EvaluationState: "EVALUATION_ERROR" (math that fails, a cycle), or empty
};

/// Empty members let everything pass.
struct AlarmFilter {
  std::string name_prefix;
  std::optional<AlarmState> state;
  std::string action_prefix; ///< of any action's ARN
  std::optional<AlarmKey> after;
  std::size_t most = 100;
  bool metric_alarms = true, composite_alarms = true; ///< AlarmTypes

  /// By state, type and action, whatever the name. `composite` is null for a metric alarm, `definition` for
  /// one without actions of its own.
  bool passes(AlarmState of, const CompositeDefinition* composite, const Definition* definition) const;
};

/// One change of state, or (`from` equals `to`) the actions of a change that a suppressor had held back.
struct Transition {
  AlarmKey key;
  AlarmState from = AlarmState::insufficient_data;
  AlarmState to = AlarmState::insufficient_data;
  WallTime at{};
  bool to_be_told = true; ///< false: actions are disabled or suppressed
  std::string reason, reason_data;
  Severity severity = Severity::critical;
  std::string machine;
  /// For routes and texts, at most limits::labels_max: value (rounded for the ear), threshold, metric, the
  /// rule's labels, then the dimensions by name.
  std::map<std::string, std::string> labels;
  SpokenText say;
  std::string saved; ///< the alarm's state as of this change, for restore()
};

/// The dimension host, InstanceId or VMName, else the first one, else empty.
std::string machine_of(const Dimensions& dimensions);
/// About three digits, as one says a measured number: "97.3", "1250", "0.42".
std::string spoken_number(double value);

class AlarmBook {
 public:
  explicit AlarmBook(WallTime started_at, std::size_t alarms_max = limits::alarms_max);
  ~AlarmBook();
  AlarmBook(const AlarmBook&) = delete;
  AlarmBook& operator=(const AlarmBook&) = delete;

  /// All or, when there is no room for their metrics (busy), none of them. Rules make their alarms here; a
  /// rule's alarm that does not fit limits::alarms_max is counted in refused_alarms() and tried again at the
  /// next datum.
  Result<void> put(std::span<const Datum> data, WallTime now);

  /// How far back alarms look at the metric: those that watch it and those that rules would make. Zero:
  /// nothing looks at it.
  Millis history_wanted(const MetricId& metric) const;
  /// Before recall(): metrics of a life before this one, for ListMetrics, ordered by when they first came.
  void remember(std::span<const KnownMetric> known) { store_.remember(known); }
  /// Datapoints of a life before this one, before the first put(): alarms evaluate them, but no rule makes an
  /// alarm of them, and no machine is heard through them. All that came before `complete_until` is among
  /// them; of the period it lies in, sums and counts are unknown. busy: there is no room for all.
  Result<void> recall(std::span<const Datum> data, WallTime complete_until);
  /// Metrics whose alarms, made since the last call, look back further than complete_from(), and how far; at
  /// most `most`, the others come with the next call.
  std::vector<std::pair<MetricId, Millis>> take_past_wanted(WallTime now, std::size_t most);
  /// The same again, when their past could not be read.
  void want_past(const MetricId& metric, Millis history);
  /// What was measured before `cut` and is kept elsewhere, in the place of what memory has of it. busy: there
  /// is no room.
  Result<void> backfill(const MetricId& metric, WallTime cut, std::span<const Datum> data, WallTime now);
  /// All that was measured from then on and came is in memory, of every metric.
  WallTime complete_from(WallTime now) const;

  /// False when a new alarm of that name does not fit beside those that are expected.
  bool has_room_for(const AlarmKey& key) const;
  /// A new alarm of that name is about to be defined: its place is kept.
  void expect(const std::string& name) { expected_.insert(name); }
  void expect_no_more(const std::string& name) { expected_.erase(name); }
  /// Overwrites everything but the state. `definition` is checked before; the limit is not looked at here.
  /// `noted` false: read from the store, so the history does not hear of it.
  void define(Definition definition, WallTime now, bool noted = true);
  /// The same for a composite alarm; it is evaluated at the next step(). A name is one or the other kind:
  /// `conflict` when an alarm of the other kind has it.
  Result<void> define(CompositeDefinition definition, WallTime now, bool noted = true);
  /// A rule's alarm comes back when its metric does. False: there was none. With `now` the history notes it.
  bool erase(const AlarmKey& key, std::optional<WallTime> now = std::nullopt);
  /// EnableAlarmActions, DisableAlarmActions; a rule's alarm keeps it as long as it is there. `noted` as
  /// define()'s. False: there is no such alarm.
  bool set_actions_enabled(const AlarmKey& key, bool enabled, WallTime now, bool noted = true);
  /// A rule's alarm of that name, once there is one, has its actions disabled.
  void disable_when_made(const std::string& name) { disabled_ahead_.insert(name); }
  /// Replaces all rules. Alarms of changed rules keep their state while their metric still matches; the keys
  /// of the others, which are gone now, are returned. Nothing is told about them.
  std::vector<AlarmKey> set_rules(std::vector<Rule> rules);

  bool contains(const AlarmKey& key) const { return alarms_.contains(key); }
  std::size_t size() const { return alarms_.size(); }
  std::uint64_t refused_alarms() const { return refused_alarms_; }
  const MetricStore& metrics() const { return store_; }

  /// Null when there is none.
  std::optional<AlarmInfo> describe(const AlarmKey& key) const;
  /// By name, then by origin.
  std::vector<AlarmInfo> describe(const AlarmFilter& filter) const;
  /// Alarms on exactly this metric: neither metric math nor silences. By name, then by origin.
  std::vector<AlarmKey> alarms_on(const MetricId& metric) const;
  /// Of a composite alarm: the alarms of its rule and its suppressor that exist. By name.
  std::vector<AlarmKey> children_of(const std::string& name) const;
  /// Composite alarms whose rule or suppressor names it. By name.
  std::vector<AlarmKey> parents_of(const std::string& name) const;

  /// What became of an alarm's event, for the history: kind Action. Nothing when there is no such alarm.
  void note_action(const AlarmKey& key, std::string summary, std::string data, WallTime now);
  AlarmHistory& history() { return history_; }
  const AlarmHistory& history() const { return history_; }

  /// SetAlarmState: the next evaluation may change it back; a composite alarm stays until a child changes.
  /// Null when only the reason changed. not_found.
  Result<std::optional<Transition>> set_state(const AlarmKey& key, AlarmState state, std::string reason,
                                              std::string reason_data, WallTime now);

  /// Evaluates what is due; composite alarms after their children. Changes are ordered by key. Early, late
  /// and repeated calls are harmless.
  std::vector<Transition> step(WallTime now);
  /// When step() has something to do next; at most limits::reminder_max away.
  WallTime next_due(WallTime now) const;
  /// Rules' alarms that were dropped by step() since the last call: silent for limits::silent_metric_max and
  /// not in ALARM.
  std::vector<AlarmKey> take_forgotten();

  /// The state of an alarm (and of a rule's alarm its metric) as text.
  std::string save(const AlarmKey& key) const;
  /// The state in a text of save(); nothing when it is none.
  static std::optional<AlarmState> state_in(const std::string& saved);
  /// Before the first step. not_found: the alarm or its rule is no more; invalid: not a text of save().
  Result<void> restore(const AlarmKey& key, const std::string& saved);

 private:
  struct Alarm;
  struct RuleInForce;
  enum class Cadence : std::uint8_t { ten_seconds, minute, hour };
  static Cadence cadence_of(const Condition& condition);
  static Millis step_of(Cadence cadence);
  static Millis history_of(const Condition& condition);

  // alarm_book.cpp
  Alarm& add(AlarmKey key, const Condition& condition, WallTime known_from, WallTime now);
  void watch(Alarm& alarm, const MetricId& metric);
  void unwatch_all(Alarm& alarm);
  void enlist(Alarm& alarm);
  void delist(Alarm& alarm);
  void remove(std::map<AlarmKey, std::unique_ptr<Alarm>>::iterator entry);
  AlarmInfo info_of(const Alarm& alarm) const;
  static std::string rule_digest(const Alarm& alarm);
  std::string saved_text(const Alarm& alarm) const;
  void note(const Alarm& alarm, HistoryKind kind, std::string summary, std::string data, WallTime now);
  void note_definition(const Alarm& alarm, std::string_view what, WallTime now);

  // alarm_rules.cpp
  void apply_rules(Series& series, const Datum& datum, WallTime now);
  void make_by_rule(const std::shared_ptr<const RuleInForce>& rule, Series& series, const MetricId& metric,
                    WallTime known_from, WallTime now);
  void watch_silence(const std::shared_ptr<const RuleInForce>& rule, Series& series, const MetricId& metric,
                     WallTime now, const std::optional<std::string>& known_as = std::nullopt);
  std::vector<std::size_t> candidates(const MetricId& metric) const;
  struct RuleNames {
    std::string plain, full, silence;
  };
  static RuleNames names_by_rule(const Rule& rule, const MetricId& metric);
  void index_rules();
  Alarm* restore_by_rule(const AlarmKey& key, const std::string& rule_name, const MetricId& metric,
                         WallTime at);

  // alarm_step.cpp
  void evaluate(Alarm& alarm, WallTime end, WallTime now, std::vector<Transition>& changes);
  void evaluate_silence(Alarm& alarm, WallTime now, std::vector<Transition>& changes);
  bool read_points(Alarm& alarm, WallTime from, std::size_t count);
  bool read_math(Alarm& alarm, WallTime from, std::size_t count);
  void drop_partial(const Alarm& alarm, Statistic statistic, const ExtendedStatistic* extended, WallTime from,
                    Points& points) const;
  Transition change(Alarm& alarm, AlarmState to, std::string reason, std::string reason_data,
                    std::optional<double> value, WallTime now);
  Transition report(Alarm& alarm, AlarmState from, std::optional<double> value, WallTime now);
  WallTime heard(const Alarm& alarm) const;
  void tidy(WallTime now, std::vector<Transition>& changes);

  // composite_book.cpp
  Alarm* find_by_name(const std::string& name);
  const Alarm* find_by_name(const std::string& name) const;
  void link(Alarm& alarm);
  void unlink(Alarm& alarm);
  std::vector<std::vector<Alarm*>> order_composites();
  void tell_circle(const std::vector<Alarm*>& members, WallTime now);
  std::vector<AlarmState> states_of(const Alarm& alarm) const;
  void evaluate_composites(WallTime now, std::vector<Transition>& changes);
  void suppress(Alarm& alarm, WallTime now, Transition& change);
  void follow_suppressor(Alarm& alarm, WallTime now, std::vector<Transition>& changes);

  // Config
  const WallTime started_at_;
  WallTime complete_until_; // of a life before; set by recall()
  const std::size_t alarms_max_;
  // State
  MetricStore store_;
  AlarmHistory history_;
  std::map<AlarmKey, std::unique_ptr<Alarm>> alarms_;
  std::set<std::string> expected_;
  std::set<std::string> disabled_ahead_;         // names of rules' alarms that are not there yet
  std::array<std::vector<Alarm*>, 3> due_lists_; // by Cadence
  std::array<WallTime, 3> evaluated_{};          // the end of the periods last looked at
  std::map<MetricId, Millis> past_wanted_;
  std::vector<std::shared_ptr<const RuleInForce>> rules_;
  struct RuleBucket {
    std::map<std::pair<std::string, std::string>, std::vector<std::size_t>>
        by_value; // a `where` without a glob
    std::vector<std::size_t> rest;
  };
  std::map<std::pair<std::string, std::string>, RuleBucket> rule_index_; // by namespace and metric
  std::uint64_t rules_edition_ = 1;
  std::map<std::string, std::set<Alarm*>> parents_; // by a child's or suppressor's name
  std::vector<Alarm*> composites_;                  // children before parents; those in a circle last
  bool composites_in_order_ = true;
  std::set<AlarmKey> stale_; // composite alarms to look at
  std::vector<AlarmKey> forgotten_;
  std::uint64_t refused_alarms_ = 0;
  WallTime tidied_at_;
  // Used again by every evaluation
  Points points_;
  std::vector<double> sample_counts_;
  Condition in_force_;
};

} // namespace kaden::alarm
