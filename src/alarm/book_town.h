/// book_town.h - what the alarm book's tests share: a metric per machine, a condition of one period of ten
/// seconds, changes as text. Room: alarm, tests only (GoogleTest). Threads: one. Errors: none.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kaden/alarm_book.h"

namespace kaden::alarm {

inline const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();
inline const WallTime long_ago = noon - seconds(86'400);

inline MetricId cpu(const std::string& host, const std::string& core = "cpu-total") {
  return {"CWAgent", "cpu_usage_active", {{"cpu", core}, {"host", host}}};
}

inline Datum datum(MetricId metric, WallTime at, double value) {
  return {std::move(metric), "Percent", at, {1, value, value, value}, true};
}

inline Condition ten_seconds() {
  Condition condition;
  condition.period = seconds(10);
  condition.threshold = 80;
  return condition;
}

inline Definition definition(const std::string& name, Condition condition = ten_seconds()) {
  Definition made;
  made.name = name;
  made.metric = cpu("web-01");
  made.condition = condition;
  return made;
}

inline Rule rule(const std::string& name) {
  Rule made;
  made.name = name;
  made.metric = "cpu_usage_active";
  made.condition = ten_seconds();
  return made;
}

inline void put(AlarmBook& book, const Datum& one, WallTime now) {
  ASSERT_TRUE(book.put(std::span<const Datum>(&one, 1), now));
}

/// "cpu-high web-01: INSUFFICIENT_DATA->ALARM; " for each change.
inline std::string shown(const std::vector<Transition>& changes) {
  std::string text;
  for (const auto& one : changes) {
    text += one.key.name + ": " + std::string(to_text(one.from)) + "->" + std::string(to_text(one.to)) + "; ";
  }
  return text;
}

inline std::string names(const std::vector<AlarmInfo>& infos) {
  std::string text;
  for (const auto& one : infos) text += one.key.name + ",";
  return text;
}

inline MetricQuery query_of(const std::string& id, const std::string& name, bool returned = false) {
  MetricQuery made;
  made.id = id;
  made.stat =
      MetricStat{{"App", name, {{"host", "web-01"}}}, seconds(60), {Statistic::sum, std::nullopt}, ""};
  made.return_data = returned;
  return made;
}

} // namespace kaden::alarm
