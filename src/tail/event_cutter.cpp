#include "kaden/event_cutter.h"

#include <algorithm>

#include "kaden/limits/agent.h"
#include "kaden/utf8.h"

namespace kaden::tail {

namespace {

constexpr std::size_t compact_at = 65'536;

} // namespace

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

} // namespace kaden::tail
