#include <algorithm>
#include <iterator>
#include <utility>

#include "file.h"
#include "identity.h"
#include "kaden/datapoint_reader.h"

namespace kaden::datapoints {

namespace {

constexpr std::size_t series_per_transaction = 100; // a lasting one would keep the WAL from being folded back
constexpr std::size_t series_with_values = 8;       // of which each may have a million values
constexpr std::size_t values_per_point = 4;         // of Query::points_max

struct Numbered {
  SeriesInfo info;
  std::uint64_t number = 0;
};

/// A read transaction: everything inside is as of one commit.
class Reading {
 public:
  explicit Reading(Database& database) : database_(database) {}
  ~Reading() { static_cast<void>(database_.execute("ROLLBACK")); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  Result<void> begin() { return database_.execute("BEGIN"); }

 private:
  Database& database_;
};

std::size_t load_of(const Point& point) {
  return 1 + (point.each == nullptr ? 0 : point.each->size() / values_per_point);
}

} // namespace

struct Reader::Impl {
  Database database;
  Statement select_blocks, select_parts;
  // Batches, read again when they changed
  Batches batches;
  Fold fold;
  std::int64_t first_batch = -1, last_batch = -1;
  std::uint64_t damaged = 0;
  std::size_t load = 0; // of the read under way

  explicit Impl(Database opened) : database(std::move(opened)) {}

  Result<void> refresh() {
    const auto first = number_of(database, "SELECT coalesce(min(id), 0) FROM batches");
    if (!first) return tl::unexpected<Error>(first.error());
    const auto last = number_of(database, "SELECT coalesce(max(id), 0) FROM batches");
    if (!last) return tl::unexpected<Error>(last.error());
    const auto now = read_fold(database);
    if (!now) return tl::unexpected<Error>(now.error());
    if (**first == first_batch && **last == last_batch && *now == fold) return {};
    // Mostly some batches have come since; after a fold others are gone.
    const bool only_more = **first == first_batch && **last > last_batch && *now == fold;
    auto read = read_batches(database, *now, {only_more ? last_batch : 0, **last});
    if (!read) return tl::unexpected<Error>(read.error());
    damaged += read->damaged;
    if (only_more) {
      auto& all = batches.records;
      const auto old = static_cast<std::ptrdiff_t>(all.size());
      all.insert(all.end(), read->records.begin(), read->records.end());
      std::inplace_merge(all.begin(), all.begin() + old, all.end(), comes_before);
    } else {
      batches = std::move(*read);
    }
    fold = *now;
    first_batch = **first;
    last_batch = **last;
    return {};
  }

  std::span<const blocks::Record> records_of(std::uint64_t number) const {
    const auto less = [](const blocks::Record& record, std::uint64_t wanted) {
      return record.series < wanted;
    };
    const auto& all = batches.records;
    const auto from = std::lower_bound(all.begin(), all.end(), number, less);
    const auto to = std::lower_bound(from, all.end(), number + 1, less);
    return {from, to};
  }

  /// Gives a block's points what its parts hold of them, as far as they overlap the query.
  Result<void> read_parts(std::int64_t key, const Query& query, std::vector<blocks::Point>& points) {
    const Tier tier = tier_of(key);
    const auto part_at = [&](WallTime at) {
      const WallTime start = block_start(tier, block_of(key));
      const std::int64_t step =
          std::clamp<std::int64_t>((at - start) / step_of(tier), 0, block_steps(tier) - 1);
      return part_key(key, static_cast<std::uint32_t>(step));
    };
    select_parts.bind(1, part_at(query.from));
    select_parts.bind(2, part_at(query.to));
    for (;;) {
      const auto row = select_parts.step();
      if (!row || !*row) {
        select_parts.reset();
        if (!row) return tl::unexpected<Error>(row.error());
        return {};
      }
      auto found = open_part(select_parts.integer(0), select_parts.bytes(1));
      if (found) {
        attach(std::move(*found), points);
      } else {
        ++damaged;
      }
    }
  }

  /// False: more was read than the query allows.
  bool take(Point point, const Query& query, std::vector<Point>& out) {
    if (point.at >= query.to || point.at + step_of(point.tier) <= query.from) return true;
    load += load_of(point);
    out.push_back(std::move(point));
    return load <= query.points_max;
  }

  static tl::unexpected<Error> too_much(const Query& query) {
    return fail(Fault::invalid, "the request looks at more than " + std::to_string(query.points_max) +
                                    " datapoints: ask for less time or a longer Period");
  }

  /// Points of the blocks of one tier that overlap the query.
  Result<void> read_tier(std::uint64_t number, Tier tier, const Query& query, std::vector<Point>& out) {
    const WallTime from = std::max(query.from, wall_time(0));
    const std::int64_t first = place_of(tier, step_number(tier, from)).block;
    const std::int64_t last = place_of(tier, step_number(tier, query.to)).block;
    if (first >= blocks_max || query.to <= from) return {};
    select_blocks.bind(1, key_of(number, tier, first));
    select_blocks.bind(2, key_of(number, tier, std::min(last, blocks_max - 1)));
    for (;;) {
      const auto row = select_blocks.step();
      if (!row || !*row) {
        select_blocks.reset();
        if (!row) return tl::unexpected<Error>(row.error());
        return {};
      }
      const std::int64_t key = select_blocks.integer(0);
      auto points = open_block(key, select_blocks.bytes(1));
      if (!points) {
        ++damaged;
        continue;
      }
      Result<void> read;
      if (!query.sets_only) read = read_parts(key, query, *points);
      for (blocks::Point& point : *points) {
        const WallTime at = step_start(tier, block_of(key) * block_steps(tier) + point.step);
        if (read && !take({at, tier, point.values, std::move(point.each)}, query, out))
          read = too_much(query);
      }
      if (!read) {
        select_blocks.reset();
        return read;
      }
    }
  }

  Result<std::vector<Point>> points_of_series(std::uint64_t number, const Query& query) {
    std::vector<Point> points;
    for (const Tier tier : tiers) {
      if (auto done = read_tier(number, tier, query, points); !done)
        return tl::unexpected<Error>(done.error());
    }
    for (const blocks::Record& record : records_of(number)) {
      const Tier tier = tier_of(record);
      blocks::Each each = query.sets_only ? nullptr : record.each;
      if (!take({step_start(tier, record.step), tier, record.values, std::move(each)}, query, points))
        return too_much(query);
    }
    std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
      return std::pair(a.at, a.tier) < std::pair(b.at, b.tier);
    });
    return joined(std::move(points));
  }

  /// One point for each step: a block and a batch may both hold a part of it.
  static std::vector<Point> joined(std::vector<Point> points) {
    std::vector<Point> out;
    out.reserve(points.size());
    for (std::size_t from = 0; from < points.size();) {
      std::size_t to = from + 1;
      while (to < points.size() && points[to].at == points[from].at && points[to].tier == points[from].tier)
        ++to;
      out.push_back(std::move(points[from]));
      if (to > from + 1) {
        samples::StepSum sum;
        sum.add(out.back().values, out.back().each.get());
        for (std::size_t i = from + 1; i < to; ++i) sum.add(points[i].values, points[i].each.get());
        out.back().values = sum.set();
        out.back().each = sum.take_each();
      }
      from = to;
    }
    return out;
  }

  Result<std::vector<StoredSeries>> stored_series(const std::vector<alarm::MetricId>* metrics) const {
    if (metrics == nullptr) return read_series(database);
    std::vector<StoredSeries> found;
    for (const alarm::MetricId& metric : *metrics) {
      auto some = read_series(database, metric);
      if (!some) return some;
      found.insert(found.end(), std::make_move_iterator(some->begin()), std::make_move_iterator(some->end()));
    }
    return found;
  }

  /// `metrics` null: of all.
  Result<std::vector<Numbered>> all(const std::vector<alarm::MetricId>* metrics) {
    Reading reading(database);
    if (auto begun = reading.begin(); !begun) return tl::unexpected<Error>(begun.error());
    if (auto fresh = refresh(); !fresh) return tl::unexpected<Error>(fresh.error());
    const auto stored = stored_series(metrics);
    if (!stored) return tl::unexpected<Error>(stored.error());
    std::vector<Numbered> found;
    for (const StoredSeries& one : *stored) {
      auto id = parse_identity(one.identity);
      if (!id) {
        ++damaged;
        continue;
      }
      WallTime last = one.last_seen;
      for (const auto& record : records_of(one.number)) {
        last = std::max(last, step_start(tier_of(record), record.step));
      }
      found.push_back({{std::move(*id), last, one.number}, one.number});
    }
    std::sort(found.begin(), found.end(),
              [](const Numbered& a, const Numbered& b) { return a.info.id < b.info.id; });
    // A metric may have been asked for twice.
    found.erase(std::unique(found.begin(), found.end(),
                            [](const Numbered& a, const Numbered& b) { return a.number == b.number; }),
                found.end());
    return found;
  }

  Result<bool> read_some(std::span<const Numbered> some, const Query& query, const Take& take) {
    std::vector<std::pair<const SeriesId*, std::vector<Point>>> found;
    {
      Reading reading(database);
      if (auto begun = reading.begin(); !begun) return tl::unexpected<Error>(begun.error());
      if (auto fresh = refresh(); !fresh) return tl::unexpected<Error>(fresh.error());
      for (const Numbered& one : some) {
        auto points = points_of_series(one.number, query);
        if (!points) return tl::unexpected<Error>(points.error());
        if (!points->empty()) found.emplace_back(&one.info.id, std::move(*points));
      }
    }
    return std::all_of(found.begin(), found.end(),
                       [&](const auto& one) { return take(*one.first, one.second); });
  }
};

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::~Reader() = default;

Result<std::unique_ptr<Reader>> Reader::open(const std::string& path) {
  const auto absolute = sqlite::absolute_path(path);
  if (!absolute) return tl::unexpected<Error>(absolute.error());
  const std::string doing = "opening the datapoints in " + *absolute;
  auto database = open_for_reading(*absolute);
  if (!database) return fail_while(doing, database.error());
  auto impl = std::make_unique<Impl>(std::move(*database));
  auto select =
      impl->database.prepare("SELECT key, data FROM blocks WHERE key BETWEEN ?1 AND ?2 ORDER BY key");
  if (!select) return fail_while(doing, select.error());
  impl->select_blocks = std::move(*select);
  auto parts = impl->database.prepare(
      "SELECT part, data FROM distributions WHERE part BETWEEN ?1 AND ?2 ORDER BY part");
  if (!parts) return fail_while(doing, parts.error());
  impl->select_parts = std::move(*parts);
  return std::unique_ptr<Reader>(new Reader(std::move(impl)));
}

Result<std::vector<SeriesInfo>> Reader::series() {
  auto all = impl_->all(nullptr);
  if (!all) return fail_while("reading the list of metrics", all.error());
  std::vector<SeriesInfo> infos;
  infos.reserve(all->size());
  for (Numbered& one : *all) infos.push_back(std::move(one.info));
  return infos;
}

Result<void> Reader::read(const Query& query, const Take& take) {
  auto all = impl_->all(query.metrics ? &*query.metrics : nullptr);
  if (!all) return fail_while("reading the list of metrics", all.error());
  if (query.wanted) std::erase_if(*all, [&](const Numbered& one) { return !query.wanted(one.info.id); });
  impl_->load = 0;
  const std::size_t at_once = query.sets_only ? series_per_transaction : series_with_values;
  for (std::size_t from = 0; from < all->size(); from += at_once) {
    const std::size_t count = std::min(at_once, all->size() - from);
    const auto more = impl_->read_some(std::span(*all).subspan(from, count), query, take);
    if (!more) return fail_while("reading datapoints", more.error());
    if (!*more) break;
  }
  return {};
}

Result<std::optional<WallTime>> Reader::complete_until() {
  const auto until = read_fact(impl_->database, "until_ms");
  if (!until) return fail_while("reading what the datapoints hold", until.error());
  if (!until->has_value()) return std::nullopt;
  return wall_time(**until);
}

std::uint64_t Reader::damaged() const {
  return impl_->damaged;
}

} // namespace kaden::datapoints
