/// chain.h - the hash chain over the entries. Room: journal, inside. Pure.
/// first:  SHA-256("kaden-journal-1" + installation)
/// next:   SHA-256(previous + position (8 bytes, big endian) + at in ms (8 bytes, big endian) + payload)
#pragma once

#include <string>
#include <string_view>

#include "kaden/journal.h"

namespace kaden::journal {

Sha256 first_chain(std::string_view installation);

/// Keeps one buffer for many hashes.
class Chainer {
 public:
  Sha256 next(const Sha256& previous, Position position, WallTime at, std::string_view payload);

 private:
  std::string buffer_;
};

/// Walks entries in order and says where the chain breaks.
class ChainCheck {
 public:
  /// `chain` is that of the entry at `position` (0: first_chain()).
  ChainCheck(Position position, const Sha256& chain) : position_(position), chain_(chain) {}

  /// Empty when `stored` (the chain kept beside the entry) fits, else a sentence; then nothing is taken.
  std::string take(Position position, WallTime at, std::string_view payload, std::string_view stored);
  Position position() const { return position_; }
  const Sha256& chain() const { return chain_; }

 private:
  Position position_;
  Sha256 chain_;
  Chainer chainer_;
};

/// SHA-256(chain + SHA-256(state)): binds a snapshot to its position's chain and to its own bytes.
Sha256 snapshot_digest(const Sha256& chain, std::string_view state);

} // namespace kaden::journal
