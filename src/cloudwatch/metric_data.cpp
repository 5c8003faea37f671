#include "metric_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace kaden::cloudwatch {

namespace {

constexpr std::string_view invalid_value = "InvalidParameterValue";
constexpr std::string_view combination = "InvalidParameterCombination";
constexpr std::string_view missing = "MissingParameter";

constexpr Millis oldest_age = seconds(14 * 86'400);
constexpr Millis newest_lead = seconds(2 * 3600);

constexpr std::array<std::string_view, 27> units{"Seconds",
                                                 "Microseconds",
                                                 "Milliseconds",
                                                 "Bytes",
                                                 "Kilobytes",
                                                 "Megabytes",
                                                 "Gigabytes",
                                                 "Terabytes",
                                                 "Bits",
                                                 "Kilobits",
                                                 "Megabits",
                                                 "Gigabits",
                                                 "Terabits",
                                                 "Percent",
                                                 "Count",
                                                 "Bytes/Second",
                                                 "Kilobytes/Second",
                                                 "Megabytes/Second",
                                                 "Gigabytes/Second",
                                                 "Terabytes/Second",
                                                 "Bits/Second",
                                                 "Kilobits/Second",
                                                 "Megabits/Second",
                                                 "Gigabits/Second",
                                                 "Terabits/Second",
                                                 "Count/Second",
                                                 "None"};

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// -2^360 to 2^360, also for counts: then no sum of them can overflow.
bool in_range(double value) {
  return std::fabs(value) <= std::ldexp(1.0, 360);
}

Answer<double> read_number(const std::string& path, const std::string& text) {
  const auto value = parse_real(text);
  if (!value) return problem(invalid_value, fmt::format("The parameter {} must be a number.", path));
  if (!in_range(*value)) {
    return problem(
        invalid_value,
        fmt::format("The value {} for parameter {} is invalid: it must be between -2^360 and 2^360.", text,
                    path));
  }
  return *value;
}

Answer<std::vector<double>> read_numbers(const Parameters& parameters, const std::string& list) {
  std::vector<double> out;
  for (const auto& path : parameters.members(list)) {
    const auto value = read_number(path, parameters.text_or(path, ""));
    if (!value) return tl::unexpected<Problem>(value.error());
    out.push_back(*value);
  }
  return out;
}

Answer<alarm::StatisticSet> read_statistic_values(const Parameters& parameters, const std::string& path) {
  alarm::StatisticSet set;
  const std::pair<const char*, double*> members[] = {{"SampleCount", &set.sample_count},
                                                     {"Sum", &set.sum},
                                                     {"Minimum", &set.minimum},
                                                     {"Maximum", &set.maximum}};
  for (const auto& [name, into] : members) {
    const std::string member = path + ".StatisticValues." + name;
    const std::string* text = parameters.find(member);
    if (text == nullptr) return problem(missing, fmt::format("The parameter {} is required.", member));
    const auto value = read_number(member, *text);
    if (!value) return tl::unexpected<Problem>(value.error());
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

Answer<alarm::StatisticSet> read_values(const Parameters& parameters, const std::string& path) {
  const auto values = read_numbers(parameters, path + ".Values");
  if (!values) return tl::unexpected<Problem>(values.error());
  const auto counts = read_numbers(parameters, path + ".Counts");
  if (!counts) return tl::unexpected<Problem>(counts.error());
  if (values->size() > limits::values_per_datum_max) {
    return problem(invalid_value,
                   fmt::format("The collection {}.Values must not have a size greater than {}.", path,
                               limits::values_per_datum_max));
  }
  if (!counts->empty() && counts->size() != values->size()) {
    return problem(combination,
                   fmt::format("The parameters {0}.Values and {0}.Counts must be of the same size.", path));
  }
  alarm::StatisticSet set{0, 0, values->front(), values->front()};
  for (std::size_t i = 0; i < values->size(); ++i) {
    const double value = (*values)[i];
    const double count = counts->empty() ? 1 : (*counts)[i];
    if (count <= 0) {
      return problem(invalid_value, fmt::format("The values of {}.Counts must be greater than 0.", path));
    }
    set.sample_count += count;
    set.sum += value * count;
    set.minimum = std::min(set.minimum, value);
    set.maximum = std::max(set.maximum, value);
  }
  return set;
}

Answer<alarm::StatisticSet> read_statistics(const Parameters& parameters, const std::string& path) {
  const std::string* value = parameters.find(path + ".Value");
  const bool has_values = !parameters.members(path + ".Values").empty();
  const bool has_statistics = parameters.any_under(path + ".StatisticValues");
  if (value != nullptr && (has_values || has_statistics)) {
    return problem(combination,
                   fmt::format("The parameters {0}.Value and {0}.{1} are mutually exclusive and you have "
                               "specified both.",
                               path, has_values ? "Values" : "StatisticValues"));
  }
  if (value != nullptr) {
    const auto number = read_number(path + ".Value", *value);
    if (!number) return tl::unexpected<Problem>(number.error());
    return alarm::StatisticSet{1, *number, *number, *number};
  }
  if (!has_values && !has_statistics) {
    return problem(combination, fmt::format("At least one of the parameters {0}.Value, {0}.Values and "
                                            "{0}.StatisticValues must be specified.",
                                            path));
  }
  if (has_values) {
    auto values = read_values(parameters, path);
    if (!values || !has_statistics) return values;
  }
  return read_statistic_values(parameters, path);
}

Answer<WallTime> read_timestamp(const Parameters& parameters, const std::string& path, WallTime now) {
  const std::string* text = parameters.find(path + ".Timestamp");
  if (text == nullptr) return now;
  const auto at = parse_iso8601(*text);
  if (!at) {
    return problem(invalid_value,
                   fmt::format("The parameter {}.Timestamp must be a time as in ISO 8601.", path));
  }
  if (*at < now - oldest_age) {
    return problem(
        invalid_value,
        fmt::format("The parameter {}.Timestamp must specify a time within the past two weeks.", path));
  }
  if (*at > now + newest_lead) {
    return problem(invalid_value,
                   fmt::format("The parameter {}.Timestamp must specify a time no more than two hours in "
                               "the future.",
                               path));
  }
  return *at;
}

Answer<alarm::Datum> read_datum(const Parameters& parameters, const std::string& path,
                                const std::string& name_space, WallTime now) {
  alarm::Datum datum;
  datum.metric.name_space = name_space;
  const std::string* name = parameters.find(path + ".MetricName");
  if (name == nullptr || name->empty()) {
    return problem(missing, fmt::format("The parameter {}.MetricName is required.", path));
  }
  if (!is_metric_name(*name)) {
    return problem(invalid_value,
                   fmt::format("The parameter {}.MetricName must be 1 to 255 characters long.", path));
  }
  datum.metric.name = *name;
  auto dimensions = read_dimensions(parameters, path + ".", invalid_value);
  if (!dimensions) return tl::unexpected<Problem>(dimensions.error());
  datum.metric.dimensions = std::move(*dimensions);

  datum.unit = parameters.text_or(path + ".Unit", "None");
  if (!is_unit(datum.unit)) {
    return problem(invalid_value,
                   fmt::format("The parameter {}.Unit must be a value in the set of units.", path));
  }
  const std::string resolution = parameters.text_or(path + ".StorageResolution", "60");
  if (resolution != "1" && resolution != "60") {
    return problem(invalid_value, fmt::format("The parameter {}.StorageResolution must be 1 or 60.", path));
  }
  datum.high_resolution = resolution == "1";
  const auto at = read_timestamp(parameters, path, now);
  if (!at) return tl::unexpected<Problem>(at.error());
  datum.at = *at;
  const auto values = read_statistics(parameters, path);
  if (!values) return tl::unexpected<Problem>(values.error());
  datum.values = *values;
  return datum;
}

} // namespace

bool is_namespace(std::string_view text) {
  return !text.empty() && text.size() <= 255 && text.front() != ':' && is_printable_ascii(text);
}

bool is_metric_name(std::string_view text) {
  return !text.empty() && text.size() <= 255;
}

bool is_unit(std::string_view text) {
  return std::find(units.begin(), units.end(), text) != units.end();
}

Answer<alarm::Dimensions> read_dimensions(const Parameters& parameters, const std::string& path,
                                          std::string_view code) {
  alarm::Dimensions dimensions;
  const auto members = parameters.members(path + "Dimensions");
  if (members.size() > limits::dimensions_max) {
    return problem(code, fmt::format("The collection {}Dimensions must not have a size greater than {}.",
                                     path, limits::dimensions_max));
  }
  for (const auto& member : members) {
    std::string name = parameters.text_or(member + ".Name", "");
    std::string value = parameters.text_or(member + ".Value", "");
    if (name.empty() || name.size() > 255 || name.front() == ':' || !is_printable_ascii(name)) {
      return problem(
          code, fmt::format("The parameter {}.Name must be 1 to 255 ASCII characters and not start with ':'.",
                            member));
    }
    if (value.size() > 1024 || trim(value).empty() || !is_printable_ascii(value)) {
      return problem(
          code,
          fmt::format("The parameter {}.Value must be 1 to 1024 ASCII characters, not only blanks.", member));
    }
    if (!dimensions.emplace(std::move(name), std::move(value)).second) {
      return problem(code, fmt::format("The parameter {}.Name is a duplicate.", member));
    }
  }
  return dimensions;
}

Answer<std::vector<alarm::Datum>> read_metric_data(const Parameters& parameters, WallTime now) {
  const std::string name_space = parameters.text_or("Namespace", "");
  if (name_space.empty()) return problem(missing, "The parameter Namespace is required.");
  if (!is_namespace(name_space) || name_space.starts_with("AWS/")) {
    return problem(invalid_value,
                   fmt::format("The value {} for parameter Namespace is invalid.", name_space));
  }
  std::vector<std::string> paths = parameters.members("MetricData");
  for (const auto& entity : parameters.members("EntityMetricData")) {
    const auto more = parameters.members(entity + ".MetricData");
    paths.insert(paths.end(), more.begin(), more.end());
  }
  if (paths.empty()) return problem(missing, "The parameter MetricData is required.");
  if (paths.size() > limits::data_per_put_max) {
    return problem(invalid_value,
                   fmt::format("The collection MetricData must not have a size greater than {}.",
                               limits::data_per_put_max));
  }
  std::vector<alarm::Datum> data;
  data.reserve(paths.size());
  for (const auto& path : paths) {
    auto datum = read_datum(parameters, path, name_space, now);
    if (!datum) return tl::unexpected<Problem>(datum.error());
    data.push_back(std::move(*datum));
  }
  return data;
}

} // namespace kaden::cloudwatch
