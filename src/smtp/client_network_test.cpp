#include "kaden/client_network.h"

#include <gtest/gtest.h>

namespace kaden::smtp {
namespace {

TEST(Network, HoldsWhatItsPrefixSays) {
  const struct {
    const char* network;
    const char* address;
    bool is_inside;
  } cases[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"192.0.2.128/25", "192.0.2.128", true},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.7", "192.0.2.7", true},
      {"192.0.2.7", "192.0.2.8", false},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"2001:db8::/32", "2001:db8:1::1", true},
      {"2001:db8::/32", "2001:db9::1", false},
      {"::1", "::1", true},
      {"10.0.0.0/8", "::ffff:10.1.2.3", true},
      {"10.0.0.0/8", "rubbish", false},
  };
  for (const auto& c : cases) {
    const auto network = parse_network(c.network);
    ASSERT_TRUE(network) << c.network;
    EXPECT_EQ(holds(*network, c.address), c.is_inside) << c.network << " " << c.address;
  }
  for (const char* wrong :
       {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.1/8", "2001:db8::/129", "x/8", "10.0.0/8"})
    EXPECT_EQ(parse_network(wrong).error().fault, Fault::invalid) << wrong;
}

} // namespace
} // namespace kaden::smtp
