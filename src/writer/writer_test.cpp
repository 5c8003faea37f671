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

/// Submits and waits for the answer.
Result<incident::Position> commit(Writer& writer, incident::Input input) {
  std::promise<Result<incident::Position>> answer;
  const auto taken = writer.submit(
      one(std::move(input)), [&](const auto& committed, const Engine&) { answer.set_value(committed); });
  if (!taken) return tl::unexpected(taken.error());
  return answer.get_future().get();
}

TEST(Writer, AnswersAfterTheCommitAndReleasesEffectsAfterIt) {
  const auto journal = journal::open_memory("aaaaaaaaaaaaaaaa");
  runtime::SystemClock clock;
  RecordingSink sink(*journal);
  Writer writer(*journal, clock, sink);
  ASSERT_TRUE(writer.recover());
  writer.start({});
  const auto position = commit(writer, alarm("1"));
  ASSERT_TRUE(position);
  EXPECT_EQ(*position, 2U); // Started came first
  EXPECT_EQ(journal->last_position(), 2U);
  writer.stop();
  EXPECT_FALSE(sink.effects().empty());
  EXPECT_TRUE(sink.durable_before_release());
}

TEST(Writer, ARepeatIsAnsweredButNotStoredAgain) {
  const auto journal = journal::open_memory("aaaaaaaaaaaaaaaa");
  runtime::SystemClock clock;
  RecordingSink sink(*journal);
  Writer writer(*journal, clock, sink);
  ASSERT_TRUE(writer.recover());
  writer.start({});
  ASSERT_TRUE(commit(writer, alarm("1")));
  ASSERT_TRUE(commit(writer, alarm("1")));
  ASSERT_TRUE(commit(writer, alarm("2")));
  writer.stop();
  EXPECT_EQ(journal->last_position(), 3U);
  EXPECT_EQ(writer.counts().repeats, 1U);
}

TEST(Writer, ARefusedCommitStoresNothingAndSaysSo) {
  std::atomic<bool> refuse = false;
  const auto journal =
      journal::open_memory("aaaaaaaaaaaaaaaa", {[&](journal::Position) { return refuse.load(); }});
  runtime::SystemClock clock;
  RecordingSink sink(*journal);
  Writer writer(*journal, clock, sink);
  ASSERT_TRUE(writer.recover());
  writer.start({});
  ASSERT_TRUE(commit(writer, alarm("1")));
  const std::size_t effects_before = sink.effects().size();
  refuse = true;
  const auto refused = commit(writer, alarm("2"));
  ASSERT_FALSE(refused);
  EXPECT_FALSE(writer.is_healthy());
  EXPECT_EQ(sink.effects().size(), effects_before);
  refuse = false;
  ASSERT_TRUE(commit(writer, alarm("2")));
  EXPECT_TRUE(writer.is_healthy());
  writer.stop();
  EXPECT_EQ(journal->last_position(), 3U);
}

TEST(Writer, WhatCarriersReportIsTriedAgainUntilItIsStored) {
  std::atomic<bool> refuse = false;
  const auto journal =
      journal::open_memory("aaaaaaaaaaaaaaaa", {[&](journal::Position) { return refuse.load(); }});
  runtime::SystemClock clock;
  RecordingSink sink(*journal);
  Writer writer(*journal, clock, sink);
  ASSERT_TRUE(writer.recover());
  writer.start({});
  ASSERT_TRUE(commit(writer, alarm("1")));
  refuse = true;
  std::promise<void> told;
  std::atomic<int> tellings = 0;
  writer.submit_must(alarm("from a carrier"), [&] {
    if (++tellings == 1) told.set_value();
  });
  told.get_future().wait();
  refuse = false;
  ASSERT_TRUE(commit(writer, alarm("2"))); // waits behind the retry
  writer.stop();
  EXPECT_EQ(tellings, 1);
  EXPECT_EQ(journal->last_position(), 4U);
}

TEST(Writer, RecoversTheSameStateFromTheJournal) {
  const auto journal = journal::open_memory("aaaaaaaaaaaaaaaa");
  runtime::SystemClock clock;
  std::string before;
  {
    RecordingSink sink(*journal);
    Writer writer(*journal, clock, sink);
    ASSERT_TRUE(writer.recover());
    writer.start({});
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(commit(writer, alarm(std::to_string(i))));
    std::promise<std::string> state;
    ASSERT_TRUE(writer.ask([&](const Engine& engine) { state.set_value(engine.snapshot()); }));
    before = state.get_future().get();
  }
  RecordingSink sink(*journal);
  Writer writer(*journal, clock, sink);
  ASSERT_TRUE(writer.recover());
  EXPECT_EQ(writer.replayed(), 21U);
  EXPECT_TRUE(sink.effects().empty()); // old effects are not released again
  writer.start({});
  std::promise<std::size_t> open;
  ASSERT_TRUE(writer.ask([&](const Engine& engine) { open.set_value(engine.counts().triggered); }));
  EXPECT_EQ(open.get_future().get(), 20U);
  writer.stop();
}

TEST(Writer, ACorruptEntryStopsTheRecovery) {
  const auto journal = journal::open_memory("aaaaaaaaaaaaaaaa");
  const std::vector<journal::NewEntry> entries = {{wall_time(0), "{\"type\":\"Nonsense\"}"}};
  ASSERT_TRUE(journal->append(entries));
  runtime::SystemClock clock;
  RecordingSink sink(*journal);
  Writer writer(*journal, clock, sink);
  const auto recovered = writer.recover();
  ASSERT_FALSE(recovered);
  EXPECT_EQ(recovered.error().fault, Fault::corrupt);
  EXPECT_NE(recovered.error().message.find("entry 1"), std::string::npos);
}

/// A journal whose next commit fails half-way.
class BrokenJournal final : public journal::Journal {
 public:
  explicit BrokenJournal(journal::Journal& inner) : inner_(inner) {}
  Result<journal::Position> append(std::span<const journal::NewEntry> entries) override {
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

 private:
  journal::Journal& inner_;
};

TEST(Writer, WhenTheJournalCannotSayWhatItHoldsNobodyIsAnswered) {
  const auto inner = journal::open_memory("aaaaaaaaaaaaaaaa");
  BrokenJournal journal(*inner);
  runtime::SystemClock clock;
  RecordingSink sink(journal);
  Writer writer(journal, clock, sink);
  ASSERT_TRUE(writer.recover());
  writer.start({});
  ASSERT_TRUE(commit(writer, alarm("1")));
  journal.broken = true;
  std::atomic<int> answers = 0;
  ASSERT_TRUE(writer.submit(one(alarm("2")), [&](const auto&, const Engine&) { ++answers; }));
  sink.corrupt.get_future().wait();
  writer.stop();
  EXPECT_EQ(answers, 0);
}

TEST(Writer, ManySendersShareCommits) {
  const auto journal = journal::open_memory("aaaaaaaaaaaaaaaa");
  runtime::SystemClock clock;
  RecordingSink sink(*journal);
  Writer writer(*journal, clock, sink);
  ASSERT_TRUE(writer.recover());
  writer.start({});
  constexpr int senders = 4;
  constexpr int each = 200;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int s = 0; s < senders; ++s) {
    threads.emplace_back([&, s] {
      for (int i = 0; i < each; ++i) {
        ASSERT_TRUE(
            writer.submit(one(alarm(std::to_string(s) + "-" + std::to_string(i))),
                          [&](const auto& committed, const Engine&) { answered += committed ? 1 : 0; }));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  writer.stop();
  EXPECT_EQ(answered, senders * each);
  EXPECT_EQ(journal->last_position(), static_cast<journal::Position>(senders * each + 1));
  EXPECT_LE(writer.counts().commits, writer.counts().inputs);
}

TEST(Writer, AfterStopNothingIsTaken) {
  const auto journal = journal::open_memory("aaaaaaaaaaaaaaaa");
  runtime::SystemClock clock;
  RecordingSink sink(*journal);
  Writer writer(*journal, clock, sink);
  ASSERT_TRUE(writer.recover());
  writer.start({});
  writer.stop();
  EXPECT_EQ(writer.submit(one(alarm("1")), nullptr).error().fault, Fault::unavailable);
  EXPECT_EQ(writer.ask([](const Engine&) {}).error().fault, Fault::unavailable);
}

} // namespace
} // namespace kaden::writer
