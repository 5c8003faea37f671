// Effects out and reports in, with a carrier that only remembers, a disk that refuses, and voices that fail.
#include "dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <thread>

namespace kaden::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Remembers what it was asked, one line each; a test waits for lines.
class FakeCarrier final : public carrier::Carrier {
 public:
  Result<void> place(carrier::CallOrder order) override {
    for (const auto& samples : order.audio) {
      EXPECT_NE(samples, nullptr);
      EXPECT_FALSE(samples->empty());
    }
    call = order.call;
    note("place " + order.address);
    if (refuse) return fail(*refuse, "refused");
    return {};
  }
  void proceed(const CallId&) override { note("proceed"); }
  void answer_key(const CallId&, char key, Verdict verdict) override {
    note(std::string("key ") + key + " " + std::string(to_text(verdict)));
  }
  void end(const CallId&, EndReason reason) override { note("end " + std::string(to_text(reason))); }
  void recover(const CallId&, const std::string& address, Progress, const Dialog&) override {
    note("recover " + address);
  }

  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(30), [&] { return lines_.size() >= count; }));
    return lines_;
  }
  std::optional<Fault> refuse;
  CallId call; // read after wait_for()

 private:
  void note(std::string line) {
    {
      std::lock_guard lock(mutex_);
      lines_.push_back(std::move(line));
    }
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

incident::Config one_person(Language language) {
  incident::Config config;
  config.version = "v1";
  config.people = {{"sato", "sato", language, {{"sip", "sip:sato@127.0.0.1"}}}};
  incident::Policy policy;
  policy.id = "default";
  policy.levels = {{{"sato"}, seconds(10)}};
  policy.rounds = 1;
  policy.carrier_failed = {seconds(60), 0};
  config.policies = {policy};
  incident::Route route;
  route.policy = "default";
  config.routes = {route};
  return config;
}

class DispatcherTest : public testing::Test {
 protected:
  void start(Language language = Language::en, speech::SpeechSettings settings = {}) {
    speech_ = std::make_unique<speech::Speech>(std::move(settings));
    dispatcher_ = std::make_unique<Dispatcher>(clock_, *speech_, feed_, nullptr);
    writer_ = std::make_unique<writer::Writer>(*journal_, clock_, *dispatcher_);
    dispatcher_->connect(*writer_, {{"sip", &carrier_}});
    ASSERT_TRUE(writer_->recover());
    std::vector<incident::Input> first;
    first.emplace_back(incident::ConfigChanged{one_person(language)});
    writer_->start(std::move(first));
  }
  void TearDown() override {
    if (writer_) writer_->stop();
    if (dispatcher_) dispatcher_->stop();
  }
  void alarm() {
    AlarmEvent event;
    event.event_id = "1";
    event.source = "test";
    event.alarm = "disk full";
    event.machine = "web-01";
    std::vector<incident::Input> inputs;
    inputs.emplace_back(incident::AlarmReported{event});
    ASSERT_TRUE(writer_->submit(std::move(inputs), nullptr));
  }
  /// Rings and is answered.
  void answered() {
    alarm();
    carrier_.wait_for(1);
    dispatcher_->on_progress(carrier_.call, Progress::ringing, {});
    dispatcher_->on_progress(carrier_.call, Progress::answered, {});
    carrier_.wait_for(2);
  }
  /// The timeline's entry of that kind, waited for.
  incident::TimelineEntry entry(incident::Happening what) {
    for (int i = 0; i < 3'000; ++i) {
      std::promise<std::vector<incident::TimelineEntry>> answer;
      EXPECT_TRUE(
          writer_->ask([&](const incident::Engine& engine) { answer.set_value(engine.timeline(1)); }));
      for (const auto& one : answer.get_future().get()) {
        if (one.what == what) return one;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "never happened: " << incident::to_text(what);
    return {};
  }

  std::atomic<bool> disk_full_ = false;
  runtime::SystemClock clock_;
  std::unique_ptr<journal::Journal> journal_ =
      journal::open_memory("aaaaaaaaaaaaaaaa", {[this](journal::Position) { return disk_full_.load(); }});
  api::TimelineFeed feed_;
  FakeCarrier carrier_;
  std::unique_ptr<speech::Speech> speech_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<writer::Writer> writer_;
};

TEST_F(DispatcherTest, OneAlarmOneDialWithEveryLineRendered) {
  start();
  answered();
  dispatcher_->on_key(carrier_.call, '1');
  EXPECT_THAT(carrier_.wait_for(3), ElementsAre("place sip:sato@127.0.0.1", "proceed", "key 1 acknowledged"));
  dispatcher_->on_ended(carrier_.call, LineOutcome::hung_up, "we hung up");
  entry(incident::Happening::call_ended);
  const DispatchCounts counts = dispatcher_->counts();
  EXPECT_EQ(counts.ended[static_cast<std::size_t>(LineOutcome::hung_up)], 1U);
  EXPECT_EQ(counts.verdicts[static_cast<std::size_t>(Verdict::acknowledged)], 1U);
}

TEST_F(DispatcherTest, AVoiceThatFailsIsACarrierFailureWithItsReason) {
  speech::SpeechSettings broken;
  broken.open_jtalk = "/nonexistent/open_jtalk";
  start(Language::ja, broken);
  alarm();
  const auto ended = entry(incident::Happening::call_ended);
  EXPECT_THAT(ended.detail, HasSubstr("carrier_failed"));
  EXPECT_THAT(ended.detail, HasSubstr("speech: "));
  EXPECT_THAT(carrier_.wait_for(0), ElementsAre());
  const DispatchCounts counts = dispatcher_->counts();
  EXPECT_NE(counts.speech_trouble, "");
  EXPECT_EQ(counts.carrier_failures, 0) << "it is not the trunk's fault";
}

TEST_F(DispatcherTest, AKeyThatCannotBeStoredIsToldSoAndStoredLater) {
  start();
  answered();
  disk_full_ = true;
  dispatcher_->on_key(carrier_.call, '1');
  EXPECT_EQ(carrier_.wait_for(3).back(), "key 1 not_recorded");
  disk_full_ = false;
  EXPECT_EQ(carrier_.wait_for(4).back(), "key 1 acknowledged"); // the record is right in the end
  EXPECT_EQ(entry(incident::Happening::acknowledged).person, "sato");
}

TEST_F(DispatcherTest, AnAddressThatTheCarrierRefusesIsABadNumber) {
  carrier_.refuse = Fault::invalid;
  start();
  alarm();
  EXPECT_THAT(entry(incident::Happening::call_ended).detail, HasSubstr("bad_number"));
}

TEST_F(DispatcherTest, ABusyCarrierIsACarrierFailure) {
  carrier_.refuse = Fault::busy;
  start();
  alarm();
  EXPECT_THAT(entry(incident::Happening::call_ended).detail, HasSubstr("carrier_failed"));
}

TEST_F(DispatcherTest, CarrierFailuresInARowAreCountedUntilAPhoneRings) {
  start();
  for (int i = 0; i < 3; ++i) {
    dispatcher_->on_ended({"k" + std::to_string(i)}, LineOutcome::carrier_failed, "no reply");
  }
  EXPECT_EQ(dispatcher_->counts().carrier_failures, 3);
  EXPECT_EQ(dispatcher_->counts().carrier_failure, "no reply");
  dispatcher_->on_ended({"k4"}, LineOutcome::cancelled, "");
  EXPECT_EQ(dispatcher_->counts().carrier_failures, 3);
  dispatcher_->on_ended({"k5"}, LineOutcome::busy, "486");
  EXPECT_EQ(dispatcher_->counts().carrier_failures, 0);
}

TEST_F(DispatcherTest, AfterCloseReportsAreLeftForTheNextStart) {
  start();
  answered();
  dispatcher_->close(EndReason::shutdown);
  EXPECT_EQ(carrier_.wait_for(3).back(), "end shutdown");
  const auto before = journal_->last_position();
  dispatcher_->on_ended(carrier_.call, LineOutcome::hung_up, "");
  dispatcher_->on_key(carrier_.call, '1');
  writer_->stop();
  EXPECT_EQ(journal_->last_position(), before);
}

TEST_F(DispatcherTest, ACallWithoutItsCarrierIsLostAtTheRecovery) {
  start();
  incident::RecoverCall recover;
  recover.call = {"k1"};
  recover.method = {"gone", "sip:sato@127.0.0.1"};
  dispatcher_->release(recover);
  EXPECT_EQ(dispatcher_->counts().ended[static_cast<std::size_t>(LineOutcome::lost)], 1U);
}

TEST_F(DispatcherTest, QuestionsOfSeverityGoToTriageUntilTheEnd) {
  start();
  std::vector<std::string> asked;
  dispatcher_->release(incident::AskTriage{"0a", "alarm: nobody is there\n", seconds(2)});
  dispatcher_->connect_triage(
      [&](const incident::AskTriage& question) { asked.push_back(question.question); });
  dispatcher_->release(incident::AskTriage{"0b", "alarm: x\n", seconds(2)});
  dispatcher_->close(EndReason::shutdown);
  dispatcher_->release(incident::AskTriage{"0c", "alarm: for the next start\n", seconds(2)});
  EXPECT_THAT(asked, ElementsAre("0b"));
}

TEST_F(DispatcherTest, AJournalThatCannotBeTrustedEndsTheProcessLoudly) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        speech::Speech speech{speech::SpeechSettings{}};
        runtime::SystemClock clock;
        api::TimelineFeed feed;
        Dispatcher(clock, speech, feed, nullptr).on_journal_corrupt({Fault::corrupt, "half a commit"});
      },
      testing::ExitedWithCode(70), "cannot be trusted any more, stopping: half a commit");
}

} // namespace
} // namespace kaden::app
