// Both ends against programs: the curl program as the server's peer, TLS, and our client against our server.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "test_server.h"

namespace kaden::http {
namespace {

// Real peers

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  require(pipe != nullptr, "a shell starts");
  std::array<char, 4'096> part{};
  while (const std::size_t got = fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), got);
  const int status = pclose(pipe);
  if (status != 0) text += " [exit " + std::to_string(WEXITSTATUS(status)) + "]";
  return text;
}

class Certificate {
 public:
  Certificate() {
    std::string pattern = std::filesystem::temp_directory_path() / "kaden-http-XXXXXX";
    require(mkdtemp(pattern.data()) != nullptr, "a folder for the test can be made");
    folder_ = pattern;
    for (const char* name : {"good", "other"}) {
      output_of(
          "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
          " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " +
          file(name).append(".key") + " -out " + file(name).append(".pem"));
    }
  }
  ~Certificate() { std::filesystem::remove_all(folder_); }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  std::string file(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
};

TEST_F(ServerTest, the_curl_program_is_served) {
  start();
  const std::string url = "http://127.0.0.1:" + std::to_string(server_->port());
  EXPECT_EQ(output_of("curl -s --noproxy '*' -d hello " + url + "/a"), "POST /a hello");
  EXPECT_EQ(output_of("curl -s --noproxy '*' -H 'Transfer-Encoding: chunked' -d hello " + url + "/c"),
            "POST /c hello");
  EXPECT_EQ(output_of("curl -s --noproxy '*' -H 'Expect: 100-continue' -d hello " + url + "/e"),
            "POST /e hello");
  EXPECT_EQ(output_of("curl -s --noproxy '*' " + url + "/1 " + url + "/2"), "GET /1 GET /2 ");
  EXPECT_EQ(output_of("head -c 5000000 /dev/zero | curl -s --noproxy '*' -o /dev/null -w '%{http_code}' "
                      "--data-binary @- " +
                      url),
            "413");
  EXPECT_NE(output_of("curl -sI --noproxy '*' " + url).find("HTTP/1.1 200 OK"), std::string::npos);
}

TEST_F(ServerTest, tls) {
  const Certificate certificate;
  start({.certificate_file = certificate.file("good.pem"), .key_file = certificate.file("good.key")});
  const std::string url = "https://localhost:" + std::to_string(server_->port());
  const std::string curl = "curl -s --noproxy '*' --cacert " + certificate.file("good.pem") + " ";
  EXPECT_EQ(output_of(curl + "-d hello " + url + "/a " + url + "/b"), "POST /a helloPOST /b hello");
  EXPECT_EQ(output_of(curl + "--http1.0 " + url + "/one"), "GET /one ");
  EXPECT_EQ(output_of(curl + "-o /dev/null -w '%{size_download}' " + url + "/big"), "3000000");
  EXPECT_EQ(output_of(curl + "--tls-max 1.2 " + url + "/old"), "GET /old ");
  EXPECT_NE(output_of(curl + "--tls-max 1.1 --ciphers 'DEFAULT@SECLEVEL=0' " + url).find("[exit"),
            std::string::npos);
  {
    Peer plain = peer();
    plain.send(get("/"));
    EXPECT_EQ(plain.rest().find("HTTP"), std::string::npos);
  }

  Client client;
  ClientRequest request{
      .method = "POST", .url = url + "/c", .body = "x", .ca_file = certificate.file("good.pem")};
  for (int i = 0; i < 20; ++i) {
    const auto answered = client.send(request);
    ASSERT_TRUE(answered) << answered.error().message;
    EXPECT_EQ(answered->body, "POST /c x");
  }
  for (const std::string& file : {std::string(), certificate.file("other.pem")}) {
    request.ca_file = file;
    const auto refused = client.send(request);
    ASSERT_FALSE(refused) << "a certificate that nobody vouches for";
    EXPECT_EQ(refused.error().fault, Fault::denied) << refused.error().message;
  }
  Server mismatched(
      {.certificate_file = certificate.file("good.pem"), .key_file = certificate.file("other.key")},
      [](const Request&, const Reply&) {});
  EXPECT_EQ(mismatched.start().error().fault, Fault::invalid);
}

// The client

TEST_F(ServerTest, the_client_sends_what_it_is_told_and_no_more) {
  std::mutex mutex;
  Request seen;
  Server server({}, [&](Request request, const Reply& reply) {
    std::lock_guard lock(mutex);
    seen = std::move(request);
    reply({seen.path == "/moved" ? 302 : 201, {{"X-A", "b: c"}, {"Location", "/elsewhere"}}, "made"});
  });
  ASSERT_TRUE(server.start());
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port());
  Client client;
  auto answered = client.send({.method = "PUT",
                               .url = url + "/a?b=c",
                               .headers = {{"X-One", "1"}, {"X-None", ""}},
                               .body = std::string("\0\r\n", 3)});
  ASSERT_TRUE(answered) << answered.error().message;
  EXPECT_EQ(answered->status, 201);
  EXPECT_EQ(answered->body, "made");
  EXPECT_EQ(*find_header(answered->headers, "x-a"), "b: c");
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, "/a?b=c");
  EXPECT_EQ(seen.body, std::string("\0\r\n", 3));
  EXPECT_EQ(*find_header(seen.headers, "Host"), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(*find_header(seen.headers, "X-One"), "1");
  EXPECT_EQ(*find_header(seen.headers, "X-None"), "");
  EXPECT_EQ(find_header(seen.headers, "Content-Type"), nullptr);
  EXPECT_EQ(find_header(seen.headers, "Expect"), nullptr);

  EXPECT_EQ(client.send({.method = "GET", .url = url + "/moved"})->status, 302)
      << "redirects are not followed";
  EXPECT_EQ(client.send({.method = "HEAD", .url = url})->body, "");
  for (const char* method : {"DELETE", "POST", "GET"}) {
    ASSERT_TRUE(client.send({.method = method, .url = url}));
    EXPECT_EQ(seen.method, method);
    EXPECT_EQ(seen.body, "");
  }
}

TEST_F(ServerTest, the_client_gives_up_in_time_and_says_why) {
  start();
  const std::string url = "http://127.0.0.1:" + std::to_string(server_->port());
  Client client;
  struct Case {
    ClientRequest request;
    Fault fault;
  };
  const std::vector<Case> table = {
      {{.url = url + "/later", .patience = Millis(50)}, Fault::timeout},
      {{.url = "http://127.0.0.1:1/"}, Fault::unavailable},
      {{.url = "file:///etc/passwd"}, Fault::invalid},
      {{.url = "nonsense://x"}, Fault::invalid},
      {{.url = "http://a b/"}, Fault::invalid},
      {{.url = url + "/\r\nX: y"}, Fault::invalid},
      {{.method = "GET /x", .url = url}, Fault::invalid},
      {{.url = url, .headers = {{"X", "a\r\nY: b"}}}, Fault::invalid},
      {{.url = url, .headers = {{"X: y", "a"}}}, Fault::invalid},
  };
  for (const Case& tried : table) {
    const auto answered = client.send(tried.request);
    ASSERT_FALSE(answered) << tried.request.url;
    EXPECT_EQ(answered.error().fault, tried.fault) << answered.error().message;
  }
  const auto secret = client.send({.url = "http://127.0.0.1:1/x?token=hush"});
  EXPECT_EQ(secret.error().message.find("hush"), std::string::npos) << "queries may hold secrets";
}

TEST_F(ServerTest, a_pinned_certificate_is_trusted_by_its_digest_alone) {
  const Certificate certificate;
  start({.certificate_file = certificate.file("good.pem"), .key_file = certificate.file("good.key")});
  const auto pin_of = [&](const std::string& name) {
    const std::string line =
        output_of("openssl x509 -noout -fingerprint -sha256 -in " + certificate.file(name + ".pem"));
    return parse_certificate_pin(trim(line.substr(line.find('=') + 1))).value();
  };
  Client client;
  // Its name does not fit and nobody vouches for it; and a connection kept for one pin serves no other.
  ClientRequest request{.url = "https://127.0.0.1:" + std::to_string(server_->port()) + "/p"};
  for (int i = 0; i < 3; ++i) {
    request.certificate_pin = pin_of("good");
    const auto answered = client.send(request);
    ASSERT_TRUE(answered) << answered.error().message;
    EXPECT_EQ(answered->body, "GET /p ");
    request.certificate_pin = pin_of("other");
    EXPECT_EQ(client.send(request).error().fault, Fault::denied);
    request.certificate_pin.reset();
    EXPECT_EQ(client.send(request).error().fault, Fault::denied);
  }
}

TEST(Pin, is_read_as_openssl_prints_it) {
  const std::string digits = "00ff10ab00ff10ab00ff10ab00ff10ab00ff10ab00ff10ab00ff10ab00ff10AB";
  std::string colons;
  for (std::size_t i = 0; i < digits.size(); i += 2) colons += (i ? ":" : "") + digits.substr(i, 2);
  ASSERT_TRUE(parse_certificate_pin(digits));
  EXPECT_EQ(parse_certificate_pin(digits), parse_certificate_pin(colons));
  EXPECT_EQ(parse_certificate_pin(digits)->substr(0, 4), std::string("\x00\xff\x10\xab", 4));
  for (const std::string& bad : {std::string(), digits.substr(1), digits.substr(2), digits + "00",
                                 "x" + digits.substr(1), "0:0" + digits.substr(2)})
    EXPECT_EQ(parse_certificate_pin(bad).error().fault, Fault::invalid) << bad;
}

TEST_F(ServerTest, the_client_takes_no_more_than_asked_and_unpacks) {
  start();
  const std::string url = "http://127.0.0.1:" + std::to_string(server_->port());
  Client client;
  EXPECT_EQ(client.send({.url = url + "/big"})->body.size(), 3'000'000U);
  EXPECT_EQ(client.send({.url = url + "/big", .response_bytes_max = 2'999'999}).error().fault,
            Fault::invalid);

  const std::string zipped = output_of("head -c 1000000 /dev/zero | gzip -9");
  ASSERT_LT(zipped.size(), 5'000U);
  std::mutex mutex;
  std::string accepted;
  Server server({}, [&](const Request& request, const Reply& reply) {
    const std::string* header = find_header(request.headers, "Accept-Encoding");
    std::lock_guard lock(mutex);
    accepted = header == nullptr ? "" : *header;
    reply({200, {{"Content-Encoding", "gzip"}}, zipped});
  });
  ASSERT_TRUE(server.start());
  ClientRequest request{.url = "http://127.0.0.1:" + std::to_string(server.port())};
  EXPECT_EQ(client.send(request)->body, zipped);
  EXPECT_EQ(accepted, "");
  request.accept_compressed = true;
  EXPECT_EQ(client.send(request)->body, std::string(1'000'000, '\0'));
  EXPECT_NE(accepted.find("gzip"), std::string::npos);
  request.response_bytes_max = 999'999;
  EXPECT_EQ(client.send(request).error().fault, Fault::invalid) << "a bomb is counted unpacked";
}

TEST(Client, link_local_addresses_are_refused_before_anything_is_sent) {
  Client client;
  for (const char* host : {"169.254.169.254", "169.254.0.1", "[fe80::1]", "[::ffff:169.254.169.254]",
                           "[fd00:ec2::254]", "2852039166"}) {
    const auto refused =
        client.send({.url = std::string("http://") + host + "/latest", .patience = Millis(500)});
    ASSERT_FALSE(refused) << host;
    EXPECT_EQ(refused.error().fault, Fault::denied) << host << ": " << refused.error().message;
  }
}

TEST_F(ServerTest, the_address_behind_a_name_may_be_no_nearer_than_asked) {
  start();
  ClientRequest request{.url = "http://127.0.0.1:" + std::to_string(server_->port())};
  Client client;
  for (const auto nearest : {std::optional<HostKind>(), std::optional(HostKind::loopback)}) {
    request.nearest = nearest;
    EXPECT_TRUE(client.send(request)) << "and the connection is kept";
  }
  for (const HostKind nearest : {HostKind::name, HostKind::private_address}) {
    request.nearest = nearest;
    Client fresh;
    for (Client* each : {&client, &fresh}) {
      const auto refused = each->send(request);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().fault, Fault::denied) << refused.error().message;
    }
  }
}

TEST_F(ServerTest, an_exchange_can_be_cancelled) {
  start();
  std::atomic<bool> cancelled = false;
  std::thread ender([&] {
    const Reply kept = echo_.later();
    cancelled = true;
  });
  Client client;
  const auto ended = client.send({.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/later",
                                  .patience = seconds(60),
                                  .cancelled = &cancelled});
  ender.join();
  EXPECT_FALSE(ended);
}

TEST_F(ServerTest, the_client_is_shared_by_threads) {
  start();
  const std::string url = "http://127.0.0.1:" + std::to_string(server_->port());
  Client client;
  std::vector<std::thread> threads;
  threads.reserve(6);
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string body = std::to_string(t * 100 + i);
        const auto answered = client.send({.method = "POST", .url = url, .body = body});
        ASSERT_TRUE(answered) << answered.error().message;
        EXPECT_EQ(answered->body, "POST / " + body);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

} // namespace
} // namespace kaden::http
