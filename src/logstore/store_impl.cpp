#include <algorithm>
#include <filesystem>

#include "store_impl.h"

#include "kaden/limits/engine.h"
#include "kaden/limits/logs.h"
#include "kaden/limits/stored_datapoints.h"

namespace kaden::logstore {

namespace {

std::size_t memory_of(const std::vector<Event>& events) {
  std::size_t bytes = 0;
  for (const Event& event : events) bytes += sizeof(Event) + event.message.size();
  return bytes;
}

/// Faults of the disk in the words of who asked; others as they are.
Error shown(const Error& error) {
  switch (error.fault) {
    case Fault::invalid:
    case Fault::not_found:
    case Fault::conflict:
    case Fault::denied:
    case Fault::busy:
      return error;
    case Fault::unavailable:
    case Fault::timeout:
    case Fault::corrupt:
      break;
  }
  return {Fault::unavailable, error.message};
}

} // namespace

// Threads ---------------------------------------------------------------------------------------------------

Result<void> Store::Impl::open() {
  auto path = sqlite::absolute_path(settings.path);
  if (!path) return tl::unexpected(std::move(path.error()));
  auto opened = LogFile::open(*path);
  if (!opened) return tl::unexpected(std::move(opened.error()));
  file = std::move(*opened);
  if (auto loaded = catalog.load(file->database()); !loaded) return loaded;
  auto reading = Reader::open(*path, catalog);
  if (!reading) return tl::unexpected(std::move(reading.error()));
  reader.emplace(std::move(*reading));
  for (const auto& group : catalog.groups({"", "", "", limits::log_groups_max})) refresh(group.name);
  dropped_at = clock.steady();
  look_at_room();
  writer = std::thread([this] {
    runtime::name_thread("kaden-logs");
    run();
  });
  querist = std::thread([this] {
    runtime::name_thread("kaden-logread");
    answer_queries();
  });
  return {};
}

/// Commits what was taken, and joins. Repeats are harmless.
void Store::Impl::close() {
  {
    const std::lock_guard lock(mutex);
    is_closing = true;
  }
  ready.notify_all();
  reads.close();
  if (writer.joinable()) writer.join();
  if (querist.joinable()) querist.join();
}

void Store::Impl::submit(Append append) {
  append.now = clock.wall();
  append.bytes = memory_of(append.events);
  {
    const std::lock_guard lock(mutex);
    if (!is_closing && queue_bytes + append.bytes <= limits::log_queue_bytes_max) {
      queue_bytes += append.bytes;
      queue.emplace_back(std::move(append));
      ready.notify_one();
      return;
    }
    ++counts.refused_busy;
  }
  append.done(fail(Fault::busy, "too many log events are waiting for the disk, try again in a second"));
}

void Store::Impl::submit(Change wanted, bool must) {
  {
    const std::lock_guard lock(mutex);
    if (!is_closing && (must || queue.size() < limits::mailbox_max)) {
      queue.emplace_back(std::move(wanted));
      ready.notify_one();
      return;
    }
    ++counts.refused_busy;
  }
  if (wanted.done) wanted.done(fail(Fault::busy, "too many requests are waiting, try again in a second"));
}

void Store::Impl::run() {
  std::vector<Item> batch;
  for (;;) {
    bool ticked = false;
    batch.clear();
    {
      std::unique_lock lock(mutex);
      if (!is_dropping) ready.wait(lock, [&] { return is_closing || is_ticked || !queue.empty(); });
      if (is_closing && queue.empty()) return;
      ticked = std::exchange(is_ticked, false);
      std::size_t bytes = 0;
      while (!queue.empty() && bytes < limits::log_commit_bytes) {
        if (const auto* append = std::get_if<Append>(&queue.front())) bytes += append->bytes;
        batch.push_back(std::move(queue.front()));
        queue.pop_front();
      }
    }
    if (ticked) care();
    process(batch);
    if (is_dropping) drop_some();
  }
}

void Store::Impl::answer_queries() {
  std::optional<Asked> next;
  while (reads.take(next, limits::reminder_max)) {
    if (next) answer(*next);
  }
}

void Store::Impl::answer(Asked& one) {
  bool closing = false;
  {
    const std::lock_guard lock(mutex);
    closing = is_closing;
  }
  if (closing) return one.done(fail(Fault::unavailable, "Kaden is shutting down"));
  auto page = reader->read(one.query);
  {
    const std::lock_guard lock(mutex);
    counts.unreadable = reader->unreadable();
  }
  if (!page) return one.done(tl::unexpected<Error>(shown(page.error())));
  one.done(std::move(page));
}

// Events ----------------------------------------------------------------------------------------------------

void Store::Impl::process(std::vector<Item>& batch) {
  std::vector<Append*> appends;
  for (Item& item : batch) {
    if (auto* append = std::get_if<Append>(&item)) {
      appends.push_back(append);
      continue;
    }
    commit(appends);
    auto& wanted = std::get<Change>(item);
    const auto made = wanted.make(clock.wall());
    if (wanted.done) wanted.done(made ? made : Result<void>(tl::unexpected<Error>(shown(made.error()))));
  }
  commit(appends);
}

/// Leaves `appends` empty.
void Store::Impl::commit(std::vector<Append*>& appends) {
  if (appends.empty()) return;
  std::vector<Append*> known;
  std::vector<Catalog::Target> targets;
  std::size_t bytes = 0;
  std::string full;
  {
    const std::lock_guard lock(mutex);
    for (const Append* append : appends) bytes += append->bytes;
    full = space_trouble;
  }
  for (Append* append : appends) {
    auto target = catalog.target(append->group, append->stream);
    if (!target) {
      append->done(tl::unexpected<Error>(target.error()));
    } else if (!full.empty()) {
      append->done(fail(Fault::unavailable, full));
    } else {
      known.push_back(append);
      targets.push_back(std::move(*target));
    }
  }
  if (!known.empty()) {
    const auto written = file->commit([&] { return write(known, targets); });
    note_outcome(written);
    if (written) {
      settle(known, targets);
    } else {
      for (const Append* append : known) append->done(tl::unexpected<Error>(shown(written.error())));
    }
  }
  appends.clear();
  const std::lock_guard lock(mutex);
  queue_bytes -= bytes;
}

Result<void> Store::Impl::write(const std::vector<Append*>& appends,
                                const std::vector<Catalog::Target>& targets) {
  for (std::size_t i = 0; i < appends.size(); ++i) {
    const Append& append = *appends[i];
    std::int64_t bytes = 0;
    for (const Slice slice : slices_of(append.events)) {
      auto done = file->add_chunk(targets[i], slice, append.now, append.writer, bytes);
      if (!done) return done;
    }
    auto noted =
        file->note_events(targets[i], bytes, append.events.front().at, append.events.back().at, append.now);
    if (!noted) return noted;
    appends[i]->stored_bytes = bytes;
  }
  return {};
}

/// Committed: the senders are told, then the filters have their look.
void Store::Impl::settle(std::vector<Append*>& appends, const std::vector<Catalog::Target>& targets) {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < appends.size(); ++i) {
    const Append& append = *appends[i];
    catalog.note_events(targets[i].stream, append.stored_bytes, append.events.front().at,
                        append.events.back().at, append.now);
    events += append.events.size();
    bytes += static_cast<std::uint64_t>(append.stored_bytes);
  }
  {
    const std::lock_guard lock(mutex);
    counts.events += events;
    counts.event_bytes += bytes;
    ++counts.commits;
  }
  for (const Append* append : appends) append->done({});
  for (const Append* append : appends) {
    if (settings.witness) settings.witness(append->group, append->stream, append->events);
    if (live.has(append->group)) give(live.take(append->group, append->events, append->now));
  }
  const auto used = file->used_bytes();
  if (!used) return;
  if (*used > settings.bytes) is_dropping = true;
  const std::lock_guard lock(mutex);
  counts.file_bytes = *used;
}

void Store::Impl::give(const std::vector<logfilter::Datum>& data) {
  if (data.empty()) return;
  const auto taken = sink(data);
  const std::lock_guard lock(mutex);
  counts.data += data.size();
  if (!taken) counts.refused_data += data.size();
}

void Store::Impl::note_outcome(const Result<void>& outcome) {
  const std::lock_guard lock(mutex);
  if (outcome) {
    disk_trouble.clear();
    return;
  }
  const Error error = shown(outcome.error());
  if (error.fault != Fault::unavailable && error.fault != Fault::busy) return;
  ++counts.failed_commits;
  disk_trouble = "log events cannot be stored: " + error.message;
}

// Definitions -----------------------------------------------------------------------------------------------

Result<void> Store::Impl::change(const std::function<Result<void>()>& work) {
  auto done = file->commit(work);
  note_outcome(done);
  return done;
}

Result<void> Store::Impl::check_filters(const Filter& fresh) const {
  std::size_t count = 1;
  std::size_t regexes = logfilter::Pattern::parse(fresh.pattern)->regexes();
  for (const Filter& filter : catalog.filters_of(fresh.group)) {
    if (filter.name == fresh.name) {
      if (filter.is_configured) {
        return fail(Fault::invalid, "the metric filter " + fresh.name + " stands in the configuration");
      }
      continue;
    }
    ++count;
    if (const auto pattern = logfilter::Pattern::parse(filter.pattern)) regexes += pattern->regexes();
  }
  if (count > limits::metric_filters_per_group_max) {
    return fail(Fault::denied, "a log group has at most 100 metric filters");
  }
  if (regexes > limits::regexes_per_group_max) {
    return fail(Fault::denied, "the metric filters of a log group have at most 5 regular expressions");
  }
  return {};
}

Result<void> Store::Impl::put_filter(Filter filter, WallTime now) {
  const auto group = catalog.group_id(filter.group);
  if (!group) return fail(Fault::not_found, "the log group " + filter.group + " is not there");
  if (auto made = make_filter(filter); !made) return tl::unexpected(std::move(made.error()));
  if (auto fits = check_filters(filter); !fits) return fits;
  filter.created = now;
  if (auto done = change([&] { return file->put_filter(*group, filter); }); !done) return done;
  const std::string name = filter.group;
  catalog.put_filter(std::move(filter));
  refresh(name);
  return {};
}

// Care ------------------------------------------------------------------------------------------------------

void Store::Impl::care() {
  give(live.step(clock.wall()));
  look_at_room();
  if (clock.steady() - dropped_at >= limits::log_drop_every) {
    dropped_at = clock.steady();
    is_dropping = true;
  }
}

void Store::Impl::look_at_room() {
  std::error_code code;
  const auto space = std::filesystem::space(std::filesystem::path(settings.path).parent_path(), code);
  const bool is_low = !code && space.available < limits::disk_free_min;
  const std::lock_guard lock(mutex);
  space_trouble = is_low ? "log events are not stored: the disk has less than " +
                               std::to_string(limits::disk_free_min >> 20) + " MiB left"
                         : "";
}

/// Who fills the file loses first, and nobody else. Counted anew for each pass: what came, aged or was
/// deleted since the last one counts.
Result<void> Store::Impl::make_room(std::size_t most, LogFile::Dropped& dropped) {
  if (dropped.chunks >= most) return {}; // the next pass
  const auto held = file->bytes_of_writers();
  if (!held) return tl::unexpected<Error>(held.error());
  const auto fattest = std::max_element(held->begin(), held->end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
  if (fattest == held->end()) return {};
  return file->drop_first(fattest->first, most, dropped);
}

void Store::Impl::drop_some() {
  LogFile::Dropped dropped;
  constexpr std::size_t most = limits::log_drop_chunks_max;
  const WallTime now = clock.wall();
  const auto done = file->commit([&]() -> Result<void> {
    if (auto gone = file->drop_doomed(most, dropped); !gone) return gone;
    for (const auto& [group, days] : catalog.ages()) {
      const Millis keep = days ? seconds(86'400) * *days : settings.keep;
      if (auto gone = file->drop_old(group, now - keep, most, dropped); !gone) return gone;
    }
    const auto used = file->used_bytes();
    if (!used) return tl::unexpected<Error>(used.error());
    if (*used <= settings.bytes) return {};
    return make_room(most, dropped);
  });
  is_dropping = done && dropped.chunks >= most;
  if (!done) return;
  for (const auto& [group, bytes] : dropped.bytes) catalog.note_dropped(group, bytes);
  const auto used = file->used_bytes();
  const std::lock_guard lock(mutex);
  counts.dropped_chunks += dropped.chunks;
  if (used) counts.file_bytes = *used;
}

} // namespace kaden::logstore
