#include "kaden/smtp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace kaden::smtp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Settings settings() {
  Settings out;
  out.hostname = "kaden.example";
  out.message_bytes_max = 1'000;
  out.may_send = [](std::string_view address) { return address.ends_with("@monitor.example"); };
  out.may_receive = [](std::string_view address) { return address == "alerts@kaden.example"; };
  return out;
}

/// A client that writes lines and reads replies; mails are taken at once.
class Client {
 public:
  explicit Client(Settings settings) : session_(std::move(settings)) { take(session_.open()); }

  /// What is answered to these lines.
  std::string says(const std::string& lines) {
    text_.clear();
    std::string bytes;
    for (const char c : lines) bytes += c == '\n' ? std::string("\r\n") : std::string(1, c);
    return sends(bytes + "\r\n");
  }
  std::string sends(const std::string& bytes) {
    text_.clear();
    take(session_.receive(bytes));
    return text_;
  }
  /// The first line of a reply.
  std::string code(const std::string& line) { return says(line).substr(0, 9); }

  bool is_closed = false;
  bool wants_tls = false;
  Verdict verdict{Verdict::Kind::taken, "durable"};
  std::vector<Message> mails;
  Session session_;

 private:
  void take(Output out) {
    while (true) {
      text_ += out.text;
      is_closed = is_closed || out.closes;
      wants_tls = out.starts_tls;
      if (!out.message) return;
      mails.push_back(*out.message);
      out = session_.settle(verdict);
    }
  }
  std::string text_;
};

const std::string begin =
    "EHLO web-01\nMAIL FROM:<zabbix@monitor.example>\nRCPT TO:<alerts@kaden.example>\nDATA";

TEST(Session, TakesAMail) {
  Client client(settings());
  EXPECT_EQ(client.says("EHLO web-01"),
            "250-kaden.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-ENHANCEDSTATUSCODES\r\n"
            "250-8BITMIME\r\n250-SMTPUTF8\r\n250 HELP\r\n");
  EXPECT_EQ(client.says("MAIL FROM:<zabbix@monitor.example> SIZE=100 BODY=8BITMIME"), "250 2.1.0 OK\r\n");
  EXPECT_EQ(client.says("RCPT TO:<alerts@kaden.example>"), "250 2.1.5 OK\r\n");
  EXPECT_THAT(client.says("DATA"), StartsWith("354 "));
  EXPECT_EQ(client.says("Subject: disk full\n\n..two dots\n.x"), "");
  EXPECT_EQ(client.says("."), "250 2.0.0 durable\r\n");
  ASSERT_EQ(client.mails.size(), 1U);
  EXPECT_EQ(client.mails[0].data, "Subject: disk full\r\n\r\n.two dots\r\nx\r\n");
  EXPECT_EQ(client.mails[0].envelope,
            (Envelope{"web-01", "zabbix@monitor.example", {"alerts@kaden.example"}, false, false}));
  EXPECT_THAT(client.says("QUIT"), StartsWith("221 2.0.0"));
  EXPECT_TRUE(client.is_closed);
}

TEST(Session, TakesSeveralMailsSentAhead) {
  Client client(settings());
  const std::string two =
      begin + "\none\n.\nMAIL FROM:<b@monitor.example>\nRCPT TO:<postmaster>\nDATA\ntwo\n.\nQUIT";
  const std::string answer = client.says(two);
  ASSERT_EQ(client.mails.size(), 2U);
  EXPECT_EQ(client.mails[0].data, "one\r\n");
  EXPECT_EQ(client.mails[1].data, "two\r\n");
  EXPECT_EQ(client.mails[1].envelope.from, "b@monitor.example");
  EXPECT_THAT(answer, HasSubstr("250 2.0.0 durable\r\n250 2.1.0 OK\r\n250 2.1.5 OK\r\n354 "));
  EXPECT_TRUE(client.is_closed);
}

TEST(Session, SaysWhatIsWrong) {
  const struct {
    const char* lines;
    const char* says; ///< begins the last reply
  } cases[] = {
      {"MAIL FROM:<a@monitor.example>", "503 5.5.1 say EHLO first"},
      {"EHLO", "501 5.5.4"},
      {"EHLO a\nMAIL FROM:<a@other.example>", "550 5.7.1 <a@other.example> is not on the list of senders"},
      {"EHLO a\nMAIL FROM:<>", "550 5.7.1 <> is not on the list of senders"},
      {"EHLO a\nMAIL FROM:<a>", "553 5.1.7"},
      {"EHLO a\nMAIL FROM:<a@b", "553 5.1.7"},
      {"EHLO a\nMAIL TO:<a@monitor.example>", "501 5.5.4 write MAIL FROM:<address>"},
      {"EHLO a\nMAIL FROM:<a@monitor.example> SIZE=1001", "552 5.3.4 the mail is over 1000 bytes long"},
      {"EHLO a\nMAIL FROM:<a@monitor.example> SIZE=x", "501 5.5.4 SIZE"},
      {"EHLO a\nMAIL FROM:<a@monitor.example> BODY=BINARYMIME", "501 5.5.4 BODY"},
      {"EHLO a\nMAIL FROM:<a@monitor.example> RET=HDRS", "555 5.5.4"},
      {"EHLO a\nMAIL FROM:<\xC3\xA4@monitor.example>", "553 5.6.7"},
      {"EHLO a\nMAIL FROM:<a@monitor.example>\nMAIL FROM:<a@monitor.example>", "503 5.5.1"},
      {"EHLO a\nRCPT TO:<alerts@kaden.example>", "503 5.5.1 say MAIL first"},
      {"EHLO a\nMAIL FROM:<a@monitor.example>\nRCPT TO:<x@elsewhere.example>",
       "550 5.7.1 <x@elsewhere.example> is not one of the recipients here, and nothing is relayed"},
      {"EHLO a\nMAIL FROM:<a@monitor.example>\nRCPT TO:<@kaden.example:x@elsewhere.example>", "550 5.7.1"},
      {"EHLO a\nMAIL FROM:<a@monitor.example>\nRCPT TO:<>", "553 5.1.3"},
      {"EHLO a\nMAIL FROM:<a@monitor.example>\nRCPT TO:<alerts@kaden.example> NOTIFY=NEVER", "555 5.5.4"},
      {"EHLO a\nMAIL FROM:<a@monitor.example>\nDATA", "554 5.5.1 there is no recipient"},
      {"EHLO a\nDATA", "503 5.5.1"},
      {"EHLO a\nSTARTTLS", "502 5.5.1"},
      {"EHLO a\nAUTH PLAIN x", "502 5.5.1"},
      {"EHLO a\nBDAT 5 LAST", "502 5.5.1"},
      {"FROB", "500 5.5.2"},
      {"NOOP \x01", "500 5.5.2"},
      {"VRFY alerts", "252 2.5.2"},
      {"HELP", "214 2.0.0"},
      {"HELO a", "250 kaden.example"},
      {"RSET", "250 2.0.0"},
      {"GET / HTTP/1.1", "421 4.7.0 kaden.example ends the connection: this is SMTP, not HTTP"},
  };
  for (const auto& c : cases) {
    Client client(settings());
    std::string last = client.says(c.lines);
    last.resize(last.size() - 2);
    const std::size_t line = last.rfind('\n');
    EXPECT_THAT(last.substr(line == std::string::npos ? 0 : line + 1), StartsWith(c.says)) << c.lines;
    EXPECT_TRUE(client.mails.empty());
  }
}

TEST(Session, AMailEndsInOneWayOnly) {
  // CVE-2023-51764 and its kin: what others take for an end is text here.
  Client client(settings());
  client.says(begin);
  const std::string evil =
      "x\n.\n\n.\r\n\r.\r\r\n.\rMAIL FROM:<evil@monitor.example>\r\nRCPT TO:<alerts@kaden.example>\r\n";
  EXPECT_EQ(client.sends(evil + "\n.\n" + "z\r\n"), "");
  EXPECT_TRUE(client.mails.empty());
  EXPECT_EQ(client.sends(".\r\n"), "250 2.0.0 durable\r\n");
  ASSERT_EQ(client.mails.size(), 1U);
  EXPECT_THAT(client.mails[0].data, HasSubstr("x\n.\n\n.\r\n\r.\r\r\n"));
  Client bare(settings());
  EXPECT_THAT(bare.sends("EHLO a\nMAIL FROM:<a@monitor.example>\r\n"),
              HasSubstr("421 4.7.0 kaden.example ends the connection: a line ends without CR LF"));
  EXPECT_TRUE(bare.is_closed);
}

TEST(Session, WhatBecameOfAMailIsTheAnswer) {
  Client client(settings());
  client.verdict = {Verdict::Kind::try_again, "the journal is full"};
  EXPECT_THAT(client.says(begin + "\nx\n."), HasSubstr("451 4.3.0 the journal is full\r\n"));
  client.verdict = {Verdict::Kind::refused, "no\r\n250 smuggled"};
  EXPECT_THAT(client.says(begin + "\nx\n."), HasSubstr("554 5.6.0 no  250 smuggled\r\n"));
}

TEST(Session, TooLargeIsDrainedAndRefused) {
  Client client(settings());
  const std::string line = std::string(98, 'x') + "\n";
  std::string body;
  for (int i = 0; i < 11; ++i) body += line;
  EXPECT_THAT(client.says(begin + "\n" + body + "."),
              HasSubstr("552 5.3.4 the mail is over 1000 bytes long"));
  EXPECT_FALSE(client.is_closed);
  EXPECT_THAT(client.says(begin + "\nsmall\n."), HasSubstr("250 2.0.0 durable"));
  EXPECT_EQ(client.mails.size(), 1U);
  // A line without an end takes no memory, and its middle is no end of the mail.
  auto roomy = settings();
  roomy.message_bytes_max = 4u << 20;
  Client lines(roomy);
  lines.says(begin);
  const std::string part(100'000, 'y');
  for (int i = 0; i < 5; ++i) EXPECT_EQ(lines.sends(part), "");
  EXPECT_LT(lines.session_.bytes_held(), 400'000U);
  EXPECT_EQ(lines.sends(".\r\n"), "") << "the end of the long line";
  EXPECT_THAT(lines.sends(".\r\n"), StartsWith("554 5.6.0 a line of the mail is over 262144 bytes long"));
  Client endless(settings());
  endless.says(begin);
  for (int i = 0; i < 10 && !endless.is_closed; ++i) endless.sends(part);
  EXPECT_TRUE(endless.is_closed);
}

TEST(Session, EverythingHasALimit) {
  Client errors(settings());
  for (std::size_t i = 0; i < limits::smtp_errors_max; ++i) EXPECT_EQ(errors.code("FROB"), "500 5.5.2");
  EXPECT_THAT(errors.says("FROB"), HasSubstr("421 4.7.0 kaden.example ends the connection: too many errors"));
  Client commands(settings());
  for (std::size_t i = 0; i < limits::smtp_commands_max; ++i) commands.says("NOOP");
  EXPECT_THAT(commands.says("NOOP"), HasSubstr("too many commands"));
  Client longest(settings());
  EXPECT_THAT(longest.says("NOOP " + std::string(limits::smtp_command_bytes_max, 'x')),
              HasSubstr("a command is too long"));
  Client unended(settings());
  EXPECT_THAT(unended.sends(std::string(limits::smtp_command_bytes_max + 2, 'x')),
              HasSubstr("a command is too long"));
  Client recipients(settings());
  recipients.says("EHLO a\nMAIL FROM:<a@monitor.example>");
  for (std::size_t i = 0; i < limits::smtp_recipients_max; ++i)
    recipients.says("RCPT TO:<alerts@kaden.example>");
  EXPECT_EQ(recipients.code("RCPT TO:<alerts@kaden.example>"), "452 4.5.3");
  Client mails(settings());
  for (std::size_t i = 0; i < limits::smtp_mails_max; ++i) mails.says(begin + "\n.");
  EXPECT_EQ(mails.mails.size(), limits::smtp_mails_max);
  EXPECT_THAT(mails.says("MAIL FROM:<a@monitor.example>"), HasSubstr("421 4.7.0"));
}

TEST(Session, Tls) {
  auto secure = settings();
  secure.offers_tls = secure.needs_tls = true;
  Client client(secure);
  EXPECT_THAT(client.says("EHLO a"), HasSubstr("250-STARTTLS\r\n"));
  EXPECT_EQ(client.says("MAIL FROM:<a@monitor.example>"), "530 5.7.0 say STARTTLS first\r\n");
  EXPECT_EQ(client.code("STARTTLS x"), "501 5.5.4");
  EXPECT_EQ(client.says("STARTTLS"), "220 2.0.0 begin\r\n");
  EXPECT_TRUE(client.wants_tls);
  EXPECT_EQ(client.session_.secured().text, "");
  EXPECT_EQ(client.code("MAIL FROM:<a@monitor.example>"), "503 5.5.1") << "the EHLO before is forgotten";
  EXPECT_THAT(client.says("EHLO a"), testing::Not(HasSubstr("STARTTLS")));
  EXPECT_EQ(client.code("STARTTLS"), "503 5.5.1");
  client.says(begin + "\nx\n.");
  ASSERT_EQ(client.mails.size(), 1U);
  EXPECT_TRUE(client.mails[0].envelope.is_tls);
  Client injected(secure);
  EXPECT_THAT(injected.says("EHLO a\nSTARTTLS\nRSET"), HasSubstr("421 4.7.0"));
  EXPECT_TRUE(injected.is_closed);
  EXPECT_FALSE(injected.wants_tls);
}

TEST(Session, TurnedAway) {
  Session session(settings());
  const Output out = session.turn_away("192.0.2.1 is in none of the networks");
  EXPECT_EQ(out.text, "554 5.7.1 192.0.2.1 is in none of the networks\r\n");
  EXPECT_TRUE(out.closes);
  EXPECT_EQ(session.receive("EHLO a\r\n").text, "");
  Session ended(settings());
  EXPECT_THAT(ended.end("it was quiet for too long").text, StartsWith("421 4.7.0"));
  EXPECT_EQ(ended.end("again").text, "");
}

TEST(Session, HowBytesAreCutMakesNoDifference) {
  std::string bytes;
  for (const char c : begin + "\n..a\nb\n.\nRSET\n" + begin.substr(12) + "\nzwei\n.\nFROB\nQUIT\n")
    bytes += c == '\n' ? std::string("\r\n") : std::string(1, c);
  Client whole(settings());
  const std::string expected = whole.sends(bytes);
  std::mt19937 chance(3); // NOLINT: the same each time
  for (int round = 0; round < 200; ++round) {
    Client client(settings());
    std::string answer;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = 1 + chance() % 9;
      answer += client.sends(bytes.substr(at, size));
      at += size;
    }
    ASSERT_EQ(answer, expected);
    ASSERT_EQ(client.mails.size(), whole.mails.size());
  }
}

TEST(Path, AsItIsWritten) {
  const struct {
    const char* text;
    std::optional<std::string> address;
    const char* rest;
  } cases[] = {
      {"<a@b.example>", "a@b.example", ""},
      {" <a@b.example> SIZE=5", "a@b.example", " SIZE=5"},
      {"a@b.example SIZE=5", "a@b.example", " SIZE=5"},
      {"<>", "", ""},
      {"<@x.example,@y.example:a@b.example>", "a@b.example", ""},
      {"<\"a b\"@b.example>", "\"a b\"@b.example", ""},
      {"<\"a>b\\\"\"@b.example>", std::nullopt, ""},
      {"<a@[192.0.2.1]>", "a@[192.0.2.1]", ""},
      {"<Postmaster>", "Postmaster", ""},
      {"", std::nullopt, ""},
      {"<a@b.example", std::nullopt, ""},
      {"<a@b.example>x", std::nullopt, ""},
      {"<@b.example>", std::nullopt, ""},
      {"<a@>", std::nullopt, ""},
      {"<a@b c>", std::nullopt, ""},
      {"<root>", std::nullopt, ""},
  };
  for (const auto& c : cases) {
    const auto path = parse_path(c.text);
    ASSERT_EQ(path.has_value(), c.address.has_value()) << c.text;
    if (!path) continue;
    EXPECT_EQ(path->address, *c.address);
    EXPECT_EQ(path->rest, c.rest) << c.text;
  }
}

} // namespace
} // namespace kaden::smtp
