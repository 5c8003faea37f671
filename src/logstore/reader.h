// One page of events after another: chunks that overlap in time, merged.
#pragma once

#include <atomic>
#include <map>

#include "catalog.h"
#include "chunk_cache.h"
#include "kaden/sqlite.h"

namespace kaden::logstore {

/// Threads: one. `catalog` is borrowed.
class Reader {
 public:
  static Result<Reader> open(const std::string& path, const Catalog& catalog);

  Result<Page> read(const Query& query);
  /// Chunks that could not be read and were passed over.
  std::uint64_t unreadable() const { return unreadable_; }

 private:
  friend class Merge;
  Reader(sqlite::Database database, const Catalog& catalog);
  Result<Page> read_page(const Query& query, std::int64_t group);
  Result<const Chunk*> load(std::int64_t id);

  // Borrowed
  const Catalog* catalog_;
  // Owned
  sqlite::Database database_;
  ChunkCache cache_;
  // State
  std::uint64_t unreadable_ = 0;
  std::size_t loaded_bytes_ = 0; ///< for the page under way
};

} // namespace kaden::logstore
