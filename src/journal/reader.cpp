#include "reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "chain.h"
#include "store.h"

namespace kaden::journal {

namespace {

constexpr std::int64_t rows_per_transaction = 2'000;

/// A position as SQLite orders it. Rows below 1 are never written, and must show when somebody adds them.
std::int64_t lower_bound(Position after) {
  if (after == 0) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(std::min<Position>(after, std::numeric_limits<std::int64_t>::max()));
}

Sha256 to_digest(std::string_view bytes) {
  Sha256 digest{};
  if (bytes.size() == digest.size()) std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

/// What one walk over the entries found.
struct Walk {
  std::string broken; ///< empty: the chain holds
  ChainCheck check;
};

/// Checks every entry after check's position and shows it to `take` until that returns false.
Result<Walk> walk(const Database& database, ChainCheck check, const std::function<bool(const Entry&)>& take) {
  auto select = database.prepare(
      "SELECT position, at_ms, payload, chain FROM entries WHERE position > ?1 ORDER BY position LIMIT ?2");
  if (!select) return tl::unexpected(std::move(select.error()));
  Entry entry;
  for (bool more = true; more;) {
    select->bind(1, lower_bound(check.position()));
    select->bind(2, rows_per_transaction);
    std::int64_t rows = 0;
    for (; rows < rows_per_transaction; ++rows) {
      auto row = select->step();
      if (!row) return tl::unexpected(std::move(row.error()));
      if (!*row) break;
      entry.position = static_cast<Position>(select->integer(0));
      entry.at = wall_time(select->integer(1));
      const std::string_view payload = select->bytes(2);
      std::string broken = check.take(entry.position, entry.at, payload, select->bytes(3));
      if (!broken.empty()) return Walk{std::move(broken), std::move(check)};
      entry.payload = payload;
      entry.chain = check.chain();
      if (!take(entry)) return Walk{{}, std::move(check)};
    }
    select->reset();
    more = rows == rows_per_transaction;
  }
  return Walk{{}, std::move(check)};
}

/// The stored chain at a position; nullopt when there is no such entry.
Result<std::optional<Sha256>> chain_at(const Database& database, const Source& source, Position position) {
  if (position == 0) return first_chain(source.installation);
  auto select = database.prepare("SELECT chain FROM entries WHERE position = ?1");
  if (!select) return tl::unexpected(std::move(select.error()));
  select->bind(1, lower_bound(position));
  auto row = select->step();
  if (!row) return tl::unexpected(std::move(row.error()));
  if (!*row) return std::nullopt;
  return to_digest(select->bytes(0));
}

Result<Position> greatest(const Database& database, const char* sql) {
  auto select = database.prepare(sql);
  if (!select) return tl::unexpected(std::move(select.error()));
  auto row = select->step();
  if (!row) return tl::unexpected(std::move(row.error()));
  return static_cast<Position>(std::max<std::int64_t>(select->integer(0), 0));
}

Result<Position> greatest_entry(const Database& database) {
  return greatest(database, "SELECT max(position) FROM entries");
}

} // namespace

Result<void> read_entries(const Source& source, Position after,
                          const std::function<bool(const Entry&)>& take) {
  auto database = open_for_reading(source.path);
  if (!database) return tl::unexpected(std::move(database.error()));
  auto start = chain_at(*database, source, after);
  if (!start) return tl::unexpected(std::move(start.error()));
  if (!start->has_value()) {
    auto last = greatest_entry(*database);
    if (!last) return tl::unexpected(std::move(last.error()));
    if (after > *last) return {};
    return fail(Fault::corrupt, "entry " + std::to_string(after) + " is missing");
  }
  auto walked = walk(*database, ChainCheck(after, **start), take);
  if (!walked) return tl::unexpected(std::move(walked.error()));
  if (!walked->broken.empty()) return fail(Fault::corrupt, walked->broken);
  return {};
}

Result<Check> verify_entries(const Source& source) {
  auto database = open_for_reading(source.path);
  if (!database) return tl::unexpected(std::move(database.error()));
  auto walked =
      walk(*database, ChainCheck(0, first_chain(source.installation)), [](const Entry&) { return true; });
  if (!walked) return tl::unexpected(std::move(walked.error()));
  Check check;
  check.entries = walked->check.position();
  check.head = walked->check.chain();
  check.reason = std::move(walked->broken);
  if (check.reason.empty()) {
    // The chain alone cannot show that its end was cut off; a snapshot of a later position can.
    auto saved = greatest(*database, "SELECT max(position) FROM snapshots");
    if (!saved) return tl::unexpected(std::move(saved.error()));
    if (*saved > check.entries) {
      check.reason = "entries after " + std::to_string(check.entries) +
                     " are missing, there is a snapshot of " + std::to_string(*saved);
    }
  }
  if (!check.reason.empty()) check.first_bad = check.entries + 1;
  return check;
}

Result<std::optional<Snapshot>> read_latest_snapshot(const Source& source) {
  auto database = open_for_reading(source.path);
  if (!database) return tl::unexpected(std::move(database.error()));
  auto select = database->prepare(
      "SELECT position, chain, digest, state FROM snapshots WHERE position >= 0 ORDER BY position DESC");
  if (!select) return tl::unexpected(std::move(select.error()));
  for (;;) {
    auto row = select->step();
    if (!row) return tl::unexpected(std::move(row.error()));
    if (!*row) return std::nullopt;
    const auto position = static_cast<Position>(select->integer(0));
    auto chain = chain_at(*database, source, position);
    if (!chain) return tl::unexpected(std::move(chain.error()));
    if (!chain->has_value() || select->bytes(1) != as_view(**chain)) continue;
    const std::string_view state = select->bytes(3);
    if (select->bytes(2) != as_view(snapshot_digest(**chain, state))) continue;
    return Snapshot{position, std::string(state)};
  }
}

Result<Head> read_head(const Source& source) {
  auto database = open_for_reading(source.path);
  if (!database) return tl::unexpected(std::move(database.error()));
  auto last = greatest_entry(*database);
  if (!last) return tl::unexpected(std::move(last.error()));
  if (*last == 0) return Head{0, first_chain(source.installation)};
  auto before = chain_at(*database, source, *last - 1);
  if (!before) return tl::unexpected(std::move(before.error()));
  if (!before->has_value()) {
    return fail(Fault::corrupt, "entry " + std::to_string(*last - 1) + " is missing");
  }
  auto walked = walk(*database, ChainCheck(*last - 1, **before), [](const Entry&) { return true; });
  if (!walked) return tl::unexpected(std::move(walked.error()));
  if (!walked->broken.empty()) return fail(Fault::corrupt, walked->broken);
  return Head{walked->check.position(), walked->check.chain()};
}

} // namespace kaden::journal
