/// writer_test_base.h - a writer on a journal in memory whose disk can be full, without effects. Room: app,
/// tests only (GoogleTest). Threads: the test's, beside the writer's own. Errors: what cannot begin fails the
/// test.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "kaden/journal.h"
#include "kaden/runtime.h"
#include "kaden/writer.h"

namespace kaden::app {

class NoEffects final : public writer::EffectSink {
 public:
  void release(const incident::Effect&) override {}
  void on_journal_corrupt(const Error&) override {}
};

class WriterTest : public testing::Test {
 protected:
  WriterTest()
      : journal_(journal::open_memory("aaaaaaaaaaaaaaaa",
                                      {[this](journal::Position) { return disk_full_.load(); }})),
        writer_(*journal_, clock_, sink_) {
    EXPECT_TRUE(writer_.recover());
  }

  runtime::ManualClock clock_{wall_time(1'700'000'000'000)};
  std::atomic<bool> disk_full_ = false;
  NoEffects sink_;
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<journal::Records> records_ = journal::open_records_in_memory();
  writer::Writer writer_;
};

} // namespace kaden::app
