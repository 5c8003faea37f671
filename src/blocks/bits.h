/// bits.h - bytes written and read bit by bit, most significant bit first. Room: blocks, inside.
/// Threads: values; one at a time. Errors: a reader that runs over the end gives zeros and says failed().
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace kaden::blocks {

class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  ~BitWriter() { align(); }
  BitWriter(const BitWriter&) = delete;
  BitWriter& operator=(const BitWriter&) = delete;

  /// The lowest `count` bits, 0 to 64.
  void put(std::uint64_t value, unsigned count) {
    while (count > 0) {
      const unsigned taken = count < room_ ? count : room_;
      const std::uint64_t part = (value >> (count - taken)) & ((std::uint64_t{1} << taken) - 1);
      byte_ = static_cast<std::uint8_t>(byte_ | (part << (room_ - taken)));
      room_ -= taken;
      count -= taken;
      if (room_ == 0) align();
    }
  }
  /// Fills the last byte with zeros.
  void align() {
    if (room_ == 8) return;
    out_.push_back(static_cast<char>(byte_));
    byte_ = 0;
    room_ = 8;
  }

 private:
  std::string& out_;
  std::uint8_t byte_ = 0;
  unsigned room_ = 8;
};

/// Reads whole bytes, and bits from where it stands.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  void fail() { failed_ = true; }
  /// Of whole bytes.
  std::size_t left() const { return bytes_.size() - at_; }

  std::uint8_t byte() {
    align();
    if (at_ >= bytes_.size()) {
      failed_ = true;
      return 0;
    }
    return static_cast<std::uint8_t>(bytes_[at_++]);
  }
  /// LEB128; more than 64 bits fail.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = byte();
      value |= static_cast<std::uint64_t>(part & 0x7fU) << shift;
      if (part < 0x80) return value;
    }
    failed_ = true;
    return 0;
  }
  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1));
  }
  /// Little-endian.
  std::uint64_t fixed(unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= static_cast<std::uint64_t>(byte()) << (8 * i);
    return value;
  }
  double real() { return std::bit_cast<double>(fixed(8)); }

  std::uint64_t bits(unsigned count) {
    std::uint64_t value = 0;
    while (count > 0) {
      if (unread_ == 0) {
        if (at_ >= bytes_.size()) {
          failed_ = true;
          return 0;
        }
        current_ = static_cast<std::uint8_t>(bytes_[at_++]);
        unread_ = 8;
      }
      const unsigned taken = count < unread_ ? count : unread_;
      const unsigned part = (current_ >> (unread_ - taken)) & ((1U << taken) - 1U);
      value = value << taken | part;
      unread_ -= taken;
      count -= taken;
    }
    return value;
  }
  /// Drops the rest of the byte that bits() began.
  void align() { unread_ = 0; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  unsigned current_ = 0; // the byte that bits() is in
  unsigned unread_ = 0;
  bool failed_ = false;
};

inline void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U)
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(value | 0x80U)));
  out.push_back(static_cast<char>(static_cast<std::uint8_t>(value)));
}
inline std::uint64_t to_zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}
inline void put_fixed(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i)
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i))));
}
inline void put_real(std::string& out, double value) {
  put_fixed(out, std::bit_cast<std::uint64_t>(value), 8);
}

} // namespace kaden::blocks
