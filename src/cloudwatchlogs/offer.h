// What each operation of this room is given, and who adds them.
#pragma once

#include <memory>
#include <string>

#include "kaden/cloudwatchlogs.h"
#include "kaden/log_names.h"
#include "kaden/smithy_service.h"

namespace kaden::cloudwatchlogs {

using logstore::Store;
using smithy::Answer;
using smithy::problem;
using smithy::Problem;
using smithy::Respond;
using smithy::Value;

struct Offer {
  smithy::Service& service;
  smithy::Model& model;
  Store& store;
  std::string arn_prefix; ///< "arn:aws:logs:us-east-1:000000000000:log-group:"
};

void add_groups(const Offer& offer);
void add_retention(const Offer& offer);
void add_tags(const Offer& offer);
void add_streams(const Offer& offer);
void add_put_log_events(const Offer& offer);
void add_reads(const Offer& offer);
void add_metric_filters(const Offer& offer);
void add_test_metric_filter(const Offer& offer);

} // namespace kaden::cloudwatchlogs
