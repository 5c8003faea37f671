#include "kaden/metric_filter.h"

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/logs.h"
#include "kaden/log_names.h"
#include "kaden/utf8.h"
#include "operand.h"

namespace kaden::logfilter {

namespace {

constexpr Millis minute = seconds(60);

WallTime minute_of(WallTime at) {
  const auto ms = to_ms(at);
  const auto size = minute.count();
  return wall_time(ms - ((ms % size) + size) % size);
}

tl::unexpected<Error> invalid(std::string message) {
  return fail(Fault::invalid, std::move(message));
}

Result<void> check_name(std::string_view parameter, std::string_view text) {
  if (text.empty() || characters(text) > limits::log_metric_name_characters_max ||
      text.find_first_of(":*$") != std::string_view::npos || !is_valid_utf8(text)) {
    return invalid(std::string(parameter) + ": 1 to 255 characters, none of them ':', '*' or '$'");
  }
  return {};
}

Result<void> check(const MetricTransformation& transformation) {
  if (auto named = check_name("metricName", transformation.name); !named) return named;
  if (auto named = check_name("metricNamespace", transformation.name_space); !named) return named;
  if (transformation.name_space.starts_with("AWS/")) {
    return invalid("metricNamespace: " + transformation.name_space +
                   " is Amazon's own, as all that begin with AWS/");
  }
  if (characters(transformation.value) > limits::log_metric_value_characters_max) {
    return invalid("metricValue: at most 100 characters");
  }
  if (transformation.dimensions.size() > limits::log_dimensions_max) {
    return invalid("dimensions: at most " + std::to_string(limits::log_dimensions_max));
  }
  if (!is_unit(transformation.unit)) return invalid("unit: " + transformation.unit + " is not a unit");
  if (!transformation.dimensions.empty() && transformation.default_value) {
    return invalid("defaultValue: cannot be set together with dimensions");
  }
  for (const auto& [name, selector] : transformation.dimensions) {
    if (name.empty() || characters(name) > limits::log_metric_name_characters_max || name.front() == ':') {
      return invalid("dimensions: a name has 1 to 255 characters and does not begin with ':'");
    }
  }
  return {};
}

} // namespace

MetricFilter::MetricFilter(Pattern pattern, MetricTransformation transformation)
    : pattern_(std::move(pattern)), transformation_(std::move(transformation)) {}

Result<MetricFilter> MetricFilter::make(Pattern pattern, MetricTransformation transformation) {
  if (const auto checked = check(transformation); !checked) return tl::unexpected(checked.error());
  MetricFilter filter(std::move(pattern), std::move(transformation));
  const std::string& value = filter.transformation_.value;
  if (value.starts_with('$')) {
    auto selector = Selector::parse(value, filter.pattern_);
    if (!selector) return fail_while("metricValue", selector.error());
    filter.value_ = std::move(*selector);
  } else {
    const auto constant = number_of(value);
    if (!constant) return invalid("metricValue: a number, or a selector such as $.latency or $size");
    filter.constant_ = *constant;
  }
  for (const auto& [name, text] : filter.transformation_.dimensions) {
    auto selector = Selector::parse(text, filter.pattern_);
    if (!selector) return fail_while("dimensions: " + name, selector.error());
    filter.dimensions_.emplace_back(name, std::move(*selector));
  }
  return filter;
}

std::vector<Datum> MetricFilter::take(const Message& message, WallTime at, WallTime now) {
  std::vector<Datum> data;
  if (auto missed = step(now)) data.push_back(std::move(*missed));
  if (!minute_) {
    minute_ = minute_of(now);
    matched_ = false;
  }
  if (!pattern_.matches(message)) return data;
  matched_ = true;
  if (auto made = datum_of(message, at, now)) {
    data.push_back(std::move(*made));
  } else {
    ++dropped_;
  }
  return data;
}

std::optional<Datum> MetricFilter::step(WallTime now) {
  // A clock that was set back ends the minute too: a minute that never ends would hide a silence.
  if (!minute_ || minute_of(now) == *minute_) return std::nullopt;
  const WallTime ended = *minute_;
  minute_.reset();
  if (matched_ || !transformation_.default_value) return std::nullopt;
  return Datum{transformation_.name_space,    transformation_.name, transformation_.unit, {}, ended,
               *transformation_.default_value};
}

std::optional<Datum> MetricFilter::datum_of(const Message& message, WallTime at, WallTime now) {
  Datum datum{transformation_.name_space, transformation_.name, transformation_.unit, {}, now, constant_};
  if (at < now - limits::log_lateness_max) datum.at = at;
  if (value_) {
    const auto text = value_->text_of(message);
    const auto number = text ? number_of(*text) : std::nullopt;
    if (!number) return std::nullopt;
    datum.value = *number;
  }
  for (const auto& [name, selector] : dimensions_) {
    const auto text = selector.text_of(message);
    if (!text || trim(*text).empty()) return std::nullopt;
    datum.dimensions.emplace(name, cut_utf8(*text, limits::label_bytes_max));
  }
  if (!may_have(datum.dimensions, now)) return std::nullopt;
  return datum;
}

/// A field whose value is different each time must not make a metric each time.
bool MetricFilter::may_have(const std::map<std::string, std::string>& dimensions, WallTime now) {
  if (dimensions.empty()) return true;
  if (now >= seen_since_ + limits::log_dimension_values_age || now < seen_since_) {
    seen_.clear();
    seen_since_ = now;
  }
  if (seen_.contains(dimensions)) return true;
  if (seen_.size() >= limits::log_dimension_values_max) return false;
  seen_.insert(dimensions);
  return true;
}

} // namespace kaden::logfilter
