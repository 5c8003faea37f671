#include "log_text.h"

#include <algorithm>

#include "kaden/limits/agent.h"

namespace kaden::agent {

namespace {

constexpr std::size_t event_overhead = 26; // CloudWatch's own, for each event

} // namespace

void put_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out.append("\\u00").append(to_hex({&c, 1}));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

LogBatch::LogBatch(const std::string& group, const std::string& stream) : text_("{\"logGroupName\":") {
  put_json_text(text_, group);
  text_ += ",\"logStreamName\":";
  put_json_text(text_, stream);
  text_ += ",\"logEvents\":[";
}

bool LogBatch::add(std::string_view message, WallTime at) {
  at = count_ == 0 ? at : std::max(at, last_);
  std::string event = count_ == 0 ? "" : ",";
  event += "{\"timestamp\":" + std::to_string(to_ms(at)) + ",\"message\":";
  put_json_text(event, message);
  event += '}';
  const bool fits = count_ < limits::log_events_per_put_max &&
                    bytes_ + message.size() + event_overhead <= limits::log_put_bytes_max &&
                    text_.size() + event.size() <= limits::log_batch_bytes_target &&
                    at - first_ < limits::log_put_span_max;
  if (count_ > 0 && !fits) return false;
  text_ += event;
  bytes_ += message.size() + event_overhead;
  if (count_++ == 0) first_ = at;
  last_ = at;
  return true;
}

} // namespace kaden::agent
