// The machine by tables, one call per test, and then every short sequence of events there is.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "kaden/limits/calls.h"
#include "kaden/script.h"

namespace kaden::script {
namespace {

using Phase = State::Phase;

struct Row {
  std::int64_t at_ms;
  Event event;
  std::vector<Action> expect;
};

SteadyTime at(std::int64_t ms) {
  return SteadyTime(Millis(1'000'000 + ms));
}

State run(const std::vector<Row>& rows, State state = {}) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    EXPECT_EQ(step(state, rows[row].event, at(rows[row].at_ms)), rows[row].expect) << "row " << row;
  }
  return state;
}

const std::vector<Action> nothing;
const Row answer{0, Answered{}, {Play{Line::message}}};
const Row message_ends{5'000, LinePlayed{Line::message}, {ReportHeard{}, Play{Line::menu}}};

TEST(Machine, LoopsThenSaysGoodbyeAndHangsUp) {
  const State end = run({
      answer,
      message_ends,
      {9'000, LinePlayed{Line::menu}, {}},
      {10'999, Tick{}, {}},
      {11'000, Tick{}, {Play{Line::message}}},
      {16'000, LinePlayed{Line::message}, {Play{Line::menu}}},
      {20'000, LinePlayed{Line::menu}, {}},
      {22'000, Tick{}, {Play{Line::message}}},
      {27'000, LinePlayed{Line::message}, {Play{Line::menu}}},
      {31'000, LinePlayed{Line::menu}, {}},
      {33'000, Tick{}, {Play{Line::goodbye}}},
      {35'000, LinePlayed{Line::goodbye}, {HangUp{}}},
      {35'001, Tick{}, {}},
  });
  EXPECT_EQ(end.phase, Phase::done);
  EXPECT_EQ(end.loops, limits::message_loops_max);
  EXPECT_FALSE(end.due);
}

TEST(Machine, EachVerdictIsSpokenAndEndsTheCall) {
  const std::vector<std::tuple<char, Verdict, Line>> cases = {
      {'1', Verdict::acknowledged, Line::acknowledged},
      {'1', Verdict::already_taken, Line::already_taken},
      {'1', Verdict::already_resolved, Line::already_resolved},
      {'2', Verdict::passed_on, Line::passed_on},
      {'2', Verdict::already_resolved, Line::already_resolved},
  };
  for (const auto& [key, verdict, line] : cases) {
    run({
        answer,
        {1'000, KeyDown{key}, {Silence{}, ReportKey{key}}},
        {1'100, Judged{verdict}, {Play{line}}},
        {1'200, KeyDown{'1'}, {}},
        {1'300, Judged{Verdict::acknowledged}, {}},
        {1'400, Ended{EndReason::finished}, {}},
        {1'500, Ended{EndReason::taken_by_other}, {}},
        {3'000, LinePlayed{line}, {HangUp{}}},
        {3'001, Judged{Verdict::acknowledged}, {}},
    });
  }
}

TEST(Machine, KeyInterruptsMessageMenuPauseAndGoodbye) {
  const std::vector<Action> reported = {Silence{}, ReportKey{'1'}};
  run({answer, {1, KeyDown{'1'}, reported}});
  run({answer, message_ends, {6'000, KeyDown{'1'}, reported}});
  run({answer, message_ends, {9'000, LinePlayed{Line::menu}, {}}, {9'500, KeyDown{'1'}, reported}});
  State in_goodbye;
  in_goodbye.phase = Phase::closing;
  in_goodbye.playing = Line::goodbye;
  in_goodbye.answered_at = at(0);
  in_goodbye.due = at(180'000);
  run({{40'000, KeyDown{'3'}, {}},
       {40'001, KeyDown{'1'}, reported},
       {40'002, Judged{Verdict::acknowledged}, {Play{Line::acknowledged}}}},
      in_goodbye);
}

TEST(Machine, NothingIsHeardTwice) {
  run({
      answer,
      {1'000, KeyDown{'3'}, {Play{Line::message}}},
      {6'000, LinePlayed{Line::message}, {ReportHeard{}, Play{Line::menu}}},
      {7'000, KeyDown{'3'}, {Play{Line::message}}},
      {12'000, LinePlayed{Line::message}, {Play{Line::menu}}},
  });
}

TEST(Machine, WrongKeysAreSaidAndTheMenuFollows) {
  for (const char key : {'0', '4', '9', '*', '#', 'A', 'D', '\0'}) {
    run({answer,
         {1'000, KeyDown{key}, {Play{Line::wrong_key}}},
         {1'500, LinePlayed{Line::menu}, {}}, // late, from before
         {2'000, LinePlayed{Line::wrong_key}, {Play{Line::menu}}}});
  }
}

TEST(Machine, NotRecordedAsksAgain) {
  run({
      answer,
      {1'000, KeyDown{'1'}, {Silence{}, ReportKey{'1'}}},
      {1'500, KeyDown{'2'}, {}},
      {2'000, Judged{Verdict::not_recorded}, {Play{Line::not_recorded}}},
      {2'100, Judged{Verdict::not_recorded}, {}},
      {4'000, LinePlayed{Line::not_recorded}, {Play{Line::menu}}},
      {5'000, KeyDown{'1'}, {Silence{}, ReportKey{'1'}}},
      {5'100, Judged{Verdict::acknowledged}, {Play{Line::acknowledged}}},
  });
}

TEST(Machine, SilenceOfTheEngineIsToldAndTheLateTruthToo) {
  const std::vector<Row> timed_out = {
      answer,
      {1'000, KeyDown{'1'}, {Silence{}, ReportKey{'1'}}},
      {8'999, Tick{}, {}},
      {9'000, Tick{}, {Play{Line::not_recorded}}},
  };
  const State state = run(timed_out);
  EXPECT_EQ(state.phase, Phase::menu);
  run({{9'500, Judged{Verdict::not_recorded}, {}},
       {9'600, Judged{Verdict::acknowledged}, {Play{Line::acknowledged}}}},
      state);
  // A late answer to 2 does not answer the 1 that was pressed since.
  State other = state;
  run({{10'000, KeyDown{'1'}, {Silence{}, ReportKey{'1'}}},
       {10'100, Judged{Verdict::passed_on}, {}},
       {10'200, Judged{Verdict::acknowledged}, {Play{Line::acknowledged}}}},
      other);
}

TEST(Machine, EndedFromOutside) {
  const std::vector<std::pair<EndReason, Line>> spoken_ends = {
      {EndReason::taken_by_other, Line::taken_by_other}, {EndReason::resolved, Line::cleared}};
  for (const auto& [reason, line] : spoken_ends) {
    run({{0, Ended{reason}, {HangUp{}}}});
    run({answer, {1, Ended{reason}, {Play{line}}}, {2, KeyDown{'1'}, {}}, {3, LinePlayed{line}, {HangUp{}}}});
    run({answer,
         {1, KeyDown{'1'}, {Silence{}, ReportKey{'1'}}},
         {2, Ended{reason}, {Play{line}}},
         {3, Judged{Verdict::already_taken}, {}}});
  }
  for (const EndReason reason : {EndReason::ring_limit, EndReason::shutdown, EndReason::finished}) {
    run({{0, Ended{reason}, {HangUp{}}}, {1, Answered{}, {}}});
    run({answer, {1, Ended{reason}, {HangUp{}}}, {2, Ended{reason}, {}}});
  }
  run({answer,
       {1, Judged{Verdict::acknowledged}, {Play{Line::acknowledged}}},
       {2, Ended{EndReason::shutdown}, {HangUp{}}}});
}

TEST(Machine, TheCallEndsInTime) {
  // A message that never ends: the goodbye begins early enough, and the end is hard.
  run({answer,
       {169'999, Tick{}, {}},
       {170'000, Tick{}, {Play{Line::goodbye}}},
       {179'999, Tick{}, {}},
       {180'000, Tick{}, {HangUp{}}}});
  // A key just before it is still judged, and what became of it is told.
  const State judged_late = run({answer,
                                 {169'900, KeyDown{'1'}, {Silence{}, ReportKey{'1'}}},
                                 {177'900, Tick{}, {Play{Line::not_recorded}}},
                                 {178'900, LinePlayed{Line::not_recorded}, {Play{Line::menu}}},
                                 {180'000, Tick{}, {HangUp{}}}});
  EXPECT_EQ(judged_late.phase, Phase::done);
  run({answer, {179'000, KeyDown{'1'}, {Silence{}, ReportKey{'1'}}}, {180'000, Tick{}, {HangUp{}}}});
}

TEST(Machine, BeforeTheAnswerNothingHappens) {
  run({{0, Tick{}, {}},
       {1, KeyDown{'1'}, {}},
       {2, LinePlayed{Line::message}, {}},
       {3, Judged{Verdict::acknowledged}, {}},
       {4, Answered{}, {Play{Line::message}}},
       {5, Answered{}, {}}});
}

// Every sequence
// -----------------------------------------------------------------------------------------------------

using Key = std::tuple<int, int, char, bool, int, std::int64_t, std::int64_t, std::int64_t>;

Key key_of(const State& state, SteadyTime now) {
  return {static_cast<int>(state.phase),
          state.loops,
          state.pending_key,
          state.heard,
          state.playing ? static_cast<int>(*state.playing) : -1,
          state.answered_at.time_since_epoch().count(),
          state.due ? state.due->time_since_epoch().count() : -1,
          now.time_since_epoch().count()};
}

struct Moment {
  State state;
  SteadyTime now;
};

/// What can happen next: with the time it happens at.
std::vector<std::pair<Event, SteadyTime>> events_at(const Moment& moment) {
  const SteadyTime soon = moment.now + seconds(1);
  std::vector<std::pair<Event, SteadyTime>> events = {{Answered{}, soon}, {Tick{}, soon}};
  for (const char key : {'1', '2', '3', '9'}) events.emplace_back(KeyDown{key}, soon);
  for (std::size_t line = 0; line < line_count; ++line) {
    events.emplace_back(LinePlayed{static_cast<Line>(line)}, soon);
  }
  for (int verdict = 0; verdict <= static_cast<int>(Verdict::not_recorded); ++verdict) {
    events.emplace_back(Judged{static_cast<Verdict>(verdict)}, soon);
  }
  for (int reason = 0; reason <= static_cast<int>(EndReason::shutdown); ++reason) {
    events.emplace_back(Ended{static_cast<EndReason>(reason)}, soon);
  }
  if (moment.state.due) events.emplace_back(Tick{}, std::max(soon, *moment.state.due));
  return events;
}

bool plays(const std::vector<Action>& actions, Line line) {
  return std::find(actions.begin(), actions.end(), Action{Play{line}}) != actions.end();
}

bool is_verdict(const Event& event, Verdict verdict) {
  const Judged* judged = std::get_if<Judged>(&event);
  return judged != nullptr && judged->verdict == verdict;
}

void expect_invariants(const State& before, const Event& event, const State& after,
                       const std::vector<Action>& actions, SteadyTime now) {
  ASSERT_TRUE(before.phase != Phase::done || (actions.empty() && after == before)) << "acted after HangUp";
  const auto hang_up = std::find(actions.begin(), actions.end(), Action{HangUp{}});
  ASSERT_EQ(after.phase == Phase::done && before.phase != Phase::done, hang_up != actions.end());
  ASSERT_TRUE(hang_up == actions.end() || hang_up + 1 == actions.end()) << "HangUp is the last action";
  ASSERT_TRUE(!plays(actions, Line::acknowledged) || is_verdict(event, Verdict::acknowledged));
  ASSERT_TRUE(!plays(actions, Line::already_taken) || is_verdict(event, Verdict::already_taken));
  ASSERT_TRUE(!plays(actions, Line::passed_on) || is_verdict(event, Verdict::passed_on));
  ASSERT_EQ(after.pending_key != 0, after.phase == Phase::judging);
  const bool is_on = after.phase != Phase::waiting && after.phase != Phase::done;
  ASSERT_EQ(after.due.has_value(), is_on) << "a live call always has an end in sight";
  if (!is_on) return;
  ASSERT_LE(*after.due, after.answered_at + limits::talk_max);
  // A wake that is due changes something, or the loop would spin.
  if (std::holds_alternative<Tick>(event) && before.due && now >= *before.due) {
    ASSERT_FALSE(actions.empty());
    ASSERT_GT(*after.due, now);
  }
  ASSERT_LE(after.loops, limits::message_loops_max + 1);
}

TEST(Machine, EverySequenceOfSevenEventsKeepsThePromises) {
  std::vector<Moment> front = {{State{}, at(0)}};
  std::set<Key> seen;
  std::size_t steps = 0;
  for (int depth = 0; depth < 7; ++depth) {
    std::vector<Moment> next;
    for (const Moment& moment : front) {
      for (const auto& [event, now] : events_at(moment)) {
        State after = moment.state;
        const auto actions = step(after, event, now);
        ++steps;
        expect_invariants(moment.state, event, after, actions, now);
        if (HasFatalFailure()) return;
        if (seen.insert(key_of(after, now)).second) next.push_back({after, now});
      }
    }
    front = std::move(next);
  }
  RecordProperty("steps", static_cast<int>(steps));
  EXPECT_GT(steps, 10'000u);
}

TEST(Machine, EveryCallEndsWhenNobodyDoesAnything) {
  // From any state that four events lead to: with ticks alone (dead media) the call ends within talk_max.
  std::vector<Moment> front = {{State{}, at(0)}};
  std::vector<Moment> all;
  for (int depth = 0; depth < 4; ++depth) {
    std::set<Key> seen;
    std::vector<Moment> next;
    for (const Moment& moment : front) {
      for (const auto& [event, now] : events_at(moment)) {
        State after = moment.state;
        (void)step(after, event, now);
        if (seen.insert(key_of(after, now)).second) next.push_back({after, now});
      }
    }
    all.insert(all.end(), next.begin(), next.end());
    front = std::move(next);
  }
  for (Moment& moment : all) {
    if (moment.state.phase == Phase::waiting) continue;
    for (int tick = 0; tick < 100 && moment.state.phase != Phase::done; ++tick) {
      (void)step(moment.state, Tick{}, std::max(moment.now, *moment.state.due));
    }
    ASSERT_EQ(moment.state.phase, Phase::done);
  }
}

} // namespace
} // namespace kaden::script
