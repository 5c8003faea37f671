/// kaden/samples.h - what was measured in one step of a metric: its statistic set, and its values with their
/// counts. Room: samples. Uses: base. Pure. Memory and disk both keep steps in this form, so they give the
/// same percentiles.
///
/// Many different values are made coarser by a rule that looks at the values alone: a distribution is rounded
/// to the most binary digits with which it has at most limits::values_per_step_max different values. So the
/// order of arrival, and the way in which parts were put together, change nothing.
///
/// Threads: values; any. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kaden/base.h"

namespace kaden::samples {

struct StatisticSet {
  double sample_count = 0, sum = 0, minimum = 0, maximum = 0;
  bool operator==(const StatisticSet&) const = default;
};
/// As if the samples of both had been put into one.
void merge(StatisticSet& into, const StatisticSet& more);

/// A raw value, and how often it was measured (PutMetricData's Values and Counts).
struct ValueCount {
  double value = 0, count = 1;
  bool operator==(const ValueCount&) const = default;
};
/// Of at least one value.
StatisticSet set_of(std::span<const ValueCount> values);
/// The raw values behind a statistic set, where the set tells: all of them equal.
std::optional<ValueCount> raw_value_of(const StatisticSet& set);

class Distribution {
 public:
  /// Binary digits of a double: nothing was rounded.
  static constexpr std::uint8_t exact = 53;
  /// The most that rounding leaves (0.1 %).
  static constexpr std::uint8_t coarse = 10;

  Distribution() = default; ///< of no sample
  /// Finite values with counts above 0, in any order, that were rounded to `digits` (1 to `coarse`, or
  /// `exact`).
  static Distribution of(std::vector<ValueCount> samples, std::uint8_t digits = exact);

  void add(const ValueCount& sample);
  void add(std::vector<ValueCount> samples);
  /// Unknown when one of them is.
  void merge(const Distribution& more);
  /// Some samples are not known one by one: nothing is, from now on.
  void forget();
  /// At most so many digits (1 to `coarse`); repeats change nothing.
  void round_to(std::uint8_t digits);

  /// False: it cannot be told, and there are no samples.
  bool is_known() const { return digits_ > 0; }
  std::uint8_t digits() const { return digits_; }
  bool empty() const { return values_.empty(); }
  /// Ascending, each value once.
  std::vector<ValueCount> samples() const;
  /// The same without a copy, where equal ones may stand side by side: at(0) to at(size() - 1).
  ValueCount at(std::size_t index) const { return {values_[index], counts_.empty() ? 1 : counts_[index]}; }
  std::size_t size() const { return values_.size(); }
  std::size_t heap_bytes() const { return (values_.capacity() + counts_.capacity()) * sizeof(double); }

  /// Of samples that all are known: what a statistic set would say of them. At least one.
  StatisticSet set() const;
  bool operator==(const Distribution& other) const;

 private:
  void insert(double value, double count);
  void compact();
  void lower(std::uint8_t digits);
  void coarsen();

  std::vector<double> values_; // ascending; equal ones may stand side by side while counts_ is empty
  std::vector<double> counts_; // empty: each stands for one sample
  std::uint8_t digits_ = exact;
};

/// Steps put together.
class StepSum {
 public:
  /// `each`: the step's samples; null: what `set` tells by itself, which may be nothing.
  void add(const StatisticSet& set, const Distribution* each);
  const StatisticSet& set() const { return set_; }
  /// At most `digits`, where there are different values.
  void round(std::uint8_t digits);
  /// What is to be kept beside set(); null when set() tells all that is known. Once, at the end.
  std::shared_ptr<const Distribution> take_each();

 private:
  StatisticSet set_;
  Distribution all_;
  bool begun_ = false;
};

} // namespace kaden::samples
