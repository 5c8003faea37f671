/// alarms.h - what is news about triggered alarms: the last answer against the one before. No I/O.
/// Room: source/vcenter. Uses: base, vim, source/watch. Threads: one owner. Errors: corrupt from
/// restore().
///
/// - One alarm event for each change of an alarm on an entity: triggered, another status, over. Its id is
/// made
///   of vCenter's own id, the alarm's key, status and time, so the same change has the same id for ever.
/// - Gray is "unknown" and changes nothing. A status whose severity the rules leave out counts as over.
/// - Acknowledged at vCenter: Report::taken_by. What was acknowledged and no longer is was green in between
///   (vCenter has no other way back): over, then triggered again.
/// - The same status with a newer time, not acknowledged at vCenter either time: it triggered again, so it
/// had
///   left that status in between. When somebody has taken it in Kaden, that is told in two: over, then
///   triggered; otherwise it is a repeat, since people are being called as it is. Always a repeat: an alarm
///   raised by an event, whose time moves with the next event though it never was green.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kaden/outbox.h"
#include "kaden/vcenter.h"
#include "names.h"

namespace kaden::vcenter {

using Report = source::Untold; ///< taken_by: "vcenter: VSPHERE.LOCAL\\ope1"

class Alarms {
 public:
  Alarms(std::string vcenter, std::vector<Rule> rules)
      : vcenter_(std::move(vcenter)), rules_(std::move(rules)) {}

  /// Of the alarms that are new here, so that only their names have to be known.
  std::vector<vim::AlarmState> unknown(const std::vector<vim::AlarmState>& states) const;
  /// What is news, in order. `owned`: alarms whose incident somebody has taken in Kaden; that vCenter says so
  /// as well is no news.
  std::vector<Report> take(const std::vector<vim::AlarmState>& states, const Names& names,
                           const std::map<std::string, std::string>& owned);
  /// It is another vCenter now, under the same name: all that the former one had is over.
  std::vector<Report> begin_with(const std::string& instance_uuid);
  const std::string& instance_uuid() const { return instance_uuid_; }
  /// How often alarms ended though vCenter did not say so; part of the ids of what is triggered after it,
  /// which may be the same alarm with the same time.
  std::int64_t rounds() const { return rounds_; }

  /// Alarms by name that are reported and not acknowledged in vCenter, with what acknowledges them.
  struct Open {
    std::string key;
    vim::Ref alarm, entity;
  };
  std::map<std::string, Open> open() const;
  std::vector<std::string> names() const;

  bool has_changed() const { return !touched_.empty(); }
  /// Each alarm's stored form by its key; keys that changed since the last call, nullopt for those that
  /// ended.
  std::map<std::string, std::optional<std::string>> changed();
  Result<void> restore(const std::string& instance_uuid, std::int64_t rounds,
                       const std::map<std::string, std::string>& stored);

 private:
  struct Known {
    std::string name; ///< the alarm's in Kaden, unique in the source
    std::string machine;
    std::map<std::string, std::string> labels;
    vim::Ref alarm, entity;
    vim::Status status = vim::Status::red;
    WallTime time{};
    std::int64_t round = 0;   ///< in which it was triggered
    std::string acknowledged; ///< by whom and when, as vCenter told; empty: not
  };
  std::optional<Severity> severity_of(const Known& known, vim::Status status) const;
  Known known_of(const vim::AlarmState& state, const Names& names) const;
  void take_one(const vim::AlarmState& state, const Names& names,
                const std::map<std::string, std::string>& owned, std::vector<Report>& out);
  void take_known(const vim::AlarmState& state, Known& known, const std::map<std::string, std::string>& owned,
                  std::vector<Report>& out);
  void take_new(const vim::AlarmState& state, Known known, std::vector<Report>& out);
  AlarmEvent event_of(const std::string& key, const Known& known, AlarmState state,
                      std::string_view what) const;
  Report over(const std::string& key, const Known& known, const std::string& why) const;
  static std::string save(const Known& known);
  static Result<Known> load(const std::string& text);

  // Config
  std::string vcenter_;
  std::vector<Rule> rules_;
  // State
  std::string instance_uuid_;
  std::int64_t rounds_ = 0;
  std::map<std::string, Known> known_; ///< by vCenter's key
  std::map<std::string, bool> touched_;
};

} // namespace kaden::vcenter
