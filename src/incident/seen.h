/// incident/seen.h - which ids were taken already, in 16 bytes each. Room: incident.
/// Threads: values; any. Errors: restore() answers false.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string_view>

#include "kaden/base.h"
#include "key_table.h"
#include "pack.h"

namespace kaden::incident {

/// Of the parts with their lengths, so that ("ab","c") and ("a","bc") differ.
Key key_of(std::initializer_list<std::string_view> parts);
void save(Packer& out, const Key& key);
Key restore_key(Unpacker& in);

/// Remembers up to limits::seen_events_max keys for at least limits::seen_events_age_max, the oldest
/// forgotten first.
class SeenIds {
 public:
  bool contains(const Key& key) const;
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
  const Key& key_at(std::uint64_t number) const {
    return order_[static_cast<std::size_t>(number - first_)].key;
  }

  std::deque<Entry> order_;
  std::uint64_t first_ =
      1; // the number of order_.front(): each key's number is its place in the order of coming
  KeyTable table_;
};

} // namespace kaden::incident
