/// log_text.h - log events as PutLogEvents. Room: agent, inside. Pure.
/// CloudWatch Logs API, PutLogEvents.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::agent {

void put_json_text(std::string& out, std::string_view text);

/// One PutLogEvents, growing.
class LogBatch {
 public:
  LogBatch(const std::string& group, const std::string& stream);
  /// False when it does not fit: then the batch has to go first. Times never fall within a batch.
  bool add(std::string_view message, WallTime at);
  std::size_t count() const { return count_; }
  std::string body() const { return text_ + "]}"; }

 private:
  std::string text_;
  std::size_t count_ = 0, bytes_ = 0;
  WallTime first_{}, last_{};
};

} // namespace kaden::agent
