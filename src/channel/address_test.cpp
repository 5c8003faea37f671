#include "kaden/address.h"

#include <gtest/gtest.h>

#include <vector>

namespace kaden::channel {
namespace {

TEST(Address, is_parsed_or_refused) {
  struct Case {
    const char *url, *host, *authority, *target;
    int port;
  };
  for (const Case& tried : std::vector<Case>{
           {"http://127.0.0.1:8080", "127.0.0.1", "127.0.0.1:8080", "/", 8080},
           {"https://Monitoring.Example:443/", "monitoring.example", "monitoring.example", "/", 443},
           {"http://a:80/base?x=1", "a", "a", "/base?x=1", 80},
           {"http://a?x", "a", "a", "/?x", 80},
           {"HTTPS://[::1]:8443/", "::1", "[::1]:8443", "/", 8443},
           {"http://[fe80::1]", "fe80::1", "[fe80::1]", "/", 80},
           {"http://a:443", "a", "a:443", "/", 443},
           {"tcp://10.0.0.5:5432", "10.0.0.5", "10.0.0.5:5432", "/", 5432},
           {"tls://Ldap.example", "ldap.example", "ldap.example", "/", 443},
           {"dns://10.0.0.2/www.example", "10.0.0.2", "10.0.0.2", "/www.example", 53},
           {"icmp://[fd00::1]", "fd00::1", "[fd00::1]", "/", 0}}) {
    const auto address = parse_address(tried.url);
    ASSERT_TRUE(address) << tried.url;
    EXPECT_EQ(address->host, tried.host);
    EXPECT_EQ(address->authority, tried.authority);
    EXPECT_EQ(address->target, tried.target);
    EXPECT_EQ(address->port, tried.port);
  }
  for (const char* bad : {"",
                          "a",
                          "ftp://a",
                          "http://",
                          "http:///x",
                          "http://:80",
                          "http://u@a",
                          "http://a/#x",
                          "http://a b",
                          "http://a\r\nX: y",
                          "http://\xe6\x9e\xb6",
                          "http://a:0",
                          "http://a:65536",
                          "http://a:x",
                          "http://[::1",
                          "http://[::1]x",
                          "tcp://a",
                          "tcp://a:1/x",
                          "http://a\"b",
                          "icmp://a:1",
                          "icmp://a/x",
                          "tls://a/x",
                          "udp://a:1"}) {
    EXPECT_FALSE(parse_address(bad)) << bad;
  }
}

} // namespace
} // namespace kaden::channel
