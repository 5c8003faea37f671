/// app/metrics.h - the part of /metrics that only app can see: carrier, media, speech, alarms, HTTP,
/// stored datapoints. Room: app. Uses: api, carrier, cloudwatch, datapoints, http, speech. Threads: values;
/// any. Errors: none.
#pragma once

#include <optional>
#include <vector>

#include "dispatcher.h"
#include "kaden/cloudwatch.h"
#include "kaden/datapoints.h"
#include "kaden/http.h"
#include "kaden/metrics.h"
#include "kaden/sip_carrier.h"
#include "kaden/speech.h"

namespace kaden::app {

struct Figures {
  DispatchCounts calls;
  std::optional<carrier::SipCounts> sip; ///< nothing without the carrier
  speech::SpeechCounts speech;
  cloudwatch::Endpoint::Counts alarms;
  http::Server::Counts requests;
  std::optional<datapoints::Store::Counts> stored; ///< nothing when no datapoints are stored
};
std::vector<api::Metric> metrics_of(const Figures& figures);

} // namespace kaden::app
