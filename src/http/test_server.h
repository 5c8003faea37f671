/// test_server.h - a server that answers with what it got, and requests as text. Room: http, for its tests.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "kaden/http.h"
#include "test_peer.h"

namespace kaden::http {

/// Answers with what it got; "/later" is answered by later(), "/never" is dropped.
class Echo {
 public:
  void operator()(const Request& request, const Reply& reply) {
    if (request.path == "/later") {
      std::lock_guard lock(mutex_);
      waiting_.push_back(reply);
      arrived_.notify_all();
      return;
    }
    if (request.path == "/never") return;
    if (request.path == "/big") return reply(text_response(200, std::string(3'000'000, 'b')));
    if (request.path == "/twice") reply(text_response(200, "first"));
    if (request.path == "/broken") return reply({200, {{"X", "a\r\nb"}}, ""});
    Response response = text_response(200, request.method + " " + request.target + " " + request.body);
    response.headers.emplace_back("X-Peer", request.peer + (request.peer_is_loopback ? " loopback" : ""));
    reply(std::move(response));
  }
  Reply later() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !waiting_.empty(); });
    Reply reply = std::move(waiting_.front());
    waiting_.pop_front();
    return reply;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Reply> waiting_;
};

inline std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}
inline std::string body_of(const std::string& response) {
  const std::size_t at = response.find("\r\n\r\n");
  return at == std::string::npos ? "no response: " + response : response.substr(at + 4);
}

class ServerTest : public testing::Test {
 protected:
  void start(ServerSettings settings = {}) {
    server_ = std::make_unique<Server>(
        std::move(settings), [this](const Request& request, const Reply& reply) { echo_(request, reply); });
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  Peer peer() const { return Peer(server_->port()); }
  /// A new client, as soon as the server has seen that another one went away.
  bool is_served_at_last() const {
    for (int i = 0; i < 500; ++i) {
      Peer client = peer();
      client.send(get("/4"));
      if (body_of(client.response()) == "GET /4 ") return true;
    }
    return false;
  }
  Echo echo_;
  std::unique_ptr<Server> server_;
};

inline std::string post(const std::string& target, const std::string& body, const std::string& headers = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: a\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline std::string status_of(const std::string& response) {
  return response.substr(0, 12);
}

} // namespace kaden::http
