#include "distributions.h"
#include "kaden/limits/metrics.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <optional>
#include <utility>

#include "columns.h"

namespace kaden::blocks {

namespace {

using samples::Distribution;
using samples::ValueCount;

// How values become whole numbers. Stored; never renumber. 0 to 4: decimals, so many of them.
constexpr std::uint8_t kind_double = 5;
constexpr std::uint8_t kind_rounded = kind_double; // and the number of binary digits, 1 to 10
constexpr unsigned kind_bits = 4;
constexpr std::uint64_t sign = std::uint64_t{1} << 63;
constexpr double whole_count_max = 9'007'199'254'740'992.0; // 2^53
static_assert(kind_rounded + Distribution::coarse < DistributionState::kinds);

/// The bits of a double in the order of its value.
std::uint64_t ordered(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return (bits & sign) != 0 ? ~bits : bits | sign;
}

double unordered(std::uint64_t place) {
  return std::bit_cast<double>((place & sign) != 0 ? place & ~sign : ~place);
}

/// Bits of a double that its rounding left zero.
unsigned unused_bits(std::uint8_t kind) {
  return kind == kind_double ? 0U : 53U - (kind - kind_rounded);
}

std::optional<std::uint64_t> place_of(double value, std::uint8_t kind) {
  if (kind >= kind_double) return ordered(value) >> unused_bits(kind);
  const auto whole = whole_of(std::bit_cast<std::uint64_t>(value), powers.at(kind));
  if (!whole) return std::nullopt;
  return static_cast<std::uint64_t>(*whole);
}

/// Nullopt for what place_of() never gives.
std::optional<double> value_at(std::uint64_t place, std::uint8_t kind) {
  double value = 0;
  if (kind >= kind_double) {
    const unsigned unused = unused_bits(kind);
    if (place > ~std::uint64_t{0} >> unused) return std::nullopt;
    std::uint64_t bits = place << unused;
    if ((bits & sign) == 0) bits |= (std::uint64_t{1} << unused) - 1; // turned round, they are zeros
    value = unordered(bits);
    if (kind != kind_double && value != 0 && std::fabs(value) < DBL_MIN) return std::nullopt;
  } else {
    value = static_cast<double>(static_cast<std::int64_t>(place)) / powers.at(kind);
    if (place_of(value, kind) != place) return std::nullopt;
  }
  if (!std::isfinite(value) || (value == 0 && std::signbit(value))) return std::nullopt;
  return value;
}

bool fits(const std::vector<ValueCount>& samples, std::uint8_t kind) {
  return std::all_of(samples.begin(), samples.end(),
                     [&](const ValueCount& one) { return place_of(one.value, kind).has_value(); });
}

/// The one before where it fits: its numbers are known.
std::uint8_t kind_of(const std::vector<ValueCount>& samples, std::uint8_t digits, std::uint8_t before) {
  if (digits != Distribution::exact) return static_cast<std::uint8_t>(kind_rounded + digits);
  if (before < kind_double && fits(samples, before)) return before;
  for (std::uint8_t kind = 0; kind < kind_double; ++kind) {
    if (fits(samples, kind)) return kind;
  }
  return kind_double;
}

bool is_whole(const ValueCount& one) {
  return one.count >= 1 && one.count < whole_count_max && std::floor(one.count) == one.count;
}

/// 0: all are 1; 10: whole numbers; 11: doubles.
void put_counts(BitWriter& out, Width& width, const std::vector<ValueCount>& samples) {
  if (std::all_of(samples.begin(), samples.end(), [](const ValueCount& one) { return one.count == 1; })) {
    return out.put(0, 1);
  }
  const bool whole = std::all_of(samples.begin(), samples.end(), is_whole);
  out.put(whole ? 0b10 : 0b11, 2);
  for (const ValueCount& one : samples) {
    if (whole) {
      put_number(out, width, static_cast<std::uint64_t>(one.count) - 1);
    } else {
      out.put(std::bit_cast<std::uint64_t>(one.count), 64);
    }
  }
}

bool read_counts(Reader& in, Width& width, std::vector<ValueCount>& samples) {
  if (in.bits(1) == 0) return true;
  const bool whole = in.bits(1) == 0;
  for (ValueCount& one : samples) {
    one.count = whole ? static_cast<double>(read_number(in, width)) + 1 : std::bit_cast<double>(in.bits(64));
    if (in.failed() || !(one.count > 0) || !std::isfinite(one.count)) return false;
    if (whole && one.count >= whole_count_max) return false;
  }
  return true;
}

/// Ascending values; false when they cannot have been written.
bool read_values(Reader& in, DistributionState::Kind& kind, std::uint8_t number,
                 std::vector<ValueCount>& samples) {
  std::uint64_t place = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i == 0) {
      const std::uint64_t zigzag = read_number(in, kind.first);
      place = kind.last_first + ((zigzag >> 1U) ^ (~(zigzag & 1U) + 1));
      kind.last_first = place;
    } else {
      place += read_number(in, kind.gap) + 1;
    }
    const auto value = value_at(place, number);
    if (in.failed() || !value || (i > 0 && !(samples[i - 1].value < *value))) return false;
    samples[i].value = *value;
  }
  return true;
}

} // namespace

unsigned Width::bits() const {
  const std::uint64_t mean = sum_ >> 3U;
  return mean == 0 ? 0U : static_cast<unsigned>(std::bit_width(mean)) - 1U;
}

void Width::follow(std::uint64_t number) {
  const std::uint64_t bounded = std::min(number, std::uint64_t{1} << 60);
  sum_ = std::exchange(begun_, true) ? sum_ - (sum_ >> 3U) + bounded : bounded << 3U;
}

/// As many zeros as it is wider than the width, a one, and its bits; the highest of a wider one is known.
void put_number(BitWriter& out, Width& width, std::uint64_t number) {
  const unsigned bits = width.bits();
  const auto wider = static_cast<unsigned>(std::bit_width(number >> bits));
  out.put(0, wider);
  out.put(1, 1);
  const unsigned left = wider == 0 ? bits : bits + wider - 1;
  out.put(left == 64 ? number : number & ((std::uint64_t{1} << left) - 1), left);
  width.follow(number);
}

std::uint64_t read_number(Reader& in, Width& width) {
  const unsigned bits = width.bits();
  unsigned wider = 0;
  while (in.bits(1) == 0) {
    if (in.failed()) return 0;
    if (++wider + bits > 64) {
      in.fail();
      return 0;
    }
  }
  const unsigned left = wider == 0 ? bits : bits + wider - 1;
  std::uint64_t number = in.bits(left);
  if (wider > 0) number |= std::uint64_t{1} << left;
  width.follow(number);
  return number;
}

void put_distribution(BitWriter& out, DistributionState& state, const Distribution& each) {
  const auto samples = each.samples();
  require(!samples.empty() && samples.size() <= limits::values_per_step_max,
          "a distribution is in its bounds");
  const std::uint8_t number = kind_of(samples, each.digits(), state.kind);
  out.put(number == state.kind ? 1 : 0, 1);
  if (number != state.kind) out.put(number, kind_bits);
  state.kind = number;
  auto& kind = state.by_kind.at(number);
  put_number(out, state.size, to_zigzag(static_cast<std::int64_t>(samples.size() - state.last_size)));
  state.last_size = samples.size();
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::uint64_t place = place_of(samples[i].value, number).value_or(0);
    if (i == 0) {
      put_number(out, kind.first, to_zigzag(static_cast<std::int64_t>(place - kind.last_first)));
      kind.last_first = place;
    } else {
      put_number(out, kind.gap, place - before - 1);
    }
    before = place;
  }
  put_counts(out, state.count, samples);
}

std::shared_ptr<const Distribution> read_distribution(Reader& in, DistributionState& state) {
  if (in.bits(1) == 0) state.kind = static_cast<std::uint8_t>(in.bits(kind_bits));
  const std::uint64_t zigzag = read_number(in, state.size);
  const std::uint64_t size = state.last_size + ((zigzag >> 1U) ^ (~(zigzag & 1U) + 1));
  if (in.failed() || size == 0 || size > limits::values_per_step_max) return nullptr;
  state.last_size = size;
  std::vector<ValueCount> samples(static_cast<std::size_t>(size));
  if (!read_values(in, state.by_kind.at(state.kind), state.kind, samples)) return nullptr;
  if (!read_counts(in, state.count, samples) || in.failed()) return nullptr;
  const auto digits =
      state.kind > kind_rounded ? static_cast<std::uint8_t>(state.kind - kind_rounded) : Distribution::exact;
  return std::make_shared<const Distribution>(Distribution::of(std::move(samples), digits));
}

} // namespace kaden::blocks
