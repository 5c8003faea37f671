#include "kaden/snmp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envelope.h"

namespace kaden::snmp {
namespace {

TEST(Oid, is_read_and_written) {
  EXPECT_EQ(parse_oid("1.3.6.1"), (Oid{1, 3, 6, 1}));
  EXPECT_EQ(parse_oid(".1.3.4294967295"), (Oid{1, 3, 4'294'967'295U}));
  for (const char* bad : {"", "1", "1..3", "1.3.", "3.1", "1.-3", "1.4294967296", "1.a", "IF-MIB::linkDown"})
    EXPECT_FALSE(parse_oid(bad)) << bad;
  EXPECT_EQ(to_text(Oid{1, 3, 6}), "1.3.6");
  EXPECT_TRUE(begins_with({1, 3, 6}, {1, 3}));
  EXPECT_FALSE(begins_with({1, 3}, {1, 3, 6}));
}

TEST(Network, contains_what_lies_in_it) {
  const struct {
    const char *network, *inside, *outside;
  } table[] = {{"10.0.0.0/8", "10.255.0.1", "11.0.0.1"},
               {"10.1.0.0/15", "10.0.9.9", "10.2.0.0"},
               {"192.168.1.7", "192.168.1.7", "192.168.1.6"},
               {"0.0.0.0/0", "1.2.3.4", "::1"},
               {"fd00::/8", "fdab::1", "fe00::1"},
               {"10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:11.0.0.1"},
               {"::/0", "10.0.0.1", "x"}};
  for (const auto& one : table) {
    const auto network = Network::parse(one.network);
    ASSERT_TRUE(network) << one.network;
    EXPECT_TRUE(network->contains(one.inside)) << one.network;
    EXPECT_FALSE(network->contains(one.outside)) << one.network;
  }
  for (const char* bad : {"", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.0/-1", "a/8", "/8"})
    EXPECT_FALSE(Network::parse(bad)) << bad;
}

TEST(Envelope, what_is_asked_is_read) {
  const auto asked = read_envelope(discovery(0xFFFFFFFFU));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->version, 3);
  EXPECT_TRUE(asked->is_usm);
  EXPECT_EQ(asked->engine_id, "");
  EXPECT_EQ(asked->user, "");
  const std::string whole = discovery(1);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read_envelope(whole.substr(0, size))) << "cut after " << size;
}

/// Two of our own, over loopback: real peers are in test/wire/snmp_test.py.
class ReceiverTest : public testing::Test {
 protected:
  Library library_{"test", 1};
  const runtime::SystemClock clock_;
};

TEST_F(ReceiverTest, hears_nothing_on_a_port_that_is_taken) {
  ReceiverSettings settings;
  settings.port = 0;
  settings.communities = {"secret"};
  const auto first = Receiver::open(library_, settings);
  ASSERT_TRUE(first) << first.error().message;
  settings.port = (*first)->port();
  EXPECT_NE(settings.port, 0);
  const auto second = Receiver::open(library_, settings);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::unavailable);
  EXPECT_TRUE((*first)->take(Millis(0)).empty());
}

TEST_F(ReceiverTest, takes_users_of_every_kind) {
  ReceiverSettings settings;
  settings.port = 0;
  for (const char* authentication : {"none", "md5", "sha", "sha224", "sha256", "sha384", "sha512"}) {
    for (const char* privacy : {"none", "des", "aes", "aes256"}) {
      if (*parse_authentication(authentication) == Authentication::none &&
          *parse_privacy(privacy) != Privacy::none)
        continue; // RFC 3414 has no such level
      settings.users.push_back({std::string(authentication) + "-" + privacy,
                                *parse_authentication(authentication), "password-1", *parse_privacy(privacy),
                                "password-2"});
    }
  }
  const auto opened = Receiver::open(library_, settings);
  EXPECT_TRUE(opened) << opened.error().message;
  EXPECT_FALSE(parse_authentication("sha1"));
  EXPECT_FALSE(parse_privacy("3des"));
}

TEST_F(ReceiverTest, a_poller_gives_up_where_nobody_answers) {
  const std::atomic<bool> cancelled = false;
  AgentSettings settings;
  settings.address = "127.0.0.1";
  settings.port = 1;
  settings.patience = Millis(50);
  settings.community = "public";
  Poller poller(library_, clock_, settings);
  EXPECT_FALSE(poller.walk({{1, 3, 6, 1, 2, 1, 2, 2, 1, 2}}, cancelled));
  settings.user = User{"kaden", Authentication::sha256, "password1", Privacy::aes, "password2"};
  Poller secure(library_, clock_, settings);
  EXPECT_FALSE(secure.walk({{1, 3, 6, 1, 2, 1, 2, 2, 1, 2}}, cancelled));
}

} // namespace
} // namespace kaden::snmp
