#include "reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "schema.h"

#include "kaden/limits/logs.h"

namespace kaden::logstore {

namespace {

/// A transaction for reading: the index and the chunks of a page are of one moment.
class Moment {
 public:
  explicit Moment(sqlite::Database& database) : database_(database), begun_(database.execute("BEGIN")) {}
  ~Moment() {
    if (begun_) static_cast<void>(database_.execute("COMMIT"));
  }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;
  const Result<void>& begun() const { return begun_; }

 private:
  sqlite::Database& database_;
  const Result<void> begun_;
};

/// Of 56 digits, as Amazon's.
std::string id_of(const Place& place) {
  return fmt::format("{:020}{:020}{:016}", place.ms, place.chunk, place.index);
}

constexpr std::int64_t span_ms = limits::log_chunk_span_max.count();

} // namespace

/// The events of a query in the order of their places, whichever chunks they are in.
///
/// A cursor stands in each chunk that is under way; the heap gives the next of them. The index knows where a
/// chunk begins: a chunk's cursor is made before the first event that could come after one of its own is
/// given, and the chunk is unpacked only when it is its turn.
class Merge {
 public:
  Merge(Reader& reader, const Query& query, std::int64_t group, std::vector<std::int64_t> streams)
      : reader_(reader),
        query_(query),
        group_(group),
        streams_(streams.begin(), streams.end()),
        from_ms_(to_ms(query.from)),
        to_ms_(to_ms(query.to)) {
    if (!query.after) return;
    if (query.newest_first) {
      to_ms_ = std::min(to_ms_, query.after->ms + 1);
    } else {
      from_ms_ = std::max(from_ms_, query.after->ms);
    }
  }

  Result<void> begin() {
    const bool of_stream = streams_.size() == 1;
    auto index = reader_.database_.prepare(fmt::format(
        "SELECT id, first_ms, last_ms, stream_id FROM chunks WHERE {} = ?1 AND first_ms >= ?2 AND "
        "first_ms < ?3 AND last_ms >= ?4 ORDER BY first_ms {}",
        of_stream ? "stream_id" : "group_id", query_.newest_first ? "DESC" : "ASC"));
    if (!index) return tl::unexpected(std::move(index.error()));
    index_ = std::move(*index);
    index_.bind(1, of_stream ? *streams_.begin() : group_);
    index_.bind(2, from_ms_ - span_ms);
    index_.bind(3, to_ms_);
    index_.bind(4, from_ms_);
    return advance_index();
  }

  struct Found {
    Place place;
    const Chunk* chunk = nullptr; ///< until the next call
    const Chunk::Line* line = nullptr;
  };
  /// nullopt: there are no more.
  Result<std::optional<Found>> next() {
    for (;;) {
      if (auto fetched = fetch(); !fetched) return tl::unexpected<Error>(fetched.error());
      if (heap_.empty()) return std::nullopt;
      std::pop_heap(heap_.begin(), heap_.end(), later_);
      const Cursor cursor = heap_.back();
      heap_.pop_back();
      const auto loaded = reader_.load(cursor.place.chunk);
      if (!loaded) return tl::unexpected<Error>(loaded.error());
      const Chunk* chunk = *loaded;
      if (chunk == nullptr) continue;
      const auto index = cursor.is_placed ? cursor.place.index : first_index(*chunk, cursor.place.chunk);
      const bool is_over = index < 0 || index >= static_cast<std::int64_t>(chunk->lines.size());
      if (is_over || !is_inside(chunk->lines[static_cast<std::size_t>(index)].ms)) continue;
      const Chunk::Line& line = chunk->lines[static_cast<std::size_t>(index)];
      const Place place{line.ms, cursor.place.chunk, index};
      if (!cursor.is_placed) { // its place was a bound; now it is known, and others may come before
        push({place, true});
        continue;
      }
      push_following(*chunk, place);
      return Found{place, chunk, &line};
    }
  }

 private:
  struct Cursor {
    Place place;            ///< of its next event
    bool is_placed = false; ///< else a bound: no event of the chunk comes before it
  };
  /// For a heap whose top comes first.
  struct Later {
    bool newest_first;
    bool operator()(const Cursor& a, const Cursor& b) const {
      return newest_first ? a.place < b.place : b.place < a.place;
    }
  };

  bool is_inside(std::int64_t ms) const { return ms >= from_ms_ && ms < to_ms_; }

  void push(Cursor cursor) {
    heap_.push_back(cursor);
    std::push_heap(heap_.begin(), heap_.end(), later_);
  }

  void push_following(const Chunk& chunk, const Place& place) {
    const std::int64_t index = query_.newest_first ? place.index - 1 : place.index + 1;
    if (index < 0 || index >= static_cast<std::int64_t>(chunk.lines.size())) return;
    push({{chunk.lines[static_cast<std::size_t>(index)].ms, place.chunk, index}, true});
  }

  /// Of the chunk's first event, in the direction of reading, behind the end of the page before; may be none
  /// of its indexes.
  std::int64_t first_index(const Chunk& chunk, std::int64_t id) const {
    const auto& lines = chunk.lines;
    const auto place_of = [&](const Chunk::Line& line) { return Place{line.ms, id, &line - lines.data()}; };
    if (!query_.newest_first) {
      const auto at = std::partition_point(lines.begin(), lines.end(), [&](const Chunk::Line& line) {
        return line.ms < from_ms_ || (query_.after && place_of(line) <= *query_.after);
      });
      return at - lines.begin();
    }
    const auto at = std::partition_point(lines.begin(), lines.end(), [&](const Chunk::Line& line) {
      return line.ms < to_ms_ && !(query_.after && place_of(line) >= *query_.after);
    });
    return at - lines.begin() - 1;
  }

  Result<void> advance_index() {
    auto row = index_.step();
    if (!row) return tl::unexpected(std::move(row.error()));
    waiting_.reset();
    if (*row) waiting_ = Row{index_.integer(0), index_.integer(1), index_.integer(2), index_.integer(3)};
    return {};
  }

  /// Makes cursors of all chunks that may hold an event before the heap's top.
  Result<void> fetch() {
    while (waiting_ && may_come_first(*waiting_)) {
      if (streams_.empty() || streams_.contains(waiting_->stream)) {
        push({query_.newest_first ? Place{waiting_->last_ms, waiting_->id, INT64_MAX}
                                  : Place{waiting_->first_ms, waiting_->id, -1},
              false});
      }
      if (auto done = advance_index(); !done) return done;
    }
    return {};
  }

  struct Row {
    std::int64_t id, first_ms, last_ms, stream;
  };
  bool may_come_first(const Row& row) const {
    if (heap_.empty()) return true;
    const std::int64_t top_ms = heap_.front().place.ms;
    return query_.newest_first ? row.first_ms + span_ms >= top_ms : row.first_ms <= top_ms;
  }

  // Borrowed
  Reader& reader_;
  const Query& query_;
  // Config
  const std::int64_t group_;
  const std::set<std::int64_t> streams_; // empty: all
  std::int64_t from_ms_, to_ms_;
  const Later later_{query_.newest_first};
  // State
  sqlite::Statement index_;
  std::optional<Row> waiting_;
  std::vector<Cursor> heap_;
};

Reader::Reader(sqlite::Database database, const Catalog& catalog)
    : catalog_(&catalog), database_(std::move(database)), cache_(limits::log_cache_bytes) {}

Result<Reader> Reader::open(const std::string& path, const Catalog& catalog) {
  auto database = open_for_reading(path);
  if (!database) return tl::unexpected(std::move(database.error()));
  return Reader(std::move(*database), catalog);
}

/// nullptr: it cannot be read.
Result<const Chunk*> Reader::load(std::int64_t id) {
  if (const Chunk* known = cache_.find(id)) return known;
  auto select =
      database_.prepare("SELECT data, raw_bytes, first_ms, stream_id, ingested_ms FROM chunks WHERE id = ?1");
  if (!select) return tl::unexpected(std::move(select.error()));
  select->bind(1, id);
  const auto row = select->step();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return nullptr;
  auto chunk = unpack(select->bytes(0), static_cast<std::size_t>(select->integer(1)), select->integer(2));
  if (!chunk) {
    ++unreadable_;
    return nullptr;
  }
  chunk->stream = select->integer(3);
  chunk->ingested_ms = select->integer(4);
  loaded_bytes_ += chunk->raw.size();
  return cache_.put(id, std::move(*chunk));
}

Result<Page> Reader::read_page(const Query& query, std::int64_t group) {
  std::vector<std::int64_t> streams;
  if (!query.streams.empty()) {
    streams = catalog_->stream_ids(query.group, query.streams);
    if (streams.empty()) return Page();
  }
  Merge merge(*this, query, group, std::move(streams));
  if (auto begun = merge.begin(); !begun) return tl::unexpected<Error>(begun.error());
  std::map<std::int64_t, std::optional<std::string>> names;
  Page page;
  std::size_t bytes = 0;
  for (std::size_t looked_at = 1;; ++looked_at) {
    const auto found = merge.next();
    if (!found) return tl::unexpected<Error>(found.error());
    if (!*found) {
      page.next.reset();
      return page;
    }
    const auto& [place, chunk, line] = **found;
    auto name = names.find(chunk->stream);
    if (name == names.end()) name = names.emplace(chunk->stream, catalog_->stream_name(chunk->stream)).first;
    const bool is_asked_for =
        name->second && (!query.streams.empty() || name->second->starts_with(query.stream_prefix));
    const std::string_view message = chunk->message(*line);
    if (is_asked_for && (!query.pattern || query.pattern->matches(logfilter::Message(message)))) {
      bytes += message.size() + limits::log_event_overhead_bytes;
      if (!page.events.empty() && bytes > limits::log_page_bytes_max) return page; // `next` is the one before
      page.events.push_back({*name->second, wall_time(line->ms), wall_time(chunk->ingested_ms),
                             std::string(message), id_of(place)});
      if (!page.first) page.first = place;
      page.last = place;
    }
    page.next = place;
    const bool is_full = page.events.size() >= query.events_max;
    const bool is_long =
        looked_at >= limits::log_scan_events_max || loaded_bytes_ >= limits::log_scan_bytes_max;
    if (is_full || is_long) return page;
  }
}

Result<Page> Reader::read(const Query& query) {
  const auto group = catalog_->group_id(query.group);
  if (!group) return fail(Fault::not_found, "the log group " + query.group + " is not there");
  const Moment moment(database_);
  if (!moment.begun()) return fail_while("reading log events", moment.begun().error());
  loaded_bytes_ = 0;
  auto page = read_page(query, *group);
  if (!page) return fail_while("reading log events", page.error());
  return page;
}

} // namespace kaden::logstore
