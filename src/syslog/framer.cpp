// Frames: RFC 6587 section 3.4.1 (octet counting, also RFC 5425 section 4.3) and 3.4.2 (a trailer).
#include <algorithm>

#include "kaden/limits/log_sources.h"
#include "kaden/syslog.h"

namespace kaden::syslog {

namespace {

constexpr std::size_t compact_at = 65'536;
constexpr std::size_t digits_max = 8; // 99 MB are skipped; a sender that says more is none

} // namespace

void Framer::feed(std::string_view bytes) {
  if (begin_ > compact_at || begin_ == buffer_.size()) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  buffer_.append(bytes);
}

/// The message of `bytes` at the front, of which `taken` are over with it.
std::optional<std::string_view> Framer::give(std::size_t bytes, std::size_t taken) {
  const std::string_view message = std::string_view(buffer_).substr(begin_, bytes);
  begin_ += taken;
  scanned_ = 0;
  return message;
}

std::optional<std::string_view> Framer::next_line() {
  using namespace std::string_view_literals;
  for (;;) {
    const std::string_view text = std::string_view(buffer_).substr(begin_);
    const std::size_t end = text.find_first_of("\n\0"sv, scanned_);
    if (skip_line_) {
      begin_ += end == std::string_view::npos ? text.size() : end + 1;
      scanned_ = 0;
      if (end == std::string_view::npos) return std::nullopt;
      skip_line_ = false;
      return std::nullopt; // the next message may be counted
    }
    if (end != std::string_view::npos && end <= limits::syslog_message_bytes_max) return give(end, end + 1);
    if (end == std::string_view::npos && text.size() <= limits::syslog_message_bytes_max) {
      scanned_ = text.size();
      return std::nullopt;
    }
    ++cut_;
    skip_line_ = true;
    return give(limits::syslog_message_bytes_max, limits::syslog_message_bytes_max);
  }
}

Result<std::optional<std::string_view>> Framer::next() {
  for (;;) {
    const std::size_t skipped = std::min<std::uint64_t>(skip_, pending());
    begin_ += skipped;
    skip_ -= skipped;
    if (pending() == 0) return std::nullopt;
    const std::string_view text = std::string_view(buffer_).substr(begin_);
    const bool is_counted = !skip_line_ && text[0] >= '1' && text[0] <= '9';
    if (!is_counted) {
      const bool was_skipping = skip_line_;
      const auto line = next_line();
      if (!line && was_skipping && !skip_line_) continue;
      if (line && line->empty()) continue; // line ends between messages
      return line;
    }
    std::uint64_t bytes = 0;
    std::size_t at = 0;
    for (; at < text.size() && at <= digits_max && text[at] >= '0' && text[at] <= '9'; ++at)
      bytes = bytes * 10 + static_cast<std::uint64_t>(text[at] - '0');
    if (at > digits_max) return fail(Fault::invalid, "a message says that it has more than 99 MB");
    if (at == text.size()) return std::nullopt;
    if (text[at] != ' ') return fail(Fault::invalid, "a frame begins neither with its length nor with '<'");
    const std::size_t begin = at + 1;
    if (bytes > limits::syslog_message_bytes_max) {
      if (text.size() - begin < limits::syslog_message_bytes_max) return std::nullopt;
      ++cut_;
      skip_ = bytes - limits::syslog_message_bytes_max;
      begin_ += begin;
      return give(limits::syslog_message_bytes_max, limits::syslog_message_bytes_max);
    }
    if (text.size() - begin < bytes) return std::nullopt;
    begin_ += begin;
    return give(static_cast<std::size_t>(bytes), static_cast<std::size_t>(bytes));
  }
}

std::optional<std::string_view> Framer::rest() {
  if (skip_line_ || skip_ > 0 || pending() == 0) return std::nullopt;
  const std::string_view text = std::string_view(buffer_).substr(begin_);
  if (text[0] >= '1' && text[0] <= '9') return std::nullopt; // half of a counted message
  return give(text.size(), text.size());
}

} // namespace kaden::syslog
