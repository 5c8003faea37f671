/// kaden/smtp.h - the receiving side of one SMTP connection, as a state machine over values: bytes in,
/// replies and mails out. Room: smtp. Uses: base. Pure: sockets, TLS, time and the fate of a mail are the
/// caller's. Threads: values; one at a time. Errors: none as values: what a client does wrong is answered, in
/// the end by 421 and the end of the connection.
///
/// RFC 5321 (SMTP), 1870 (SIZE), 2034 and 3463 (enhanced codes), 2920 (PIPELINING), 3207 (STARTTLS), 6152
/// (8BITMIME), 6531 (SMTPUTF8).
///
/// - Lines end with CR LF and nothing else does; a mail ends with CR LF . CR LF and nothing else: what
/// another
///   server lets through as an end is text here. A command with a bare LF ends the connection.
/// - What came unencrypted behind STARTTLS ends the connection (CVE-2011-0411).
/// - Nothing is relayed: a recipient that the caller does not know is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/mail.h"

namespace kaden::smtp {

struct Settings {
  std::string hostname;                                       ///< ours, in the greeting
  std::size_t message_bytes_max = limits::mail_message_bytes; ///< with its headers; more: 552
  bool offers_tls = false;                                    ///< STARTTLS
  bool needs_tls = false;                                     ///< no mail before it: 530
  /// Addresses as written, "" for the empty path `<>`.
  std::function<bool(std::string_view address)> may_send;
  std::function<bool(std::string_view address)> may_receive;
};

/// What the client said of a mail.
struct Envelope {
  std::string helo;
  std::string from; ///< "" for <>
  std::vector<std::string> to;
  bool is_utf8 = false; ///< SMTPUTF8
  bool is_tls = false;
  bool operator==(const Envelope&) const = default;
};
struct Message {
  Envelope envelope;
  std::string data; ///< as sent, dots unstuffed
};

/// What became of a mail.
struct Verdict {
  enum class Kind : std::uint8_t {
    taken,     ///< 250: it is durable
    try_again, ///< 451: nothing is; the client comes again
    refused,   ///< 554: never
  };
  Kind kind = Kind::try_again;
  std::string text; ///< one line
};

/// What to do now, in this order.
struct Output {
  std::string text;               ///< to the client
  std::optional<Message> message; ///< make it durable, then settle(); read nothing meanwhile
  bool starts_tls = false;        ///< handshake, then secured()
  bool closes = false;
};

class Session {
 public:
  explicit Session(Settings settings);

  /// The greeting.
  Output open();
  /// The greeting for those who may not come in: 554, and the end.
  Output turn_away(std::string_view why);
  /// Any number of bytes, cut anywhere. Nothing may come between a message and its settle(), nor between
  /// starts_tls and secured().
  Output receive(std::string_view bytes);
  Output secured();
  /// Goes on with what the client had sent ahead.
  Output settle(const Verdict& verdict);
  /// 421 with the reason, and the end.
  Output end(std::string_view why);

  bool is_in_data() const { return phase_ == Phase::data; }
  /// Of the mail that is being received.
  std::size_t bytes_held() const { return data_.size() + buffer_.size(); }

 private:
  enum class Phase : std::uint8_t { command, data, settling, securing, closed };
  struct Line;
  void go_on(Output& out);
  bool take_command_line(Output& out);
  bool take_text_line(Output& out);
  void run(std::string_view line, Output& out);
  void greet(const Line& line, bool is_extended, Output& out);
  void mail(const Line& line, Output& out);
  void recipient(const Line& line, Output& out);
  void data(const Line& line, Output& out);
  void start_tls(const Line& line, Output& out);
  std::optional<std::string> mail_parameters(std::string_view text);
  void end_of_data(Output& out);
  void reset();
  void say(Output& out, int code, std::string_view status, std::string_view text);
  void close(Output& out, std::string_view why);

  // Config
  const Settings settings_;
  // State
  Phase phase_ = Phase::command;
  bool is_tls_ = false;
  bool has_mail_ = false; ///< MAIL was taken
  Envelope envelope_;
  std::string buffer_;       ///< not yet a line
  std::size_t searched_ = 0; ///< of buffer_: no end of a line is before it
  std::string data_;
  std::size_t data_bytes_ = 0; ///< also of what is not held any more
  bool is_line_too_long_ = false;
  std::size_t errors_ = 0, commands_ = 0, mails_ = 0;
};

/// A reverse or forward path as in MAIL FROM:<...> and the text behind it. Source routes are dropped (RFC
/// 5321 appendix C); brackets may be missing, as some senders have it.
struct Path {
  std::string address; ///< "" for <>
  std::string_view rest;
};
std::optional<Path> parse_path(std::string_view text);

} // namespace kaden::smtp
