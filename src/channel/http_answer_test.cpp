#include "kaden/http_answer.h"

#include <gtest/gtest.h>

#include <vector>

namespace kaden::channel {
namespace {

using State = ResponseReader::State;

TEST(ResponseReader, reads_the_same_however_the_bytes_arrive) {
  struct Case {
    const char *bytes, *body;
    int status;
    bool keeps_alive;
  };
  for (const Case& tried : std::vector<Case>{
           {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", 200, true},
           {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "", 200, false},
           {"HTTP/1.0 200\r\nContent-Length: 1\r\n\r\na", "a", 200, false},
           {"HTTP/1.1 204 None\r\n\r\n", "", 204, true},
           {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\nx", "x", 403, true},
           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: "
            "v\r\n\r\n",
            "abc0123456789", 200, true}}) {
    const std::string_view bytes = tried.bytes;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, bytes.size()}) {
      ResponseReader reader;
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        ASSERT_TRUE(reader.feed(bytes.substr(at, piece))) << bytes;
      EXPECT_EQ(reader.state(), State::whole) << bytes << piece;
      EXPECT_EQ(reader.response().status, tried.status);
      EXPECT_EQ(reader.response().body, tried.body);
      EXPECT_EQ(reader.keeps_alive(), tried.keeps_alive) << bytes;
    }
  }
}

TEST(ResponseReader, without_a_length_the_end_of_the_connection_ends_it) {
  ResponseReader reader;
  ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\n\r\nabc"));
  EXPECT_EQ(reader.state(), State::body);
  ASSERT_TRUE(reader.end());
  EXPECT_EQ(reader.response().body, "abc");
  ResponseReader cut;
  ASSERT_TRUE(cut.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"));
  EXPECT_FALSE(cut.end());
}

TEST(ResponseReader, refuses_what_is_no_http_and_what_is_too_large) {
  for (const std::string& bad : {std::string("SSH-2.0\r\n\r\n"), std::string("HTTP/1.1 x00 OK\r\n\r\n"),
                                 std::string("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
                                 std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
                                 std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"),
                                 std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
                                 std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
                                 std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX"),
                                 "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x'),
                                 "HTTP/1.1 200 OK\r\n\r\n" + std::string(300'000, 'x')}) {
    ResponseReader reader;
    EXPECT_FALSE(reader.feed(bad)) << bad.substr(0, 80);
  }
}

} // namespace
} // namespace kaden::channel
