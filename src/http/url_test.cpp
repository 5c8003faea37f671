#include "kaden/url.h"

#include <gtest/gtest.h>

namespace kaden::http {
namespace {

TEST(Url, tells_its_parts) {
  const auto url = parse_url("HTTPS://Status.Example.com:8443/api/v2/summary.json?x=1#now");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "status.example.com");
  EXPECT_EQ(url->path, "/api/v2/summary.json");
  EXPECT_EQ(url->text.find('#'), std::string::npos);
  EXPECT_FALSE(url->has_user);
  EXPECT_TRUE(parse_url("https://sato:secret@example.com/")->has_user);
}

TEST(Url, tells_where_an_address_leads_however_it_is_written) {
  const struct {
    const char* url;
    HostKind kind;
  } cases[] = {
      {"https://status.example.com/", HostKind::name},
      {"https://93.184.216.34/", HostKind::name},
      {"https://172.32.0.1/", HostKind::name},
      {"https://[2606:2800:220:1::1]/", HostKind::name},
      {"https://10.1.2.3/", HostKind::private_address},
      {"https://172.16.0.1/", HostKind::private_address},
      {"https://192.168.255.255/", HostKind::private_address},
      {"https://100.64.0.1/", HostKind::private_address},
      {"https://[fd12::1]/", HostKind::private_address},
      {"https://127.0.0.1/", HostKind::loopback},
      {"https://127.1/", HostKind::loopback},
      {"https://2130706433/", HostKind::loopback},
      {"https://0x7f.0.0.1/", HostKind::loopback},
      {"https://0177.0.0.1/", HostKind::loopback},
      {"https://127.0.0.1./", HostKind::loopback},
      {"https://localhost/", HostKind::loopback},
      {"https://LOCALHOST./", HostKind::loopback},
      {"https://a.localhost/", HostKind::loopback},
      {"https://[::1]/", HostKind::loopback},
      {"https://[::ffff:127.0.0.1]/", HostKind::loopback},
      {"http://169.254.169.254/latest/meta-data/", HostKind::nowhere},
      {"http://0xa9fea9fe/", HostKind::nowhere},
      {"http://[::ffff:169.254.169.254]/", HostKind::nowhere},
      {"http://[fe80::1]/", HostKind::nowhere},
      {"http://[fe80::1%25eth0]/", HostKind::nowhere},
      {"http://[fd00:ec2::254]/", HostKind::nowhere},
      {"http://0.0.0.0/", HostKind::nowhere},
      {"http://0/", HostKind::nowhere},
      {"http://[::]/", HostKind::nowhere},
      {"http://224.0.0.1/", HostKind::nowhere},
      {"http://[ff02::1]/", HostKind::nowhere},
  };
  for (const auto& one : cases) {
    const auto url = parse_url(one.url);
    ASSERT_TRUE(url) << one.url << ": " << url.error().message;
    EXPECT_EQ(url->kind, one.kind) << one.url << " " << url->host;
  }
}

TEST(Url, is_resolved_as_a_browser_does) {
  const auto base = parse_url("https://status.example.com/api/v2/summary.json?a=b");
  ASSERT_TRUE(base);
  const struct {
    const char* reference;
    const char* text;
  } cases[] = {
      {"incidents.json", "https://status.example.com/api/v2/incidents.json"},
      {"../x", "https://status.example.com/api/x"},
      {"/history.rss", "https://status.example.com/history.rss"},
      {"//other.example/a", "https://other.example/a"},
      {"http://plain.example/", "http://plain.example/"},
      {"https://[::1]:8443/#x", "https://[::1]:8443/"},
  };
  for (const auto& one : cases) {
    const auto url = resolve_url(*base, one.reference);
    ASSERT_TRUE(url) << one.reference << ": " << url.error().message;
    EXPECT_EQ(url->text, one.text);
  }
}

TEST(Url, what_is_none_is_refused) {
  for (const char* text :
       {"", "/path", "https://", "https:// a/", "gopherx://a/", "https://a b/", "https://[::1/",
        "https://a/\n", "http://\uFF11\uFF12\uFF17.0.0.1/", "http://127\u30020\u30020\u30021/",
        "https://\u65E5\u672C.example/", "http://%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1/"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
  const auto base = parse_url("https://a.example/");
  for (const char* reference :
       {"", "https://", "javascript:alert(1)//", "https://a b/", "//\uFF11\uFF12\uFF17.0.0.1/"}) {
    const auto url = resolve_url(*base, reference);
    EXPECT_TRUE(!url || url->host == "a.example") << reference;
  }
}

} // namespace
} // namespace kaden::http
