#include "log_text.h"

#include <algorithm>

#include "kaden/limits/agent.h"

namespace kaden::agent {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::size_t event_overhead = 26; // CloudWatch's own, for each event
constexpr std::size_t compact_at = 65'536;

/// Bytes of the valid character at the front; 0: there is none. RFC 3629.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first <= 0xDF   ? 2
                           : (first & 0xF0U) == 0xE0        ? 3
                           : first >= 0xF0 && first <= 0xF4 ? 4
                                                            : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool beyond = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || beyond ? 0 : size;
}

} // namespace

std::string repaired_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string out;
  out.reserve(text.size() + 16);
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    out.append(size == 0 ? replacement : text.substr(0, size));
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

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

void EventCutter::feed(std::string_view bytes) {
  if (begin_ > compact_at || begin_ == buffer_.size()) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  buffer_.append(bytes);
}

std::optional<EventCutter::Event> EventCutter::cut(std::size_t bytes) {
  std::string_view raw = std::string_view(buffer_).substr(begin_, bytes);
  while (!raw.empty() && (raw.back() == '\r' || raw.back() == '\n')) raw.remove_suffix(1);
  Event event{repaired_utf8(raw), 0};
  begin_ += bytes;
  consumed_ += bytes;
  line_ = 0;
  event.end = consumed_;
  if (event.text.empty()) return std::nullopt;
  return event;
}

/// Bytes of the event at the front with its line ends; nullopt while it may go on.
std::optional<std::size_t> EventCutter::event_end(bool last) {
  const std::string_view text = std::string_view(buffer_).substr(begin_);
  constexpr std::size_t most = limits::log_event_bytes_max;
  while (line_ < text.size()) {
    const std::size_t end = text.find('\n', line_);
    const bool whole = end != std::string_view::npos;
    if (!whole && !last && text.size() - line_ <= most) break;
    const std::string_view line = text.substr(line_, whole ? end - line_ : std::string_view::npos);
    if (line_ > 0 && (start_ == nullptr || start_->matches(line))) return line_;
    const std::size_t after = whole ? end + 1 : text.size();
    if (after > most) return line_ > 0 ? line_ : cut_utf8(text, most).size();
    if (start_ == nullptr && whole) return after;
    line_ = after;
  }
  if (last && !text.empty()) return text.size();
  return std::nullopt;
}

std::optional<EventCutter::Event> EventCutter::next(bool last) {
  for (;;) {
    const auto bytes = event_end(last);
    if (!bytes) return std::nullopt;
    // A text of nothing but continuation bytes has no character boundary.
    const std::size_t taken = *bytes == 0 ? std::min(pending(), limits::log_event_bytes_max) : *bytes;
    if (auto event = cut(taken)) return event;
  }
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
