/// test_world.h - a machine made of words: variables, files, and a network that answers as it is told. Room:
/// aws, for its tests. Threads: one. Errors: a request that nobody expects ends the test.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kaden/aws_world.h"

namespace kaden::aws {

inline const WallTime noon = parse_iso8601("2026-08-24T02:00:00Z").value();

struct TestWorld {
  runtime::ManualClock clock{noon};
  std::map<std::string, std::string> variables{{"HOME", "/home/kaden"}};
  std::map<std::string, std::string> files;
  std::map<std::string, Result<std::string>> programs; ///< output by the words, joined with '|'
  std::deque<Result<http::Response>> answers;          ///< in order
  Millis each_takes{};                                 ///< an exchange
  std::function<Result<http::Response>(const http::ClientRequest&)> network; ///< instead of the answers
  std::vector<http::ClientRequest> asked;
  std::vector<Millis> pauses;
  double luck = 0.5;

  World world() {
    World made;
    made.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() || found->second.empty() ? std::nullopt : std::optional(found->second);
    };
    made.read_file = [this](const std::string& path) -> Result<std::string> {
      const auto found = files.find(path);
      if (found == files.end()) return fail(Fault::not_found, "No such file or directory");
      return found->second;
    };
    made.send = [this](const http::ClientRequest& request) -> Result<http::Response> {
      asked.push_back(request);
      clock.advance(each_takes);
      if (network) return network(request);
      if (answers.empty()) return fail(Fault::unavailable, "nobody answers " + request.url);
      auto answer = std::move(answers.front());
      answers.pop_front();
      return answer;
    };
    made.run = [this](const std::vector<std::string>& arguments, Millis) -> Result<std::string> {
      std::string words;
      for (const auto& each : arguments) words += (words.empty() ? "" : "|") + each;
      const auto found = programs.find(words);
      return found == programs.end() ? fail(Fault::unavailable, "starting " + words + ": No such file")
                                     : found->second;
    };
    made.pause = [this](Millis time) {
      pauses.push_back(time);
      clock.advance(time);
    };
    made.chance = [this] { return luck; };
    made.clock = &clock;
    return made;
  }
  std::string header(std::size_t request, const char* name) const {
    const std::string* found = http::find_header(asked.at(request).headers, name);
    return found == nullptr ? "" : *found;
  }
};

} // namespace kaden::aws
