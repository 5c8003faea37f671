// Metric math computed: each part of an expression gives a number, a series, or an array of series.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "math_node.h"

#include "kaden/limits/metrics.h"

namespace kaden::alarm {

namespace {

using Node = MathExpression::Node;
using Function = MathFunction;
using Operator = MathOperator;
using Maybe = std::optional<double>;

struct Value {
  enum class Kind : std::uint8_t { number, series, array };
  Kind kind = Kind::number;
  Maybe number;               // nullopt: not computable, as a missing datapoint
  std::vector<Points> series; // one for a series
};

Maybe finite(double value) {
  return std::isfinite(value) ? Maybe(value) : std::nullopt;
}

Maybe apply(Operator operation, double a, double b) {
  switch (operation) {
    case Operator::add:
      return finite(a + b);
    case Operator::subtract:
      return finite(a - b);
    case Operator::multiply:
      return finite(a * b);
    case Operator::divide:
      return b == 0 ? std::nullopt : finite(a / b);
    case Operator::power:
      return finite(std::pow(a, b));
    case Operator::equal:
      return a == b ? 1 : 0;
    case Operator::not_equal:
      return a != b ? 1 : 0;
    case Operator::less:
      return a < b ? 1 : 0;
    case Operator::less_equal:
      return a <= b ? 1 : 0;
    case Operator::greater:
      return a > b ? 1 : 0;
    case Operator::greater_equal:
      return a >= b ? 1 : 0;
    case Operator::and_:
      return a != 0 && b != 0 ? 1 : 0;
    case Operator::or_:
      return a != 0 || b != 0 ? 1 : 0;
  }
  return std::nullopt;
}

Maybe apply(Function function, double value) {
  switch (function) {
    case Function::abs:
      return std::fabs(value);
    case Function::ceil:
      return std::ceil(value);
    case Function::floor:
      return std::floor(value);
    case Function::log:
      return value > 0 ? finite(std::log(value)) : std::nullopt;
    case Function::log10:
      return value > 0 ? finite(std::log10(value)) : std::nullopt;
    default:
      return std::nullopt;
  }
}

/// AVG and its like over values that are there.
Maybe reduce(Function function, const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  double sum = 0;
  for (const double one : values) sum += one;
  const auto count = static_cast<double>(values.size());
  switch (function) {
    case Function::average:
      return finite(sum / count);
    case Function::maximum:
      return *std::max_element(values.begin(), values.end());
    case Function::minimum:
      return *std::min_element(values.begin(), values.end());
    case Function::sum:
      return finite(sum);
    case Function::deviation: {
      double squares = 0;
      for (const double one : values) squares += (one - sum / count) * (one - sum / count);
      return finite(std::sqrt(squares / count));
    }
    case Function::datapoint_count:
      return count;
    default:
      return std::nullopt;
  }
}

Points along(Function function, const Points& points, double period_s) {
  Points out(points.size());
  Maybe before;
  std::size_t before_at = 0;
  double sum = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!points[i]) continue;
    const double apart_s = static_cast<double>(i - before_at) * period_s;
    if (function == Function::running_sum) {
      sum += *points[i];
      out[i] = finite(sum);
    } else if (before) {
      if (function == Function::diff) out[i] = finite(*points[i] - *before);
      if (function == Function::diff_time) out[i] = apart_s;
      if (function == Function::rate) out[i] = finite((*points[i] - *before) / apart_s);
    }
    before = points[i];
    before_at = i;
  }
  return out;
}

Points fill_between(const Points& points, bool linear) {
  Points out = points;
  std::optional<std::size_t> before;
  for (std::size_t i = 0; i <= points.size(); ++i) {
    if (i < points.size() && !points[i]) continue;
    if (before && (i < points.size() || !linear)) {
      const double first = *points[*before];
      const double step = linear ? (*points[i] - first) / static_cast<double>(i - *before) : 0;
      for (std::size_t hole = *before + 1; hole < i; ++hole) {
        out[hole] = finite(first + step * static_cast<double>(hole - *before));
      }
    }
    before = i;
  }
  return out;
}

double part_of_time(Function function, WallTime at) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(to_ms(at))};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const auto minutes_of_day = floor<minutes>(time - day).count();
  switch (function) {
    case Function::minute:
      return static_cast<double>(minutes_of_day % 60);
    case Function::hour:
      return std::floor(static_cast<double>(minutes_of_day) / 60);
    case Function::day:
      return static_cast<double>(weekday(day).iso_encoding());
    case Function::date:
      return static_cast<double>(static_cast<unsigned>(date.day()));
    case Function::month:
      return static_cast<double>(static_cast<unsigned>(date.month()));
    case Function::year:
      return static_cast<double>(static_cast<int>(date.year()));
    case Function::epoch:
      return static_cast<double>(floor<std::chrono::seconds>(time).time_since_epoch().count());
    default:
      return 0;
  }
}

class Evaluator {
 public:
  Evaluator(std::span<const MathInput> inputs, const Grid& grid) : inputs_(inputs), grid_(grid) {}

  Result<Value> value_of(const Node& node) {
    switch (node.kind) {
      case Node::Kind::number:
        return Value{Value::Kind::number, node.number, {}};
      case Node::Kind::id:
        return value_of_id(node);
      case Node::Kind::array:
        return array_of(node);
      case Node::Kind::negate: {
        auto value = value_of(*node.parts[0]);
        if (!value) return value;
        return each(node, *value, [](const Maybe& one) { return one ? Maybe(-*one) : one; });
      }
      case Node::Kind::operation:
        return value_of_operation(node);
      case Node::Kind::function:
        return value_of_function(node);
      case Node::Kind::text:
      case Node::Kind::word:
        break;
    }
    return math_fault(node.at, "a value was expected");
  }

 private:
  /// Counts the values that a part makes, so that arrays within arrays stay bounded.
  Result<void> spend(const Node& node, std::size_t series) {
    spent_ += series * std::max<std::size_t>(grid_.count, 1);
    if (spent_ > limits::expression_values_max)
      return math_fault(node.at, "the expression makes too many values");
    return {};
  }

  Result<Value> series_of(const Node& node, Points points) {
    if (auto fits = spend(node, 1); !fits) return tl::unexpected<Error>(fits.error());
    Value value{Value::Kind::series, std::nullopt, {}};
    value.series.push_back(std::move(points));
    return value;
  }

  const MathInput* find(const std::string& id) const {
    const auto found =
        std::find_if(inputs_.begin(), inputs_.end(), [&](const MathInput& one) { return one.id == id; });
    return found == inputs_.end() ? nullptr : &*found;
  }

  Result<Value> value_of_id(const Node& node) {
    const MathInput* input = find(node.text);
    if (input == nullptr)
      return math_fault(node.at, "unknown id \"" + std::string(cut_utf8(node.text, 100)) + "\"");
    Points points = *input->points;
    points.resize(grid_.count);
    return series_of(node, std::move(points));
  }

  Result<Value> array_of(const Node& node) {
    Value out{Value::Kind::array, std::nullopt, {}};
    for (const auto& part : node.parts) {
      auto value = value_of(*part);
      if (!value) return value;
      if (value->kind == Value::Kind::number)
        return math_fault(part->at, "an array holds series, not numbers");
      if (auto fits = spend(*part, value->series.size()); !fits) return tl::unexpected<Error>(fits.error());
      for (Points& points : value->series) out.series.push_back(std::move(points));
    }
    return out;
  }

  template <class Make>
  Result<Value> each(const Node& node, const Value& value, const Make& make) {
    Value out{value.kind, std::nullopt, {}};
    if (value.kind == Value::Kind::number) {
      out.number = make(value.number);
      return out;
    }
    if (auto fits = spend(node, value.series.size()); !fits) return tl::unexpected<Error>(fits.error());
    for (const Points& points : value.series) {
      Points made(points.size());
      std::transform(points.begin(), points.end(), made.begin(), make);
      out.series.push_back(std::move(made));
    }
    return out;
  }

  Result<Value> value_of_operation(const Node& node) {
    auto left = value_of(*node.parts[0]);
    if (!left) return left;
    auto right = value_of(*node.parts[1]);
    if (!right) return right;
    if (left->kind == Value::Kind::number && right->kind == Value::Kind::number) {
      const bool both = left->number && right->number;
      return Value{Value::Kind::number,
                   both ? apply(node.operation, *left->number, *right->number) : std::nullopt,
                   {}};
    }
    const bool two_arrays = left->kind == Value::Kind::array && right->kind == Value::Kind::array;
    if (two_arrays && left->series.size() != right->series.size()) {
      return math_fault(node.at, "the arrays of this operator have different lengths");
    }
    const bool array = left->kind == Value::Kind::array || right->kind == Value::Kind::array;
    const std::size_t count = left->kind == Value::Kind::array || right->kind == Value::Kind::number
                                  ? left->series.size()
                                  : right->series.size();
    if (auto fits = spend(node, count); !fits) return tl::unexpected<Error>(fits.error());
    Value out{array ? Value::Kind::array : Value::Kind::series, std::nullopt, {}};
    for (std::size_t i = 0; i < count; ++i) {
      Points made(grid_.count);
      for (std::size_t at = 0; at < grid_.count; ++at)
        made[at] = combine(node.operation, *left, *right, i, at);
      out.series.push_back(std::move(made));
    }
    return out;
  }

  static Maybe combine(Operator operation, const Value& left, const Value& right, std::size_t i,
                       std::size_t at) {
    const auto side = [&](const Value& value) {
      if (value.kind == Value::Kind::number) return value.number;
      return value.series[value.kind == Value::Kind::series ? 0 : i][at];
    };
    const Maybe a = side(left);
    const Maybe b = side(right);
    // A number does not make a datapoint where the series has none; one of two series does.
    const bool a_missing = !a && left.kind != Value::Kind::number;
    const bool b_missing = !b && right.kind != Value::Kind::number;
    if ((!a && !a_missing) || (!b && !b_missing)) return std::nullopt;
    if (a_missing && (b_missing || right.kind == Value::Kind::number)) return std::nullopt;
    if (b_missing && left.kind == Value::Kind::number) return std::nullopt;
    return apply(operation, a.value_or(0), b.value_or(0));
  }

  Result<Value> value_of_function(const Node& node) {
    switch (node.function) {
      case Function::metrics:
        return all_metrics(node);
      case Function::period:
        return period_of(node);
      case Function::fill:
        return filled(node);
      case Function::if_:
        return chosen(node);
      default:
        break;
    }
    auto value = value_of(*node.parts[0]);
    if (!value) return value;
    return value_of_single(node, *value);
  }

  Result<Value> value_of_single(const Node& node, const Value& value) {
    const bool number = value.kind == Value::Kind::number;
    const auto want_series = [&] {
      return math_fault(node.parts[0]->at,
                        std::string(name_of(node.function)) + " takes a series, not a number");
    };
    switch (node.function) {
      case Function::abs:
      case Function::ceil:
      case Function::floor:
      case Function::log:
      case Function::log10:
        return each(node, value, [&](const Maybe& one) { return one ? apply(node.function, *one) : one; });
      case Function::time_series:
        if (!number) return math_fault(node.parts[0]->at, "TIME_SERIES takes a number");
        return series_of(node, Points(grid_.count, value.number));
      case Function::diff:
      case Function::diff_time:
      case Function::rate:
      case Function::running_sum: {
        if (number) return want_series();
        if (auto fits = spend(node, value.series.size()); !fits) return tl::unexpected<Error>(fits.error());
        Value out{value.kind, std::nullopt, {}};
        for (const Points& one : value.series) out.series.push_back(along(node.function, one, period_s()));
        return out;
      }
      case Function::average:
      case Function::maximum:
      case Function::minimum:
      case Function::sum:
      case Function::deviation:
      case Function::datapoint_count:
        if (number) return want_series();
        return value.kind == Value::Kind::series ? over_series(node, value) : over_array(node, value);
      case Function::first:
      case Function::last:
      case Function::metric_count:
        return of_array(node, value);
      case Function::minute:
      case Function::hour:
      case Function::day:
      case Function::date:
      case Function::month:
      case Function::year:
      case Function::epoch: {
        if (number) return want_series();
        Points out(grid_.count);
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = part_of_time(node.function, time_of(i));
        return series_of(node, std::move(out));
      }
      case Function::fill:
      case Function::if_:
      case Function::period:
      case Function::metrics:
        break;
    }
    return math_fault(node.at, "a value was expected");
  }

  static Result<Value> over_series(const Node& node, const Value& value) {
    std::vector<double> there;
    for (const Maybe& one : value.series[0]) {
      if (one) there.push_back(*one);
    }
    return Value{Value::Kind::number, reduce(node.function, there), {}};
  }

  Result<Value> over_array(const Node& node, const Value& value) {
    const bool missing_is_zero = node.function == Function::average || node.function == Function::deviation;
    Points out(grid_.count);
    std::vector<double> there;
    for (std::size_t at = 0; at < out.size(); ++at) {
      there.clear();
      for (const Points& one : value.series) {
        if (one[at]) there.push_back(*one[at]);
      }
      if (missing_is_zero && !there.empty()) there.resize(value.series.size(), 0);
      out[at] = reduce(node.function, there);
    }
    return series_of(node, std::move(out));
  }

  Result<Value> of_array(const Node& node, const Value& value) {
    if (value.kind != Value::Kind::array) {
      return math_fault(node.parts[0]->at, std::string(name_of(node.function)) + " takes an array of series");
    }
    if (node.function == Function::metric_count) {
      return Value{Value::Kind::number, static_cast<double>(value.series.size()), {}};
    }
    if (value.series.empty()) return series_of(node, Points(grid_.count));
    return series_of(node, node.function == Function::first ? value.series.front() : value.series.back());
  }

  Result<Value> all_metrics(const Node& node) {
    const std::string part = node.parts.empty() ? std::string() : node.parts[0]->text;
    Value out{Value::Kind::array, std::nullopt, {}};
    for (const MathInput& input : inputs_) {
      if (!input.is_metric || input.id.find(part) == std::string::npos) continue;
      if (auto fits = spend(node, 1); !fits) return tl::unexpected<Error>(fits.error());
      out.series.push_back(*input.points);
      out.series.back().resize(grid_.count);
    }
    return out;
  }

  Result<Value> period_of(const Node& node) {
    const MathInput* input = find(node.parts[0]->text);
    if (input == nullptr || !input->is_metric) {
      return math_fault(node.parts[0]->at, "PERIOD takes the id of a metric");
    }
    return Value{Value::Kind::number, period_s(), {}};
  }

  Result<Value> filled(const Node& node) {
    auto value = value_of(*node.parts[0]);
    if (!value) return value;
    if (value->kind == Value::Kind::number)
      return math_fault(node.parts[0]->at, "FILL takes a series, not a number");
    const Node& how = *node.parts[1];
    if (how.kind == Node::Kind::word) {
      if (auto fits = spend(node, value->series.size()); !fits) return tl::unexpected<Error>(fits.error());
      for (Points& points : value->series) points = fill_between(points, how.text == "LINEAR");
      return value;
    }
    auto with = value_of(how);
    if (!with) return with;
    if (with->kind == Value::Kind::array) return math_fault(how.at, "FILL fills with a number or one series");
    for (Points& points : value->series) {
      for (std::size_t at = 0; at < points.size(); ++at) {
        if (!points[at]) points[at] = with->kind == Value::Kind::number ? with->number : with->series[0][at];
      }
    }
    return value;
  }

  Result<Value> chosen(const Node& node) {
    std::vector<Value> values;
    for (const auto& part : node.parts) {
      auto value = value_of(*part);
      if (!value) return value;
      if (value->kind == Value::Kind::array)
        return math_fault(part->at, "IF takes numbers and series, not arrays");
      values.push_back(std::move(*value));
    }
    const Value& condition = values[0];
    const Value nothing{Value::Kind::number, std::nullopt, {}};
    const Value& otherwise = values.size() > 2 ? values[2] : nothing;
    if (condition.kind == Value::Kind::number) {
      const Value& one = condition.number && *condition.number != 0 ? values[1] : otherwise;
      const bool both_numbers =
          values[1].kind == Value::Kind::number && otherwise.kind == Value::Kind::number;
      if (!condition.number || (one.kind == Value::Kind::number && !both_numbers)) {
        return series_of(node, Points(grid_.count, condition.number ? one.number : std::nullopt));
      }
      return one;
    }
    Points out(grid_.count);
    for (std::size_t at = 0; at < out.size(); ++at) {
      const Maybe& test = condition.series[0][at];
      if (!test) continue;
      const Value& side = *test != 0 ? values[1] : otherwise;
      out[at] = side.kind == Value::Kind::number ? side.number : side.series[0][at];
      // The guide: a true condition without a datapoint of the second argument gives 0, a false one drops it.
      if (!out[at] && *test != 0 && side.kind == Value::Kind::series) out[at] = 0;
    }
    return series_of(node, std::move(out));
  }

  double period_s() const { return static_cast<double>(grid_.period.count()) / 1000; }
  WallTime time_of(std::size_t index) const {
    return grid_.from + grid_.period * static_cast<std::int64_t>(index);
  }

  std::span<const MathInput> inputs_;
  const Grid& grid_;
  std::size_t spent_ = 0;
};

} // namespace

Result<std::vector<Points>> MathExpression::evaluate(std::span<const MathInput> inputs,
                                                     const Grid& grid) const {
  auto value = Evaluator(inputs, grid).value_of(*root_);
  if (!value) return tl::unexpected<Error>(value.error());
  if (value->kind == Value::Kind::number) {
    return math_fault(root_->at, "the result is a number; it must be a series (TIME_SERIES makes one of it)");
  }
  return std::move(value->series);
}

} // namespace kaden::alarm
