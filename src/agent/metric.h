/// metric.h - readings as the CloudWatch agent's metrics, and the bodies that carry them. Room: agent,
/// inside. Pure. Names and dimensions: CloudWatch agent, "Metrics collected by the CloudWatch agent on
/// Linux"; body: CloudWatch API, PutMetricData, AWS Query form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proc_text.h"

namespace kaden::agent {

using Dimensions = std::vector<std::pair<std::string, std::string>>; ///< after host, alphabetical

struct Datum {
  std::string name;
  Dimensions dimensions;
  double value = 0;
  std::string_view unit; ///< "Percent", "Bytes", "Count"
};

/// Shares of the time between two readings; none when no time passed or the counters ran backwards (a
/// restart).
std::vector<Datum> cpu_data(const CpuTimes& before, const CpuTimes& now,
                            const std::string& cpu = "cpu-total");
std::vector<Datum> memory_data(const Memory& memory);

/// What statvfs(2) tells, in bytes.
struct Space {
  std::uint64_t total = 0, free = 0;
  std::uint64_t available = 0; ///< to users who are not root; what the CloudWatch agent calls free
  std::uint64_t inodes_total = 0, inodes_free = 0;
};
/// None for a file system without blocks.
std::vector<Datum> disk_data(const Mount& mount, const Space& space);

/// Dimension values are ASCII with something to see, at most 1,024 bytes; CloudWatch refuses a whole request
/// for one that is not. Other bytes become '?'; empty becomes "?".
std::string dimension_value(std::string_view text);

struct BodyFrame {
  std::string_view host; ///< empty: no such dimension
  WallTime at{};
  bool high_resolution = false; ///< the interval is under 60 s
  std::string_view name_space = "CWAgent";
};
/// As many bodies as the API's limits of 1,000 data and 1 MB ask for.
std::vector<std::string> put_metric_bodies(const std::vector<Datum>& data, const BodyFrame& frame);

} // namespace kaden::agent
