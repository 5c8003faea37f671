/// watcher.h - looks at one vCenter: log in, wait, read, report, remember, acknowledge. Room: source/vcenter.
/// Uses: base, runtime, vim, journal, http, source/watch. Threads: one, which it blocks. Errors: none that
/// stops it.
#pragma once

#include <string>

#include "alarms.h"
#include "kaden/vcenter.h"
#include "names.h"
#include "session.h"

namespace kaden::vcenter {

class VcenterWatcher final : public source::Watcher {
 public:
  VcenterWatcher(Settings settings, const Ports& ports);
  /// Logs out.
  ~VcenterWatcher() override;
  VcenterWatcher(const VcenterWatcher&) = delete;
  VcenterWatcher& operator=(const VcenterWatcher&) = delete;
  void restore();

  const std::string& source() const override { return source_; }
  const std::string& name() const override { return settings_.name; }
  source::Looked look(const std::atomic<bool>& cancelled) override;

 private:
  Result<void> load();
  vim::Answer<std::size_t> read(const std::atomic<bool>& cancelled);
  /// Waits for events until the next reading is due. Nothing: it is time to read.
  std::optional<source::Looked> wait_turn(const std::atomic<bool>& cancelled);
  vim::Answer<std::size_t> take(const std::vector<vim::AlarmState>& states,
                                const std::atomic<bool>& cancelled);
  vim::Answer<std::size_t> report(const std::vector<Report>& reports);
  Result<void> save();
  /// Sends what was acknowledged in Kaden. What fails is tried again with the next reading.
  void acknowledge(const std::atomic<bool>& cancelled);
  source::Looked on_failure(const vim::Failure& failure);
  std::size_t tell_readability(source::Readability::Change change, WallTime began, const std::string& why);
  Millis wait_after();
  std::optional<source::Looked> still_refused();

  struct Refused {
    SteadyTime until{};
    Error error;
  };

  // Owned
  const std::string source_ = source_name;
  const Settings settings_;
  const Ports ports_;
  Session session_;
  Names names_;
  // State
  Alarms alarms_;
  source::Readability readability_;
  SteadyTime next_read_{};
  bool look_twice_ = false; ///< an event may come before the state that it tells of
  Millis login_wait_{};
  int wait_failures_ = 0;
  std::optional<Refused> refused_;
  std::optional<Error> restore_trouble_;
  std::string acknowledge_trouble_;
  std::map<std::string, WallTime> sent_; ///< alarms whose acknowledgement vCenter took, until it shows
};

} // namespace kaden::vcenter
