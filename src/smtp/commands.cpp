// What each command does and how it is answered.
#include <algorithm>

#include "kaden/smtp.h"

namespace kaden::smtp {

namespace {

bool is_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

} // namespace

/// A verb and what stands behind it.
struct Session::Line {
  std::string_view verb;
  std::string_view rest;
};

void Session::run(std::string_view text, Output& out) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const std::size_t blank = text.find(' ');
  const Line line{text.substr(0, blank), blank == std::string_view::npos ? "" : trim(text.substr(blank + 1))};
  const auto is = [&](std::string_view verb) { return equal_no_case(line.verb, verb); };
  if (!is_text(text)) return say(out, 500, "5.5.2", "a command holds no control characters");
  if (is("EHLO")) return greet(line, true, out);
  if (is("HELO")) return greet(line, false, out);
  if (is("MAIL")) return mail(line, out);
  if (is("RCPT")) return recipient(line, out);
  if (is("DATA")) return data(line, out);
  if (is("STARTTLS")) return start_tls(line, out);
  if (is("RSET")) {
    reset();
    return say(out, 250, "2.0.0", "forgotten");
  }
  if (is("NOOP")) return say(out, 250, "2.0.0", "OK");
  if (is("QUIT")) {
    say(out, 221, "2.0.0", settings_.hostname + " says goodbye");
    out.closes = true;
    phase_ = Phase::closed;
    return;
  }
  if (is("HELP")) return say(out, 214, "2.0.0", "EHLO HELO MAIL RCPT DATA STARTTLS RSET NOOP VRFY QUIT");
  if (is("VRFY")) return say(out, 252, "2.5.2", "send a mail, and see");
  if (is("EXPN") || is("TURN") || is("ETRN") || is("AUTH") || is("BDAT"))
    return say(out, 502, "5.5.1", std::string(line.verb) + " is not offered here");
  // A browser or a proxy that was led here must not go on.
  if (is("GET") || is("POST") || is("PUT") || is("HEAD") || is("CONNECT") || is("OPTIONS"))
    return close(out, "this is SMTP, not HTTP");
  say(out, 500, "5.5.2", "the command is not known");
}

void Session::greet(const Line& line, bool is_extended, Output& out) {
  if (line.rest.empty() || line.rest.size() > 255)
    return say(out, 501, "5.5.4", std::string(line.verb) + " needs the name of your machine");
  reset();
  envelope_.helo = std::string(line.rest);
  if (!is_extended) {
    out.text += "250 " + settings_.hostname + "\r\n";
    return;
  }
  out.text += "250-" + settings_.hostname + "\r\n250-PIPELINING\r\n250-SIZE " +
              std::to_string(settings_.message_bytes_max) + "\r\n";
  if (settings_.offers_tls && !is_tls_) out.text += "250-STARTTLS\r\n";
  out.text += "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 HELP\r\n";
}

/// What is wrong with them, as a whole reply; nothing when they are good.
std::optional<std::string> Session::mail_parameters(std::string_view text) {
  for (const std::string_view part : split(text, ' ')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
    if (equal_no_case(name, "SIZE")) {
      const auto size = value.size() > 18 ? std::nullopt : parse_int(value);
      if (!size || *size < 0) return "501 5.5.4 SIZE is a number of bytes";
      if (static_cast<std::uint64_t>(*size) > settings_.message_bytes_max)
        return "552 5.3.4 the mail is over " + std::to_string(settings_.message_bytes_max) + " bytes long";
    } else if (equal_no_case(name, "BODY")) {
      if (!equal_no_case(value, "7BIT") && !equal_no_case(value, "8BITMIME"))
        return "501 5.5.4 BODY is 7BIT or 8BITMIME";
    } else if (equal_no_case(name, "SMTPUTF8") && equals == std::string_view::npos) {
      envelope_.is_utf8 = true;
    } else {
      return "555 5.5.4 a parameter of MAIL is not known";
    }
  }
  return std::nullopt;
}

void Session::mail(const Line& line, Output& out) {
  if (envelope_.helo.empty()) return say(out, 503, "5.5.1", "say EHLO first");
  if (settings_.needs_tls && !is_tls_) return say(out, 530, "5.7.0", "say STARTTLS first");
  if (has_mail_) return say(out, 503, "5.5.1", "a mail is begun already; DATA or RSET ends it");
  if (mails_ >= limits::smtp_mails_max) return close(out, "enough mails in one connection; open another");
  if (!starts_with_no_case(line.rest, "FROM:")) return say(out, 501, "5.5.4", "write MAIL FROM:<address>");
  const auto path = parse_path(line.rest.substr(5));
  if (!path) return say(out, 553, "5.1.7", "the sender is no address");
  envelope_.is_utf8 = false;
  if (const auto wrong = mail_parameters(path->rest)) {
    ++errors_;
    out.text += *wrong + "\r\n";
    return;
  }
  if (!is_ascii(path->address) && !envelope_.is_utf8)
    return say(out, 553, "5.6.7", "the sender is not ASCII, and SMTPUTF8 was not said");
  if (!settings_.may_send(path->address))
    return say(out, 550, "5.7.1", "<" + path->address + "> is not on the list of senders");
  has_mail_ = true;
  envelope_.from = path->address;
  say(out, 250, "2.1.0", "OK");
}

void Session::recipient(const Line& line, Output& out) {
  if (!has_mail_) return say(out, 503, "5.5.1", "say MAIL first");
  if (!starts_with_no_case(line.rest, "TO:")) return say(out, 501, "5.5.4", "write RCPT TO:<address>");
  const auto path = parse_path(line.rest.substr(3));
  if (!path || path->address.empty()) return say(out, 553, "5.1.3", "the recipient is no address");
  if (!path->rest.empty() && !trim(path->rest).empty())
    return say(out, 555, "5.5.4", "RCPT takes no parameters here");
  if (!is_ascii(path->address) && !envelope_.is_utf8)
    return say(out, 553, "5.6.7", "the recipient is not ASCII, and SMTPUTF8 was not said");
  if (envelope_.to.size() >= limits::smtp_recipients_max)
    return say(out, 452, "4.5.3", "too many recipients of one mail");
  const bool is_postmaster = equal_no_case(path->address, "postmaster") ||
                             equal_no_case(path->address, "postmaster@" + settings_.hostname);
  if (!is_postmaster && !settings_.may_receive(path->address))
    return say(out, 550, "5.7.1",
               "<" + path->address + "> is not one of the recipients here, and nothing is relayed");
  envelope_.to.push_back(path->address);
  say(out, 250, "2.1.5", "OK");
}

void Session::data(const Line& line, Output& out) {
  if (!line.rest.empty()) return say(out, 501, "5.5.4", "DATA takes nothing behind it");
  if (!has_mail_) return say(out, 503, "5.5.1", "say MAIL first");
  if (envelope_.to.empty()) return say(out, 554, "5.5.1", "there is no recipient");
  phase_ = Phase::data;
  searched_ = 0;
  out.text += "354 the mail, please; it ends with a line of one dot\r\n";
}

void Session::start_tls(const Line& line, Output& out) {
  if (!settings_.offers_tls) return say(out, 502, "5.5.1", "STARTTLS is not offered here");
  if (is_tls_) return say(out, 503, "5.5.1", "TLS is on already");
  if (!line.rest.empty()) return say(out, 501, "5.5.4", "STARTTLS takes nothing behind it");
  if (!buffer_.empty()) return close(out, "something was sent ahead behind STARTTLS");
  phase_ = Phase::securing;
  out.starts_tls = true;
  say(out, 220, "2.0.0", "begin");
}

} // namespace kaden::smtp
