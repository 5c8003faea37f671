/// webhook/test_bodies.h - what the tests of every format share. Room: source/webhook. Threads: values; any.
/// Errors: as test failures.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include <source_folder.h>
#include "kaden/limits/alarm_events.h"
#include "kaden/webhook.h"

namespace kaden::webhook {

inline std::string sample(const std::string& name) {
  std::ifstream file(source_folder() + "/src/source/webhook/testdata/" + name);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline Rules rules(Format format) {
  Rules out;
  out.format = format;
  out.source = "tool";
  return out;
}

/// What came out, as events; each is one that the journal's own reader takes.
inline std::vector<AlarmEvent> events(const Rules& how, const std::string& body,
                                      const std::string& call = "") {
  const auto read = webhook::read(how, {call, body});
  EXPECT_TRUE(read) << read.error().message;
  std::vector<AlarmEvent> out;
  if (!read) return out;
  for (const Reading& reading : read->readings) {
    const auto again = alarm_event_from_json(to_json(reading.event), "");
    EXPECT_TRUE(again && *again == reading.event) << (again ? "differs" : again.error().message);
    out.push_back(reading.event);
  }
  return out;
}
inline AlarmEvent event(const Rules& how, const std::string& body, const std::string& call = "") {
  auto all = events(how, body, call);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? AlarmEvent() : all.front();
}
inline std::string problem(const Rules& how, const std::string& body, const std::string& call = "") {
  const auto read = webhook::read(how, {call, body});
  EXPECT_FALSE(read) << body;
  return read ? "" : read.error().message;
}

} // namespace kaden::webhook
