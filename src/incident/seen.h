/// incident/seen.h - which ids were taken already, in 16 bytes each. Room: incident.
/// Threads: values; any. Errors: restore() answers false.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string_view>
#include <unordered_set>

#include "kaden/base.h"
#include "pack.h"

namespace kaden::incident {

/// The first half of a SHA-256: enough that no two ids of an installation ever meet.
struct Key {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const Key&) const = default;
};
/// Of the parts with their lengths, so that ("ab","c") and ("a","bc") differ.
Key key_of(std::initializer_list<std::string_view> parts);
void save(Packer& out, const Key& key);
Key restore_key(Unpacker& in);

/// Remembers up to limits::seen_events_max keys for at least limits::seen_events_age_max, the oldest
/// forgotten first.
class SeenIds {
 public:
  bool contains(const Key& key) const { return keys_.count(key) > 0; }
  /// The key must not be in here yet; `at` never goes back.
  void add(const Key& key, WallTime at);
  std::size_t size() const { return order_.size(); }

  void save(Packer& out) const;
  bool restore(Unpacker& in);

 private:
  struct Entry {
    WallTime at;
    Key key;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept { return static_cast<std::size_t>(key.low); }
  };
  std::deque<Entry> order_;
  std::unordered_set<Key, Hash> keys_; // membership only: no order comes from it
};

} // namespace kaden::incident
