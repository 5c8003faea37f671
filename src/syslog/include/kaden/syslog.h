/// kaden/syslog.h - syslog messages as values, and a stream cut into them. Room: syslog. Uses: base. Pure.
/// Threads: values; any. Errors: parse() has none: whatever a sender calls syslog is a message, and what
/// cannot be read of its header stays in the text. Framer: invalid, and then the stream has no frames any
/// more.
///
/// RFC 5424 (the protocol), RFC 3164 (what was there before), RFC 5425 section 4.3 and RFC 6587 (frames on
/// TLS and TCP). Beside these what is really sent: RFC 3164's form with an RFC 3339 time (ESXi, vCenter,
/// rsyslog's RSYSLOG_ForwardFormat), without a host (the local socket), with a year, with a sequence number
/// (Cisco).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::syslog {

enum class Format : std::uint8_t { rfc5424, rfc3164, unknown };

/// The views point into what was parsed; all of them are printable ASCII without blanks, or empty.
struct Message {
  Format format = Format::unknown;
  int facility = 1;      ///< 0 to 23; 1 (user) when the sender gives none (RFC 3164 section 4.3.3)
  int severity = 5;      ///< 0 (emergency) to 7 (debug); 5 (notice) when the sender gives none
  std::string_view time; ///< as written: RFC 3339, or "Oct 11 22:14:15" with single blanks inside
  std::string_view host;
  std::string_view app;
  std::string_view process;
  std::string_view message_id;
  std::string_view structured; ///< STRUCTURED-DATA as written, well-formed; empty: none
  std::string text;            ///< MSG: valid UTF-8, without byte order mark and trailing line ends or NULs
};

/// One datagram or frame. Time: the length of the bytes.
Message parse(std::string_view bytes);

/// "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug".
std::string_view severity_word(int severity);
/// "kern", "user", ... "local7".
std::string_view facility_word(int facility);

/// Each parameter of STRUCTURED-DATA, unescaped, valid UTF-8.
void for_each_parameter(
    std::string_view structured,
    const std::function<void(std::string_view element, std::string_view name, std::string value)>& take);

/// Cuts a stream into messages: octet counting and line ends (or NUL), told apart message by message by the
/// first byte. Messages over limits::syslog_message_bytes_max are cut, and cut() counts them.
class Framer {
 public:
  void feed(std::string_view bytes);
  /// The next message; it points into the framer and lives until the next call of a member. nullopt: feed
  /// more. invalid: this is no syslog stream.
  Result<std::optional<std::string_view>> next();
  /// What is left of a stream that has ended: a message without its line end.
  std::optional<std::string_view> rest();
  std::uint64_t cut() const { return cut_; }
  std::size_t pending() const { return buffer_.size() - begin_; }

 private:
  std::optional<std::string_view> next_line();
  std::optional<std::string_view> give(std::size_t bytes, std::size_t taken);

  std::string buffer_;
  std::size_t begin_ = 0;   ///< of what was not given yet
  std::size_t scanned_ = 0; ///< from `begin_`: no line end up to here
  std::uint64_t skip_ = 0;  ///< bytes of a cut counted message that are still to come
  bool skip_line_ = false;  ///< the rest of a cut line is still to come
  std::uint64_t cut_ = 0;
};

} // namespace kaden::syslog
