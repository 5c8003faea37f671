/// kaden/alarm_book.h - every alarm with its state: those put by API and those Kaden's own rules make. Room:
/// alarm. Uses: base. Pure: `now` is an argument. Threads: one owner. Errors: as stated; busy is a limit of
/// limits.h. API: CloudWatch PutMetricAlarm, DescribeAlarms, SetAlarmState, DeleteAlarms.
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
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/alarm_evaluation.h"
#include "kaden/metric_store.h"

namespace kaden::alarm {

/// Who made an alarm; also the source of its events. A name is unique in its origin.
enum class Origin : std::uint8_t {
  api,  ///< "cloudwatch": PutMetricAlarm
  rule, ///< "guest": a Rule, when a matching metric first arrived
};
std::string_view source_of(Origin origin);
std::optional<Origin> parse_source(std::string_view source);

struct AlarmKey {
  std::string name;
  Origin origin = Origin::api;
  bool operator==(const AlarmKey&) const = default;
  bool operator<(const AlarmKey& other) const {
    return std::tie(name, origin) < std::tie(other.name, other.origin);
  }
};

/// What PutMetricAlarm defines. Actions are kept and described, not run: an alarm's event is its action.
struct Definition {
  std::string name;
  std::string description;
  bool actions_enabled = true; ///< false: the state changes, but ALARM and INSUFFICIENT_DATA are not told
  std::vector<std::string> ok_actions, alarm_actions, insufficient_data_actions;
  MetricId metric;
  Condition condition;
  std::map<std::string, std::string> tags;
  /// Tag kaden:severity; critical when absent.
  Severity severity() const;
  /// Tags kaden:say:ja and kaden:say:en.
  SpokenText say() const;
  bool operator==(const Definition&) const = default;
};
json::value to_json(const Definition& definition);
Result<Definition> definition_from_json(const json::value& value);

struct AlarmInfo {
  AlarmKey key;
  Definition definition; ///< for a rule's alarm as if it had been put by API
  WallTime defined_at{};
  AlarmState state = AlarmState::insufficient_data;
  WallTime changed_at{}; ///< of the state
  WallTime updated_at{}; ///< of the state or its reason
  std::string reason;
  std::string reason_data; ///< JSON object, or empty
};

/// Empty members let everything pass.
struct AlarmFilter {
  std::string name_prefix;
  std::optional<AlarmState> state;
  std::string action_prefix; ///< of any action's ARN
  std::optional<AlarmKey> after;
  std::size_t most = 100;
};

/// One change of state.
struct Transition {
  AlarmKey key;
  AlarmState from = AlarmState::insufficient_data;
  AlarmState to = AlarmState::insufficient_data;
  WallTime at{};
  bool to_be_told = true; ///< false: actions are disabled
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

  /// False when a new alarm of that name does not fit.
  bool has_room_for(const AlarmKey& key) const;
  /// Overwrites everything but the state. `definition` is checked before; the limit is not looked at here.
  void define(Definition definition, WallTime now);
  /// A rule's alarm comes back when its metric does. False: there was none.
  bool erase(const AlarmKey& key);
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

  /// SetAlarmState: the next evaluation may change it back. Null when only the reason changed. not_found.
  Result<std::optional<Transition>> set_state(const AlarmKey& key, AlarmState state, std::string reason,
                                              std::string reason_data, WallTime now);

  /// Evaluates what is due. Changes are ordered by key. Early, late and repeated calls are harmless.
  std::vector<Transition> step(WallTime now);
  /// When step() has something to do next; at most limits::reminder_max away.
  WallTime next_due(WallTime now) const;
  /// Rules' alarms that were dropped by step() since the last call: silent for limits::silent_metric_max and
  /// not in ALARM.
  std::vector<AlarmKey> take_forgotten();

  /// The state of an alarm (and of a rule's alarm its metric) as text.
  std::string save(const AlarmKey& key) const;
  /// Before the first step. not_found: the alarm or its rule is no more; invalid: not a text of save().
  Result<void> restore(const AlarmKey& key, const std::string& saved);

 private:
  struct Alarm;
  enum class Cadence : std::uint8_t { ten_seconds, minute, hour };
  static Cadence cadence_of(const Condition& condition);
  static Millis step_of(Cadence cadence);
  static Millis history_of(const Condition& condition);

  Alarm& add(AlarmKey key, const MetricId& metric, const Condition& condition, WallTime known_from,
             WallTime now);
  void enlist(Alarm& alarm);
  void delist(Alarm& alarm);
  void remove(std::map<AlarmKey, std::unique_ptr<Alarm>>::iterator entry);
  void apply_rules(Series& series, const Datum& datum, WallTime now);
  void make_by_rule(const std::shared_ptr<const Rule>& rule, Series& series, const Datum& datum,
                    WallTime now);
  struct RuleNames {
    std::string plain, full;
  };
  static RuleNames names_by_rule(const Rule& rule, const MetricId& metric);
  void evaluate(Alarm& alarm, WallTime end, WallTime now, std::vector<Transition>& changes);
  Transition change(Alarm& alarm, AlarmState to, std::string reason, std::string reason_data,
                    std::optional<double> value, WallTime now);
  AlarmInfo info_of(const Alarm& alarm) const;
  void tidy(WallTime now);

  // Config
  const WallTime started_at_;
  const std::size_t alarms_max_;
  // State
  MetricStore store_;
  std::map<AlarmKey, std::unique_ptr<Alarm>> alarms_;
  std::array<std::vector<Alarm*>, 3> due_lists_; // by Cadence
  std::array<WallTime, 3> evaluated_{};          // the end of the periods last looked at
  std::vector<std::shared_ptr<const Rule>> rules_;
  std::uint64_t rules_edition_ = 1;
  std::vector<AlarmKey> forgotten_;
  std::uint64_t refused_alarms_ = 0;
  WallTime tidied_at_;
  // Used again by every evaluation
  std::vector<std::optional<StatisticSet>> sets_;
  std::vector<std::optional<double>> points_;
};

} // namespace kaden::alarm
