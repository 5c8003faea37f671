#include <sys/statvfs.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "disk.h"
#include "identity.h"
#include "kaden/datapoints.h"
#include "kaden/limits/stored_datapoints.h"

namespace kaden::datapoints {

namespace {

constexpr Millis ahead_max = seconds(86'400);
constexpr Millis busy_pause = Millis(10);        // between two pieces of background work
constexpr Millis first_ageing = seconds(600);    // after a start: a restart loop must not age anything
constexpr Millis forget_after = seconds(86'400); // beyond `keep`

std::uint64_t free_bytes_beside(const std::string& path) {
  struct statvfs facts {};
  const std::string folder = std::filesystem::path(path).parent_path();
  if (statvfs(folder.c_str(), &facts) != 0) return 0;
  return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

bool is_finite(const alarm::StatisticSet& values) {
  return std::isfinite(values.sample_count) && std::isfinite(values.sum) && std::isfinite(values.minimum) &&
         std::isfinite(values.maximum);
}

bool are_finite(const std::vector<alarm::ValueCount>& values) {
  return std::all_of(values.begin(), values.end(), [](const alarm::ValueCount& one) {
    return std::isfinite(one.value) && std::isfinite(one.count) && one.count > 0;
  });
}

/// What memory would know of the datum beyond its statistic set.
blocks::Each each_of(const alarm::Datum& datum) {
  const auto raw = alarm::raw_value_of(datum.values);
  const bool single = raw && raw->count == 1 && datum.counted.size() <= 1;
  if (datum.counted.empty() || single) return nullptr;
  samples::StepSum sum;
  const auto each = samples::Distribution::of(datum.counted, datum.digits);
  sum.add(datum.values, &each);
  return sum.take_each();
}

/// Of Settings::waiting_max.
std::size_t load_of(const blocks::Record& record) {
  constexpr std::size_t values_per_record = 4;
  return 1 + (record.each == nullptr ? 0 : record.each->size() / values_per_record);
}

} // namespace

struct Store::Impl {
  using Makers = std::map<std::string, std::size_t, std::less<>>; // and how many metrics they made
  struct Known {
    std::uint64_t number = 0;
    WallTime last_seen{};
    Makers::value_type* maker = nullptr; // in `makers`
  };

  // Config
  const Settings settings;
  // Borrowed
  const runtime::Clock& clock;
  const Log log;

  // State of put(), guarded by mutex
  mutable std::mutex mutex;
  std::unordered_map<std::string, Known> known;
  Makers makers;
  std::uint64_t next_number = 1;
  std::vector<blocks::Record> waiting;
  std::vector<StoredSeries> fresh;
  std::size_t in_flight = 0;                // of `batch`
  std::size_t load = 0, in_flight_load = 0; // of `waiting` and `batch`
  Counts counts;
  std::string not_stored, not_folded, not_taken; // why; empty: all is well

  // State of the writing side, guarded by disk_mutex, which is taken before mutex
  std::mutex disk_mutex;
  std::unique_ptr<Disk> disk; // null while the file cannot be opened again
  std::vector<blocks::Record> batch;
  std::vector<StoredSeries> batch_fresh;
  SteadyTime flush_due{}, fold_due{}, age_due{};
  bool folding = false, ageing = false, trimming = false;
  WallTime batch_until{}; // all that came before is in `batch` or stored
  // Owned; last, so that its thread ends before the rest goes
  std::unique_ptr<runtime::Worker> worker;

  Impl(Settings given, const runtime::Clock& the_clock, Log the_log)
      : settings(std::move(given)), clock(the_clock), log(std::move(the_log)) {}

  // Opening ------------------------------------------------------------------------------------------------

  /// A file that SQLite calls corrupt is set aside, once.
  Result<void> open_disk() {
    auto opened = Disk::open(settings.path);
    if (!opened && opened.error().fault == Fault::corrupt) {
      set_aside(opened.error());
      opened = Disk::open(settings.path);
    }
    if (!opened) return tl::unexpected<Error>(opened.error());
    disk = std::move(*opened);
    return {};
  }

  void set_aside(const Error& why) {
    disk.reset();
    for (const char* end : {"", "-wal", "-shm"}) {
      const std::string name = settings.path + end;
      static_cast<void>(std::rename(name.c_str(), (settings.path + ".damaged" + end).c_str()));
    }
    {
      const std::lock_guard lock(mutex);
      ++counts.set_aside;
    }
    tell("the file of datapoints is corrupt; it is set aside as " + settings.path +
         ".damaged and a new one is begun: " + why.message);
  }

  Result<void> load_series() {
    const auto stored = disk->series();
    if (!stored) return tl::unexpected<Error>(stored.error());
    const std::lock_guard lock(mutex);
    for (const StoredSeries& one : *stored) {
      const bool is_new =
          known.insert_or_assign(one.identity, Known{one.number, one.last_seen, made_by(one.maker)}).second;
      if (is_new) ++known.at(one.identity).maker->second;
      next_number = std::max(next_number, one.number + 1);
    }
    return {};
  }

  void tell(const std::string& line) const {
    if (log) log(line);
  }

  // Taking -------------------------------------------------------------------------------------------------

  Makers::value_type* made_by(std::string_view maker) {
    const auto found = makers.find(maker);
    return found == makers.end() ? &*makers.emplace(maker, 0).first : &*found;
  }

  /// Why the maker's new metric is not taken; empty: it is.
  std::string refusal_of(const Makers::value_type& maker) const {
    if (!maker.first.empty() && maker.second >= settings.series_of_one_max) {
      return "datapoints of new metrics of the access key " + maker.first +
             " are not stored: it has made as many as one may, " + std::to_string(settings.series_of_one_max);
    }
    if (known.size() < limits::stored_series_max) return "";
    return "datapoints of new metrics are not stored: there are as many as may be, " +
           std::to_string(limits::stored_series_max);
  }

  void put(const alarm::Datum& datum, std::string_view maker) {
    const WallTime now = clock.wall();
    std::string identity = identity_of(datum.metric, datum.unit);
    const bool makes_sense = is_valid_utf8(identity) && are_finite(datum.counted) &&
                             datum.at >= wall_time(0) && datum.at >= now - settings.keep &&
                             datum.at <= now + ahead_max && is_finite(datum.values);
    blocks::Each each = makes_sense ? each_of(datum) : nullptr;
    const bool fine = datum.high_resolution && datum.at >= now - keep_of(Tier::second);
    const Tier tier = fine ? Tier::second : Tier::minute;
    const std::int64_t step = makes_sense ? step_number(tier, datum.at) : 0;
    const std::lock_guard lock(mutex);
    if (!makes_sense || place_of(tier, step).block >= blocks_max) {
      ++counts.refused;
      return;
    }
    auto found = known.find(identity);
    const bool is_new = found == known.end();
    if (load + in_flight_load >= settings.waiting_max) {
      ++counts.dropped;
      return;
    }
    const WallTime start = step_start(tier, step);
    if (is_new) {
      auto* const made = made_by(maker);
      if (std::string why = refusal_of(*made); !why.empty()) {
        ++counts.dropped;
        not_taken = std::move(why);
        return;
      }
      ++made->second;
      found = known.emplace(std::move(identity), Known{next_number++, start, made}).first;
      fresh.push_back({found->second.number, found->first, start, made->first});
    }
    found->second.last_seen = std::max(found->second.last_seen, start);
    waiting.push_back({found->second.number, fine, step, datum.values, std::move(each)});
    load += load_of(waiting.back());
  }

  // Writing: the functions below hold disk_mutex ----------------------------------------------------------

  /// Moves what waits behind what could not be committed yet.
  void fill_batch() {
    const std::lock_guard lock(mutex);
    batch_until = clock.wall();
    batch.insert(batch.end(), waiting.begin(), waiting.end());
    waiting.clear();
    batch_fresh.insert(batch_fresh.end(), std::make_move_iterator(fresh.begin()),
                       std::make_move_iterator(fresh.end()));
    fresh.clear();
    in_flight = batch.size();
    in_flight_load += std::exchange(load, 0);
  }

  void batch_is_stored() {
    const std::lock_guard lock(mutex);
    counts.stored += batch.size();
    batch.clear();
    batch_fresh.clear();
    in_flight = in_flight_load = 0;
  }

  /// After a new file was begun it knows no metric.
  void all_series_are_fresh() {
    const std::lock_guard lock(mutex);
    fresh.clear();
    batch_fresh.clear();
    for (const auto& [identity, one] : known)
      batch_fresh.push_back({one.number, identity, one.last_seen, one.maker->first});
  }

  /// Makes the file usable again after a failure. True when a commit in doubt turned out to be stored.
  Result<bool> mend(const Error& why, std::int64_t expected_batch) {
    if (why.fault == Fault::corrupt) {
      set_aside(why);
      if (auto opened = open_disk(); !opened) return tl::unexpected<Error>(opened.error());
      all_series_are_fresh();
      folding = ageing = trimming = false;
      return false;
    }
    if (disk != nullptr && !disk->is_doubtful()) return false;
    disk.reset();
    if (auto opened = open_disk(); !opened) return tl::unexpected<Error>(opened.error());
    return disk->last_batch() >= expected_batch;
  }

  Result<void> check_room() const {
    if (free_bytes_beside(settings.path) >= settings.disk_free_min) return {};
    return fail(Fault::unavailable, "the disk is nearly full; what is left of it is for the journal");
  }

  Result<void> write_batch() {
    fill_batch();
    if (batch.empty() && batch_fresh.empty()) return {};
    if (disk == nullptr) {
      if (auto opened = open_disk(); !opened) return opened;
    }
    if (auto room = check_room(); !room) return room;
    const std::int64_t expected = disk->last_batch() + 1;
    auto appended = disk->append(batch_fresh, batch, batch_until);
    if (appended) {
      batch_is_stored();
      return {};
    }
    const auto mended = mend(appended.error(), expected);
    if (mended && *mended) {
      batch_is_stored();
      return {};
    }
    return appended;
  }

  Result<void> flush() {
    auto written = write_batch();
    if (!written) {
      const std::lock_guard lock(mutex);
      ++counts.failed_commits;
    }
    judge(not_stored, written ? "" : "datapoints cannot be stored, they wait: " + written.error().message,
          "datapoints are stored again");
    return written;
  }

  /// Told when it begins, when it has another reason, and when it is over.
  void judge(std::string& trouble, const std::string& now, const char* over) {
    {
      const std::lock_guard lock(mutex);
      if (trouble == now) return;
      trouble = now;
    }
    tell(now.empty() ? over : now);
  }
  bool is_stored() const {
    const std::lock_guard lock(mutex);
    return not_stored.empty();
  }

  /// One piece of background work. True when there is more to do at once.
  Result<bool> work() {
    const SteadyTime now = clock.steady();
    if (!folding && (now >= fold_due || disk->batch_bytes() >= limits::fold_batch_bytes)) {
      folding = true;
      fold_due = now + limits::fold_every;
    }
    if (folding) {
      auto more = disk->fold_some();
      if (!more) return more;
      folding = *more;
      trimming = trimming || !folding;
      return true;
    }
    if (!ageing && now >= age_due) {
      age_due = now + limits::ageing_every;
      if (auto begun = disk->begin_ageing(clock.wall()); !begun) return tl::unexpected<Error>(begun.error());
      ageing = true;
    }
    if (ageing) {
      auto more = disk->age_some(settings.keep);
      if (!more) return more;
      ageing = *more;
      if (!ageing) {
        trimming = true;
        if (auto done = forget_silent(); !done) return tl::unexpected<Error>(done.error());
      }
      return true;
    }
    if (trimming) {
      auto more = disk->trim_some(settings.bytes_max);
      if (!more) return more;
      trimming = *more;
      return trimming;
    }
    return false;
  }

  Result<void> forget_silent() {
    const WallTime cut = disk->aged_to() - settings.keep - forget_after;
    std::vector<std::uint64_t> gone;
    {
      const std::lock_guard lock(mutex);
      std::erase_if(known, [&](const auto& entry) {
        if (entry.second.last_seen >= cut) return false;
        gone.push_back(entry.second.number);
        --entry.second.maker->second;
        return true;
      });
      if (!gone.empty()) not_taken.clear(); // said again when it is so still
    }
    return disk->forget(gone);
  }

  void count() {
    const std::lock_guard lock(mutex);
    if (disk == nullptr) return;
    counts.file_bytes = disk->file_bytes();
    counts.damaged = disk->damaged();
  }

  void tick() {
    bool more = false;
    Millis until_flush = limits::datapoint_flush_every;
    {
      const std::lock_guard lock(disk_mutex);
      if (clock.steady() >= flush_due) {
        flush_due = clock.steady() + limits::datapoint_flush_every;
        static_cast<void>(flush());
        count();
      }
      if (disk != nullptr && is_stored()) {
        const auto worked = work();
        more = worked && *worked;
        if (!worked) static_cast<void>(mend(worked.error(), 0));
        judge(not_folded, worked ? "" : "stored datapoints cannot be tidied up: " + worked.error().message,
              "stored datapoints are tidied up again");
      }
      until_flush = std::max(flush_due - clock.steady(), Millis(0));
    }
    worker->post_after(more ? std::min(busy_pause, until_flush) : until_flush, [this] { tick(); });
  }

  void start() {
    const SteadyTime now = clock.steady();
    flush_due = now + limits::datapoint_flush_every;
    fold_due = now; // what a predecessor left
    age_due = now + first_ageing;
    worker = std::make_unique<runtime::Worker>(clock, "kaden-points");
    worker->post_after(limits::datapoint_flush_every, [this] { tick(); });
  }
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() {
  impl_->worker.reset();
  static_cast<void>(flush());
}

Result<std::unique_ptr<Store>> Store::open(Settings settings, const runtime::Clock& clock, Log log) {
  const auto path = sqlite::absolute_path(settings.path);
  if (!path) return tl::unexpected<Error>(path.error());
  settings.path = *path;
  auto impl = std::make_unique<Impl>(std::move(settings), clock, std::move(log));
  auto ready = impl->open_disk();
  if (ready) ready = impl->load_series();
  if (!ready && ready.error().fault == Fault::corrupt) {
    impl->set_aside(ready.error());
    ready = impl->open_disk();
  }
  if (!ready) return fail_while("opening the datapoints in " + *path, ready.error());
  impl->start();
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

void Store::put(const alarm::Datum& datum, std::string_view maker) {
  impl_->put(datum, maker);
}

Result<void> Store::flush() {
  const std::lock_guard lock(impl_->disk_mutex);
  return impl_->flush();
}

Store::Counts Store::counts() const {
  const std::lock_guard lock(impl_->mutex);
  Counts counts = impl_->counts;
  counts.waiting = impl_->waiting.size() + impl_->in_flight;
  counts.series = impl_->known.size();
  return counts;
}

std::string Store::trouble() const {
  const std::lock_guard lock(impl_->mutex);
  for (const std::string* why : {&impl_->not_stored, &impl_->not_folded, &impl_->not_taken}) {
    if (!why->empty()) return *why;
  }
  return "";
}

} // namespace kaden::datapoints
