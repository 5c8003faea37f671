#include "operations.h"

#include <utility>

namespace kaden::cloudwatch {

namespace {

using smithy::integer_shape;
using smithy::text_shape;

} // namespace

Shapes::Shapes() {
  dimensions = model->list(model->structure({{"Name", &text_shape}, {"Value", &text_shape}}));
  metric =
      model->structure({{"Namespace", &text_shape}, {"MetricName", &text_shape}, {"Dimensions", dimensions}});
  const auto* stat = model->structure(
      {{"Metric", metric}, {"Period", &integer_shape}, {"Stat", &text_shape}, {"Unit", &text_shape}});
  queries = model->list(model->structure({{"Id", &text_shape},
                                          {"MetricStat", stat},
                                          {"Expression", &text_shape},
                                          {"Label", &text_shape},
                                          {"ReturnData", &smithy::boolean_shape},
                                          {"Period", &integer_shape},
                                          {"AccountId", &text_shape}}));
  tags = model->list(model->structure({{"Key", &text_shape}, {"Value", &text_shape}}));
  names = model->structure({{"AlarmNames", texts}});
}

smithy::Service make_service(Desk* desk, std::string arn_prefix, decltype(Offer::take) take) {
  const Shapes shapes;
  smithy::Service service;
  service.name = "GraniteServiceVersion20100801";
  service.signing_name = "monitoring";
  service.shape_namespace = "com.amazonaws.cloudwatch";
  service.api_version = "2010-08-01";
  service.xml_namespace = "http://monitoring.amazonaws.com/doc/2010-08-01/";
  service.protocols = {smithy::Protocol::query, smithy::Protocol::json_1_0, smithy::Protocol::cbor};
  service.query_compatible = true;
  service.error_shapes = {{"InternalServiceError", "InternalServiceFault"},
                          {"InvalidFormat", "InvalidFormatFault"},
                          {"InvalidParameterCombination", "InvalidParameterCombinationException"},
                          {"InvalidParameterValue", "InvalidParameterValueException"},
                          {"LimitExceeded", "LimitExceededFault"},
                          {"MissingParameter", "MissingRequiredParameterException"}};
  service.owner = shapes.model;
  const Offer offer{service, shapes, desk, std::move(arn_prefix), std::move(take)};
  add_metric_data(offer);
  add_metric_reads(offer);
  add_metric_alarms(offer);
  add_composite_alarms(offer);
  add_describe_alarms(offer);
  add_alarm_history(offer);
  add_alarm_states(offer);
  add_tags(offer);
  return service;
}

Desk::Done answering(const smithy::Respond& respond) {
  return [respond](const Result<void>& result) {
    if (result) {
      respond(Value());
    } else {
      respond(tl::unexpected<Problem>(problem_of(result.error())));
    }
  };
}

} // namespace kaden::cloudwatch
