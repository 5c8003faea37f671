#include "kaden/outbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "kaden/limits/engine.h"

namespace kaden::source {

namespace {

std::string to_stored(const Untold& untold) {
  return to_text(json::object{{"event", to_json(untold.event)}, {"taken_by", untold.taken_by}});
}

Result<Untold> from_stored(const std::string& text) {
  const auto value = parse_json(text);
  if (!value) return tl::unexpected(value.error());
  if (!value->is_object()) return fail(Fault::corrupt, "it is no JSON object");
  const Fields fields(value->get_object(), "");
  const auto taken_by = fields.text_or("taken_by", limits::journal_entry_bytes_max, "");
  if (!taken_by) return tl::unexpected(taken_by.error());
  const json::value* event = value->get_object().if_contains("event");
  if (event == nullptr) return fail(Fault::corrupt, "event: is missing");
  auto read = alarm_event_from_json(*event, "event");
  if (!read) return tl::unexpected(read.error());
  return Untold{std::move(*read), *taken_by};
}

/// Ordered as text as the numbers are.
std::string key_of(std::uint64_t number) {
  return fmt::format("{:020}", number);
}

std::uint64_t number_of(const std::string& key) {
  std::uint64_t number = 0;
  std::from_chars(key.data(), key.data() + key.size(), number);
  return number;
}

} // namespace

Result<void> Outbox::store(std::vector<Change> state, std::vector<Untold> news) {
  if (state.empty() && news.empty()) return {};
  if (!news.empty()) {
    if (auto loaded = load(); !loaded) return loaded; // its keys may be in use
  }
  std::deque<Waiting> fresh;
  for (Untold& untold : news) {
    const std::string key = key_of(last_number_ + fresh.size() + 1);
    state.push_back({kind_, key, to_stored(untold)});
    fresh.push_back({key, std::move(untold)});
  }
  for (Change& change : taken_off()) state.push_back(std::move(change));
  if (auto stored = records_.apply(state); !stored) return stored;
  told_.clear();
  last_number_ += fresh.size();
  for (Waiting& one : fresh) waiting_.push_back(std::move(one));
  return {};
}

bool Outbox::tell(Looked& looked) {
  auto told = load();
  if (told) told = report(looked);
  take_off();
  if (told) return true;
  looked.trouble = told.error();
  looked.again_in = tell_again;
  return false;
}

Result<void> Outbox::load() {
  if (is_loaded_) return {};
  const auto stored = records_.all(kind_);
  if (!stored) return fail_while("reading what is still to be told", stored.error());
  is_loaded_ = true;
  Result<void> loaded;
  for (const auto& [key, text] : *stored) {
    last_number_ = std::max(last_number_, number_of(key));
    if (auto untold = from_stored(text)) {
      waiting_.push_back({key, std::move(*untold)});
    } else {
      told_.push_back(key); // nobody will ever read it
      loaded = fail(Fault::corrupt, "an event that was still to be told is lost: " + untold.error().message);
    }
  }
  return loaded;
}

/// In order. One that somebody has taken goes alone, since it is an input of its own.
Result<void> Outbox::report(Looked& looked) {
  while (!waiting_.empty()) {
    std::vector<AlarmEvent> batch;
    Result<void> done;
    std::size_t count = 1;
    if (const Untold& first = waiting_.front().untold; !first.taken_by.empty()) {
      done = intake_.report_taken(first.event, first.taken_by);
    } else {
      for (const Waiting& one : waiting_) {
        if (!one.untold.taken_by.empty() || batch.size() >= limits::batch_max) break;
        batch.push_back(one.untold.event);
      }
      count = batch.size();
      done = intake_.report(std::move(batch));
    }
    if (!done) return done;
    looked.reported += count;
    for (; count > 0; --count) {
      told_.push_back(std::move(waiting_.front().key));
      waiting_.pop_front();
    }
  }
  return {};
}

/// That it fails is no trouble: it is tried again with the next commit, and after a restart the journal knows
/// the ids.
void Outbox::take_off() {
  if (!told_.empty() && records_.apply(taken_off())) told_.clear();
}

std::vector<Outbox::Change> Outbox::taken_off() const {
  std::vector<Change> changes;
  changes.reserve(told_.size());
  for (const std::string& key : told_) changes.push_back({kind_, key, std::nullopt});
  return changes;
}

} // namespace kaden::source
