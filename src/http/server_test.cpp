// The server over real sockets on loopback: raw bytes, slow clients, late replies.
#include <gtest/gtest.h>

#include <thread>

#include "test_server.h"

#include "kaden/limits/input.h"

namespace kaden::http {
namespace {

TEST_F(ServerTest, answers_and_stays_open) {
  start();
  Peer client = peer();
  for (int i = 0; i < 1'000; ++i) {
    const std::string number = std::to_string(i);
    const std::string target = "/x?n=" + number;
    ASSERT_TRUE(client.send(post(target, number)));
    const std::string response = client.response();
    ASSERT_EQ(body_of(response), std::string("POST ").append(target).append(" ").append(number));
    ASSERT_NE(response.find("X-Peer: 127.0.0.1 loopback\r\n"), std::string::npos);
  }
  EXPECT_EQ(server_->counts().requests, 1'000U);
}

TEST_F(ServerTest, many_clients_on_two_threads) {
  start({.threads = 2});
  std::vector<std::thread> clients;
  clients.reserve(8);
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([this, c] {
      Peer client = peer();
      for (int i = 0; i < 300; ++i) {
        const std::string body = std::to_string(c) + "-" + std::to_string(i);
        EXPECT_TRUE(client.send(post("/", body)));
        EXPECT_EQ(body_of(client.response()), "POST / " + body);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(server_->counts().requests, 2'400U);
}

TEST_F(ServerTest, a_request_may_come_in_pieces) {
  start();
  const std::string whole = post("/pieces", "the body", "Connection: keep-alive\r\n");
  Peer client = peer();
  for (std::size_t cut = 1; cut < whole.size(); cut += 5) {
    ASSERT_TRUE(client.send(whole.substr(0, cut)));
    std::this_thread::yield();
    ASSERT_TRUE(client.send(whole.substr(cut)));
    ASSERT_EQ(body_of(client.response()), "POST /pieces the body") << cut;
  }
}

TEST_F(ServerTest, pipelined_requests_are_answered_in_order) {
  start();
  Peer client = peer();
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += post("/" + std::to_string(i), std::string(300, 'x'));
  ASSERT_TRUE(client.send(bytes + get("/later") + get("/after")));
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(body_of(client.response()), "POST /" + std::to_string(i) + " " + std::string(300, 'x'));
  }
  const Reply reply = echo_.later();
  EXPECT_EQ(server_->counts().requests, 201U) << "nothing passes a reply that is open";
  reply(text_response(202, "late"));
  EXPECT_EQ(status_of(client.response()), "HTTP/1.1 202");
  EXPECT_EQ(body_of(client.response()), "GET /after ");
}

TEST_F(ServerTest, large_bodies_both_ways) {
  start();
  Peer client = peer();
  const std::string body(limits::http_body_bytes_max, 'b');
  ASSERT_TRUE(client.send(post("/", body)));
  EXPECT_EQ(body_of(client.response()).size(), body.size() + 7);
  ASSERT_TRUE(client.send(get("/big")));
  EXPECT_EQ(body_of(client.response()).size(), 3'000'000U);
  ASSERT_TRUE(client.send("HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n"));
  const std::string head = client.response(true);
  EXPECT_NE(head.find("Content-Length: 3000000\r\n"), std::string::npos);
  EXPECT_EQ(body_of(head), "");
  ASSERT_TRUE(client.send(get("/still")));
  EXPECT_EQ(body_of(client.response()), "GET /still ");
}

TEST_F(ServerTest, closes_when_the_client_wishes) {
  start();
  struct Case {
    std::string request;
    bool closes;
  };
  for (const Case& tried : std::vector<Case>{
           {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true},
           {"GET / HTTP/1.0\r\n\r\n", true},
           {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
       }) {
    Peer client = peer();
    ASSERT_TRUE(client.send(tried.request));
    const std::string response = client.response();
    EXPECT_EQ(body_of(response), "GET / ");
    EXPECT_EQ(response.find("Connection: close\r\n") != std::string::npos, tried.closes) << response;
    if (tried.closes) {
      EXPECT_TRUE(client.is_closed());
    } else {
      ASSERT_TRUE(client.send(tried.request));
      EXPECT_EQ(body_of(client.response()), "GET / ");
    }
  }
}

TEST_F(ServerTest, refuses_and_closes) {
  start({.header_bytes_max = 1'000, .body_bytes_max = 2'000});
  struct Case {
    const char* name;
    std::string bytes;
    const char* status;
  };
  const std::vector<Case> table = {
      {"not http", "\x16\x03\x01 hello hello\r\n\r\n", "HTTP/1.1 400"},
      {"smuggled",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
       "HTTP/1.1 400"},
      {"long header", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(50'000, 'x') + "\r\n\r\n",
       "HTTP/1.1 431"},
      {"endless header", "GET / HTTP/1.1\r\n" + std::string(50'000, 'x'), "HTTP/1.1 431"},
      {"long body, all of it sent", post("/", std::string(500'000, 'x')), "HTTP/1.1 413"},
      {"endless chunk extension",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(50'000, 'x'),
       "HTTP/1.1 400"},
      {"endless trailer",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(50'000, 'x'),
       "HTTP/1.1 400"},
  };
  for (const Case& tried : table) {
    Peer client = peer();
    client.send(tried.bytes);
    EXPECT_EQ(status_of(client.response()), tried.status) << tried.name;
    client.send_end();
    EXPECT_EQ(client.rest(), "") << tried.name << ": nothing after the refusal is read as a request";
    EXPECT_TRUE(client.is_closed()) << tried.name;
  }
  EXPECT_EQ(server_->counts().requests, 0U);
  EXPECT_EQ(server_->counts().malformed, 4U);
  EXPECT_EQ(server_->counts().too_large, 3U);
}

TEST_F(ServerTest, refuses_in_the_words_of_the_sender_when_its_head_was_read) {
  start({.refused = [](const Request& head, int status) -> std::optional<Response> {
           if (head.path != "/own") return std::nullopt;
           return text_response(status, *find_header(head.headers, "x-who") + " " + head.body);
         },
         .body_bytes_max = 2'000,
         .request_max = Millis(150)});
  const auto head = [](const std::string& path, int length) {
    return "POST " + path +
           " HTTP/1.1\r\nHost: a\r\nX-Who: sato\r\nContent-Length: " + std::to_string(length) + "\r\n";
  };
  for (const auto& [bytes, status, body] : std::vector<std::tuple<std::string, const char*, const char*>>{
           {head("/own", 2'001) + "\r\n", "HTTP/1.1 413", "sato "},
           {head("/own", 2'000) + "\r\n", "HTTP/1.1 408", "sato "}, // and then nothing
           {head("/own", 2'000), "HTTP/1.1 408", "{"},              // its head is not complete
           {head("/other", 2'001) + "\r\n", "HTTP/1.1 413", "{"}}) {
    Peer client = peer();
    ASSERT_TRUE(client.send(bytes));
    const std::string response = client.response();
    EXPECT_EQ(status_of(response), status) << bytes;
    EXPECT_EQ(body_of(response).substr(0, std::string_view(body).size()), body) << bytes;
  }
}

TEST_F(ServerTest, says_continue_to_a_sender_that_waits) {
  start();
  Peer client = peer();
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.response(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.send("ok"));
  EXPECT_EQ(body_of(client.response()), "POST / ok");
}

TEST_F(ServerTest, slow_clients_are_cut_off_while_others_are_served) {
  start({.request_max = Millis(150), .idle_max = Millis(300)});
  Peer drip = peer();
  Peer idle = peer();
  ASSERT_TRUE(drip.send("POST / HTTP/1.1\r\nHost: a\r\n"));
  std::thread dripping([&] {
    for (int i = 0; i < 200 && drip.send("X: y\r\n"); ++i) usleep(10'000);
  });
  Peer lively = peer();
  ASSERT_TRUE(lively.send(get("/lively")));
  EXPECT_EQ(body_of(lively.response()), "GET /lively ");
  EXPECT_EQ(status_of(drip.response()), "HTTP/1.1 408");
  EXPECT_TRUE(drip.is_closed());
  dripping.join();
  EXPECT_EQ(idle.rest(), "");
  EXPECT_TRUE(idle.is_closed());
  Peer never_reads = peer();
  for (int i = 0; i < 20; ++i) never_reads.send(get("/big"));
  for (int i = 0; i < 500 && server_->counts().too_slow < 2; ++i) usleep(10'000);
  EXPECT_EQ(server_->counts().too_slow, 2U);
}

TEST_F(ServerTest, an_open_reply_has_no_deadline) {
  start({.request_max = Millis(40), .idle_max = Millis(40)});
  Peer client = peer();
  ASSERT_TRUE(client.send(get("/later")));
  const Reply reply = echo_.later();
  usleep(200'000);
  reply(text_response(200, "worth the wait"));
  EXPECT_EQ(body_of(client.response()), "worth the wait");
}

TEST_F(ServerTest, a_dropped_reply_is_a_500_and_a_second_one_is_nothing) {
  start();
  Peer client = peer();
  ASSERT_TRUE(client.send(get("/never") + get("/twice") + get("/broken") + get("/fine")));
  EXPECT_EQ(status_of(client.response()), "HTTP/1.1 500");
  EXPECT_EQ(body_of(client.response()), "first");
  EXPECT_EQ(status_of(client.response()), "HTTP/1.1 500");
  EXPECT_EQ(body_of(client.response()), "GET /fine ");
}

TEST_F(ServerTest, replies_come_from_any_thread_and_after_the_client_has_gone) {
  start();
  for (int i = 0; i < 50; ++i) {
    Peer client = peer();
    ASSERT_TRUE(client.send(get("/later")));
    Reply reply = echo_.later();
    std::thread answering([&] { reply(text_response(200, "from afar")); });
    if (i % 2 == 0) {
      EXPECT_EQ(body_of(client.response()), "from afar");
    }
    answering.join();
  }
  {
    Peer gone = peer();
    ASSERT_TRUE(gone.send(get("/later")));
    const Reply reply = echo_.later();
    { const Peer moved = peer(); }
    gone.send_end();
    reply(text_response(200, "too late?"));
    EXPECT_EQ(body_of(gone.response()), "too late?") << "a half-closed client still gets its reply";
  }
}

TEST_F(ServerTest, connections_over_the_limit_are_refused) {
  start({.connections_max = 2});
  Peer one = peer();
  Peer two = peer();
  ASSERT_TRUE(one.send(get("/1")) && two.send(get("/2")));
  EXPECT_EQ(body_of(one.response()), "GET /1 ");
  EXPECT_EQ(body_of(two.response()), "GET /2 ");
  {
    Peer three = peer();
    EXPECT_EQ(status_of(three.response()), "HTTP/1.1 503");
  }
  EXPECT_EQ(server_->counts().connections_refused, 1U);
  ASSERT_TRUE(one.send("GET / HTTP/1.0\r\n\r\n"));
  one.send_end();
  EXPECT_EQ(body_of(one.response()), "GET / ");
  EXPECT_TRUE(one.is_closed());
  EXPECT_TRUE(is_served_at_last());
}

TEST_F(ServerTest, one_peer_has_its_share_and_no_more) {
  start({.connections_per_peer_max = 2});
  {
    Peer one = peer();
    Peer two = peer();
    ASSERT_TRUE(one.send(get("/1")) && two.send(get("/2")));
    EXPECT_EQ(body_of(one.response()), "GET /1 ");
    EXPECT_EQ(body_of(two.response()), "GET /2 ");
    Peer three = peer();
    EXPECT_EQ(status_of(three.response()), "HTTP/1.1 503");
  }
  EXPECT_EQ(server_->counts().connections_refused, 1U);
  EXPECT_TRUE(is_served_at_last());
}

TEST_F(ServerTest, closing_waits_for_open_replies) {
  start();
  Peer client = peer();
  Peer idle = peer();
  ASSERT_TRUE(client.send(get("/later")));
  const Reply reply = echo_.later();
  std::thread closing([this] { server_.reset(); });
  EXPECT_TRUE(idle.is_closed());
  reply(text_response(200, "just in time"));
  const std::string response = client.response();
  EXPECT_EQ(body_of(response), "just in time");
  EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
  closing.join();
}

TEST_F(ServerTest, a_reply_after_the_end_is_nothing) {
  start();
  Peer client = peer();
  ASSERT_TRUE(client.send(get("/later")));
  const Reply reply = echo_.later();
  server_.reset(); // waits its two seconds
  EXPECT_TRUE(client.is_closed());
  reply(text_response(200, "nobody"));
}

TEST(ServerStart, says_what_is_wrong) {
  const auto nothing = [](const Request&, const Reply&) {};
  Server first({}, nothing);
  ASSERT_TRUE(first.start());
  struct Case {
    ServerSettings settings;
    Fault fault;
    const char* says;
  };
  const std::vector<Case> table = {
      {{.address = "localhost"}, Fault::invalid, "'localhost' is not an IP address"},
      {{.address = "192.0.2.1"}, Fault::unavailable, "192.0.2.1"},
      {{.port = first.port()}, Fault::conflict, "port " /* and its number */},
      {{.certificate_file = "/none.pem", .key_file = "/none.pem"}, Fault::invalid, "/none.pem"},
  };
  for (const Case& tried : table) {
    Server server(tried.settings, nothing);
    const auto started = server.start();
    ASSERT_FALSE(started) << tried.says;
    EXPECT_EQ(started.error().fault, tried.fault) << started.error().message;
    EXPECT_NE(started.error().message.find(tried.says), std::string::npos) << started.error().message;
  }
}

} // namespace
} // namespace kaden::http
