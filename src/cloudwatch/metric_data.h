// PutMetricData: from parameters to checked data.
#pragma once

#include <string>
#include <vector>

#include "answer.h"
#include "kaden/alarm.h"
#include "query.h"

namespace kaden::cloudwatch {

/// One bad datum refuses all, as there. MetricData and the data under EntityMetricData count together;
/// entities are read over. With both Values/Counts and StatisticValues (the agent sends both) the latter
/// count.
Answer<std::vector<alarm::Datum>> read_metric_data(const Parameters& parameters, WallTime now);

/// Namespace, MetricName and Dimensions under `path` ("" for PutMetricAlarm). `code` is what a fault is
/// called.
Answer<alarm::Dimensions> read_dimensions(const Parameters& parameters, const std::string& path,
                                          std::string_view code);
bool is_namespace(std::string_view text);
bool is_metric_name(std::string_view text);
/// One of CloudWatch's 27 units.
bool is_unit(std::string_view text);

} // namespace kaden::cloudwatch
