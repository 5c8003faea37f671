#include "kaden/blocks.h"
#include "kaden/limits/stored_datapoints.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <tuple>

#include "columns.h"
#include "distributions.h"

namespace kaden::blocks {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint8_t distributions_version = 1;
constexpr std::uint8_t batch_version = 2; // 1 had no distributions
constexpr std::uint8_t plain_flag = 1;
constexpr std::uint8_t fine_flag = 2; // of a record
constexpr std::uint8_t each_flag = 4; // of a record
constexpr std::size_t seal_bytes = 4;
constexpr std::size_t record_bytes_min = 11; // series, flags, step, one value

tl::unexpected<Error> corrupt(const char* what) {
  return fail(Fault::corrupt, std::string("reading datapoints: ") + what);
}

std::uint64_t bits_of(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

/// One sample: three of the four numbers say nothing.
bool is_plain(const Values& values) {
  return bits_of(values.sample_count) == bits_of(1.0) && bits_of(values.sum) == bits_of(values.minimum) &&
         bits_of(values.sum) == bits_of(values.maximum);
}

Values plain(double value) {
  return {1, value, value, value};
}

Column column_of(std::span<const Point> points, double Values::*part) {
  Column column;
  column.reserve(points.size());
  for (const Point& point : points) column.push_back(bits_of(point.values.*part));
  return column;
}

/// Runs of neighbours: how many steps are left out before each, and how many follow.
void put_steps(std::string& out, std::span<const Point> points) {
  std::string runs;
  std::size_t count = 0;
  std::uint32_t next = 0;
  for (std::size_t from = 0; from < points.size(); ++count) {
    std::size_t to = from + 1;
    while (to < points.size() && points[to].step == points[to - 1].step + 1) ++to;
    put_varint(runs, points[from].step - next);
    put_varint(runs, to - from - 1);
    next = points[to - 1].step + 1;
    from = to;
  }
  put_varint(out, count);
  out += runs;
}

/// False when they do not give exactly the points' number, or go beyond steps_max.
bool read_steps(Reader& in, std::vector<Point>& points) {
  const std::uint64_t runs = in.varint();
  std::size_t filled = 0;
  std::uint64_t next = 0;
  for (std::uint64_t run = 0; run < runs; ++run) {
    const std::uint64_t gap = in.varint();
    const std::uint64_t more = in.varint();
    if (in.failed() || gap >= steps_max || more >= points.size() - filled) return false;
    next += gap;
    if (next + more >= steps_max) return false;
    for (std::uint64_t i = 0; i <= more; ++i) points[filled++].step = static_cast<std::uint32_t>(next++);
    if (filled == points.size()) return run + 1 == runs;
  }
  return false;
}

bool read_values(Reader& in, std::vector<Point>& points) {
  const std::size_t count = points.size();
  const std::uint8_t flags = in.byte();
  if (flags > plain_flag) return false;
  if (flags == plain_flag) {
    const Column column = read_column(in, count, {});
    if (in.failed() || column.size() != count) return false;
    for (std::size_t i = 0; i < count; ++i) points[i].values = plain(std::bit_cast<double>(column[i]));
    return true;
  }
  const Column counts = read_column(in, count, {});
  const Column sums = read_column(in, count, {});
  if (in.failed() || counts.size() != count || sums.size() != count) return false;
  const Column minima = read_column(in, count, sums);
  const Column maxima = read_column(in, count, sums);
  if (in.failed() || minima.size() != count || maxima.size() != count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    points[i].values = {std::bit_cast<double>(counts[i]), std::bit_cast<double>(sums[i]),
                        std::bit_cast<double>(minima[i]), std::bit_cast<double>(maxima[i])};
  }
  return true;
}

bool same(const Each& a, const Each& b) {
  return a == b || (a != nullptr && b != nullptr && *a == *b);
}

/// zlib takes lengths in pieces of 32 bits; ours are far below.
std::uint32_t crc_of(std::string_view bytes, std::uint64_t about) {
  std::string place;
  put_fixed(place, about, 8);
  const auto feed = [](uLong crc, std::string_view part) {
    return crc32_z(crc, reinterpret_cast<const Bytef*>(part.data()), part.size());
  };
  return static_cast<std::uint32_t>(feed(feed(crc32_z(0, nullptr, 0), place), bytes));
}

} // namespace

bool operator==(const Point& a, const Point& b) {
  return a.step == b.step && a.values == b.values && same(a.each, b.each);
}

bool operator==(const Record& a, const Record& b) {
  return a.series == b.series && a.fine == b.fine && a.step == b.step && a.values == b.values &&
         same(a.each, b.each);
}

std::string encode(std::span<const Point> points) {
  require(points.size() <= limits::block_points_max, "a block holds at most block_points_max datapoints");
  for (std::size_t i = 0; i < points.size(); ++i) {
    require(points[i].step < steps_max && (i == 0 || points[i - 1].step < points[i].step),
            "the steps of a block ascend");
  }
  std::string out;
  out.push_back(static_cast<char>(version));
  put_varint(out, points.size());
  if (points.empty()) return out;
  put_steps(out, points);
  const bool all_plain =
      std::all_of(points.begin(), points.end(), [](const Point& point) { return is_plain(point.values); });
  out.push_back(static_cast<char>(all_plain ? plain_flag : 0));
  const Column sums = column_of(points, &Values::sum);
  if (all_plain) {
    put_column(out, sums, {});
    return out;
  }
  put_column(out, column_of(points, &Values::sample_count), {});
  put_column(out, sums, {});
  put_column(out, column_of(points, &Values::minimum), sums);
  put_column(out, column_of(points, &Values::maximum), sums);
  return out;
}

Result<std::vector<Point>> decode(std::string_view bytes) {
  if (bytes.size() > limits::block_bytes_max) return corrupt("a block is too long");
  Reader in(bytes);
  if (in.byte() != version) return corrupt("a block is of a version this Kaden does not know");
  const std::uint64_t count = in.varint();
  if (in.failed() || count > limits::block_points_max) return corrupt("a block begins wrongly");
  std::vector<Point> points(static_cast<std::size_t>(count));
  if (count > 0) {
    if (!read_steps(in, points)) return corrupt("the steps of a block do not fit");
    if (!read_values(in, points)) return corrupt("the values of a block do not fit");
  }
  if (in.left() != 0) return corrupt("a block goes on after its end");
  return points;
}

std::vector<Point> merged(std::span<const Point> a, std::span<const Point> b, Detail detail) {
  std::vector<Point> out;
  out.reserve(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out),
             [](const Point& x, const Point& y) { return x.step < y.step; });
  return rolled_up(out, 1, 0, detail);
}

std::vector<Point> rolled_up(std::span<const Point> points, std::uint32_t factor, std::uint32_t first,
                             Detail detail) {
  require(factor > 0, "at least one step becomes one step");
  std::vector<Point> out;
  for (std::size_t from = 0; from < points.size();) {
    const std::uint32_t place = points[from].step / factor;
    std::size_t to = from + 1;
    while (to < points.size() && points[to].step / factor == place) ++to;
    out.push_back({first + place, points[from].values, points[from].each});
    const bool as_it_is = to == from + 1 && (detail == Detail::full || points[from].each == nullptr);
    if (!as_it_is) {
      samples::StepSum sum;
      for (std::size_t i = from; i < to; ++i) sum.add(points[i].values, points[i].each.get());
      if (detail == Detail::coarse) sum.round(limits::coarse_digits);
      out.back().values = sum.set();
      out.back().each = sum.take_each();
    }
    from = to;
  }
  return out;
}

// Distributions
// --------------------------------------------------------------------------------------------------

std::string encode_each(std::span<const Point> points) {
  std::string out;
  out.push_back(static_cast<char>(distributions_version));
  std::string body;
  std::size_t count = 0;
  {
    BitWriter bits(body);
    DistributionState state;
    Width gap;
    std::uint32_t next = 0;
    for (const Point& point : points) {
      if (point.each == nullptr) continue;
      require(point.step >= next && point.step < steps_max, "the steps of distributions ascend");
      put_number(bits, gap, point.step - next);
      put_distribution(bits, state, *point.each);
      next = point.step + 1;
      ++count;
    }
  }
  require(count <= limits::distribution_steps_max, "so many distributions stand together");
  put_varint(out, count);
  return out + body;
}

Result<std::vector<StepEach>> decode_each(std::string_view bytes) {
  if (bytes.size() > limits::distribution_bytes_max) return corrupt("distributions are too long");
  Reader in(bytes);
  if (in.byte() != distributions_version)
    return corrupt("distributions are of a version this Kaden does not know");
  const std::uint64_t count = in.varint();
  if (in.failed() || count > limits::distribution_steps_max) return corrupt("distributions begin wrongly");
  std::vector<StepEach> found;
  DistributionState state;
  Width gap;
  std::uint64_t next = 0;
  while (found.size() < count) {
    const std::uint64_t more = read_number(in, gap);
    if (in.failed() || more >= steps_max - next) return corrupt("the steps of distributions do not fit");
    next += more;
    auto each = read_distribution(in, state);
    if (each == nullptr) return corrupt("a distribution does not fit");
    found.push_back({static_cast<std::uint32_t>(next++), std::move(each)});
  }
  in.align();
  if (in.left() != 0) return corrupt("distributions go on after their end");
  return found;
}

// Batches
// --------------------------------------------------------------------------------------------------------

std::string encode_batch(std::vector<Record> records) {
  require(records.size() <= limits::batch_records_max, "a batch holds at most batch_records_max datapoints");
  std::stable_sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
    return std::tie(a.series, a.fine, a.step) < std::tie(b.series, b.fine, b.step);
  });
  std::string out;
  out.push_back(static_cast<char>(batch_version));
  put_varint(out, records.size());
  std::uint64_t series = 0;
  std::uint64_t before[2] = {0, 0}; // the last step of each tier; unsigned, so that no difference overflows
  for (const Record& record : records) {
    put_varint(out, record.series - series);
    series = record.series;
    const bool one = is_plain(record.values);
    const auto flags = (one ? plain_flag : 0) | (record.fine ? fine_flag : 0) | (record.each ? each_flag : 0);
    out.push_back(static_cast<char>(flags));
    auto& last = before[record.fine ? 1 : 0];
    const auto step = static_cast<std::uint64_t>(record.step);
    put_varint(out, to_zigzag(static_cast<std::int64_t>(step - last)));
    last = step;
    put_real(out, record.values.sum);
    if (!one) {
      put_real(out, record.values.sample_count);
      put_real(out, record.values.minimum);
      put_real(out, record.values.maximum);
    }
    if (record.each == nullptr) continue;
    BitWriter bits(out);
    DistributionState state;
    put_distribution(bits, state, *record.each);
  }
  return out;
}

Result<std::vector<Record>> decode_batch(std::string_view bytes) {
  Reader in(bytes);
  const std::uint8_t edition = in.byte();
  if (edition < 1 || edition > batch_version)
    return corrupt("a batch is of a version this Kaden does not know");
  const std::uint64_t count = in.varint();
  if (in.failed() || count > in.left() / record_bytes_min || count > limits::batch_records_max) {
    return corrupt("a batch begins wrongly");
  }
  std::vector<Record> records(static_cast<std::size_t>(count));
  std::uint64_t series = 0;
  std::uint64_t before[2] = {0, 0};
  for (Record& record : records) {
    series += in.varint();
    record.series = series;
    const std::uint8_t flags = in.byte();
    if (flags > (plain_flag | fine_flag | (edition == 1 ? 0 : each_flag)))
      return corrupt("a datapoint of a batch is of no known kind");
    record.fine = (flags & fine_flag) != 0;
    auto& last = before[record.fine ? 1 : 0];
    last += static_cast<std::uint64_t>(in.zigzag());
    record.step = static_cast<std::int64_t>(last);
    record.values = plain(in.real());
    if ((flags & plain_flag) == 0) {
      record.values.sample_count = in.real();
      record.values.minimum = in.real();
      record.values.maximum = in.real();
    }
    if ((flags & each_flag) == 0) continue;
    DistributionState state;
    record.each = read_distribution(in, state);
    in.align();
    if (record.each == nullptr) return corrupt("a distribution of a batch does not fit");
  }
  if (in.failed() || in.left() != 0) return corrupt("a batch does not end where it should");
  return records;
}

// Seals
// ----------------------------------------------------------------------------------------------------------

std::string sealed(std::string bytes, std::uint64_t about) {
  put_fixed(bytes, crc_of(bytes, about), seal_bytes);
  return bytes;
}

Result<std::string_view> unsealed(std::string_view bytes, std::uint64_t about) {
  if (bytes.size() < seal_bytes) return corrupt("the checksum is missing");
  const std::string_view body = bytes.substr(0, bytes.size() - seal_bytes);
  Reader seal(bytes.substr(body.size()));
  if (seal.fixed(seal_bytes) != crc_of(body, about)) return corrupt("the checksum does not fit");
  return body;
}

} // namespace kaden::blocks
