#include <fmt/format.h>

#include "kaden/cloudwatchlogs.h"
#include "kaden/limits/input.h"
#include "offer.h"

namespace kaden::cloudwatchlogs {

namespace {

smithy::Service named_service() {
  smithy::Service service;
  service.name = "Logs_20140328";
  service.signing_name = "logs";
  service.protocols = {smithy::Protocol::json_1_1};
  return service;
}

} // namespace

smithy::Service make_service(logstore::Store& store, const Names& names) {
  auto model = std::make_shared<smithy::Model>();
  smithy::Service service = named_service();
  service.owner = model;
  const Offer offer{service, *model, store,
                    fmt::format("arn:aws:logs:{}:{}:log-group:", names.region, names.account)};
  add_groups(offer);
  add_retention(offer);
  add_tags(offer);
  add_streams(offer);
  add_put_log_events(offer);
  add_reads(offer);
  add_metric_filters(offer);
  add_test_metric_filter(offer);
  return service;
}

smithy::Service make_closed_service(const std::string& why) {
  using smithy::Permission;
  static constexpr std::pair<const char*, Permission> operations[] = {
      {"CreateLogGroup", Permission::ingest},        {"CreateLogStream", Permission::ingest},
      {"PutLogEvents", Permission::ingest},          {"DeleteLogGroup", Permission::alarms},
      {"DeleteLogStream", Permission::alarms},       {"DeleteMetricFilter", Permission::alarms},
      {"DeleteRetentionPolicy", Permission::alarms}, {"PutMetricFilter", Permission::alarms},
      {"PutRetentionPolicy", Permission::alarms},    {"TagResource", Permission::alarms},
      {"UntagResource", Permission::alarms},         {"DescribeLogGroups", Permission::read},
      {"DescribeLogStreams", Permission::read},      {"DescribeMetricFilters", Permission::read},
      {"FilterLogEvents", Permission::read},         {"GetLogEvents", Permission::read},
      {"ListTagsForResource", Permission::read},     {"TestMetricFilter", Permission::read}};
  smithy::Service service = named_service();
  for (const auto& [name, permission] : operations) {
    smithy::Operation operation{name};
    operation.gzip = permission == Permission::ingest;
    operation.body_bytes_max = limits::aws_log_body_bytes_max;
    service.add(std::move(operation), permission,
                [why](const smithy::Caller&, const Value&, const Respond& respond) {
                  respond(problem("ServiceUnavailable", why, 500));
                });
  }
  return service;
}

} // namespace kaden::cloudwatchlogs
