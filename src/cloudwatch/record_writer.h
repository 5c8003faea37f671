// Group commit for alarm records: whatever waits while a commit runs goes into the next one.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "kaden/journal.h"
#include "kaden/runtime.h"

namespace kaden::cloudwatch {

class RecordWriter {
 public:
  using Changes = std::vector<journal::Records::Change>;
  using Done = std::function<void(const Result<void>&)>;

  RecordWriter(journal::Records& records, const runtime::Clock& clock)
      : records_(records), worker_(clock, "alarm records") {}
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  /// Any thread; does not block. `done` is called on the writer's own thread when the changes are durable or
  /// were refused, in the order of the calls; never when the writer is destroyed before.
  void write(Changes changes, Done done);

 private:
  struct Item {
    Changes changes;
    Done done;
  };
  void commit();

  // Borrowed
  journal::Records& records_;
  // State
  std::mutex mutex_;
  std::vector<Item> waiting_;
  bool scheduled_ = false;
  // Owned; last, so that its thread ends before the rest goes
  runtime::Worker worker_;
};

} // namespace kaden::cloudwatch
