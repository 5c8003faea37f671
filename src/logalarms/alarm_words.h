/// alarm_words.h - names, labels and sentences of a log's alarms. Room: logalarms, inside. Uses: base. Pure.
/// Threads: values; any. Errors: none.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/log_alarms.h"

namespace kaden::logalarms {

/// On one line, without control characters, at most `bytes_max`.
std::string one_line(std::string_view text, std::size_t bytes_max);
/// "app: disk-failure (web-01, sda)"; longer ones end with a digest of the whole.
std::string alarm_name(const Settings& settings, const Rule& rule, const std::vector<std::string>& keys);
/// log, rule, the record's fields and keys; the line itself is label "line".
std::map<std::string, std::string> labels_of(const Settings& settings, const Rule& rule, const Record& record,
                                             const std::vector<std::string>& keys);
/// Templates: what the log said is in labels only.
SpokenText say_of(const Rule& rule, AlarmState state, bool has_machine);

} // namespace kaden::logalarms
