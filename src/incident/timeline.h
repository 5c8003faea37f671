/// incident/timeline.h - the lines of one incident, held in a few bytes each. Room: incident.
/// Threads: values; any. Errors: restore() answers false for bytes that are not a timeline.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bytes.h"
#include "kaden/incident.h"
#include "pack.h"

namespace kaden::incident {

class Timeline {
 public:
  /// Keeps at most limits::timeline_entries_max lines: when full, old repeats go first, then the oldest lines
  /// after the opening ones. The journal keeps everything.
  void add(const TimelineEntry& entry);
  std::vector<TimelineEntry> entries(std::uint64_t incident) const;
  std::size_t size() const { return count_; }

  void save(Packer& out) const;
  bool restore(Unpacker& in);

 private:
  void append(const TimelineEntry& entry);
  void trim();

  Bytes bytes_;
  std::uint32_t count_ = 0;
  Position last_position_ = 0;
};

} // namespace kaden::incident
