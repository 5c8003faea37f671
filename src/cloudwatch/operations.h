// CloudWatch's operations, one file a family: how each is read, what it does, what it answers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "answer.h"
#include "desk.h"
#include "kaden/alarm_book.h"
#include "kaden/smithy_service.h"

namespace kaden::cloudwatch {

/// Shapes that several operations share.
struct Shapes {
  std::shared_ptr<smithy::Model> model = std::make_shared<smithy::Model>();
  const smithy::Shape* texts = model->list(&smithy::text_shape);
  const smithy::Shape* reals = model->list(&smithy::real_shape);
  const smithy::Shape* times = model->list(&smithy::time_shape);
  const smithy::Shape* dimensions;
  const smithy::Shape* metric;
  const smithy::Shape* queries;
  const smithy::Shape* tags;
  const smithy::Shape* names; ///< a structure with AlarmNames only
  Shapes();
};

/// What the operations are built from.
struct Offer {
  smithy::Service& service;
  const Shapes& shapes;
  Desk* desk;             ///< borrowed: an answer that is still open must not keep it alive
  std::string arn_prefix; ///< "arn:aws:cloudwatch:us-east-1:000000000000:alarm:"
  /// Takes data that was read, for the caller: limits, counts and observers are its owner's.
  std::function<Result<void>(const smithy::Caller& caller, const std::vector<alarm::Datum>& data)> take;
};

void add_metric_data(const Offer& offer);      // PutMetricData
void add_metric_reads(const Offer& offer);     // GetMetricData, GetMetricStatistics, ListMetrics
void add_metric_alarms(const Offer& offer);    // PutMetricAlarm
void add_composite_alarms(const Offer& offer); // PutCompositeAlarm
void add_describe_alarms(const Offer& offer);  // DescribeAlarms, DescribeAlarmsForMetric
void add_alarm_history(const Offer& offer);    // DescribeAlarmHistory
void add_alarm_states(const Offer& offer);     // SetAlarmState, Enable-, DisableAlarmActions, DeleteAlarms
void add_tags(const Offer& offer);             // TagResource, UntagResource, ListTagsForResource

/// The whole service. `desk` may be null where only shapes are looked at.
smithy::Service make_service(Desk* desk, std::string arn_prefix, decltype(Offer::take) take);

/// Answers when the desk is done.
Desk::Done answering(const smithy::Respond& respond);

// The readers, each for the input of its operation
// -----------------------------------------------------------

/// One bad datum refuses all, as there. MetricData and the data under EntityMetricData count together;
/// entities are read over. A datum may have both Values/Counts and StatisticValues (the agent sends both).
Answer<std::vector<alarm::Datum>> read_metric_data(const Value& input, WallTime now);

/// A checked definition. ValidationError.
Answer<alarm::Definition> read_definition(const Value& input);
Answer<alarm::CompositeDefinition> read_composite(const Value& input);

struct DescribeRequest {
  std::vector<std::string> names; ///< empty: by filter
  alarm::AlarmFilter filter;
  std::optional<std::string> children_of, parents_of;
};
Answer<DescribeRequest> read_describe(const Value& input);
/// `after`: the key the next page begins behind; empty for the last page.
Value describe_output(const std::vector<alarm::AlarmInfo>& alarms,
                      const std::optional<alarm::AlarmKey>& after, const std::string& arn_prefix);

struct SetStateRequest {
  std::string name;
  AlarmState state = AlarmState::ok;
  std::string reason, reason_data;
};
Answer<SetStateRequest> read_set_state(const Value& input);

Answer<alarm::HistoryFilter> read_history_filter(const Value& input);

struct MetricDataRequest {
  std::vector<alarm::MetricQuery> queries;
  WallTime from{}, to{};
  bool newest_first = true;
  std::size_t datapoints_max = 0;
  std::size_t skip = 0; ///< datapoints on the pages before
};
Answer<MetricDataRequest> read_metric_data_request(const Value& input, WallTime now);
/// One page of them; StatusCode PartialData where a result goes on.
Value metric_data_output(const std::vector<alarm::MetricDataResult>& results,
                         const MetricDataRequest& request);

} // namespace kaden::cloudwatch
