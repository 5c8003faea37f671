// Lines out of bytes, and the course of a connection; what each command does is in commands.cpp.
#include <algorithm>

#include "kaden/smtp.h"

namespace kaden::smtp {

Session::Session(Settings settings) : settings_(std::move(settings)) {}

Output Session::open() {
  Output out;
  out.text = "220 " + settings_.hostname + " ESMTP Kaden\r\n";
  return out;
}

Output Session::turn_away(std::string_view why) {
  Output out;
  say(out, 554, "5.7.1", why);
  out.closes = true;
  phase_ = Phase::closed;
  return out;
}

Output Session::receive(std::string_view bytes) {
  Output out;
  if (phase_ == Phase::closed) return out;
  buffer_ += bytes;
  go_on(out);
  return out;
}

Output Session::secured() {
  require(phase_ == Phase::securing, "TLS is begun when the session asked for it");
  Output out;
  phase_ = Phase::command;
  is_tls_ = true;
  reset();
  envelope_.helo.clear(); // RFC 3207 section 4.2: what was known before is forgotten
  return out;
}

Output Session::settle(const Verdict& verdict) {
  Output out;
  if (phase_ == Phase::closed) return out;
  require(phase_ == Phase::settling, "a mail is settled once");
  phase_ = Phase::command;
  switch (verdict.kind) {
    case Verdict::Kind::taken:
      say(out, 250, "2.0.0", verdict.text);
      break;
    case Verdict::Kind::try_again:
      say(out, 451, "4.3.0", verdict.text);
      break;
    case Verdict::Kind::refused:
      say(out, 554, "5.6.0", verdict.text);
      break;
  }
  reset();
  commands_ = 0;
  go_on(out);
  return out;
}

Output Session::end(std::string_view why) {
  Output out;
  if (phase_ != Phase::closed) close(out, why);
  return out;
}

void Session::close(Output& out, std::string_view why) {
  say(out, 421, "4.7.0", std::string(settings_.hostname) + " ends the connection: " + std::string(why));
  out.closes = true;
  phase_ = Phase::closed;
  reset();
  buffer_.clear();
}

void Session::reset() {
  const std::string helo = std::move(envelope_.helo);
  envelope_ = {};
  envelope_.helo = helo;
  has_mail_ = false;
  data_ = {};
  data_bytes_ = 0;
  is_line_too_long_ = false;
}

void Session::say(Output& out, int code, std::string_view status, std::string_view text) {
  if (code >= 500) ++errors_;
  out.text += std::to_string(code) + " " + std::string(status) + " ";
  for (const char c : text.substr(0, 400)) // RFC 5321 section 4.5.3.1.5: 512 for the whole line
    out.text += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  out.text += "\r\n";
}

void Session::go_on(Output& out) {
  bool has_more = true;
  while (has_more && !out.closes) {
    switch (phase_) {
      case Phase::command:
        has_more = take_command_line(out);
        break;
      case Phase::data:
        has_more = take_text_line(out);
        break;
      case Phase::settling:
      case Phase::securing:
      case Phase::closed:
        has_more = false;
        break;
    }
  }
  if (phase_ == Phase::closed) buffer_.clear();
}

bool Session::take_command_line(Output& out) {
  const std::size_t line_feed = buffer_.find('\n', searched_);
  if (line_feed == std::string::npos) {
    searched_ = buffer_.size();
    if (buffer_.size() > limits::smtp_command_bytes_max + 1) close(out, "a command is too long");
    return false;
  }
  if (line_feed > limits::smtp_command_bytes_max + 1) {
    close(out, "a command is too long");
    return false;
  }
  if (line_feed == 0 || buffer_[line_feed - 1] != '\r') {
    close(out, "a line ends without CR LF");
    return false;
  }
  const std::string line = buffer_.substr(0, line_feed - 1);
  buffer_.erase(0, line_feed + 1);
  searched_ = 0;
  if (++commands_ > limits::smtp_commands_max) {
    close(out, "too many commands and no mail");
    return false;
  }
  run(line, out);
  if (errors_ > limits::smtp_errors_max && !out.closes) close(out, "too many errors");
  return !out.closes;
}

bool Session::take_text_line(Output& out) {
  // All lines that are there, taken out of the buffer in one go.
  std::size_t begin = 0;
  bool is_over = false;
  while (!is_over) {
    const std::size_t end = buffer_.find("\r\n", std::max(searched_, begin));
    if (end == std::string::npos) break;
    std::string_view line(buffer_.data() + begin, end + 2 - begin);
    begin = end + 2;
    searched_ = 0;
    is_over = line == ".\r\n";
    if (is_over) break;
    if (line.front() == '.') line.remove_prefix(1); // RFC 5321 section 4.5.2
    is_line_too_long_ = is_line_too_long_ || line.size() > limits::smtp_text_line_bytes_max;
    data_bytes_ += line.size();
    if (data_bytes_ <= settings_.message_bytes_max && !is_line_too_long_) {
      data_ += line;
    } else {
      data_ = {}; // it will be refused; nothing of it is needed
    }
  }
  buffer_.erase(0, begin);
  if (is_over) {
    end_of_data(out);
    return true;
  }
  if (buffer_.size() > limits::smtp_text_line_bytes_max) {
    // The line is thrown away as it comes; its last byte may be half of its end.
    is_line_too_long_ = true;
    data_bytes_ += buffer_.size() - 1;
    buffer_.erase(0, buffer_.size() - 1);
    // What is left of a line must not look like its beginning.
    buffer_.insert(buffer_.begin(), ' ');
  }
  searched_ = buffer_.empty() ? 0 : buffer_.size() - 1;
  if (data_bytes_ > 4 * settings_.message_bytes_max + limits::smtp_text_line_bytes_max) {
    close(out, "the mail is far too long");
  }
  return false;
}

void Session::end_of_data(Output& out) {
  phase_ = Phase::command;
  if (is_line_too_long_) {
    say(out, 554, "5.6.0",
        "a line of the mail is over " + std::to_string(limits::smtp_text_line_bytes_max) + " bytes long");
    return reset();
  }
  if (data_bytes_ > settings_.message_bytes_max) {
    say(out, 552, "5.3.4", "the mail is over " + std::to_string(settings_.message_bytes_max) + " bytes long");
    return reset();
  }
  ++mails_;
  phase_ = Phase::settling;
  out.message = Message{envelope_, std::move(data_)};
  out.message->envelope.is_tls = is_tls_;
  data_ = {};
}

} // namespace kaden::smtp
