/// incident/bytes.h - a string of bytes in 16 bytes, for what is held a hundred thousand times. Room:
/// incident. Grows by eighths: it is appended to seldom and kept long. Threads: values; any. Errors: none.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "kaden/base.h"

namespace kaden::incident {

class Bytes {
 public:
  std::string_view view() const { return {data_.get(), size_}; }
  void clear() {
    data_.reset();
    size_ = capacity_ = 0;
  }
  void assign(std::string_view bytes) {
    clear();
    if (!bytes.empty()) reserve(bytes.size());
    append(bytes);
  }
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    const std::size_t wanted = size_ + bytes.size();
    if (wanted > capacity_) reserve(wanted + wanted / 8);
    std::memcpy(data_.get() + size_, bytes.data(), bytes.size());
    size_ = static_cast<std::uint32_t>(wanted);
  }

 private:
  void reserve(std::size_t capacity) {
    require(capacity <= UINT32_MAX, "packed bytes stay small");
    // Plain new[]: make_unique would fill it with zeros first.
    std::unique_ptr<char[]> larger(new char[capacity]);
    if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = static_cast<std::uint32_t>(capacity);
  }

  std::unique_ptr<char[]> data_;
  std::uint32_t size_ = 0, capacity_ = 0;
};

} // namespace kaden::incident
