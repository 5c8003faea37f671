#include "kaden/samples.h"
#include "kaden/limits/metrics.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <utility>

namespace kaden::samples {

namespace {

constexpr std::size_t look_from = 16; // values; fewer are not looked at for equal ones
constexpr std::size_t few = 8;        // samples that are put in one by one

/// Grows by a quarter: with millions of small vectors the slack of doubling would be the largest item.
void insert_tight(std::vector<double>& into, std::ptrdiff_t index, double value) {
  if (into.size() == into.capacity()) into.reserve(into.size() + std::max<std::size_t>(2, into.size() / 4));
  into.insert(into.begin() + index, value);
}

/// A digit after the other, so that it does not matter over which steps a value came to its last digit.
double rounded(double value, std::uint8_t digits) {
  for (int left = Distribution::coarse; left >= digits; --left) {
    if (std::fabs(value) < DBL_MIN) return 0; // those below have fewer digits of their own
    int exponent = 0;
    const double fraction = std::frexp(value, &exponent);
    const double fewer = std::ldexp(std::nearbyint(std::ldexp(fraction, left)), exponent - left);
    if (std::isfinite(fewer)) value = fewer; // else it was the greatest of all
  }
  return value;
}

bool by_value(const ValueCount& a, const ValueCount& b) {
  return a.value < b.value;
}

} // namespace

void merge(StatisticSet& into, const StatisticSet& more) {
  into.sample_count += more.sample_count;
  into.sum += more.sum;
  into.minimum = std::min(into.minimum, more.minimum);
  into.maximum = std::max(into.maximum, more.maximum);
}

StatisticSet set_of(std::span<const ValueCount> values) {
  StatisticSet set{0, 0, values.front().value, values.front().value};
  for (const auto& [value, count] : values) {
    set.sample_count += count;
    set.sum += value * count;
    set.minimum = std::min(set.minimum, value);
    set.maximum = std::max(set.maximum, value);
  }
  return set;
}

std::optional<ValueCount> raw_value_of(const StatisticSet& set) {
  const double expected = set.minimum * set.sample_count;
  const bool adds_up =
      std::fabs(set.sum - expected) <= 1e-9 * std::max(std::fabs(expected), std::fabs(set.sum));
  if (set.minimum != set.maximum || !adds_up) return std::nullopt;
  return ValueCount{set.minimum, set.sample_count};
}

// Distribution
// -----------------------------------------------------------------------------------------------------

Distribution Distribution::of(std::vector<ValueCount> samples, std::uint8_t digits) {
  require(digits == exact || (digits > 0 && digits <= coarse), "digits are in their range");
  Distribution made;
  made.digits_ = digits;
  made.add(std::move(samples));
  return made;
}

void Distribution::forget() {
  *this = Distribution();
  digits_ = 0;
}

/// Puts equal neighbours together.
void Distribution::compact() {
  if (values_.empty()) return;
  if (counts_.empty()) counts_.assign(values_.size(), 1);
  std::size_t last = 0;
  for (std::size_t i = 1; i < values_.size(); ++i) {
    if (values_[i] == values_[last]) {
      counts_[last] += counts_[i];
    } else {
      ++last;
      values_[last] = values_[i];
      counts_[last] = counts_[i];
    }
  }
  values_.resize(last + 1);
  counts_.resize(last + 1);
  if (std::all_of(counts_.begin(), counts_.end(), [](double count) { return count == 1; })) counts_.clear();
  values_.shrink_to_fit();
  counts_.shrink_to_fit();
}

/// Rounding keeps the order.
void Distribution::lower(std::uint8_t digits) {
  digits_ = digits;
  for (double& value : values_) value = rounded(value, digits);
  compact();
}

void Distribution::coarsen() {
  compact();
  while (values_.size() > limits::values_per_step_max) {
    const int next = digits_ == exact ? coarse : digits_ - 1;
    if (next == 0)
      return forget(); // spread over a thousand powers of two: no percentile of that means anything
    lower(static_cast<std::uint8_t>(next));
  }
}

void Distribution::round_to(std::uint8_t digits) {
  require(digits > 0 && digits <= coarse, "digits are in their range");
  if (digits < digits_) lower(digits);
}

void Distribution::insert(double value, double count) {
  const auto index = std::lower_bound(values_.begin(), values_.end(), value) - values_.begin();
  if (counts_.empty() && count == 1) {
    insert_tight(values_, index, value);
    // Many equal ones (a counter that stands still) are better counted; looked at seldom, since it costs a
    // walk.
    const std::size_t size = values_.size();
    if (size < look_from || !std::has_single_bit(size)) return;
    std::size_t different = 1;
    for (std::size_t i = 1; i < size; ++i) different += values_[i] != values_[i - 1] ? 1U : 0U;
    if (different * 2 <= size) compact();
    return;
  }
  if (counts_.empty()) {
    compact();
    if (counts_.empty()) counts_.assign(values_.size(), 1);
  }
  const auto place = std::lower_bound(values_.begin(), values_.end(), value) - values_.begin();
  const auto at = static_cast<std::size_t>(place);
  if (at < values_.size() && values_[at] == value) {
    counts_[at] += count;
    return;
  }
  insert_tight(values_, place, value);
  insert_tight(counts_, place, count);
}

void Distribution::add(const ValueCount& sample) {
  if (!is_known()) return;
  const double value = digits_ == exact ? sample.value : rounded(sample.value, digits_);
  insert(value + 0.0, sample.count); // the sum makes a negative zero a zero
  if (values_.size() > limits::values_per_step_max) coarsen();
}

void Distribution::add(std::vector<ValueCount> samples) {
  if (samples.size() < few) {
    for (const ValueCount& one : samples) add(one);
    return;
  }
  if (!is_known()) return;
  for (ValueCount& one : samples) {
    if (digits_ != exact) one.value = rounded(one.value, digits_);
    one.value += 0.0;
  }
  for (std::size_t i = 0; i < values_.size(); ++i)
    samples.push_back({values_[i], counts_.empty() ? 1 : counts_[i]});
  std::stable_sort(samples.begin(), samples.end(), by_value);
  values_.clear();
  counts_.clear();
  values_.reserve(samples.size());
  counts_.reserve(samples.size());
  for (const auto& [value, count] : samples) {
    values_.push_back(value);
    counts_.push_back(count);
  }
  coarsen();
}

void Distribution::merge(const Distribution& more) {
  if (!is_known()) return;
  if (!more.is_known()) return forget();
  if (more.digits_ < digits_) lower(more.digits_);
  add(more.samples());
}

std::vector<ValueCount> Distribution::samples() const {
  std::vector<ValueCount> all;
  all.reserve(values_.size());
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const double count = counts_.empty() ? 1 : counts_[i];
    if (!all.empty() && all.back().value == values_[i]) {
      all.back().count += count;
    } else {
      all.push_back({values_[i], count});
    }
  }
  return all;
}

StatisticSet Distribution::set() const {
  StatisticSet set{0, 0, values_.front(), values_.back()};
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const double count = counts_.empty() ? 1 : counts_[i];
    set.sample_count += count;
    set.sum += values_[i] * count;
  }
  return set;
}

bool Distribution::operator==(const Distribution& other) const {
  return digits_ == other.digits_ && samples() == other.samples();
}

// Steps
// ------------------------------------------------------------------------------------------------------------

void StepSum::add(const StatisticSet& set, const Distribution* each) {
  if (std::exchange(begun_, true)) {
    samples::merge(set_, set);
  } else {
    set_ = set;
  }
  if (each != nullptr) return all_.merge(*each);
  const auto raw = raw_value_of(set);
  if (!raw || !(raw->count > 0)) return all_.forget();
  all_.add(*raw);
}

void StepSum::round(std::uint8_t digits) {
  const std::size_t size = all_.size();
  if (size > 1 && all_.at(0).value != all_.at(size - 1).value) all_.round_to(digits);
}

std::shared_ptr<const Distribution> StepSum::take_each() {
  if (!all_.is_known() || all_.empty()) return nullptr;
  const auto samples = all_.samples();
  if (samples.size() == 1 && raw_value_of(set_) == samples.front()) return nullptr;
  return std::make_shared<const Distribution>(std::exchange(all_, {}));
}

} // namespace kaden::samples
