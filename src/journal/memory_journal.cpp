#include <mutex>
#include <utility>
#include <vector>

#include "chain.h"
#include "kaden/journal.h"

namespace kaden::journal {

namespace {

class MemoryJournal final : public Journal {
 public:
  MemoryJournal(std::string installation, MemoryFaults faults)
      : faults_(std::move(faults)), installation_(std::move(installation)) {}

  Result<Position> append(std::span<const NewEntry> entries) override {
    std::lock_guard lock(mutex_);
    if (entries.empty()) return entries_.size();
    if (faults_.fail_append && faults_.fail_append(entries_.size() + 1)) {
      return fail(Fault::unavailable, "appending to the journal: the disk failed as ordered");
    }
    for (const NewEntry& entry : entries) {
      const Position position = entries_.size() + 1;
      const Sha256 chain = chainer_.next(chain_at(position - 1), position, entry.at, entry.payload);
      entries_.push_back({position, entry.at, entry.payload, chain});
    }
    return entries_.size();
  }

  Result<void> read(Position after, const std::function<bool(const Entry&)>& take) const override {
    for (Position next = after + 1;; ++next) {
      Entry entry; // a copy, so that `take` runs without the lock
      {
        std::lock_guard lock(mutex_);
        if (next == 0 || next > entries_.size()) return {};
        entry = entries_[next - 1];
      }
      if (!take(entry)) return {};
    }
  }

  Position last_position() const override {
    std::lock_guard lock(mutex_);
    return entries_.size();
  }
  const std::string& installation() const override { return installation_; }

  Result<void> save_snapshot(const Snapshot& snapshot) override {
    std::lock_guard lock(mutex_);
    if (snapshot.position > entries_.size()) {
      return fail(Fault::invalid,
                  "saving a snapshot: there is no entry " + std::to_string(snapshot.position));
    }
    snapshots_.insert_or_assign(snapshot.position, snapshot.state);
    while (snapshots_.size() > 2) snapshots_.erase(snapshots_.begin());
    return {};
  }
  Result<std::optional<Snapshot>> latest_snapshot() const override {
    std::lock_guard lock(mutex_);
    if (snapshots_.empty()) return std::nullopt;
    const auto& [position, state] = *snapshots_.rbegin();
    return Snapshot{position, state};
  }

  Result<Check> verify() const override {
    std::lock_guard lock(mutex_);
    ChainCheck check(0, first_chain(installation_));
    for (const Entry& entry : entries_) {
      const std::string broken = check.take(entry.position, entry.at, entry.payload, as_view(entry.chain));
      require(broken.empty(), "a chain in memory holds");
    }
    return Check{check.position(), 0, {}, check.chain()};
  }

 private:
  Sha256 chain_at(Position position) const {
    return position == 0 ? first_chain(installation_) : entries_[position - 1].chain;
  }

  // Owned
  const MemoryFaults faults_;
  const std::string installation_;
  // State
  mutable std::mutex mutex_;
  Chainer chainer_;
  std::vector<Entry> entries_;
  std::map<Position, std::string> snapshots_;
};

} // namespace

std::unique_ptr<Journal> open_memory(std::string installation, MemoryFaults faults) {
  return std::make_unique<MemoryJournal>(std::move(installation), std::move(faults));
}

} // namespace kaden::journal
