#include "record_writer.h"

#include <iterator>
#include <utility>

namespace kaden::cloudwatch {

void RecordWriter::write(Changes changes, Done done) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({std::move(changes), std::move(done)});
  if (!scheduled_) scheduled_ = worker_.post([this] { commit(); });
}

void RecordWriter::commit() {
  std::vector<Item> items;
  {
    const std::lock_guard lock(mutex_);
    scheduled_ = false;
    items.swap(waiting_);
  }
  Changes all;
  for (Item& item : items) {
    all.insert(all.end(), std::make_move_iterator(item.changes.begin()),
               std::make_move_iterator(item.changes.end()));
  }
  const Result<void> result = all.empty() ? Result<void>() : records_.apply(all);
  for (const Item& item : items) {
    if (item.done) item.done(result);
  }
}

} // namespace kaden::cloudwatch
