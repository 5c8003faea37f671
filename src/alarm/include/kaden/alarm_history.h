/// kaden/alarm_history.h - what happened to alarms: for DescribeAlarmHistory. Room: alarm. Uses: base. Pure.
/// Threads: one owner. Errors: invalid (a stored item that cannot be read). API: CloudWatch
/// DescribeAlarmHistory.
///
/// Kept: limits::history_age_max, at most limits::history_items_max; the oldest go first. Items outlive their
/// alarm.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/limits/metrics.h"

namespace kaden::alarm {

/// Who made an alarm; also the source of its events. A name is unique in its origin.
enum class Origin : std::uint8_t {
  api,  ///< "cloudwatch": PutMetricAlarm, PutCompositeAlarm
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

enum class AlarmType : std::uint8_t { metric, composite };
std::string_view to_text(AlarmType type); ///< "MetricAlarm", "CompositeAlarm"
std::optional<AlarmType> parse_alarm_type(std::string_view text);

enum class HistoryKind : std::uint8_t { configuration_update, state_update, action };
std::string_view to_text(HistoryKind kind); ///< "ConfigurationUpdate", "StateUpdate", "Action"
std::optional<HistoryKind> parse_history_kind(std::string_view text);

struct HistoryItem {
  std::uint64_t number = 0; ///< given by AlarmHistory: later items have higher ones
  WallTime at{};
  AlarmKey key;
  AlarmType type = AlarmType::metric;
  HistoryKind kind = HistoryKind::state_update;
  std::string summary; ///< "Alarm updated from OK to ALARM"
  std::string data;    ///< HistoryData: a JSON object as text
  bool operator==(const HistoryItem&) const = default;
};
std::string to_text(const HistoryItem& item);
Result<HistoryItem> parse_history_item(const std::string& text);

/// Empty members let everything pass.
struct HistoryFilter {
  std::optional<std::string> name;
  std::optional<AlarmType> type;
  std::optional<HistoryKind> kind;
  std::optional<WallTime> from, to; ///< both inclusive
  bool newest_first = true;
  std::optional<std::uint64_t> after; ///< the number of the last item of the page before
  std::size_t most = 100;
};

class AlarmHistory {
 public:
  explicit AlarmHistory(std::size_t items_max = limits::history_items_max) : items_max_(items_max) {}
  /// Its number is set here.
  void add(HistoryItem item);
  /// Before the first add(), in their order: numbers stay.
  void restore(HistoryItem item);
  std::vector<HistoryItem> find(const HistoryFilter& filter) const;
  /// Items added since the last call, for a store; at most limits::history_items_max.
  std::vector<HistoryItem> take_fresh();
  void sweep(WallTime now);
  std::size_t size() const { return items_.size(); }

 private:
  // Config
  std::size_t items_max_;
  // State
  std::deque<HistoryItem> items_; // by number
  std::uint64_t next_ = 1;
  std::uint64_t fresh_from_ = 1;
};

} // namespace kaden::alarm
