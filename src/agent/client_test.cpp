#include "client.h"

#include <gtest/gtest.h>

#include <atomic>

#include "keys.h"
#include "response.h"

namespace kaden::agent {
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

class ClientTest : public testing::Test {
 protected:
  ClientTest() : server_(std::make_unique<http::Server>(http::ServerSettings{}, handler())) {
    require(server_->start().has_value(), "the server starts");
    client_.emplace(*parse_address(url()), "", clock_);
  }
  http::Handler handler() {
    return [this](const http::Request& request, const http::Reply& reply) {
      ++requests_;
      if (request.path == "/never") return;
      reply(http::text_response(200, request.method + " " + request.body));
    };
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  http::Headers headers() const { return {{"Host", client_->address().authority}}; }

  runtime::SystemClock clock_;
  std::atomic<int> requests_ = 0;
  std::unique_ptr<http::Server> server_;
  std::optional<Client> client_;
};

TEST_F(ClientTest, keeps_its_connection_and_opens_it_again_when_it_is_dead) {
  for (int i = 0; i < 3; ++i) {
    const auto response = client_->post(headers(), std::to_string(i), seconds(10));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "POST " + std::to_string(i));
  }
  const std::uint16_t port = server_->port();
  server_.reset();
  const auto refused = client_->post(headers(), "x", seconds(10));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::unavailable);
  server_ = std::make_unique<http::Server>(http::ServerSettings{.port = port}, handler());
  ASSERT_TRUE(server_->start());
  EXPECT_TRUE(client_->post(headers(), "y", seconds(10)));
  EXPECT_EQ(requests_, 4);
}

TEST_F(ClientTest, large_bodies_pass) {
  const std::string body(900'000, 'x');
  const auto response = client_->post(headers(), body, seconds(30));
  EXPECT_FALSE(response) << "the answer is larger than an agent takes";
  EXPECT_EQ(response.error().fault, Fault::invalid);
}

TEST_F(ClientTest, plain_answers_to_tls_are_told) {
  Client client(*parse_address("https://127.0.0.1:" + std::to_string(server_->port())), "", clock_);
  const auto response = client.post(headers(), "x", seconds(10));
  ASSERT_FALSE(response);
  EXPECT_NE(response.error().message.find("TLS handshake"), std::string::npos) << response.error().message;
}

TEST(Keys, shared_credentials_files) {
  constexpr std::string_view file =
      "# comment\n[default]\naws_access_key_id = AK1\naws_secret_access_key=s1\n\n[ erp ]\r\n"
      "AWS_ACCESS_KEY_ID=AK2\r\naws_secret_access_key = s=2 \r\naws_session_token = t2\nregion = x\n"
      "[broken]\naws_access_key_id = a b\n";
  const auto first = parse_credentials(file, "default");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->access_key_id + first->secret + first->session_token, "AK1s1");
  const auto second = parse_credentials(file, "erp");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->access_key_id + second->secret + second->session_token, "AK2s=2t2");
  EXPECT_EQ(parse_credentials(file, "none").error().fault, Fault::not_found);
  EXPECT_EQ(parse_credentials(file, "broken").error().fault, Fault::invalid);
  EXPECT_FALSE(parse_credentials("[", ""));
}

} // namespace
} // namespace kaden::agent
