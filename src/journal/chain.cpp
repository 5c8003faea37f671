#include "chain.h"

namespace kaden::journal {

namespace {
void put_big_endian(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>((value >> shift) & 0xffU));
}
} // namespace

Sha256 first_chain(std::string_view installation) {
  return sha256(std::string("kaden-journal-1").append(installation));
}

Sha256 Chainer::next(const Sha256& previous, Position position, WallTime at, std::string_view payload) {
  buffer_.assign(as_view(previous));
  put_big_endian(buffer_, position);
  put_big_endian(buffer_, static_cast<std::uint64_t>(to_ms(at)));
  buffer_.append(payload);
  return sha256(buffer_);
}

std::string ChainCheck::take(Position position, WallTime at, std::string_view payload,
                             std::string_view stored) {
  const Position wanted = position_ + 1;
  if (position != wanted) {
    return "entry " + std::to_string(wanted) + " is missing, the next one found is " +
           std::to_string(static_cast<std::int64_t>(position));
  }
  const Sha256 computed = chainer_.next(chain_, position, at, payload);
  if (stored != as_view(computed)) return "the chain breaks at entry " + std::to_string(position);
  position_ = position;
  chain_ = computed;
  return {};
}

Sha256 snapshot_digest(const Sha256& chain, std::string_view state) {
  return sha256(std::string(as_view(chain)).append(as_view(sha256(state))));
}

} // namespace kaden::journal
