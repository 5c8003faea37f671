#include "kaden/http.h"

#include <gtest/gtest.h>

#include "request_parser.h"
#include "response_text.h"

namespace kaden::http {
namespace {

using Stage = RequestParser::Stage;

/// 0 for a whole request, else the status it is refused with; -1 while more is needed.
int status_of(std::string_view bytes, std::size_t piece) {
  RequestParser parser(1'000, 2'000);
  std::string waiting;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    waiting += bytes.substr(at, piece);
    const auto step = parser.feed(waiting);
    waiting.erase(0, step.used);
    if (step.stage == Stage::complete) return 0;
    if (step.stage == Stage::refused) return parser.refusal().status;
  }
  return -1;
}

struct Case {
  const char* name;
  std::string bytes;
  int status;
};

const std::string host = "Host: a\r\n";

TEST(RequestParser, takes_and_refuses_by_the_rfc) {
  const std::vector<Case> table = {
      {"plain", "GET / HTTP/1.1\r\n" + host + "\r\n", 0},
      {"length", "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabc", 0},
      {"no body announced", "POST / HTTP/1.1\r\n" + host + "\r\n", 0},
      {"chunked", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
       0},
      {"chunked, empty", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0},
      {"chunk extension",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
       0},
      {"http 1.0 without host", "GET / HTTP/1.0\r\n\r\n", 0},
      {"absolute", "GET http://a/b?c HTTP/1.1\r\n" + host + "\r\n", 0},
      {"star", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", 0},
      {"incomplete", "GET / HTTP/1.1\r\n" + host, -1},
      {"body incomplete", "POST / HTTP/1.1\r\n" + host + "Content-Length: 4\r\n\r\nabc", -1},
      {"length and chunked",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"chunked and length",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
      {"two lengths", "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
      {"same length twice", "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
       400},
      {"length list", "POST / HTTP/1.1\r\n" + host + "Content-Length: 3, 3\r\n\r\n", 400},
      {"negative length", "POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"signed length", "POST / HTTP/1.1\r\n" + host + "Content-Length: +3\r\n\r\n", 400},
      {"hexadecimal length", "POST / HTTP/1.1\r\n" + host + "Content-Length: 0x3\r\n\r\n", 400},
      {"no number", "POST / HTTP/1.1\r\n" + host + "Content-Length: \r\n\r\n", 400},
      {"length overflows", "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n",
       400},
      {"body too long", "POST / HTTP/1.1\r\n" + host + "Content-Length: 2001\r\n\r\n", 413},
      {"chunk too long", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n7d1\r\n", 413},
      {"encoding unknown", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {"encoding list", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"encoding disguised", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"encoding unknown, then length",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", 501},
      {"chunked in http 1.0", "POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n", 400},
      {"blank before the colon", "POST / HTTP/1.1\r\n" + host + "Content-Length : 3\r\n\r\nabc", 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
      {"bad chunk size", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400},
      {"chunk without its end",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcXX0\r\n\r\n", 400},
      {"bare line feed", "GET / HTTP/1.1\nHost: a\n\n\r\n\r\n", 400},
      {"nul in a header", "GET / HTTP/1.1\r\n" + host + "X: a" + std::string(1, '\0') + "b\r\n\r\n", 400},
      {"no colon", "GET / HTTP/1.1\r\n" + host + "nonsense\r\n\r\n", 400},
      {"http 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"http 0.9", "GET /\r\n\r\n", 400},
      {"tls hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
      {"target without path", "GET index.html HTTP/1.1\r\n" + host + "\r\n", 400},
      {"connect", "CONNECT a:443 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"expect unknown", "POST / HTTP/1.1\r\n" + host + "Expect: tea\r\n\r\n", 417},
      {"line too long", "GET /" + std::string(1'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 431},
      {"header too long", "GET / HTTP/1.1\r\n" + host + "X: " + std::string(1'000, 'a') + "\r\n\r\n", 431},
      {"header without end", "GET / HTTP/1.1\r\n" + std::string(1'000, 'a'), 431},
  };
  for (const Case& tried : table) {
    // In one piece, byte by byte, and in between: where the bytes are cut must not matter.
    for (std::size_t piece = 1; piece <= tried.bytes.size();
         piece += piece < 9 ? 1 : tried.bytes.size() / 3) {
      EXPECT_EQ(status_of(tried.bytes, piece), tried.status) << tried.name << ", pieces of " << piece;
    }
  }
}

TEST(RequestParser, many_small_headers_are_too_long_together) {
  std::string bytes = "GET / HTTP/1.1\r\n" + host;
  for (int i = 0; i < 500; ++i) bytes += "X-" + std::to_string(i) + ": 1\r\n";
  for (const std::size_t piece : {bytes.size(), std::size_t{1}, std::size_t{50}}) {
    EXPECT_EQ(status_of(bytes, piece), 431) << piece;
  }
}

Request parsed(const std::string& bytes) {
  RequestParser parser(10'000, 10'000);
  const auto step = parser.feed(bytes);
  EXPECT_EQ(step.stage, Stage::complete) << bytes;
  EXPECT_EQ(step.used, bytes.size());
  return parser.take();
}

TEST(RequestParser, splits_the_target) {
  struct Split {
    const char *target, *path, *query;
  };
  for (const Split& tried : std::vector<Split>{{"/", "/", ""},
                                               {"/a/b?x=1&y", "/a/b", "x=1&y"},
                                               {"/a%2Fb?", "/a%2Fb", ""},
                                               {"/?a?b", "/", "a?b"},
                                               {"*", "*", ""},
                                               {"http://h:8080/p?q", "/p", "q"},
                                               {"HTTP://h", "/", ""}}) {
    const Request request = parsed(std::string("GET ") + tried.target + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(request.target, tried.target);
    EXPECT_EQ(request.path, tried.path) << tried.target;
    EXPECT_EQ(request.query, tried.query) << tried.target;
  }
}

TEST(RequestParser, keeps_headers_in_order_and_leaves_trailers_out) {
  const Request request = parsed(
      "PUT /x HTTP/1.1\r\nhost: h\r\nX-A:  1 \r\nx-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nab\r\n1\r\nc\r\n0\r\nAuthorization: late\r\n\r\n");
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.body, "abc");
  const Headers wanted = {{"host", "h"}, {"X-A", "1"}, {"x-a", "2"}, {"Transfer-Encoding", "chunked"}};
  EXPECT_EQ(request.headers, wanted);
  ASSERT_NE(find_header(request.headers, "X-a"), nullptr);
  EXPECT_EQ(*find_header(request.headers, "X-a"), "1");
  EXPECT_EQ(find_header(request.headers, "authorization"), nullptr);
}

TEST(RequestParser, says_once_that_the_sender_waits) {
  RequestParser parser(1'000, 1'000);
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
  auto step = parser.feed(head);
  EXPECT_EQ(step.used, head.size());
  EXPECT_EQ(step.stage, Stage::wants_continue);
  EXPECT_EQ(parser.feed("a").stage, Stage::needs_more);
  EXPECT_EQ(parser.feed("b").stage, Stage::complete);
  RequestParser hasty(1'000, 1'000);
  EXPECT_EQ(hasty.feed(head + "a").stage, Stage::needs_more) << "the body is already on its way";
}

TEST(RequestParser, leaves_the_next_request_alone) {
  const std::string one = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
  RequestParser parser(1'000, 1'000);
  const auto step = parser.feed(one + "GET /2 HTT");
  EXPECT_EQ(step.stage, Stage::complete);
  EXPECT_EQ(step.used, one.size());
}

TEST(ResponseText, has_the_headers_it_needs) {
  Response response{200, {{"X-A", "b"}, {"Content-Length", "7"}, {"connection", "x"}}, "hello"};
  EXPECT_EQ(response_head(response, {false, true, false, "now"}),
            "HTTP/1.1 200 OK\r\nDate: now\r\nServer: Kaden\r\nX-A: b\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(response_head(response, {false, false, true, "now"}),
            "HTTP/1.1 200 OK\r\nDate: now\r\nServer: Kaden\r\nX-A: b\r\nContent-Length: 5\r\n"
            "Connection: close\r\n\r\n");
  Response none{204, {}, ""};
  EXPECT_EQ(response_head(none, {false, true, true, "now"}),
            "HTTP/1.1 204 No Content\r\nDate: now\r\nServer: Kaden\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_FALSE(has_body(none, false));
  EXPECT_FALSE(has_body(response, true));
  EXPECT_TRUE(has_body(response, false));
}

TEST(ResponseText, what_http_cannot_carry_becomes_a_500) {
  const std::vector<Response> table = {{99, {}, ""},
                                       {600, {}, ""},
                                       {101, {}, ""},
                                       {200, {{"X", "a\r\nSet-Cookie: b"}}, ""},
                                       {200, {{"X\n", "a"}}, ""},
                                       {200, {{"", "a"}}, ""},
                                       {200, {{"X Y", "a"}}, ""},
                                       {200, {{"X", std::string("\0", 1)}}, ""}};
  for (Response response : table) {
    const std::string text = response_head(response, {false, true, false, "now"});
    EXPECT_EQ(text.substr(0, 34), "HTTP/1.1 500 Internal Server Error") << text;
    EXPECT_EQ(text.find("Set-Cookie"), std::string::npos);
  }
}

TEST(ErrorResponse, has_the_status_of_the_fault) {
  const std::vector<std::pair<Fault, int>> table = {
      {Fault::invalid, 400}, {Fault::not_found, 404},   {Fault::conflict, 409}, {Fault::denied, 403},
      {Fault::busy, 503},    {Fault::unavailable, 503}, {Fault::timeout, 504},  {Fault::corrupt, 500}};
  for (const auto& [fault, status] : table) {
    const Response response = error_response({fault, "why \"so\""});
    EXPECT_EQ(response.status, status);
    const auto body = parse_json(response.body);
    ASSERT_TRUE(body);
    EXPECT_EQ(body->at("error").at("message").as_string(), "why \"so\"");
    EXPECT_EQ(body->at("error").at("fault").as_string(), to_text(fault));
    EXPECT_EQ(find_header(response.headers, "Retry-After") != nullptr, status == 503);
  }
}

} // namespace
} // namespace kaden::http
