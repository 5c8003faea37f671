#include "columns.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kaden::blocks {

namespace {

// Stored; never renumber.
enum class Way : std::uint8_t {
  constant = 0,
  decimal = 1,
  decimal_steps = 2,
  xor_before = 3,
  xor_beside = 4
};

constexpr double whole_max = 9'007'199'254'740'992.0; // 2^53: doubles hold every whole number up to it
constexpr std::size_t group = 32;
constexpr unsigned width_bits = 6;
constexpr unsigned leading_bits = 5;
constexpr unsigned length_bits = 6;

double real_of(std::uint64_t bits) {
  return std::bit_cast<double>(bits);
}

// Decimal
// -------------------------------------------------------------------------------------------------------

struct Decimals {
  unsigned power = 0;
  std::vector<std::int64_t> wholes;
};

std::optional<Decimals> decimals_of(const Column& column) {
  for (unsigned power = 0; power < powers.size(); ++power) {
    Decimals found{power, {}};
    found.wholes.reserve(column.size());
    for (const std::uint64_t bits : column) {
      const auto whole = whole_of(bits, powers.at(power));
      if (!whole) break;
      found.wholes.push_back(*whole);
    }
    if (found.wholes.size() == column.size()) return found;
  }
  return std::nullopt;
}

/// Groups of 32 numbers, each of the width that its greatest needs. Numbers are below 2^56.
void put_groups(std::string& out, const std::vector<std::uint64_t>& numbers) {
  BitWriter bits(out);
  for (std::size_t from = 0; from < numbers.size(); from += group) {
    const std::size_t to = std::min(from + group, numbers.size());
    unsigned width = 0;
    for (std::size_t i = from; i < to; ++i) {
      width = std::max(width, static_cast<unsigned>(std::bit_width(numbers[i])));
    }
    bits.put(width, width_bits);
    for (std::size_t i = from; i < to; ++i) bits.put(numbers[i], width);
  }
}

std::vector<std::uint64_t> read_groups(Reader& in, std::size_t count) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(count);
  unsigned width = 0;
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    if (i % group == 0) width = static_cast<unsigned>(in.bits(width_bits));
    numbers.push_back(in.bits(width));
  }
  in.align();
  return numbers;
}

std::string decimal_text(const Decimals& decimals) {
  const std::int64_t least = *std::min_element(decimals.wholes.begin(), decimals.wholes.end());
  std::string out;
  out.push_back(static_cast<char>(Way::decimal));
  out.push_back(static_cast<char>(decimals.power));
  put_varint(out, to_zigzag(least));
  std::vector<std::uint64_t> numbers;
  numbers.reserve(decimals.wholes.size());
  for (const std::int64_t whole : decimals.wholes)
    numbers.push_back(static_cast<std::uint64_t>(whole - least));
  put_groups(out, numbers);
  return out;
}

std::string decimal_steps_text(const Decimals& decimals) {
  std::string out;
  out.push_back(static_cast<char>(Way::decimal_steps));
  out.push_back(static_cast<char>(decimals.power));
  put_varint(out, to_zigzag(decimals.wholes.front()));
  std::vector<std::uint64_t> numbers;
  numbers.reserve(decimals.wholes.size());
  for (std::size_t i = 1; i < decimals.wholes.size(); ++i) {
    numbers.push_back(to_zigzag(decimals.wholes[i] - decimals.wholes[i - 1]));
  }
  put_groups(out, numbers);
  return out;
}

/// Unsigned inside: bytes of an enemy may overflow, and then give a number of no meaning.
Column read_decimal(Reader& in, std::size_t count, bool steps) {
  const std::uint8_t power = in.byte();
  const auto first = static_cast<std::uint64_t>(in.zigzag());
  if (power >= powers.size()) return {};
  const std::vector<std::uint64_t> numbers = read_groups(in, steps ? count - 1 : count);
  Column column;
  column.reserve(count);
  std::uint64_t whole = first;
  const auto take = [&] {
    const double value = static_cast<double>(static_cast<std::int64_t>(whole)) / powers.at(power);
    column.push_back(std::bit_cast<std::uint64_t>(value));
  };
  if (steps) take();
  for (const std::uint64_t number : numbers) {
    whole = steps ? whole + ((number >> 1U) ^ (~(number & 1U) + 1)) : first + number;
    take();
  }
  return column;
}

// XOR
// -----------------------------------------------------------------------------------------------------------

/// Gorilla's: 0: the same; 10: the meaningful bits lie where the last ones lay; 11: where they lie, and they.
class XorWriter {
 public:
  explicit XorWriter(std::string& out) : bits_(out) {}
  void put(std::uint64_t difference) {
    if (difference == 0) return bits_.put(0, 1);
    const auto leading =
        std::min(static_cast<unsigned>(std::countl_zero(difference)), (1U << leading_bits) - 1U);
    const auto trailing = static_cast<unsigned>(std::countr_zero(difference));
    const bool fits = length_ > 0 && leading >= leading_ && trailing >= 64 - leading_ - length_;
    // A window that grew too wide is left when a new one is cheaper, its description included.
    const unsigned length = 64 - leading - trailing;
    if (fits && length_ <= length + leading_bits + length_bits) {
      bits_.put(0b10, 2);
    } else {
      leading_ = leading;
      length_ = length;
      bits_.put(0b11, 2);
      bits_.put(leading_, leading_bits);
      bits_.put(length_ - 1, length_bits);
    }
    bits_.put(difference >> (64 - leading_ - length_), length_);
  }

 private:
  BitWriter bits_;
  unsigned leading_ = 0;
  unsigned length_ = 0;
};

std::string xor_text(const Column& column, const Column& beside) {
  std::string out;
  out.push_back(static_cast<char>(beside.empty() ? Way::xor_before : Way::xor_beside));
  XorWriter writer(out);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < column.size(); ++i) {
    writer.put(column[i] ^ (beside.empty() ? before : beside[i]));
    before = column[i];
  }
  return out;
}

/// A window that does not fit 64 bits, or is used before it was described, cannot have been written.
Column read_xor(Reader& in, std::size_t count, const Column& beside) {
  Column column;
  column.reserve(count);
  std::uint64_t before = 0;
  unsigned leading = 0;
  unsigned length = 0;
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    std::uint64_t difference = 0;
    if (in.bits(1) != 0) {
      if (in.bits(1) != 0) {
        leading = static_cast<unsigned>(in.bits(leading_bits));
        length = static_cast<unsigned>(in.bits(length_bits)) + 1;
      }
      if (length == 0 || leading + length > 64) return {};
      difference = in.bits(length) << (64 - leading - length);
    }
    before = (beside.empty() ? before : beside[i]) ^ difference;
    column.push_back(before);
  }
  in.align();
  return column;
}

} // namespace

std::optional<std::int64_t> whole_of(std::uint64_t bits, double power) {
  const double scaled = std::nearbyint(real_of(bits) * power);
  if (!(std::fabs(scaled) < whole_max)) return std::nullopt; // NaN as well
  const auto whole = static_cast<std::int64_t>(scaled);
  if (std::bit_cast<std::uint64_t>(static_cast<double>(whole) / power) != bits) return std::nullopt;
  return whole;
}

void put_column(std::string& out, const Column& column, const Column& beside) {
  if (std::all_of(column.begin(), column.end(), [&](std::uint64_t bits) { return bits == column.front(); })) {
    out.push_back(static_cast<char>(Way::constant));
    put_fixed(out, column.front(), 8);
    return;
  }
  std::string shortest = xor_text(column, {});
  const auto offer = [&shortest](std::string other) {
    if (other.size() < shortest.size()) shortest = std::move(other);
  };
  if (!beside.empty()) offer(xor_text(column, beside));
  if (const auto decimals = decimals_of(column)) {
    offer(decimal_text(*decimals));
    offer(decimal_steps_text(*decimals));
  }
  out += shortest;
}

Column read_column(Reader& in, std::size_t count, const Column& beside) {
  const std::uint8_t way = in.byte();
  if (way == static_cast<std::uint8_t>(Way::constant)) {
    const std::uint64_t bits = in.fixed(8);
    return Column(count, bits);
  }
  if (way == static_cast<std::uint8_t>(Way::decimal)) return read_decimal(in, count, false);
  if (way == static_cast<std::uint8_t>(Way::decimal_steps)) return read_decimal(in, count, true);
  if (way == static_cast<std::uint8_t>(Way::xor_before)) return read_xor(in, count, {});
  if (way == static_cast<std::uint8_t>(Way::xor_beside) && !beside.empty())
    return read_xor(in, count, beside);
  return {};
}

} // namespace kaden::blocks
