#include <fmt/format.h>

#include <cmath>

#include "operations.h"
#include "reading.h"

#include "kaden/limits/metrics.h"
#include "kaden/smithy_entity.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::string_view invalid_value = "InvalidParameterValue";
constexpr std::string_view combination = "InvalidParameterCombination";
constexpr std::string_view missing = "MissingParameter";

constexpr Millis oldest_age = seconds(14 * 86'400);
constexpr Millis newest_lead = seconds(2 * 3600);

/// -2^360 to 2^360, also for counts: then no sum of them can overflow. Not NaN.
Answer<double> in_range(double value, const std::string& path) {
  if (std::fabs(value) <= std::ldexp(1.0, 360)) return value;
  return problem(
      invalid_value,
      fmt::format("The value {} for parameter {} is invalid: it must be a number between -2^360 and 2^360.",
                  value, path));
}

/// The numbers of a list, checked.
Answer<std::vector<double>> read_numbers(const Value& datum, std::string_view name, const std::string& path) {
  std::vector<double> out;
  for (const Value& one : datum.list(name)) {
    const double* number = one.if_real();
    const auto value =
        in_range(number == nullptr ? 0 : *number, fmt::format("{}.{}.member.{}", path, name, out.size() + 1));
    if (!value) return refused(value);
    out.push_back(*value);
  }
  return out;
}

Answer<alarm::StatisticSet> read_statistic_values(const Value& given, const std::string& path) {
  alarm::StatisticSet set;
  const std::pair<const char*, double*> members[] = {{"SampleCount", &set.sample_count},
                                                     {"Sum", &set.sum},
                                                     {"Minimum", &set.minimum},
                                                     {"Maximum", &set.maximum}};
  for (const auto& [name, into] : members) {
    const std::string member = path + ".StatisticValues." + name;
    const auto number = given.real(name);
    if (!number) return problem(missing, fmt::format("The parameter {} is required.", member));
    const auto value = in_range(*number, member);
    if (!value) return refused(value);
    *into = *value;
  }
  if (set.sample_count <= 0) {
    return problem(invalid_value,
                   fmt::format("The parameter {}.StatisticValues.SampleCount must be greater than 0.", path));
  }
  if (set.minimum > set.maximum) {
    return problem(invalid_value,
                   fmt::format("The parameter {0}.StatisticValues.Maximum must be greater than or equal to "
                               "{0}.StatisticValues.Minimum.",
                               path));
  }
  return set;
}

/// Values with their Counts, 1 each when there are none.
Answer<std::vector<alarm::ValueCount>> read_values(const Value& datum, const std::string& path) {
  const auto values = read_numbers(datum, "Values", path);
  if (!values) return refused(values);
  const auto counts = read_numbers(datum, "Counts", path);
  if (!counts) return refused(counts);
  if (values->size() > limits::values_per_datum_max) {
    return problem(invalid_value,
                   fmt::format("The collection {}.Values must not have a size greater than {}.", path,
                               limits::values_per_datum_max));
  }
  if (!counts->empty() && counts->size() != values->size()) {
    return problem(combination,
                   fmt::format("The parameters {0}.Values and {0}.Counts must be of the same size.", path));
  }
  std::vector<alarm::ValueCount> out;
  out.reserve(values->size());
  for (std::size_t i = 0; i < values->size(); ++i) {
    const double count = counts->empty() ? 1 : (*counts)[i];
    if (count <= 0) {
      return problem(invalid_value,
                     fmt::format("The parameter {}.Counts.member.{} must be greater than 0.", path, i + 1));
    }
    out.push_back({(*values)[i], count});
  }
  return out;
}

Answer<void> read_statistics(const Value& given, const std::string& path, alarm::Datum& datum) {
  const auto value = given.real("Value");
  const bool has_values = !given.list("Values").empty();
  const Value* statistics = given.find("StatisticValues");
  if (value && (has_values || statistics != nullptr)) {
    return problem(combination,
                   fmt::format("The parameters {0}.Value and {0}.{1} are mutually exclusive and you have "
                               "specified both.",
                               path, has_values ? "Values" : "StatisticValues"));
  }
  if (!value && !has_values && statistics == nullptr) {
    return problem(combination, fmt::format("At least one of the parameters {0}.Value, {0}.Values and "
                                            "{0}.StatisticValues must be specified.",
                                            path));
  }
  if (value) {
    const auto number = in_range(*value, path + ".Value");
    if (!number) return refused(number);
    datum.values = {1, *number, *number, *number};
    return {};
  }
  if (has_values) {
    auto values = read_values(given, path);
    if (!values) return refused(values);
    datum.counted = std::move(*values);
    datum.values = alarm::set_of(datum.counted);
  }
  if (statistics == nullptr) return {};
  const auto set = read_statistic_values(*statistics, path);
  if (!set) return refused(set);
  datum.values = *set;
  return {};
}

Answer<WallTime> read_timestamp(const Value& given, const std::string& path, WallTime now) {
  const WallTime at = given.time("Timestamp").value_or(now);
  if (at < now - oldest_age) {
    return problem(
        invalid_value,
        fmt::format("The parameter {}.Timestamp must specify a time within the past two weeks.", path));
  }
  if (at > now + newest_lead) {
    return problem(invalid_value,
                   fmt::format("The parameter {}.Timestamp must specify a time no more than two hours in "
                               "the future.",
                               path));
  }
  return at;
}

Answer<alarm::Datum> read_datum(const Value& given, const std::string& path, const std::string& name_space,
                                WallTime now) {
  alarm::Datum datum;
  datum.metric.name_space = name_space;
  datum.metric.name = given.text_or("MetricName", "");
  if (datum.metric.name.empty()) {
    return problem(missing, fmt::format("The parameter {}.MetricName is required.", path));
  }
  if (!is_metric_name(datum.metric.name)) {
    return problem(invalid_value,
                   fmt::format("The parameter {}.MetricName must be 1 to 255 characters long.", path));
  }
  auto dimensions = read_dimensions(given, path + ".", invalid_value);
  if (!dimensions) return refused(dimensions);
  datum.metric.dimensions = std::move(*dimensions);
  datum.unit = given.text_or("Unit", "None");
  if (!is_unit(datum.unit)) {
    return problem(invalid_value,
                   fmt::format("The parameter {}.Unit must be a value in the set of units.", path));
  }
  const std::int64_t resolution = given.integer("StorageResolution").value_or(60);
  if (resolution != 1 && resolution != 60) {
    return problem(invalid_value, fmt::format("The parameter {}.StorageResolution must be 1 or 60.", path));
  }
  datum.high_resolution = resolution == 1;
  const auto at = read_timestamp(given, path, now);
  if (!at) return refused(at);
  datum.at = *at;
  if (auto read = read_statistics(given, path, datum); !read) return refused(read);
  return datum;
}

/// The data of one list onto `out`.
Answer<void> read_list(const Value& holder, const std::string& path, const std::string& name_space,
                       WallTime now, std::vector<alarm::Datum>& out) {
  std::size_t number = 0;
  for (const Value& one : holder.list("MetricData")) {
    auto datum = read_datum(one, fmt::format("{}MetricData.member.{}", path, ++number), name_space, now);
    if (!datum) return refused(datum);
    out.push_back(std::move(*datum));
  }
  return {};
}

const smithy::Shape* input_shape(const Shapes& shapes) {
  using smithy::real_shape;
  using smithy::text_shape;
  smithy::Model& model = *shapes.model;
  const auto* statistics = model.structure({{"SampleCount", &real_shape},
                                            {"Sum", &real_shape},
                                            {"Minimum", &real_shape},
                                            {"Maximum", &real_shape}});
  const auto* data = model.list(model.structure({{"MetricName", &text_shape},
                                                 {"Dimensions", shapes.dimensions},
                                                 {"Timestamp", &smithy::time_shape},
                                                 {"Value", &real_shape},
                                                 {"StatisticValues", statistics},
                                                 {"Values", shapes.reals},
                                                 {"Counts", shapes.reals},
                                                 {"Unit", &text_shape},
                                                 {"StorageResolution", &smithy::integer_shape}}));
  return model.structure(
      {{"Namespace", &text_shape},
       {"MetricData", data},
       {"EntityMetricData",
        model.list(model.structure(
            {{"Entity", smithy::entity_shape(model, smithy::metric_entity_names)}, {"MetricData", data}}))},
       {"StrictEntityValidation", &smithy::boolean_shape}});
}

/// What is wrong with the first entity that is not sound, in AWS's words; empty: nothing.
std::string entities_problem(const Value& input) {
  std::size_t number = 0;
  for (const Value& one : input.list("EntityMetricData")) {
    ++number;
    const auto fault = smithy::check_entity(one.find("Entity"), smithy::metric_entity_names);
    if (!fault) continue;
    return fmt::format("{}: EntityMetricData.member.{}.Entity: {}.", fault->type, number, fault->reason);
  }
  return {};
}

} // namespace

Answer<std::vector<alarm::Datum>> read_metric_data(const Value& input, WallTime now) {
  const std::string name_space = input.text_or("Namespace", "");
  if (name_space.empty()) return problem(missing, "The parameter Namespace is required.");
  if (!is_namespace(name_space) || name_space.starts_with("AWS/")) {
    return problem(invalid_value, fmt::format("The value {} for parameter Namespace is invalid.",
                                              cut_utf8(name_space, 300)));
  }
  const auto& entities = input.list("EntityMetricData");
  std::size_t count = input.list("MetricData").size();
  for (const Value& entity : entities) count += entity.list("MetricData").size();
  if (count == 0) return problem(missing, "The parameter MetricData is required.");
  if (count > limits::data_per_put_max) {
    return problem(invalid_value,
                   fmt::format("The collection MetricData must not have a size greater than {}.",
                               limits::data_per_put_max));
  }
  std::vector<alarm::Datum> data;
  data.reserve(count);
  if (auto read = read_list(input, "", name_space, now, data); !read) return refused(read);
  std::size_t number = 0;
  for (const Value& entity : entities) {
    const std::string path = fmt::format("EntityMetricData.member.{}.", ++number);
    if (auto read = read_list(entity, path, name_space, now, data); !read) return refused(read);
  }
  return data;
}

void add_metric_data(const Offer& offer) {
  smithy::Operation put{"PutMetricData", input_shape(offer.shapes)};
  put.gzip = true;
  put.note = {"FailureMessage", "X-Amzn-Failure-Message"};
  offer.service.add(
      std::move(put), smithy::Permission::ingest,
      [take = offer.take](const smithy::Caller& caller, const Value& input, const smithy::Respond& respond) {
        const auto data = read_metric_data(input, caller.now);
        if (!data) return respond(refused(data));
        const std::string wrong_entity = entities_problem(input);
        if (!wrong_entity.empty() && input.flag("StrictEntityValidation").value_or(false)) {
          return respond(problem(invalid_value, wrong_entity));
        }
        if (const auto taken = take(caller, *data); !taken) {
          return respond(tl::unexpected<Problem>(problem_of(taken.error())));
        }
        // The data are taken all the same, as from an agent that named nothing.
        respond(wrong_entity.empty() ? Value() : Value().set("FailureMessage", wrong_entity));
      });
}

} // namespace kaden::cloudwatch
