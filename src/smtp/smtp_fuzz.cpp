// Any bytes from a client, cut at places that the first byte chooses: replies are lines of SMTP, a mail comes
// only with a sender and a recipient that are allowed, nothing grows without end, and how the bytes were cut
// makes no difference.
#include <cstddef>
#include <cstdint>
#include <string>

#include "kaden/smtp.h"

namespace {

using namespace kaden;

smtp::Settings settings() {
  smtp::Settings out;
  out.hostname = "kaden.example";
  out.message_bytes_max = 4'096;
  out.offers_tls = true;
  out.may_send = [](std::string_view address) { return address.ends_with("@monitor.example"); };
  out.may_receive = [](std::string_view address) { return address == "alerts@kaden.example"; };
  return out;
}

struct Seen {
  std::string text, mails;
  bool operator==(const Seen&) const = default;
};

void check(const smtp::Output& out) {
  require(out.text.empty() || out.text.ends_with("\r\n"), "a reply is whole lines");
  for (std::size_t i = 0; i < out.text.size(); ++i) {
    require(out.text[i] != '\n' || (i > 0 && out.text[i - 1] == '\r'), "lines end with CR LF");
    require(out.text[i] != '\r' || (i + 1 < out.text.size() && out.text[i + 1] == '\n'),
            "and with nothing else");
  }
  require(int{out.message.has_value()} + int{out.starts_tls} + int{out.closes} <= 1, "one thing at a time");
  if (!out.message) return;
  require(out.message->envelope.from.ends_with("@monitor.example"), "only an allowed sender");
  require(!out.message->envelope.to.empty(), "there is a recipient");
  require(out.message->data.size() <= 4'096, "no mail is larger than allowed");
}

Seen run(std::string_view bytes, std::size_t piece) {
  smtp::Session session(settings());
  Seen seen;
  seen.text = session.open().text;
  bool is_closed = false;
  for (std::size_t at = 0; at < bytes.size() && !is_closed; at += piece) {
    smtp::Output out = session.receive(bytes.substr(at, piece));
    while (true) {
      check(out);
      seen.text += out.text;
      is_closed = out.closes;
      if (out.starts_tls) {
        out = session.secured();
      } else if (out.message) {
        seen.mails += out.message->data;
        out = session.settle({smtp::Verdict::Kind::taken, "stored"});
      } else {
        break;
      }
    }
    require(session.bytes_held() <= 4'096 + limits::smtp_text_line_bytes_max + piece + 1,
            "nothing grows without end");
  }
  return seen;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(data + 1, data + size);
  const Seen pieces = run(bytes, 1U + data[0]);
  // What is sent ahead behind STARTTLS is seen only when it comes in the same piece.
  bool has_tls = false;
  for (std::size_t i = 0; i + 8 <= bytes.size(); ++i)
    has_tls = has_tls || equal_no_case(std::string_view(bytes).substr(i, 8), "STARTTLS");
  if (!has_tls) require(pieces == run(bytes, 7), "cutting makes no difference");
  return 0;
}
