#include "descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

#include "kaden/limits/input.h"

namespace kaden::app {
namespace {

TEST(Descriptors, HttpLeavesEnoughForCalls) {
  const struct {
    std::size_t descriptors, connections;
  } cases[] = {
      {0, 0},
      {256, 128},
      {1'024, 512},
      {limits::descriptors_kept + limits::http_connections_max, limits::http_connections_max},
      {1'048'576, limits::http_connections_max},
  };
  for (const auto& one : cases)
    EXPECT_EQ(http_connections_of(one.descriptors), one.connections) << one.descriptors;
}

TEST(Descriptors, TheSoftLimitIsRaisedToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = std::min<rlim_t>(256, before.rlim_max);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

} // namespace
} // namespace kaden::app
