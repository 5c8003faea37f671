// The engine's questions and the model's answers, through a real writer.
#include "triage_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>

#include "kaden/journal.h"

namespace kaden::app {
namespace {

using testing::HasSubstr;

/// Hands questions to the desk, as the dispatcher does, and keeps what is told.
class Sink final : public writer::EffectSink {
 public:
  void release(const incident::Effect& effect) override {
    if (const auto* question = std::get_if<incident::AskTriage>(&effect)) desk->ask(*question);
    const auto* tell = std::get_if<incident::Tell>(&effect);
    if (tell == nullptr) return;
    desk->note(tell->entry);
    if (tell->entry.what != incident::Happening::triaged) return;
    {
      std::lock_guard lock(mutex_);
      said_.push_back(std::string(incident::to_text(tell->entry.why)) + ": " + tell->entry.detail);
    }
    changed_.notify_all();
  }
  void on_journal_corrupt(const Error&) override {}
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(30), [&] { return said_.size() >= count; }));
    return said_;
  }
  TriageDesk* desk = nullptr;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> said_;
};

class TriageDeskTest : public testing::Test {
 protected:
  TriageDeskTest() {
    sink_.desk = &desk_;
    EXPECT_TRUE(writer_.recover());
    incident::Config config;
    config.version = "v1";
    config.triage.model = "openai m";
    std::vector<incident::Input> first;
    first.emplace_back(incident::ConfigChanged{config});
    writer_.start(std::move(first));
  }
  ~TriageDeskTest() override { writer_.stop(); }

  void report(const std::string& alarm) {
    incident::AlarmReported in;
    in.event.source = "api";
    in.event.event_id = alarm;
    in.event.alarm = alarm;
    in.event.severity = Severity::warning;
    std::vector<incident::Input> inputs;
    inputs.emplace_back(in);
    EXPECT_TRUE(writer_.submit(std::move(inputs), nullptr));
  }
  double metric(const std::string& name, const std::string& label = "") {
    std::vector<api::Metric> metrics;
    desk_.add_metrics(metrics);
    for (const api::Metric& metric : metrics) {
      if (metric.name != name) continue;
      for (const api::Sample& sample : metric.samples) {
        if (label.empty() || sample.labels[0].second == label) return sample.value;
      }
    }
    return -1;
  }

  runtime::ManualClock clock_{wall_time(1'700'000'000'000)};
  Sink sink_;
  std::unique_ptr<journal::Journal> journal_ = journal::open_memory("aaaaaaaaaaaaaaaa", {});
  writer::Writer writer_{*journal_, clock_, sink_};
  TriageDesk desk_{writer_, clock_};
};

TEST_F(TriageDeskTest, WithoutAModelTheRuleHoldsAtOnce) {
  report("a");
  EXPECT_EQ(sink_.wait_for(1)[0], "model_failed: warning: no model is configured");
  EXPECT_EQ(desk_.trouble(), "");
  EXPECT_EQ(metric("kaden_triage_questions_total"), 1);
  EXPECT_EQ(metric("kaden_triage_severities_total", "model_failed"), 1);
  EXPECT_EQ(metric("kaden_triage_severities_total", "by_model"), 0);
}

TEST_F(TriageDeskTest, AModelThatIsNotThereIsNamed) {
  config::TriageModel model;
  model.model.api = modelapi::Api::openai;
  model.model.id = "m";
  model.url = "http://169.254.169.254/v1"; // where a cloud keeps credentials: the client goes nowhere
  desk_.set(model, {});
  report("a");
  EXPECT_THAT(sink_.wait_for(1)[0],
              HasSubstr("model_failed: warning: POST http://169.254.169.254/v1/chat/completions"));
  EXPECT_THAT(desk_.trouble(), HasSubstr("link-local"));
  desk_.set(std::nullopt, {});
  EXPECT_EQ(desk_.trouble(), "");
  report("b");
  EXPECT_EQ(sink_.wait_for(2)[1], "model_failed: warning: no model is configured");
}

} // namespace
} // namespace kaden::app
