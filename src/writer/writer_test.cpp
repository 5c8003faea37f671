#include "kaden/writer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace kaden::writer {
namespace {

using namespace std::chrono_literals;

/// Remembers the order in which effects were released and how much of the journal was durable by then.
class RecordingSink final : public EffectSink {
 public:
  explicit RecordingSink(const journal::Journal& journal) : journal_(journal) {}
  void release(const incident::Effect& effect) override {
    std::lock_guard lock(mutex_);
    if (const auto* tell = std::get_if<incident::Tell>(&effect)) {
      durable_before_release_ = durable_before_release_ && tell->entry.position <= journal_.last_position();
    }
    effects_.push_back(incident::encode(effect));
  }
  void on_journal_corrupt(const Error&) override { corrupt.set_value(); }
  std::promise<void> corrupt;
  std::vector<std::string> effects() const {
    std::lock_guard lock(mutex_);
    return effects_;
  }
  bool durable_before_release() const {
    std::lock_guard lock(mutex_);
    return durable_before_release_;
  }

 private:
  const journal::Journal& journal_;
  mutable std::mutex mutex_;
  std::vector<std::string> effects_;
  bool durable_before_release_ = true;
};

incident::Input alarm(const std::string& id) {
  AlarmEvent event;
  event.source = "test";
  event.event_id = id;
  event.alarm = "alarm " + id;
  event.machine = "web-01";
  return incident::AlarmReported{event};
}

std::vector<incident::Input> one(incident::Input input) {
  std::vector<incident::Input> inputs;
  inputs.push_back(std::move(input));
  return inputs;
}

/// A writer on a journal in memory whose disk refuses when it is told to.
class WriterTest : public testing::Test {
 protected:
  /// `sink_` sees the effects of this writer only, as the sink of a new process would.
  void open() {
    sink_ = std::make_unique<RecordingSink>(*journal_);
    writer_ = std::make_unique<Writer>(*journal_, clock_, *sink_);
  }
  void start() {
    open();
    ASSERT_TRUE(writer_->recover());
    writer_->start({});
  }
  Result<incident::Position> commit(incident::Input input) {
    std::promise<Result<incident::Position>> answer;
    const auto taken = writer_->submit(
        one(std::move(input)), [&](const auto& committed, const Engine&) { answer.set_value(committed); });
    if (!taken) return tl::unexpected(taken.error());
    return answer.get_future().get();
  }
  std::string snapshot() {
    std::promise<std::string> state;
    EXPECT_TRUE(writer_->ask([&](const Engine& engine) { state.set_value(engine.snapshot()); }));
    return state.get_future().get();
  }
  /// True when the state is the fold over the whole journal, without any snapshot.
  bool is_what_the_journal_gives() {
    const std::string state = snapshot(); // after what was committed before
    Engine engine;
    EXPECT_TRUE(journal_->read(0, [&](const journal::Entry& entry) {
      engine.apply(incident::decode(entry.payload).value(), entry.at, entry.position);
      return true;
    }));
    return state == engine.snapshot();
  }

  std::atomic<bool> refuse_ = false;
  runtime::SystemClock clock_;
  std::unique_ptr<journal::Journal> journal_ =
      journal::open_memory("aaaaaaaaaaaaaaaa", {[this](journal::Position) { return refuse_.load(); }});
  std::unique_ptr<RecordingSink> sink_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(WriterTest, AnswersAfterTheCommitAndReleasesEffectsAfterIt) {
  start();
  const auto position = commit(alarm("1"));
  ASSERT_TRUE(position);
  EXPECT_EQ(*position, 2U); // Started came first
  EXPECT_EQ(journal_->last_position(), 2U);
  writer_->stop();
  EXPECT_FALSE(sink_->effects().empty());
  EXPECT_TRUE(sink_->durable_before_release());
}

TEST_F(WriterTest, ARepeatIsAnsweredButNotStoredAgain) {
  start();
  ASSERT_TRUE(commit(alarm("1")));
  ASSERT_TRUE(commit(alarm("1")));
  ASSERT_TRUE(commit(alarm("2")));
  writer_->stop();
  EXPECT_EQ(journal_->last_position(), 3U);
  EXPECT_EQ(writer_->counts().repeats, 1U);
}

TEST_F(WriterTest, ARefusedCommitStoresNothingAndSaysSo) {
  start();
  ASSERT_TRUE(commit(alarm("1")));
  const std::size_t effects_before = sink_->effects().size();
  refuse_ = true;
  const auto refused = commit(alarm("2"));
  ASSERT_FALSE(refused);
  EXPECT_FALSE(writer_->is_healthy());
  EXPECT_EQ(sink_->effects().size(), effects_before);
  refuse_ = false;
  ASSERT_TRUE(commit(alarm("2")));
  EXPECT_TRUE(writer_->is_healthy());
  writer_->stop();
  EXPECT_EQ(journal_->last_position(), 3U);
}

TEST_F(WriterTest, WhatCarriersReportIsTriedAgainUntilItIsStored) {
  start();
  ASSERT_TRUE(commit(alarm("1")));
  refuse_ = true;
  std::promise<void> told;
  std::atomic<int> tellings = 0;
  writer_->submit_must(alarm("from a carrier"), [&] {
    if (++tellings == 1) told.set_value();
  });
  told.get_future().wait();
  refuse_ = false;
  ASSERT_TRUE(commit(alarm("2"))); // waits behind the retry
  writer_->stop();
  EXPECT_EQ(tellings, 1);
  EXPECT_EQ(journal_->last_position(), 4U);
}

TEST_F(WriterTest, RecoversTheSameStateFromTheJournal) {
  start();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(commit(alarm(std::to_string(i))));
  EXPECT_TRUE(is_what_the_journal_gives());
  const auto newest = writer_->newest_at();
  writer_.reset();
  open();
  ASSERT_TRUE(writer_->recover());
  EXPECT_EQ(writer_->replayed(), 21U);
  EXPECT_EQ(writer_->newest_at(), newest);
  EXPECT_TRUE(sink_->effects().empty()); // old effects are not released again
  writer_->start({});
  EXPECT_TRUE(is_what_the_journal_gives());
}

TEST_F(WriterTest, ASnapshotSavesTheReplayAndGivesTheSameState) {
  start();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(commit(alarm(std::to_string(i))));
  const std::string state = snapshot();
  const auto newest = writer_->newest_at();
  writer_.reset();
  ASSERT_TRUE(journal_->save_snapshot({journal_->last_position(), state}));
  open();
  ASSERT_TRUE(writer_->recover());
  EXPECT_EQ(writer_->replayed(), 0U);
  EXPECT_EQ(writer_->newest_at(), newest); // the clock is judged even when nothing was replayed
  writer_->start({});
  EXPECT_TRUE(is_what_the_journal_gives());
}

TEST_F(WriterTest, AnUnreadableSnapshotIsLeftAside) {
  start();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(commit(alarm(std::to_string(i))));
  writer_.reset();
  ASSERT_TRUE(journal_->save_snapshot({journal_->last_position(), "not a state"}));
  open();
  ASSERT_TRUE(writer_->recover());
  EXPECT_EQ(writer_->replayed(), 6U);
  writer_->start({});
  EXPECT_TRUE(is_what_the_journal_gives());
}

TEST_F(WriterTest, ACorruptEntryStopsTheRecovery) {
  const std::vector<journal::NewEntry> entries = {{wall_time(0), "{\"type\":\"Nonsense\"}"}};
  ASSERT_TRUE(journal_->append(entries));
  open();
  const auto recovered = writer_->recover();
  ASSERT_FALSE(recovered);
  EXPECT_EQ(recovered.error().fault, Fault::corrupt);
  EXPECT_NE(recovered.error().message.find("entry 1"), std::string::npos);
}

/// The journal of the fixture behind a disk that fails half-way or hangs.
class BadDisk final : public journal::Journal {
 public:
  explicit BadDisk(journal::Journal& inner) : inner_(inner) {}
  Result<journal::Position> append(std::span<const journal::NewEntry> entries) override {
    if (hold) {
      held.set_value();
      go_on.get_future().wait();
    }
    return broken ? fail(Fault::corrupt, "the disk took half of it") : inner_.append(entries);
  }
  Result<void> read(journal::Position after,
                    const std::function<bool(const journal::Entry&)>& take) const override {
    return inner_.read(after, take);
  }
  journal::Position last_position() const override { return inner_.last_position(); }
  const std::string& installation() const override { return inner_.installation(); }
  Result<void> save_snapshot(const journal::Snapshot& snapshot) override {
    return inner_.save_snapshot(snapshot);
  }
  Result<std::optional<journal::Snapshot>> latest_snapshot() const override {
    return inner_.latest_snapshot();
  }
  Result<journal::Check> verify() const override { return inner_.verify(); }
  std::atomic<bool> broken = false;
  std::atomic<bool> hold = false;
  std::promise<void> held, go_on; // of the one append that hangs

 private:
  journal::Journal& inner_;
};

TEST_F(WriterTest, WhenTheJournalCannotSayWhatItHoldsNobodyIsAnswered) {
  BadDisk disk(*journal_);
  sink_ = std::make_unique<RecordingSink>(disk);
  writer_ = std::make_unique<Writer>(disk, clock_, *sink_);
  ASSERT_TRUE(writer_->recover());
  writer_->start({});
  ASSERT_TRUE(commit(alarm("1")));
  disk.broken = true;
  std::atomic<int> answers = 0;
  ASSERT_TRUE(writer_->submit(one(alarm("2")), [&](const auto&, const Engine&) { ++answers; }));
  sink_->corrupt.get_future().wait();
  writer_.reset();
  EXPECT_EQ(answers, 0);
}

TEST_F(WriterTest, ACommitThatHangsIsSeenFromOutside) {
  BadDisk disk(*journal_);
  runtime::ManualClock clock(wall_time(1'000));
  sink_ = std::make_unique<RecordingSink>(disk);
  writer_ = std::make_unique<Writer>(disk, clock, *sink_);
  ASSERT_TRUE(writer_->recover());
  EXPECT_EQ(writer_->newest_at(), std::nullopt);
  disk.hold = true;
  writer_->start({});
  disk.held.get_future().wait();
  EXPECT_EQ(writer_->commit_wait(), Millis(0));
  clock.advance(seconds(9));
  EXPECT_EQ(writer_->commit_wait(), seconds(9));
  disk.hold = false;
  disk.go_on.set_value();
  ASSERT_TRUE(commit(alarm("1")));
  writer_->stop();
  EXPECT_EQ(writer_->commit_wait(), Millis(0));
  EXPECT_EQ(writer_->newest_at(), wall_time(10'000));
  const Counts counts = writer_->counts();
  EXPECT_EQ(counts.commit_ms.counts.back(), 1U); // 9 s is over the last bound
  EXPECT_EQ(counts.commit_ms.sum, 9'000);
  EXPECT_EQ(counts.batch_inputs.counts.front(), 2U);
}

TEST(Histogram, PutsAValueUnderTheFirstBoundThatHoldsIt) {
  Histogram<3> histogram{{1, 10, 100}};
  for (const std::int64_t value : {0, 1, 2, 10, 11, 100, 101}) histogram.note(value);
  EXPECT_EQ(histogram.counts, (std::array<std::uint64_t, 4>{2, 2, 2, 1}));
  EXPECT_EQ(histogram.sum, 225);
}

TEST_F(WriterTest, ManySendersShareCommits) {
  start();
  constexpr int senders = 4;
  constexpr int each = 200;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int s = 0; s < senders; ++s) {
    threads.emplace_back([&, s] {
      for (int i = 0; i < each; ++i) {
        ASSERT_TRUE(
            writer_->submit(one(alarm(std::to_string(s) + "-" + std::to_string(i))),
                            [&](const auto& committed, const Engine&) { answered += committed ? 1 : 0; }));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  writer_->stop();
  EXPECT_EQ(answered, senders * each);
  EXPECT_EQ(journal_->last_position(), static_cast<journal::Position>(senders * each + 1));
  EXPECT_LE(writer_->counts().commits, writer_->counts().inputs);
}

TEST_F(WriterTest, AfterStopNothingIsTaken) {
  start();
  writer_->stop();
  EXPECT_EQ(writer_->submit(one(alarm("1")), nullptr).error().fault, Fault::unavailable);
  EXPECT_EQ(writer_->ask([](const Engine&) {}).error().fault, Fault::unavailable);
}

} // namespace
} // namespace kaden::writer
