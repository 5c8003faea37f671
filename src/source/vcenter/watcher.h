/// watcher.h - looks at one vCenter: log in, wait, read, remember, report, acknowledge. Room: source/vcenter.
/// Uses: base, runtime, vim, journal, http, source/watch. Threads: one, which it blocks. Errors: none that
/// stops it.
#pragma once

#include <string>

#include "alarms.h"
#include "kaden/outbox.h"
#include "kaden/readability.h"
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
  source::Looked look_again(const std::atomic<bool>& cancelled);
  vim::Answer<std::size_t> read(const std::atomic<bool>& cancelled);
  /// Waits for events until the next reading is due. Nothing: it is time to read.
  std::optional<source::Looked> wait_turn(const std::atomic<bool>& cancelled);
  vim::Answer<std::size_t> take(const std::vector<vim::AlarmState>& states,
                                const std::atomic<bool>& cancelled);
  /// What has changed since, and the events that come of it.
  Result<void> store(std::vector<Report> news);
  /// Sends what was acknowledged in Kaden. What fails is tried again with the next reading.
  void acknowledge(const std::atomic<bool>& cancelled);
  source::Looked on_failure(const vim::Failure& failure);
  void note_readability(Readability::Change change, const Readability& before, WallTime now,
                        const std::string& why);
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
  source::Outbox outbox_;
  Session session_;
  Names names_;
  // State
  Alarms alarms_;
  Readability readability_;
  std::string saved_; ///< what the record of the state holds
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
