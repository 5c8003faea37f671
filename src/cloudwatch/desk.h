// The alarm book with everything around it that is durable: definitions, states, and events told in order.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kaden/cloudwatch.h"
#include "record_writer.h"

namespace kaden::cloudwatch {

/// Threads: any. Callbacks come on the record writer's thread or on the sink's, never from inside a call.
class Desk : public std::enable_shared_from_this<Desk> {
 public:
  using Done = std::function<void(const Result<void>&)>;

  Desk(journal::Records& records, const runtime::Clock& clock, Sink sink);
  /// Once, before anything else.
  Result<void> load(std::vector<alarm::Rule> rules, journal::Records& records);

  Result<void> put(std::span<const alarm::Datum> data, WallTime now);
  WallTime evaluate(WallTime now);
  void set_rules(std::vector<alarm::Rule> rules);

  /// PutMetricAlarm: `done` after the definition is durable and in force. busy: limits::alarms_max.
  void define(alarm::Definition definition, WallTime now, const Done& done);
  /// DeleteAlarms: all of them or, when one does not exist (not_found), none.
  void erase(const std::vector<std::string>& names, const Done& done);
  /// SetAlarmState: `done` after the event and the state are durable.
  void set_state(const std::string& name, AlarmState state, std::string reason, std::string reason_data,
                 WallTime now, Done done);

  std::vector<alarm::AlarmInfo> describe(const alarm::AlarmFilter& filter) const;
  std::vector<alarm::AlarmInfo> describe(const std::vector<std::string>& names) const;
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

  void enqueue(alarm::Transition transition, Done done, Jobs& jobs);
  void start(const alarm::AlarmKey& key, Untold& head, Jobs& jobs);
  void on_told(const alarm::AlarmKey& key, bool durable);
  void on_saved(const alarm::AlarmKey& key, const Result<void>& result);
  std::optional<alarm::AlarmKey> find(const std::string& name) const;

  // Config
  Sink sink_;
  // State, guarded by mutex_
  mutable std::mutex mutex_;
  alarm::AlarmBook book_;
  std::map<alarm::AlarmKey, std::deque<Untold>> untold_;
  // Owned; last, so that its thread ends before the rest goes
  RecordWriter writer_;
};

} // namespace kaden::cloudwatch
