#include "client.h"

#include <gtest/gtest.h>

#include <atomic>

#include "keys.h"

namespace kaden::agent {
namespace {

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
