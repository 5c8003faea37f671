// Chunks that were unpacked not long ago: pages that follow one another, and chunks that overlap in time, ask
// for the same ones again and again. A chunk never changes.
#pragma once

#include <list>
#include <memory>
#include <unordered_map>

#include "chunk.h"

namespace kaden::logstore {

class ChunkCache {
 public:
  explicit ChunkCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Null when it is not here. Valid until the next put().
  const Chunk* find(std::int64_t id) {
    const auto found = places_.find(id);
    if (found == places_.end()) return nullptr;
    kept_.splice(kept_.begin(), kept_, found->second);
    return &found->second->chunk;
  }
  /// The longest unused go first.
  const Chunk* put(std::int64_t id, Chunk chunk) {
    bytes_ += bytes_of(chunk);
    kept_.push_front({id, std::move(chunk)});
    places_[id] = kept_.begin();
    while (bytes_ > bytes_max_ && kept_.size() > 1) {
      bytes_ -= bytes_of(kept_.back().chunk);
      places_.erase(kept_.back().id);
      kept_.pop_back();
    }
    return &kept_.front().chunk;
  }

 private:
  struct Kept {
    std::int64_t id = 0;
    Chunk chunk;
  };
  static std::size_t bytes_of(const Chunk& chunk) {
    return sizeof(Kept) + chunk.raw.size() + chunk.lines.size() * sizeof(Chunk::Line);
  }

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::list<Kept> kept_; // the last used first
  std::unordered_map<std::int64_t, std::list<Kept>::iterator> places_;
};

} // namespace kaden::logstore
