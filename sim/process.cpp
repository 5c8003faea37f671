#include "process.h"

#include <algorithm>

#include "kaden/limits/engine.h"

namespace kaden::sim {

namespace {

constexpr std::size_t batch_max = 8;
constexpr std::size_t accepted_kept = 50;
constexpr incident::Position snapshot_every = 300;
constexpr incident::Position stuck_check_every = 8; // it looks at every incident
const WallTime epoch = wall_time(1'700'000'000'000);

/// A chain over effects: two runs that differ anywhere differ in it.
void fold(std::string& chain, const std::vector<incident::Effect>& effects) {
  std::string text = chain;
  for (const incident::Effect& effect : effects) {
    text += incident::encode(effect);
    text += '\n';
  }
  chain = as_view(sha256(text));
}

} // namespace

void Counts::add(const Counts& other) {
  inputs += other.inputs;
  calls += other.calls;
  crashes += other.crashes;
  failed_commits += other.failed_commits;
  incidents += other.incidents;
  exhausted += other.exhausted;
}

Process::Process(Schedule& schedule, Chance& chance, const Faults& faults, Mutation mutation, World world)
    : schedule_(schedule),
      chance_(chance),
      faults_(faults),
      mutation_(mutation),
      phones_(world.phones),
      model_(world.model),
      oracle_(world.oracle) {
  journal_ = journal::open_memory("51a1", {[this](journal::Position) {
                                    return faults_.is_on(FaultKind::commit_fails) && chance_.per_mille(20);
                                  }});
  engine_ = std::make_unique<incident::Engine>();
  phones_.report = [this](incident::Input input) { submit_must(std::move(input)); };
  model_.report = phones_.report;
}

WallTime Process::wall() const {
  return epoch + schedule_.now() + skew_;
}

void Process::after(Millis wait, std::function<void()> job) {
  schedule_.after(wait, [this, life = life_, job = std::move(job)] {
    if (life == life_) job();
  });
}

void Process::set_config(incident::Config config) {
  config_ = std::move(config);
  if (mutation_ == Mutation::triage_waits) config_.triage.wait = limits::triage_wait_max;
  if (mutation_ == Mutation::triage_lowers) {
    for (incident::SeverityRule& rule : config_.triage.rules) rule.lowest = Severity::info;
    config_.triage.rules.push_back({{}, {}, {}, std::nullopt, Severity::info, true});
  }
  if (is_up_) submit_must(incident::ConfigChanged{config_});
}

void Process::start() {
  is_up_ = true;
  is_committing_ = false;
  submit_must(incident::Started{journal_->installation()});
  submit_must(incident::ConfigChanged{config_});
  wake();
}

// Everything that was not committed is gone; phones go on at the far end.
void Process::crash() {
  if (!is_up_) return;
  ++counts_.crashes;
  ++life_;
  is_up_ = false;
  mailbox_.clear();
  phones_.process_died();
  model_.process_died();
  schedule_.after(chance_.between(seconds(1), seconds(30)), [this] { start_again(); });
}

void Process::start_again() {
  const std::string before = engine_->snapshot();
  auto engine = recovered();
  demand(engine->snapshot() == before, "recovery gives another state than the one that died");
  engine_ = std::move(engine);
  for (const incident::Input& input : accepted_)
    demand(engine_->is_repeat(input), "an accepted alarm was forgotten");
  start();
}

// From the newest snapshot or, as often, from the journal's beginning.
std::unique_ptr<incident::Engine> Process::recovered() const {
  auto engine = std::make_unique<incident::Engine>();
  const auto snapshot = journal_->latest_snapshot();
  if (snapshot && *snapshot && chance_.below(4) != 0) {
    auto restored = incident::Engine::restore((*snapshot)->state);
    demand(restored.has_value(), "a snapshot cannot be restored");
    *engine = std::move(*restored);
  }
  const auto read = journal_->read(engine->last_position(), [&](const journal::Entry& entry) {
    if (mutation_ == Mutation::skip_on_replay && entry.position == journal_->last_position()) return false;
    const auto input = incident::decode(entry.payload);
    demand(input.has_value(), "the journal cannot be read: " + entry.payload);
    engine->apply(*input, entry.at, entry.position);
    return true;
  });
  demand(read.has_value(), "the journal is broken");
  return engine;
}

void Process::submit(incident::Input input, std::function<void()> accepted) {
  if (!is_up_) return;
  if (mutation_ == Mutation::accept_before_commit && accepted) {
    accepted_.push_back(input);
    accepted();
  }
  mailbox_.push_back({std::move(input), std::move(accepted), false});
  plan_commit(Millis(1));
}

void Process::submit_must(incident::Input input) {
  if (!is_up_) return;
  mailbox_.push_back({std::move(input), {}, true});
  plan_commit(Millis(1));
}

void Process::plan_commit(Millis wait) {
  if (is_committing_) return;
  is_committing_ = true;
  if (faults_.is_on(FaultKind::slow_commits) && chance_.per_mille(100))
    wait += chance_.between(Millis(10), seconds(12));
  after(wait, [this] {
    is_committing_ = false;
    commit();
  });
}

void Process::commit() {
  std::vector<Item> batch;
  while (!mailbox_.empty() && batch.size() < batch_max) {
    Item item = std::move(mailbox_.front());
    mailbox_.pop_front();
    if (engine_->is_repeat(item.input)) {
      if (item.accepted) item.accepted();
      continue;
    }
    batch.push_back(std::move(item));
  }
  if (batch.empty()) return wake();
  if (mutation_ == Mutation::release_before_commit) {
    auto ahead = incident::Engine::restore(engine_->snapshot());
    release(ahead->apply(batch.front().input, wall(), engine_->last_position() + 1));
  }
  const incident::Position first = journal_->last_position() + 1;
  if (!append(batch)) {
    ++counts_.failed_commits;
    for (auto item = batch.rbegin(); item != batch.rend(); ++item) {
      if (item->must) mailbox_.push_front(std::move(*item));
    }
    if (!mailbox_.empty()) plan_commit(Millis(200));
    return wake();
  }
  // Applied in one go, as the engine's state is one with the journal's end; only effects can be cut short.
  std::vector<std::vector<incident::Effect>> effects;
  const WallTime at = wall();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    effects.push_back(engine_->apply(batch[i].input, at, first + i));
    ++counts_.inputs;
    fold(effects_chain_, effects.back());
    oracle_.check_step(*engine_, batch[i].input, at, effects.back());
  }
  demand(engine_->last_position() == journal_->last_position(), "the engine is not where the journal is");
  if (first % stuck_check_every < batch.size()) oracle_.check_not_stuck(*engine_);
  if (faults_.is_on(FaultKind::crash_after_commit) && chance_.per_mille(4)) return crash();
  const std::uint64_t life = life_;
  for (std::size_t i = 0; i < batch.size() && life == life_; ++i) {
    release(effects[i]);
    if (life != life_) return;
    if (batch[i].accepted) {
      accepted_.push_back(batch[i].input);
      while (accepted_.size() > accepted_kept) accepted_.pop_front();
      batch[i].accepted();
    }
  }
  for (const Item& item : batch) oracle_.check_released(*engine_, item.input);
  if (journal_->last_position() / snapshot_every != (first - 1) / snapshot_every) save_snapshot();
  wake();
  if (!mailbox_.empty()) plan_commit(Millis(1));
}

bool Process::append(const std::vector<Item>& batch) {
  std::vector<journal::NewEntry> entries;
  for (const Item& item : batch) {
    const bool is_key = std::holds_alternative<incident::KeyPressed>(item.input);
    if (mutation_ == Mutation::acknowledge_without_commit && is_key) continue;
    entries.push_back({wall(), incident::encode(item.input)});
  }
  return journal_->append(entries).has_value();
}

void Process::release(const std::vector<incident::Effect>& effects) {
  for (const incident::Effect& effect : effects) {
    carry_out(effect);
    if (faults_.is_on(FaultKind::crash_between_effects) && chance_.per_mille(1)) return crash();
  }
}

void Process::carry_out(const incident::Effect& effect) {
  if (const auto* place = std::get_if<incident::PlaceCall>(&effect)) {
    phones_.place(*place);
    if (mutation_ == Mutation::place_twice) {
      incident::PlaceCall again = *place;
      again.call.text += "-again";
      phones_.place(again);
    }
  } else if (const auto* proceed = std::get_if<incident::ProceedCall>(&effect)) {
    if (mutation_ != Mutation::drop_proceed) phones_.proceed(proceed->call);
  } else if (const auto* answer = std::get_if<incident::AnswerKey>(&effect)) {
    const Verdict verdict = mutation_ == Mutation::verdict_lies ? Verdict::acknowledged : answer->verdict;
    if (mutation_ != Mutation::drop_answer_key) phones_.answer_key(answer->call, verdict);
  } else if (const auto* end = std::get_if<incident::EndCall>(&effect)) {
    if (mutation_ != Mutation::drop_end) phones_.end(end->call);
  } else if (const auto* recover = std::get_if<incident::RecoverCall>(&effect)) {
    if (mutation_ != Mutation::drop_recover) phones_.recover(recover->call);
  } else if (const auto* ask = std::get_if<incident::AskTriage>(&effect)) {
    model_.ask(*ask);
  }
}

void Process::save_snapshot() {
  const std::string state = engine_->snapshot();
  if (chance_.below(8) == 0) {
    auto twin = incident::Engine::restore(state);
    demand(twin.has_value() && twin->snapshot() == state, "a snapshot does not restore to itself");
  }
  if (mutation_ == Mutation::wrong_snapshot) {
    auto ahead = incident::Engine::restore(state);
    ahead->apply(
        incident::AlarmReported{AlarmEvent{"ghost", state.substr(20, 4), "ghost", {}, {}, {}, {}, {}, {}}},
        wall(), engine_->last_position() + 1);
    (void)journal_->save_snapshot({engine_->last_position(), ahead->snapshot()});
    return;
  }
  (void)journal_->save_snapshot({engine_->last_position(), state});
}

// Looks again when the engine wants it, and at least every minute: a stepped clock costs no more.
void Process::wake() {
  if (mutation_ == Mutation::forget_timers) return;
  const auto due = engine_->next_due();
  if (!due) return;
  const Millis wait = std::clamp(*due - wall(), Millis(1), limits::reminder_max);
  after(wait, [this, wake_id = ++wake_id_] {
    if (wake_id != wake_id_) return; // a newer reminder stands
    const auto due_now = engine_->next_due();
    if (!due_now) return;
    if (*due_now > wall()) return wake();
    submit_must(incident::TimePassed{});
  });
}

void Process::check_replay() const {
  incident::Engine engine;
  std::string chain;
  const auto read = journal_->read(0, [&](const journal::Entry& entry) {
    const auto input = incident::decode(entry.payload);
    demand(input.has_value(), "the journal cannot be read");
    fold(chain, engine.apply(*input, entry.at, entry.position));
    return true;
  });
  demand(read.has_value(), "the journal is broken");
  demand(chain == effects_chain_, "a replay gives other effects");
  demand(engine.snapshot() == engine_->snapshot(), "a replay gives another state");
}

std::string Process::digest() const {
  return to_hex(effects_chain_);
}

} // namespace kaden::sim
