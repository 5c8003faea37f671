#include <algorithm>

#include "kaden/limits/calls.h"
#include "kaden/script.h"

namespace kaden::script {
namespace {

using Phase = State::Phase;
using Actions = std::vector<Action>;

SteadyTime hard_end(const State& state) {
  return state.answered_at + limits::talk_max;
}
SteadyTime soft_end(const State& state) {
  return hard_end(state) - limits::goodbye_reserve;
}

/// While we talk, the goodbye begins early enough to be heard. Past that point (a key came during the
/// goodbye) only the hard end is left.
SteadyTime talk_end(const State& state, SteadyTime now) {
  return now < soft_end(state) ? soft_end(state) : hard_end(state);
}

/// The last word is being spoken: nothing but the end of the line follows. The goodbye is not the last word:
/// somebody who presses a key during it is there after all.
bool has_last_word(const State& state) {
  return state.phase == Phase::closing && state.playing != Line::goodbye;
}

bool is_live(const State& state) {
  return state.phase != Phase::waiting && state.phase != Phase::done && !has_last_word(state);
}

void play(State& state, Line line, Actions& actions) {
  state.playing = line;
  actions.emplace_back(Play{line});
}

void talk(State& state, Phase phase, Line line, SteadyTime now, Actions& actions) {
  state.phase = phase;
  state.pending_key = 0;
  state.due = talk_end(state, now);
  play(state, line, actions);
}

void close_with(State& state, Line line, Actions& actions) {
  state.phase = Phase::closing;
  state.pending_key = 0;
  state.due = hard_end(state);
  play(state, line, actions);
}

void hang_up(State& state, Actions& actions) {
  state.phase = Phase::done;
  state.pending_key = 0;
  state.playing.reset();
  state.due.reset();
  actions.emplace_back(HangUp{});
}

void judge(State& state, char key, SteadyTime now, Actions& actions) {
  state.phase = Phase::judging;
  state.pending_key = key;
  state.playing.reset();
  state.due = std::min(now + limits::verdict_wait_max, hard_end(state));
  actions.emplace_back(Silence{});
  actions.emplace_back(ReportKey{key});
}

void on(State& state, const Answered&, SteadyTime now, Actions& actions) {
  if (state.phase != Phase::waiting) return;
  state.answered_at = now;
  talk(state, Phase::message, Line::message, now, actions);
}

void message_played(State& state, SteadyTime now, Actions& actions) {
  if (!state.heard) actions.emplace_back(ReportHeard{});
  state.heard = true;
  talk(state, Phase::menu, Line::menu, now, actions);
}

void on(State& state, const LinePlayed& event, SteadyTime now, Actions& actions) {
  if (state.playing != event.line) return;
  switch (event.line) {
    case Line::message:
      message_played(state, now, actions);
      return;
    case Line::menu:
      state.phase = Phase::pause;
      state.loops += 1;
      state.playing.reset();
      state.due = std::min(now + limits::menu_pause, talk_end(state, now));
      return;
    case Line::not_recorded:
    case Line::wrong_key:
      talk(state, Phase::menu, Line::menu, now, actions);
      return;
    case Line::acknowledged:
    case Line::already_taken:
    case Line::already_resolved:
    case Line::passed_on:
    case Line::cleared:
    case Line::taken_by_other:
    case Line::goodbye:
      hang_up(state, actions);
      return;
  }
}

void on(State& state, const KeyDown& event, SteadyTime now, Actions& actions) {
  // One key at a time: while one is being judged, the engine's answer decides what comes next.
  if (!is_live(state) || state.phase == Phase::judging) return;
  if (event.key == '1' || event.key == '2') {
    judge(state, event.key, now, actions);
  } else if (state.phase == Phase::closing) {
    return; // the goodbye goes on for any other key
  } else if (event.key == '3') {
    talk(state, Phase::message, Line::message, now, actions);
  } else {
    talk(state, Phase::menu, Line::wrong_key, now, actions);
  }
}

/// Verdicts may come after we gave up waiting: whatever is on record is still told, once.
void on(State& state, const Judged& event, SteadyTime now, Actions& actions) {
  if (!is_live(state)) return;
  switch (event.verdict) {
    case Verdict::acknowledged:
      close_with(state, Line::acknowledged, actions);
      return;
    case Verdict::already_taken:
      close_with(state, Line::already_taken, actions);
      return;
    case Verdict::already_resolved:
      close_with(state, Line::already_resolved, actions);
      return;
    case Verdict::passed_on:
      // The late answer to an earlier 2, while the 1 pressed since then is still on its way.
      if (state.pending_key == '1') return;
      close_with(state, Line::passed_on, actions);
      return;
    case Verdict::not_recorded:
      // Out of judging it is late: the person was told already.
      if (state.phase == Phase::judging) talk(state, Phase::menu, Line::not_recorded, now, actions);
      return;
  }
}

void on(State& state, const Ended& event, SteadyTime, Actions& actions) {
  if (state.phase == Phase::done) return;
  switch (event.reason) {
    case EndReason::taken_by_other:
    case EndReason::resolved:
      if (state.phase == Phase::waiting) {
        hang_up(state, actions);
      } else if (is_live(state)) {
        close_with(state, event.reason == EndReason::resolved ? Line::cleared : Line::taken_by_other,
                   actions);
      }
      return;
    case EndReason::finished:
      // The last word finishes the call by itself.
      if (!has_last_word(state)) hang_up(state, actions);
      return;
    case EndReason::ring_limit:
    case EndReason::shutdown:
      hang_up(state, actions);
      return;
  }
}

void on(State& state, const Tick&, SteadyTime now, Actions& actions) {
  if (!state.due || now < *state.due) return;
  if (now >= hard_end(state)) {
    hang_up(state, actions);
    return;
  }
  switch (state.phase) {
    case Phase::judging:
      talk(state, Phase::menu, Line::not_recorded, now, actions);
      return;
    case Phase::pause:
      if (state.loops < limits::message_loops_max && now < soft_end(state)) {
        talk(state, Phase::message, Line::message, now, actions);
        return;
      }
      close_with(state, Line::goodbye, actions);
      return;
    case Phase::message:
    case Phase::menu:
      close_with(state, Line::goodbye, actions);
      return;
    case Phase::closing: // due at the hard end only
    case Phase::waiting:
    case Phase::done:
      return;
  }
}

} // namespace

std::vector<Action> step(State& state, const Event& event, SteadyTime now) {
  Actions actions;
  std::visit([&](const auto& each) { on(state, each, now, actions); }, event);
  return actions;
}

} // namespace kaden::script
