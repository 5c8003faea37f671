/// sim/process.h - one life of Kaden after another: the writer's loop over engine and journal, killed and
/// started again. The same rules as the writer room, in virtual time: commit first, act second; what must be
/// stored is tried again. Threads: one. Errors: throws Violation.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "chance.h"
#include "faults.h"
#include "kaden/incident.h"
#include "kaden/journal.h"
#include "model.h"
#include "oracle.h"
#include "phones.h"
#include "schedule.h"

namespace kaden::sim {

struct Counts {
  std::uint64_t inputs = 0, calls = 0, crashes = 0, failed_commits = 0, incidents = 0, exhausted = 0;
  void add(const Counts& other);
};

class Process {
 public:
  /// Who is at the other ends.
  struct World {
    Phones& phones;
    Model& model;
    Oracle& oracle;
  };
  Process(Schedule& schedule, Chance& chance, const Faults& faults, Mutation mutation, World world);

  /// The newest configuration is the second input of each life.
  void set_config(incident::Config config);
  void start();
  void crash();
  bool is_up() const { return is_up_; }

  /// From outside: gone when the process dies or the commit fails; then `accepted` is never called.
  void submit(incident::Input input, std::function<void()> accepted);
  /// Wall time may step; steady time (the schedule's) does not.
  void step_clock(Millis by) { skew_ += by; }
  WallTime wall() const;

  const incident::Engine& engine() const { return *engine_; }
  bool is_idle() const { return mailbox_.empty(); }
  const Counts& counts() const { return counts_; }
  /// Throws when the whole journal, read from its beginning, gives another state or other effects.
  void check_replay() const;
  std::string digest() const;

 private:
  struct Item {
    incident::Input input;
    std::function<void()> accepted;
    bool must = false;
  };
  void submit_must(incident::Input input);
  void plan_commit(Millis wait);
  void commit();
  bool append(const std::vector<Item>& batch);
  void release(const std::vector<incident::Effect>& effects);
  void carry_out(const incident::Effect& effect);
  void save_snapshot();
  void wake();
  void start_again();
  std::unique_ptr<incident::Engine> recovered() const;
  /// Runs the job if this life of the process still goes on then.
  void after(Millis wait, std::function<void()> job);

  // Borrowed
  Schedule& schedule_;
  Chance& chance_;
  const Faults& faults_;
  const Mutation mutation_;
  Phones& phones_;
  Model& model_;
  Oracle& oracle_;
  // Owned
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<incident::Engine> engine_;
  // State
  incident::Config config_;
  std::deque<Item> mailbox_;
  std::deque<incident::Input> accepted_; // alarms whose sender heard "accepted": a crash may not forget them
  std::string effects_chain_;            // all effects, folded
  std::uint64_t life_ = 0, wake_id_ = 0;
  bool is_up_ = false, is_committing_ = false;
  Millis skew_{};
  Counts counts_;
};

} // namespace kaden::sim
