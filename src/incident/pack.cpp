#include "pack.h"

namespace kaden::incident {

void Packer::number(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(static_cast<unsigned char>(value | 0x80)));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(static_cast<unsigned char>(value)));
}

void Packer::text(std::string_view value) {
  number(value.size());
  bytes_.append(value);
}

void Packer::time(WallTime at) {
  const std::int64_t ms = to_ms(at);
  number((static_cast<std::uint64_t>(ms) << 1) ^ static_cast<std::uint64_t>(ms >> 63));
}

std::uint64_t Unpacker::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; !bad_; shift += 7) {
    if (left_.empty() || shift > 63) break;
    const auto byte = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    const std::uint64_t part = byte & 0x7F;
    if (shift == 63 && part > 1) break;
    value |= part << shift;
    if (byte < 0x80) {
      if (byte == 0 && shift > 0) break; // one form only, so that equal states have equal texts
      return value;
    }
  }
  bad_ = true;
  return 0;
}

std::uint64_t Unpacker::number(std::uint64_t most) {
  const std::uint64_t value = number();
  if (value <= most) return value;
  bad_ = true;
  return 0;
}

std::string_view Unpacker::text() {
  const std::uint64_t size = number();
  bad_ = bad_ || size > left_.size();
  if (bad_) return {};
  const std::string_view value = left_.substr(0, static_cast<std::size_t>(size));
  left_.remove_prefix(value.size());
  return value;
}

WallTime Unpacker::time() {
  const std::uint64_t value = number(std::uint64_t{1} << 50); // 17,000 years either way: sums cannot overflow
  return wall_time(static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1));
}

} // namespace kaden::incident
