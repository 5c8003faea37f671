/// kaden/aws_world.h - what the aws room asks of the machine it runs on, so that tests can be that machine.
/// Room: aws. Uses: base, runtime, http. Threads: each function must be callable from any. Errors: theirs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/http.h"
#include "kaden/runtime.h"

namespace kaden::aws {

struct World {
  /// An environment variable; nothing when it is not set or empty.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  /// not_found: there is no such file.
  std::function<Result<std::string>(const std::string& path)> read_file;
  std::function<Result<http::Response>(const http::ClientRequest& request)> send;
  /// Runs a program without a shell; its standard output.
  std::function<Result<std::string>(const std::vector<std::string>& arguments, Millis most)> run;
  /// Waits; less when the process ends.
  std::function<void(Millis)> pause;
  /// From 0 to below 1.
  std::function<double()> chance;
  const runtime::Clock* clock = nullptr;
};

/// This machine; borrows both. Variables are read when they are asked for.
World system_world(http::Client& client, const runtime::Clock& clock);

} // namespace kaden::aws
