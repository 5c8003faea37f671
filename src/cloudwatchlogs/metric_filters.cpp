#include <fmt/format.h>

#include "reading.h"
#include "tokens.h"

#include "kaden/limits/logs.h"

namespace kaden::cloudwatchlogs {

namespace {

using smithy::text_shape;

constexpr std::string_view group_missing = "The specified log group does not exist.";

Answer<std::string> read_pattern(const Value& input) {
  const std::string* pattern = input.text("filterPattern");
  if (pattern == nullptr) return must_be("filterPattern", nullptr, "Member must not be null");
  return *pattern;
}

Answer<logfilter::MetricTransformation> read_transformation(const Value& input) {
  const auto& list = input.list("metricTransformations");
  if (!input.has("metricTransformations")) {
    return must_be("metricTransformations", nullptr, "Member must not be null");
  }
  if (list.size() != 1) {
    return problem(invalid_parameter,
                   "1 validation error detected: Value at 'metricTransformations' failed to "
                   "satisfy constraint: Member must have length 1");
  }
  const Value& given = list[0];
  logfilter::MetricTransformation out;
  const std::pair<const char*, std::string*> texts[] = {
      {"metricName", &out.name}, {"metricNamespace", &out.name_space}, {"metricValue", &out.value}};
  for (const auto& [name, into] : texts) {
    const std::string* text = given.text(name);
    if (text == nullptr) {
      return must_be(fmt::format("metricTransformations.1.member.{}", name), nullptr,
                     "Member must not be null");
    }
    *into = *text;
  }
  out.default_value = given.real("defaultValue");
  for (const auto& [name, value] : given.map("dimensions")) {
    const std::string* selector = value.if_text();
    out.dimensions[name] = selector == nullptr ? "" : *selector;
  }
  out.unit = given.text_or("unit", "None");
  if (!logfilter::is_unit(out.unit)) {
    return must_be("metricTransformations.1.member.unit", &out.unit,
                   "Member must satisfy enum value set of StandardUnit");
  }
  return out;
}

/// Kept nowhere here, and so not silently dropped.
Answer<void> refuse_what_is_not_done(const Value& input) {
  if (input.flag("applyOnTransformedLogs").value_or(false) ||
      !input.list("emitSystemFieldDimensions").empty() ||
      !input.text_or("fieldSelectionCriteria", "").empty()) {
    return problem(invalid_parameter,
                   "applyOnTransformedLogs, fieldSelectionCriteria and "
                   "emitSystemFieldDimensions are not supported by this endpoint.");
  }
  return {};
}

void put_filter(Store& store, const Value& input, const Respond& respond) {
  const auto group = read_group_name(input);
  if (!group) return respond(refused(group));
  const auto name = read_name(input, "filterName");
  if (!name) return respond(refused(name));
  auto pattern = read_pattern(input);
  if (!pattern) return respond(refused(pattern));
  auto transformation = read_transformation(input);
  if (!transformation) return respond(refused(transformation));
  if (const auto done = refuse_what_is_not_done(input); !done) return respond(refused(done));
  logstore::Filter filter;
  filter.group = *group;
  filter.name = *name;
  filter.pattern = std::move(*pattern);
  filter.transformation = std::move(*transformation);
  store.put_filter(std::move(filter), answering(respond, std::string(group_missing)));
}

Value filter_value(const logstore::Filter& filter) {
  const auto& given = filter.transformation;
  Value transformation = Value()
                             .set("metricName", given.name)
                             .set("metricNamespace", given.name_space)
                             .set("metricValue", given.value);
  if (given.default_value) transformation.set("defaultValue", *given.default_value);
  if (!given.dimensions.empty()) {
    smithy::Map dimensions;
    for (const auto& [name, selector] : given.dimensions) dimensions.push_back({name, selector});
    transformation.set("dimensions", std::move(dimensions));
  }
  if (given.unit != "None") transformation.set("unit", given.unit);
  smithy::List transformations;
  transformations.push_back(std::move(transformation));
  return Value()
      .set("filterName", filter.name)
      .set("filterPattern", filter.pattern)
      .set("metricTransformations", std::move(transformations))
      .set("creationTime", to_ms(filter.created))
      .set("logGroupName", filter.group);
}

/// What DescribeMetricFilters asks for; the page is not in it.
Answer<Store::FilterNames> read_names(const Value& input) {
  Store::FilterNames names;
  if (input.has("logGroupName")) {
    auto group = read_group_name(input);
    if (!group) return refused(group);
    names.group = std::move(*group);
  }
  auto prefix = read_prefix(input, "filterNamePrefix");
  if (!prefix) return refused(prefix);
  names.prefix = std::move(*prefix);
  names.metric = input.text_or("metricName", "");
  names.name_space = input.text_or("metricNamespace", "");
  if (names.metric.empty() != names.name_space.empty()) {
    return problem(invalid_parameter, "metricName and metricNamespace must be specified together.");
  }
  return names;
}

Answer<Value> describe_filters(const Store& store, const Value& input, WallTime now) {
  auto names = read_names(input);
  if (!names) return refused(names);
  const auto limit = read_limit(input, limits::log_describe_page_max);
  if (!limit) return refused(limit);
  const Question question = Question("DescribeMetricFilters")
                                .add(names->group)
                                .add(names->prefix)
                                .add(names->metric)
                                .add(names->name_space);
  const auto after = question.read(input, now);
  if (!after) return refused(after);
  if (*after) { // a group's name has no ':'
    const std::size_t colon = (*after)->find(':');
    if (colon == std::string::npos) return invalid_token();
    names->after_group = (*after)->substr(0, colon);
    names->after_name = (*after)->substr(colon + 1);
  }
  if (!names->group.empty() && !store.group(names->group)) return no_group();
  names->most = *limit + 1;
  auto filters = store.filters(*names);
  const bool is_more = filters.size() > *limit;
  if (is_more) filters.pop_back();
  smithy::List list;
  for (const auto& filter : filters) list.push_back(filter_value(filter));
  Value out = Value().set("metricFilters", std::move(list));
  if (is_more) {
    out.set("nextToken", question.token(filters.back().group + ":" + filters.back().name, now));
  }
  return out;
}

void delete_filter(Store& store, const Value& input, const Respond& respond) {
  const auto group = read_group_name(input);
  if (!group) return respond(refused(group));
  const auto name = read_name(input, "filterName");
  if (!name) return respond(refused(name));
  store.delete_filter(*group, *name,
                      answering(respond, store.group(*group) ? "The specified metric filter does not exist."
                                                             : std::string(group_missing)));
}

Answer<Value> test_filter(const Value& input) {
  const auto text = read_pattern(input);
  if (!text) return refused(text);
  const auto& messages = input.list("logEventMessages");
  if (messages.empty() || messages.size() > limits::log_test_messages_max) {
    return problem(invalid_parameter,
                   "1 validation error detected: Value at 'logEventMessages' failed to satisfy "
                   "constraint: Member must have length between 1 and 50");
  }
  const auto pattern = logfilter::Pattern::parse(*text);
  if (!pattern) return problem(invalid_parameter, "Invalid filter pattern: " + pattern.error().message);
  smithy::List matches;
  std::int64_t number = 0;
  for (const Value& one : messages) {
    ++number;
    const std::string* message = one.if_text();
    if (message == nullptr || message->empty()) {
      return must_be(fmt::format("logEventMessages.{}.member", number), message,
                     "Member must have length greater than or equal to 1");
    }
    const logfilter::Message event(*message);
    if (!pattern->matches(event)) continue;
    smithy::Map extracted;
    for (const auto& [name, value] : pattern->extract(event)) extracted.push_back({name, value});
    matches.push_back(Value()
                          .set("eventNumber", number)
                          .set("eventMessage", *message)
                          .set("extractedValues", std::move(extracted)));
  }
  return Value().set("matches", std::move(matches));
}

const smithy::Shape* transformations_shape(smithy::Model& model) {
  return model.list(model.structure({{"metricName", &text_shape},
                                     {"metricNamespace", &text_shape},
                                     {"metricValue", &text_shape},
                                     {"defaultValue", &smithy::real_shape},
                                     {"dimensions", model.map(&text_shape)},
                                     {"unit", &text_shape}}));
}

} // namespace

void add_metric_filters(const Offer& offer) {
  smithy::Model& model = offer.model;
  const auto* transformations = transformations_shape(model);
  const auto* put = model.structure({{"logGroupName", &text_shape},
                                     {"filterName", &text_shape},
                                     {"filterPattern", &text_shape},
                                     {"metricTransformations", transformations},
                                     {"applyOnTransformedLogs", &smithy::boolean_shape},
                                     {"fieldSelectionCriteria", &text_shape},
                                     {"emitSystemFieldDimensions", model.list(&text_shape)}});
  offer.service.add({"PutMetricFilter", put}, smithy::Permission::alarms,
                    [&store = offer.store](const smithy::Caller&, const Value& input,
                                           const Respond& respond) { put_filter(store, input, respond); });
  const auto* remove = model.structure({{"logGroupName", &text_shape}, {"filterName", &text_shape}});
  offer.service.add({"DeleteMetricFilter", remove}, smithy::Permission::alarms,
                    [&store = offer.store](const smithy::Caller&, const Value& input,
                                           const Respond& respond) { delete_filter(store, input, respond); });
  const auto* describe = model.structure({{"logGroupName", &text_shape},
                                          {"filterNamePrefix", &text_shape},
                                          {"nextToken", &text_shape},
                                          {"limit", &smithy::integer_shape},
                                          {"metricName", &text_shape},
                                          {"metricNamespace", &text_shape}});
  const auto* filter = model.structure({{"filterName", &text_shape},
                                        {"filterPattern", &text_shape},
                                        {"metricTransformations", transformations},
                                        {"creationTime", &smithy::long_shape},
                                        {"logGroupName", &text_shape}});
  const auto* described =
      model.structure({{"metricFilters", model.list(filter)}, {"nextToken", &text_shape}});
  offer.service.add(
      {"DescribeMetricFilters", describe, described}, smithy::Permission::read,
      [&store = offer.store](const smithy::Caller& caller, const Value& input, const Respond& respond) {
        respond(describe_filters(store, input, caller.now));
      });
}

void add_test_metric_filter(const Offer& offer) {
  smithy::Model& model = offer.model;
  const auto* test =
      model.structure({{"filterPattern", &text_shape}, {"logEventMessages", model.list(&text_shape)}});
  const auto* match = model.structure({{"eventNumber", &smithy::long_shape},
                                       {"eventMessage", &text_shape},
                                       {"extractedValues", model.map(&text_shape)}});
  smithy::Operation operation{"TestMetricFilter", test, model.structure({{"matches", model.list(match)}})};
  offer.service.add(
      std::move(operation), smithy::Permission::read,
      [](const smithy::Caller&, const Value& input, const Respond& respond) { respond(test_filter(input)); });
}

} // namespace kaden::cloudwatchlogs
