/// carrier_contract.h - what every carrier keeps to, as tests over a world with people in it. Room: carrier,
/// tests only (GoogleTest). Threads: the test's; Witness hears the carrier on the carrier's. Errors: a breach
/// fails the test.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "kaden/carrier.h"

namespace kaden::carrier {

/// Writes down what the carrier tells, and answers as the engine would: the answer is recorded at once, 1 is
/// taken.
class Witness final : public Listener {
 public:
  void on_progress(const CallId& call, Progress progress, const Dialog& dialog) override {
    std::lock_guard lock(mutex_);
    Record& r = calls_[call.text];
    if (r.progress && *r.progress >= progress) r.broken = "progress went backwards or came twice";
    if (r.ended != 0) r.broken = "progress after the end";
    r.progress = progress;
    if (progress == Progress::answered) r.dialog = dialog;
    note(r, std::string(to_text(progress)));
    if (progress == Progress::answered && carrier && proceeds) carrier->proceed(call);
  }
  void on_key(const CallId& call, char key) override {
    std::lock_guard lock(mutex_);
    Record& r = calls_[call.text];
    if (r.ended != 0) r.broken = "a key after the end";
    note(r, std::string("key ") + key);
    if (carrier) carrier->answer_key(call, key, verdict);
  }
  void on_ended(const CallId& call, LineOutcome outcome, const std::string& detail) override {
    std::lock_guard lock(mutex_);
    Record& r = calls_[call.text];
    ++r.ended;
    r.outcome = outcome;
    r.detail = detail;
    note(r, "ended " + std::string(to_text(outcome)));
  }

  /// Waits until the call's story contains `what`.
  bool wait_for(const std::string& call, const std::string& what,
                std::chrono::milliseconds most = std::chrono::seconds(15)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [&] { return calls_[call].story.find(what) != std::string::npos; });
  }
  std::string story(const std::string& call) {
    std::lock_guard lock(mutex_);
    return calls_[call].story;
  }
  int endings(const std::string& call) {
    std::lock_guard lock(mutex_);
    return calls_[call].ended;
  }
  LineOutcome outcome(const std::string& call) {
    std::lock_guard lock(mutex_);
    return calls_[call].outcome;
  }
  std::string detail(const std::string& call) {
    std::lock_guard lock(mutex_);
    return calls_[call].detail;
  }
  Dialog dialog(const std::string& call) {
    std::lock_guard lock(mutex_);
    return calls_[call].dialog;
  }
  /// Empty when every call kept the contract.
  std::string broken() {
    std::lock_guard lock(mutex_);
    for (const auto& [id, r] : calls_) {
      if (!r.broken.empty()) return id + ": " + r.broken;
      if (r.ended > 1) return id + ": ended more than once";
    }
    return {};
  }

  Carrier* carrier = nullptr; ///< set before the first call
  Verdict verdict = Verdict::acknowledged;
  bool proceeds = true;

 private:
  struct Record {
    std::string story;
    std::optional<Progress> progress;
    int ended = 0;
    LineOutcome outcome = LineOutcome::lost;
    std::string detail, broken;
    Dialog dialog;
  };
  void note(Record& r, const std::string& what) {
    r.story += (r.story.empty() ? "" : ", ") + what;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Record> calls_;
};

/// A carrier under test and the people it reaches.
class World {
 public:
  virtual ~World() = default;
  virtual Carrier& carrier() = 0;
  virtual Witness& witness() = 0;
  virtual std::string presses_one() = 0; ///< answers soon, presses 1 within ten seconds, does not hang up
  virtual std::string is_busy() = 0;
  virtual std::string declines() = 0;
  virtual std::string never_answers() = 0;
  virtual std::string hangs_up() = 0; ///< answers, and hangs up without a key
};

inline CallOrder make_order(const std::string& id, const std::string& address,
                            Millis ring_max = seconds(20)) {
  CallOrder order;
  order.call = {id};
  order.address = address;
  order.ring_max = ring_max;
  const auto line = std::make_shared<const std::vector<std::int16_t>>(2'400, std::int16_t{3'000}); // 0.3 s
  order.audio.fill(line);
  return order;
}

/// All of it, one after another. `prefix` makes the ids of this run unique.
inline void check_contract(World& world, const std::string& prefix) {
  Carrier& carrier = world.carrier();
  Witness& seen = world.witness();
  seen.carrier = &carrier;
  const auto id = [&](const char* name) { return prefix + name; };

  ASSERT_TRUE(carrier.place(make_order(id("taken"), world.presses_one())).has_value());
  ASSERT_TRUE(carrier.place(make_order(id("taken"), world.presses_one())).has_value())
      << "a repeat changes nothing";
  ASSERT_TRUE(seen.wait_for(id("taken"), "ended")) << seen.story(id("taken"));
  EXPECT_NE(seen.story(id("taken")).find("answered"), std::string::npos);
  EXPECT_NE(seen.story(id("taken")).find("key 1"), std::string::npos);
  EXPECT_EQ(seen.story(id("taken")).find("key 1"), seen.story(id("taken")).rfind("key 1")) << "folded to one";
  EXPECT_EQ(seen.outcome(id("taken")), LineOutcome::hung_up);

  ASSERT_TRUE(carrier.place(make_order(id("taken"), world.presses_one())).has_value())
      << "an old id is known for long";

  const struct {
    const char* name;
    std::string address;
    LineOutcome outcome;
  } refusals[] = {{"busy", world.is_busy(), LineOutcome::busy},
                  {"declined", world.declines(), LineOutcome::declined}};
  for (const auto& row : refusals) {
    ASSERT_TRUE(carrier.place(make_order(id(row.name), row.address)).has_value());
    ASSERT_TRUE(seen.wait_for(id(row.name), "ended"));
    EXPECT_EQ(seen.outcome(id(row.name)), row.outcome) << seen.detail(id(row.name));
  }

  ASSERT_TRUE(carrier.place(make_order(id("rings"), world.never_answers(), seconds(2))).has_value());
  ASSERT_TRUE(seen.wait_for(id("rings"), "ended"));
  EXPECT_EQ(seen.outcome(id("rings")), LineOutcome::no_answer) << seen.detail(id("rings"));

  ASSERT_TRUE(carrier.place(make_order(id("cancelled"), world.never_answers())).has_value());
  ASSERT_TRUE(seen.wait_for(id("cancelled"), "ringing"));
  carrier.end({id("cancelled")}, EndReason::taken_by_other);
  carrier.end({id("cancelled")}, EndReason::taken_by_other);
  ASSERT_TRUE(seen.wait_for(id("cancelled"), "ended"));
  EXPECT_EQ(seen.outcome(id("cancelled")), LineOutcome::cancelled);

  ASSERT_TRUE(carrier.place(make_order(id("left"), world.hangs_up())).has_value());
  ASSERT_TRUE(seen.wait_for(id("left"), "ended"));
  EXPECT_EQ(seen.outcome(id("left")), LineOutcome::hung_up);

  EXPECT_EQ(carrier.place(make_order(id("odd"), "no address")).error().fault, Fault::invalid);
  carrier.proceed({id("unknown")});
  carrier.answer_key({id("unknown")}, '1', Verdict::acknowledged);
  carrier.end({id("unknown")}, EndReason::finished);
  EXPECT_EQ(seen.endings(id("odd")), 0);
  EXPECT_EQ(seen.endings(id("taken")), 1);
  EXPECT_EQ(seen.broken(), "");
}

} // namespace kaden::carrier
