#include "inflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "kaden/limits/input.h"

namespace kaden::cloudwatch {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Gunzip, GivesBackWhatWasPacked) {
  for (const std::size_t size : {0U, 1U, 16'383U, 16'384U, 16'385U, 100'000U}) {
    std::string text(size, 'a');
    for (std::size_t i = 0; i < size; i += 7) text[i] = static_cast<char>('a' + i % 23);
    const auto out = gunzip(gzip(text), 100'000);
    ASSERT_TRUE(out) << size;
    EXPECT_EQ(*out, text);
  }
}

TEST(Gunzip, StopsAtTheBound) {
  const std::string bomb = gzip(std::string(50'000'000, 'x'));
  ASSERT_LT(bomb.size(), 100'000U);
  const auto out = gunzip(bomb, limits::aws_body_bytes_max);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().http_status, 413);
  EXPECT_TRUE(gunzip(gzip(std::string(1000, 'x')), 1000));
  EXPECT_FALSE(gunzip(gzip(std::string(1001, 'x')), 1000));
}

TEST(Gunzip, RefusesEveryCutAndAnythingAfter) {
  const std::string packed = gzip("Action=PutMetricData&Namespace=CWAgent");
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const auto out = gunzip(packed.substr(0, size), 1000);
    ASSERT_FALSE(out) << size;
    EXPECT_EQ(out.error().code, "MalformedHttpRequestException");
  }
  EXPECT_FALSE(gunzip(packed + "x", 1000));
  EXPECT_FALSE(gunzip("Action=PutMetricData", 1000));
}

} // namespace
} // namespace kaden::cloudwatch
