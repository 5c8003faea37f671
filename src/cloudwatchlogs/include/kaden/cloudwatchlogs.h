/// kaden/cloudwatchlogs.h - CloudWatch Logs' operations over the log store, for Endpoint::serve(). Room:
/// cloudwatchlogs. Uses: base, smithy, logfilter, logstore. Threads: as smithy_service.h asks; nothing
/// blocks. Errors: as AWS writes them. API: Amazon CloudWatch Logs 2014-03-28 over AWS JSON 1.1; PutLogEvents
/// may be gzipped.
///
/// What differs from Amazon's:
/// - One account, one region; log classes are taken and all the same; kmsKeyId is refused, as are
///   fieldSelectionCriteria, emitSystemFieldDimensions and applyOnTransformedLogs.
/// - A metric filter of the configuration is described beside the others and changes only there.
/// - An event that comes later than a page that ended behind its time is not on the pages that follow.
/// - PutLogEvents is throttled when the disk is behind (limits::log_queue_bytes_max), queries when more than
///   limits::log_reads_max wait.
/// - Permissions: PutLogEvents, CreateLogGroup and CreateLogStream are `ingest`; what removes events or
/// changes
///   what rings (retention, deletions, metric filters, tags) is `alarms`; the rest is `read`.
#pragma once

#include <string>

#include "kaden/logstore.h"
#include "kaden/smithy_service.h"

namespace kaden::cloudwatchlogs {

/// Shown in ARNs only.
struct Names {
  std::string region = "us-east-1";
  std::string account = "000000000000";
};

/// `store` is borrowed.
smithy::Service make_service(logstore::Store& store, const Names& names);
/// Without a store: each operation is answered ServiceUnavailableException with `why`, so that senders keep
/// their events and come again.
smithy::Service make_closed_service(const std::string& why);

} // namespace kaden::cloudwatchlogs
