#include "kaden/event_cutter.h"

#include <algorithm>

#include "kaden/limits/agent.h"
#include "kaden/utf8.h"

namespace kaden::tail {

namespace {

constexpr std::size_t compact_at = 65'536;

bool is_line_end(char c) {
  return c == '\r' || c == '\n';
}

} // namespace

void EventCutter::feed(std::string_view bytes) {
  if (begin_ > compact_at || begin_ == buffer_.size()) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  buffer_.append(bytes);
}

std::optional<EventCutter::Event> EventCutter::cut(std::size_t bytes) {
  const std::string_view raw = std::string_view(buffer_).substr(begin_, bytes);
  Event event;
  if (decoder_ != nullptr) {
    auto decoded = decoder_->decode(raw, shift_);
    event.text = std::move(decoded.text);
    event.is_garbled = decoded.broken > 0;
  } else {
    event.text = repaired_utf8(raw);
    event.is_garbled = event.text.size() != raw.size(); // what is replaced grows
  }
  event.is_garbled = event.is_garbled || event.text.find('\0') != std::string::npos;
  while (!event.text.empty() && is_line_end(event.text.back())) event.text.pop_back();
  begin_ += bytes;
  consumed_ += bytes;
  line_ = 0;
  event.end = consumed_;
  if (event.text.empty()) return std::nullopt;
  return event;
}

/// Behind the line at `line_`; npos: its end is not there.
std::size_t EventCutter::behind_line(std::string_view text) const {
  if (decoder_ != nullptr) return decoder_->behind_line(text, line_);
  const std::size_t end = text.find('\n', line_);
  return end == std::string_view::npos ? end : end + 1;
}

/// `line` may have its line feed.
bool EventCutter::begins_event(std::string_view line) const {
  if (start_ == nullptr) return true;
  std::string decoded;
  if (decoder_ != nullptr) {
    decoded = decoder_->decode(line).text;
    line = decoded;
  }
  if (line.ends_with('\n')) line.remove_suffix(1);
  return start_->matches(line);
}

/// Bytes of the event at the front with its line ends; nullopt while it may go on.
std::optional<std::size_t> EventCutter::event_end(bool last) {
  std::string_view text = std::string_view(buffer_).substr(begin_);
  if (decoder_ != nullptr) text.remove_suffix(text.size() % decoder_->unit_bytes());
  constexpr std::size_t most = limits::log_event_bytes_max;
  while (line_ < text.size()) {
    const std::size_t behind = behind_line(text);
    const bool whole = behind != std::string_view::npos;
    if (!whole && !last && text.size() - line_ <= most) break;
    const std::size_t after = whole ? behind : text.size();
    if (line_ > 0 && begins_event(text.substr(line_, after - line_))) return line_;
    if (after > most) {
      if (line_ > 0) return line_;
      return decoder_ == nullptr ? cut_utf8(text, most).size()
                                 : decoder_->whole(text.substr(0, most), shift_);
    }
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
