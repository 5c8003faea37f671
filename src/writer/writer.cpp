#include "kaden/writer.h"
#include "kaden/limits/engine.h"

#include <algorithm>
#include <iterator>

namespace kaden::writer {

namespace {
constexpr Millis retry_wait = Millis(250); // between two tries of a disk that refused
}

Writer::Writer(journal::Journal& journal, const runtime::Clock& clock, EffectSink& sink)
    : journal_(journal), clock_(clock), sink_(sink) {}

Writer::~Writer() {
  stop();
}

Result<void> Writer::recover() {
  const auto snapshot = journal_.latest_snapshot();
  if (!snapshot) return fail_while("reading the snapshot", snapshot.error());
  Position after = 0;
  if (*snapshot) {
    auto restored = Engine::restore((*snapshot)->state);
    // A snapshot only saves time: one that cannot be read is left aside and the whole journal is replayed.
    if (restored && restored->last_position() == (*snapshot)->position) {
      engine_ = std::move(*restored);
      after = (*snapshot)->position;
    }
  }
  std::optional<Error> bad;
  // The snapshot's own entry is read as well, for its time.
  const auto read = journal_.read(after == 0 ? 0 : after - 1, [&](const journal::Entry& entry) {
    newest_at_ = entry.at;
    if (entry.position <= after) return true;
    const auto input = incident::decode(entry.payload);
    if (!input) {
      bad = Error{Fault::corrupt,
                  "journal entry " + std::to_string(entry.position) + ": " + input.error().message};
      return false;
    }
    engine_.apply(*input, entry.at, entry.position);
    ++replayed_;
    return true;
  });
  if (!read) return fail_while("replaying the journal", read.error());
  if (bad) return tl::unexpected(*bad);
  since_snapshot_ = replayed_;
  return {};
}

void Writer::start(std::vector<incident::Input> first) {
  Item item;
  item.inputs.emplace_back(incident::Started{journal_.installation()});
  std::move(first.begin(), first.end(), std::back_inserter(item.inputs));
  item.must = true;
  {
    std::lock_guard lock(mutex_);
    musts_.push_front(std::move(item));
  }
  thread_ = std::thread([this] {
    runtime::name_thread("kaden-writer");
    run();
  });
}

void Writer::stop() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  ready_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<void> Writer::submit(std::vector<incident::Input> inputs, Done done) {
  {
    std::lock_guard lock(mutex_);
    if (closing_) return fail(Fault::unavailable, "Kaden is shutting down");
    if (mailbox_.size() >= limits::mailbox_max) {
      ++counts_.refused_busy;
      return fail(Fault::busy, "too many inputs are waiting for the journal, try again in a second");
    }
    mailbox_.push_back({std::move(inputs), std::move(done), nullptr, nullptr, false});
  }
  ready_.notify_one();
  return {};
}

void Writer::submit_must(incident::Input input, std::function<void()> on_failed) {
  {
    std::lock_guard lock(mutex_);
    Item item;
    item.inputs.push_back(std::move(input));
    item.on_failed = std::move(on_failed);
    item.must = true;
    musts_.push_back(std::move(item));
  }
  ready_.notify_one();
}

Result<void> Writer::ask(std::function<void(const Engine&)> question) {
  {
    std::lock_guard lock(mutex_);
    if (closing_) return fail(Fault::unavailable, "Kaden is shutting down");
    if (mailbox_.size() >= limits::mailbox_max) {
      ++counts_.refused_busy;
      return fail(Fault::busy, "too many requests are waiting, try again in a second");
    }
    mailbox_.push_back({{}, nullptr, std::move(question), nullptr, false});
  }
  ready_.notify_one();
  return {};
}

Counts Writer::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

Millis Writer::commit_wait() const {
  std::lock_guard lock(mutex_);
  return commit_began_ ? clock_.steady() - *commit_began_ : Millis(0);
}

std::optional<WallTime> Writer::newest_at() const {
  std::lock_guard lock(mutex_);
  return newest_at_;
}

void Writer::wait_for_work(std::vector<Item>& batch) {
  batch.clear();
  // Reminders are short, so a stepped wall clock costs at most limits::reminder_max.
  Millis patience = limits::reminder_max;
  if (const auto due = engine_.next_due()) patience = std::min(patience, *due - clock_.wall());
  const Millis hold = retry_at_ - clock_.steady();
  if (hold > Millis(0)) patience = std::max(patience, hold);

  std::unique_lock lock(mutex_);
  if (hold > Millis(0)) {
    ready_.wait_for(lock, hold, [&] { return closing_; });
  } else {
    ready_.wait_for(lock, std::max(patience, Millis(0)),
                    [&] { return closing_ || !mailbox_.empty() || !musts_.empty(); });
  }
  std::size_t inputs = 0;
  while (inputs < limits::batch_max && (!musts_.empty() || !mailbox_.empty())) {
    auto& from = musts_.empty() ? mailbox_ : musts_;
    inputs += from.front().inputs.size();
    batch.push_back(std::move(from.front()));
    from.pop_front();
  }
}

void Writer::run() {
  std::vector<Item> batch;
  while (true) {
    wait_for_work(batch);
    const auto due = engine_.next_due();
    if (due && *due <= clock_.wall() && clock_.steady() >= retry_at_) {
      Item tick;
      tick.inputs.emplace_back(incident::TimePassed{});
      batch.push_back(std::move(tick));
    }
    const bool idle = batch.empty();
    if (!idle) commit(batch);
    snapshot_if_due(idle);
    std::unique_lock lock(mutex_);
    if (corrupt_) {
      ready_.wait(lock, [&] { return closing_; });
      return;
    }
    // A disk that still refuses at the end keeps its musts: they are facts about calls that a restart asks
    // for again.
    if (closing_ && mailbox_.empty() && (musts_.empty() || !healthy_)) return;
  }
}

void Writer::commit(std::vector<Item>& batch) {
  const WallTime at = clock_.wall();
  std::vector<journal::NewEntry> entries;
  std::uint64_t repeats = 0;
  for (Item& item : batch) {
    // What is known already is durable already: it is answered after this commit, but not stored again.
    const auto known = std::remove_if(item.inputs.begin(), item.inputs.end(),
                                      [&](const incident::Input& input) { return engine_.is_repeat(input); });
    repeats += static_cast<std::uint64_t>(item.inputs.end() - known);
    item.inputs.erase(known, item.inputs.end());
    for (const incident::Input& input : item.inputs) entries.push_back({at, incident::encode(input)});
  }
  Position next = journal_.last_position() + 1;
  if (!entries.empty()) {
    if (const auto stored = store(entries, at); !stored) return settle_failed(batch, stored.error());
  }
  {
    std::lock_guard lock(mutex_);
    counts_.repeats += repeats;
  }
  since_snapshot_ += entries.size();
  for (Item& item : batch) {
    for (const incident::Input& input : item.inputs) apply(input, at, next++);
    if (item.done) item.done(engine_.last_position(), engine_);
    if (item.question) item.question(engine_);
  }
}

Result<void> Writer::store(const std::vector<journal::NewEntry>& entries, WallTime at) {
  const SteadyTime before = clock_.steady();
  {
    std::lock_guard lock(mutex_);
    commit_began_ = before;
  }
  const auto stored = journal_.append(entries);
  healthy_ = stored.has_value();
  std::lock_guard lock(mutex_);
  commit_began_.reset();
  if (!stored) return tl::unexpected(stored.error());
  newest_at_ = at;
  counts_.inputs += entries.size();
  ++counts_.commits;
  counts_.commit_ms.note((clock_.steady() - before).count());
  counts_.batch_inputs.note(static_cast<std::int64_t>(entries.size()));
  return {};
}

void Writer::apply(const incident::Input& input, WallTime at, Position position) {
  for (const incident::Effect& effect : engine_.apply(input, at, position)) sink_.release(effect);
}

void Writer::settle_failed(std::vector<Item>& batch, const Error& error) {
  if (error.fault == Fault::corrupt) {
    {
      std::lock_guard lock(mutex_);
      corrupt_ = true;
      ++counts_.failed_commits;
    }
    sink_.on_journal_corrupt(error);
    return;
  }
  retry_at_ = clock_.steady() + retry_wait;
  const Result<Position> refused = fail_while("storing in the journal", error);
  std::deque<Item> again;
  for (Item& item : batch) {
    if (item.must) {
      if (item.on_failed) item.on_failed();
      item.on_failed = nullptr;
      again.push_back(std::move(item));
      continue;
    }
    if (item.done) item.done(refused, engine_);
    if (item.question) item.question(engine_);
  }
  std::lock_guard lock(mutex_);
  ++counts_.failed_commits;
  musts_.insert(musts_.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
}

void Writer::snapshot_if_due(bool idle) {
  // A snapshot costs time in proportion to the open incidents, so it waits for a quiet moment, but not for
  // ever.
  const auto counts = engine_.counts();
  const Position due = limits::snapshot_every + 4 * (counts.triggered + counts.acknowledged);
  const bool quiet = idle && counts.calls_live == 0;
  if (since_snapshot_ < (quiet ? limits::snapshot_every : due) || !healthy_) return;
  if (!journal_.save_snapshot({engine_.last_position(), engine_.snapshot()})) return;
  since_snapshot_ = 0;
  std::lock_guard lock(mutex_);
  ++counts_.snapshots;
}

} // namespace kaden::writer
