/// incident/key_table.h - finds a number by its key in 8 bytes a slot: the keys themselves live where the
/// numbers lead. Room: incident. Open addressing with linear probing, at most half full; deletions shift
/// back, so nothing rots. Never walked: no order comes from it. Threads: values; any. Errors: none.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kaden/base.h"

namespace kaden::incident {

/// The first half of a SHA-256: enough that no two ids of an installation ever meet.
struct Key {
  std::uint64_t high = 0, low = 0;
  bool operator==(const Key&) const = default;
  bool operator<(const Key& other) const { return high != other.high ? high < other.high : low < other.low; }
};

/// Numbers are 1 and above. `key_of(number)` gives the key of any number that is in the table.
class KeyTable {
 public:
  template <class KeyOf>
  std::optional<std::uint64_t> find(const Key& key, const KeyOf& key_of) const {
    if (slots_.empty()) return std::nullopt;
    for (std::size_t at = home(key);; at = next(at)) {
      if (slots_[at] == 0) return std::nullopt;
      if (key_of(slots_[at]) == key) return slots_[at];
    }
  }
  /// The key must not be in here yet.
  template <class KeyOf>
  void insert(const Key& key, std::uint64_t number, const KeyOf& key_of) {
    require(number > 0, "numbers of a key table start at 1");
    if ((count_ + 1) * 2 > slots_.size()) grow(key_of);
    ++count_;
    place(key, number);
  }
  /// Nothing happens when it is not in here.
  template <class KeyOf>
  void erase(const Key& key, const KeyOf& key_of) {
    if (slots_.empty()) return;
    std::size_t hole = home(key);
    while (slots_[hole] != 0 && key_of(slots_[hole]) != key) hole = next(hole);
    if (slots_[hole] == 0) return;
    --count_;
    // Whoever comes later in this run and would rather be at the hole moves there.
    for (std::size_t at = next(hole); slots_[at] != 0; at = next(at)) {
      const std::size_t wanted = home(key_of(slots_[at]));
      const bool stays = hole < at ? (hole < wanted && wanted <= at) : (hole < wanted || wanted <= at);
      if (stays) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = 0;
  }
  std::size_t size() const { return count_; }

 private:
  std::size_t home(const Key& key) const { return static_cast<std::size_t>(key.low) & (slots_.size() - 1); }
  std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
  void place(const Key& key, std::uint64_t number) {
    std::size_t at = home(key);
    while (slots_[at] != 0) at = next(at);
    slots_[at] = number;
  }
  template <class KeyOf>
  void grow(const KeyOf& key_of) {
    std::vector<std::uint64_t> before(slots_.empty() ? 16 : slots_.size() * 2, 0);
    before.swap(slots_);
    for (const std::uint64_t number : before) {
      if (number != 0) place(key_of(number), number);
    }
  }

  std::vector<std::uint64_t> slots_; // a power of two of them; 0 is empty
  std::size_t count_ = 0;
};

} // namespace kaden::incident
