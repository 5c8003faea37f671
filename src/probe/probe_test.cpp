#include "kaden/probe.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "dns_message.h"
#include "echo_packet.h"

namespace kaden::probe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Target, is_read_from_its_url) {
  const auto dns = parse_target("dns://10.0.0.2:5353/WWW.Example.?type=aaaa");
  ASSERT_TRUE(dns) << dns.error().message;
  EXPECT_EQ(dns->kind, Kind::dns);
  EXPECT_EQ(dns->question, "www.example");
  EXPECT_EQ(dns->record_type, 28);
  EXPECT_EQ(dns->address.port, 5353);
  EXPECT_EQ(parse_target("icmp://10.0.0.1")->kind, Kind::icmp);
  EXPECT_EQ(parse_target("tls://ldap:636")->kind, Kind::tls);
  EXPECT_EQ(parse_target("https://a/x?y")->kind, Kind::http);
  EXPECT_EQ(parse_target("tcp://a:1")->kind, Kind::tcp);
  for (const char* bad : {"dns://10.0.0.2", "dns://10.0.0.2/", "dns://a/b..c", "dns://a/b?type=ANY",
                          "dns://a/b?x=1", "dns://a/b/c", "icmp://", "icmp://a:7", "ping://a", ""})
    EXPECT_FALSE(parse_target(bad)) << bad;
}

TEST(Check, has_ranges) {
  Probe probe;
  EXPECT_TRUE(check(probe));
  probe.packets = 21;
  EXPECT_THAT(check(probe).error().message, HasSubstr("packets: "));
  probe = {};
  probe.patience = Millis(99);
  EXPECT_THAT(check(probe).error().message, HasSubstr("timeout_s: "));
  probe = {};
  probe.status_min = 500;
  EXPECT_THAT(check(probe).error().message, HasSubstr("status_min: "));
}

TEST(Measures, end_with_up_and_say_nothing_of_what_could_not_be_tried) {
  Finding finding;
  finding.sent = 4;
  finding.received = 3;
  finding.is_up = true;
  finding.answer_time = Millis(12);
  finding.expires_at = wall_time(86'400'000LL * 3);
  const auto all = measures(finding, wall_time(86'400'000));
  std::vector<std::pair<std::string_view, double>> seen;
  for (const auto& one : all) seen.emplace_back(one.name, one.value);
  EXPECT_THAT(seen, ElementsAre(std::pair("Loss", 25.0), std::pair("RoundTripTime", 12.0),
                                std::pair("DaysToExpiry", 2.0), std::pair("Up", 1.0)));
  finding.is_unable = true;
  EXPECT_TRUE(measures(finding, {}).empty());
}

TEST(Echo, only_an_answer_is_one) {
  std::string request = echo_request(Family::v4, 7, 3, 0x0102030405060708U);
  // RFC 1071: over the whole packet with its checksum the sum is all ones.
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < request.size(); i += 2)
    sum += static_cast<unsigned char>(request[i]) * 256U + static_cast<unsigned char>(request[i + 1]);
  while (sum > 0xFFFFU) sum = (sum & 0xFFFFU) + (sum >> 16U);
  EXPECT_EQ(sum, 0xFFFFU);
  EXPECT_FALSE(read_echo_reply(Family::v4, false, request))
      << "our own request, as loopback shows it to a raw socket";
  request[0] = 0;
  const auto reply = read_echo_reply(Family::v4, false, request);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->id, 7);
  EXPECT_EQ(reply->sequence, 3);
  EXPECT_EQ(reply->cookie, 0x0102030405060708U);
  EXPECT_FALSE(read_echo_reply(Family::v6, false, request));
  EXPECT_FALSE(read_echo_reply(Family::v4, false, request.substr(0, 15))) << "too short for a cookie";
  std::string ip(20, '\0');
  ip[0] = 0x45;
  EXPECT_TRUE(read_echo_reply(Family::v4, true, ip + request));
  ip[0] = 0x4F;
  EXPECT_FALSE(read_echo_reply(Family::v4, true, ip + request)) << "options longer than the packet";
  EXPECT_FALSE(read_echo_reply(Family::v4, true, ""));
}

std::string dns_answer(const DnsQuestion& question, const std::string& records, char count, char code = 0) {
  std::string bytes = dns_query(question);
  bytes[2] = '\x81';
  bytes[3] = static_cast<char>('\x80' | code);
  bytes[7] = count;
  return bytes + records;
}
const std::string an_address = std::string("\xC0\x0C\0\1\0\1\0\0\0\x3C\0\4\x0A\0\0\1", 16);

TEST(DnsMessage, answers_are_read_and_strangers_passed_over) {
  const DnsQuestion question{0x1234, "www.example", 1};
  const auto answer = read_dns_answer(question, dns_answer(question, an_address, 1));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT(answer->values, ElementsAre("10.0.0.1"));
  EXPECT_EQ(read_dns_answer(question, dns_answer(question, "", 0, 3))->code, 3);
  EXPECT_FALSE(read_dns_answer({0x1235, "www.example", 1}, dns_answer(question, an_address, 1)))
      << "another id";
  EXPECT_FALSE(read_dns_answer({0x1234, "xxx.example", 1}, dns_answer(question, an_address, 1)));
  EXPECT_FALSE(read_dns_answer({0x1234, "www.example", 28}, dns_answer(question, an_address, 1)));
  EXPECT_FALSE(read_dns_answer(question, dns_query(question))) << "a question is no answer";
  EXPECT_FALSE(read_dns_answer(question, dns_answer(question, an_address.substr(0, 15), 1)));
  EXPECT_FALSE(read_dns_answer(question, ""));
}

/// Sockets on loopback, real time: what a probe meets.
class ProberTest : public testing::Test {
 protected:
  static int listening(int type, std::uint16_t& port) {
    const int made = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    require(bind(made, reinterpret_cast<const sockaddr*>(&address), size) == 0, "a port is free");
    if (type == SOCK_STREAM) require(listen(made, 4) == 0, "it listens");
    getsockname(made, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    return made;
  }
  Finding find(const std::string& url, Millis patience = seconds(5)) {
    Probe probe;
    probe.target = parse_target(url).value();
    probe.patience = patience;
    return find(probe);
  }
  Finding find(const Probe& probe) {
    Prober prober({probe}, clock_);
    prober.begin(0);
    EXPECT_EQ(prober.running(), 1U);
    for (;;) {
      auto done = prober.wait(seconds(1));
      if (!done.empty()) return done.front().finding;
    }
  }
  const runtime::SystemClock clock_;
};

TEST_F(ProberTest, a_port_is_open_or_not) {
  std::uint16_t port = 0;
  const int server = listening(SOCK_STREAM, port);
  const auto open = find("tcp://127.0.0.1:" + std::to_string(port));
  EXPECT_TRUE(open.is_up) << open.reason;
  EXPECT_GE(open.connect_time, Millis(0));
  close(server);
  const auto shut = find("tcp://127.0.0.1:" + std::to_string(port));
  EXPECT_FALSE(shut.is_up);
  EXPECT_THAT(shut.reason, HasSubstr("connecting"));
  EXPECT_EQ(shut.received, 0);
}

TEST_F(ProberTest, who_says_nothing_is_given_up) {
  std::uint16_t port = 0;
  const int server = listening(SOCK_STREAM, port);
  for (const char* scheme : {"http", "https", "tls"}) {
    const auto silent = find(std::string(scheme) + "://127.0.0.1:" + std::to_string(port), Millis(150));
    EXPECT_FALSE(silent.is_up);
    EXPECT_EQ(silent.reason, "no answer in time") << scheme;
  }
  close(server);
}

TEST_F(ProberTest, what_answers_http_with_nonsense_is_not_up) {
  std::uint16_t port = 0;
  const int server = listening(SOCK_STREAM, port);
  for (const std::string& nonsense :
       {std::string("SSH-2.0-x\r\n\r\n"), std::string("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x')}) {
    std::thread peer([&] {
      const int one = accept(server, nullptr, nullptr);
      std::string rest = nonsense;
      while (!rest.empty()) {
        const ssize_t put = send(one, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (put <= 0) break;
        rest.erase(0, static_cast<std::size_t>(put));
      }
      close(one);
    });
    EXPECT_FALSE(find("http://127.0.0.1:" + std::to_string(port)).is_up) << nonsense.substr(0, 30);
    peer.join();
  }
  close(server);
}

TEST_F(ProberTest, forged_dns_answers_are_passed_over_until_the_right_one) {
  std::uint16_t port = 0;
  const int server = listening(SOCK_DGRAM, port);
  std::thread peer([&] {
    std::array<char, 512> bytes{};
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const ssize_t got =
        recvfrom(server, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    std::string answer(bytes.data(), static_cast<std::size_t>(got));
    answer[2] = '\x81';
    answer[3] = '\x80';
    answer[7] = 1;
    answer += an_address;
    std::string forged = answer;
    forged[0] = static_cast<char>(forged[0] ^ 1);
    forged.back() = 9;
    for (const std::string& one : {std::string("x"), forged, answer})
      sendto(server, one.data(), one.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
  });
  Probe probe;
  probe.target = parse_target("dns://127.0.0.1:" + std::to_string(port) + "/www.example").value();
  probe.expect = "10.0.0.1";
  const auto found = find(probe);
  EXPECT_TRUE(found.is_up) << found.reason;
  peer.join();
  close(server);
}

TEST_F(ProberTest, http_never_goes_to_link_local_addresses) {
  const auto refused = find("http://169.254.169.254/latest/meta-data/");
  EXPECT_FALSE(refused.is_up);
  EXPECT_THAT(refused.reason, HasSubstr("link-local"));
}

TEST_F(ProberTest, loopback_answers_echoes_where_the_kernel_permits_them) {
  Probe probe;
  probe.target = parse_target("icmp://127.0.0.1").value();
  probe.packets = 2;
  const auto found = find(probe);
  if (found.is_unable) {
    EXPECT_THAT(found.reason, HasSubstr("ping_group_range"));
    return;
  }
  EXPECT_TRUE(found.is_up) << found.reason;
  EXPECT_EQ(found.sent, 2);
  EXPECT_EQ(found.received, 2);
}

TEST_F(ProberTest, a_bell_ends_the_wait) {
  Prober prober({}, clock_);
  prober.wake();
  EXPECT_TRUE(prober.wait(seconds(60)).empty());
}

} // namespace
} // namespace kaden::probe
