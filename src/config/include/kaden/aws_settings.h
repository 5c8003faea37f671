/// kaden/aws_settings.h - how AWS is reached, and the queues that are read there. Room: config. Uses: base.
/// Threads: values; any. Errors: none; what was read from the file is right.
#pragma once

#include <map>
#include <string>

#include "kaden/base.h"
#include "kaden/limits/queues.h"

namespace kaden::config {

/// Section `aws`. Keys are no part of it: they are where every program of AWS looks for them.
struct Aws {
  std::string region;                           ///< empty: the environment's, or the profile's
  std::string profile;                          ///< empty: the environment's, or default
  std::string ca_file;                          ///< trust only this PEM file
  std::map<std::string, std::string> endpoints; ///< URLs by service: "sqs"
  bool fips = false, dual_stack = false;
  bool instance_metadata = true;
  bool operator==(const Aws&) const = default;
};

/// A queue that a webhook of format sqs is fed from.
struct Queue {
  std::string webhook; ///< its name
  std::string name;    ///< spoken
  std::string url;
  Millis unreadable_after = limits::queue_unreadable;
  Severity unreadable = Severity::critical;
  bool operator==(const Queue&) const = default;
};

} // namespace kaden::config
