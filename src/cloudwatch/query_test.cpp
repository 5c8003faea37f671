#include "query.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "inflate.h"
#include "kaden/base.h"

namespace kaden::cloudwatch {
namespace {

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += text + " ";
  return out;
}

TEST(Parameters, AreDecoded) {
  const auto read = Parameters::parse("Action=A&Name=%E9%87%8D+x%2By&&Empty=&Bare\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read->find("Action"), "A");
  EXPECT_EQ(*read->find("Name"), "重 x+y");
  EXPECT_EQ(*read->find("Empty"), "");
  EXPECT_EQ(*read->find("Bare"), "");
  EXPECT_EQ(read->find("action"), nullptr);
  EXPECT_EQ(read->text_or("None", "else"), "else");
}

TEST(Parameters, AreRefusedWhenMalformed) {
  for (const char* body : {"a=%", "a=%4", "a=%GG", "%=1", "a=1&a=2", "a=%FF", "a=%00", "a=%1B", "%c3=1"}) {
    const auto read = Parameters::parse(body);
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().code, "MalformedQueryString") << body;
    EXPECT_EQ(read.error().http_status, 400) << body;
  }
}

TEST(Parameters, ListTheirMembersByNumber) {
  const auto read = Parameters::parse(
      "L.member.10.x=1&L.member.2=b&L.member.2.y=1&L.member.1.x=1&L.member.1.y=1&L.member.x=1&L.member.=1&"
      "L.member.-1=1&L.member.123456789=1&Lx.member.3=1&L.member.1.M.member.7=z&Empty=");
  ASSERT_TRUE(read);
  EXPECT_EQ(joined(read->members("L")), "L.member.1 L.member.2 L.member.10 ");
  EXPECT_EQ(joined(read->members("L.member.1.M")), "L.member.1.M.member.7 ");
  EXPECT_EQ(joined(read->members("Empty")), "");
  EXPECT_EQ(joined(read->texts("L")), " b  ");
  EXPECT_TRUE(read->any_under("L"));
  EXPECT_FALSE(read->any_under("Empty"));
  EXPECT_FALSE(read->any_under("None"));
}

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
  const auto out = gunzip(bomb, limits::http_body_bytes_max);
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

TEST(Answers, AreWellFormedInEachProtocol) {
  const Problem problem{"InvalidAction", 400, "<no> & \"such\""};
  EXPECT_EQ(
      failure(problem, Protocol::query, "id-1").body,
      "<ErrorResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><Error><Type>Sender</Type>"
      "<Code>InvalidAction</Code><Message>&lt;no&gt; &amp; &quot;such&quot;</Message></Error>"
      "<RequestId>id-1</RequestId></ErrorResponse>\n");
  const auto json = failure(problem, Protocol::json, "id-1");
  EXPECT_EQ(parse_json(json.body)->at("__type").as_string(), "com.amazonaws.cloudwatch#InvalidAction");
  EXPECT_EQ(*http::find_header(json.headers, "X-Amzn-Query-Error"), "InvalidAction;Sender");
  const auto cbor = failure({"A", 500, std::string(300, 'm')}, Protocol::cbor, "id-1");
  EXPECT_EQ(cbor.body.substr(0, 8), "\xa2\x66__type");
  EXPECT_EQ(cbor.body.substr(8, 2), "\x78\x1a");
  EXPECT_EQ(cbor.body.substr(36, 8), "\x67message");
  EXPECT_EQ(cbor.body.substr(44, 3), std::string("\x79\x01\x2c", 3));
  EXPECT_EQ(cbor.body.size(), 47U + 300U);
  EXPECT_EQ(
      success("DeleteAlarms", "", "id-2").body,
      "<DeleteAlarmsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><ResponseMetadata>"
      "<RequestId>id-2</RequestId></ResponseMetadata></DeleteAlarmsResponse>\n");
}

} // namespace
} // namespace kaden::cloudwatch
