// Real sockets on loopback: what arrives, what is dropped, and who is refused.
#include "receiver.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

namespace kaden::logs {
namespace {

using testing::ElementsAre;

/// A sender; what it cannot send is the test's failure.
class Sender {
 public:
  Sender(int type, std::uint16_t port) : socket_(socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  explicit Sender(const std::string& path) : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(&to.sun_path[0], path.c_str(), path.size() + 1);
    is_connected_ = connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  void send(const std::string& bytes) const {
    ASSERT_TRUE(is_connected_) << strerror(errno);
    ASSERT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void close() { socket_.close(); }
  /// Waits for the far end to close.
  bool is_closed_by_peer() const {
    char byte = 0;
    const timeval patience{20, 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return recv(socket_.get(), &byte, 1, 0) <= 0 && errno != EAGAIN;
  }

 private:
  runtime::Descriptor socket_;
  bool is_connected_ = false;
};

class ReceiverTest : public testing::Test {
 protected:
  ~ReceiverTest() override {
    receiver_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open(Syslog settings) {
    auto opened = Receiver::open(settings, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    receiver_ = std::move(*opened);
  }
  /// The next `count`, however long they take.
  std::vector<std::string> next(std::size_t count) {
    std::vector<Received> received;
    for (int tries = 0; tries < 200 && received.size() < count; ++tries) {
      receiver_->wait(Millis(100));
      receiver_->take(received, count);
    }
    std::vector<std::string> texts;
    for (const Received& one : received) texts.push_back(one.sender + "|" + one.bytes);
    return texts;
  }
  void wait_for_count(const char* what, std::uint64_t least) {
    for (int tries = 0; tries < 2'000 && receiver_->counts().at(what) < least; ++tries) usleep(10'000);
    EXPECT_GE(receiver_->counts().at(what), least) << what;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("kaden-receiver-" + std::to_string(getpid()));
  const runtime::SystemClock clock_;
  std::unique_ptr<Receiver> receiver_;
};

const Address any_port{"127.0.0.1", 0};

TEST_F(ReceiverTest, datagrams_from_the_network_and_from_a_local_socket) {
  std::filesystem::create_directories(folder_);
  Syslog settings;
  settings.udp = any_port;
  settings.local = folder_ / "log";
  open(settings);
  const Sender udp(SOCK_DGRAM, receiver_->udp_port());
  udp.send("<13>Aug 24 12:00:00 web-01 a: one");
  EXPECT_THAT(next(1), ElementsAre("127.0.0.1|<13>Aug 24 12:00:00 web-01 a: one"));
  const Sender local(settings.local);
  local.send("<13>Aug 24 12:00:00 a: two");
  EXPECT_THAT(next(1), ElementsAre("|<13>Aug 24 12:00:00 a: two"));
  EXPECT_EQ(Receiver::open(settings, clock_).error().message, settings.local + ": Address already in use");
  receiver_.reset();
  EXPECT_FALSE(std::filesystem::exists(settings.local));
}

TEST_F(ReceiverTest, a_local_socket_that_nobody_reads_is_taken_over) {
  std::filesystem::create_directories(folder_);
  const std::string path = folder_ / "log";
  { const auto left_over = open_local(path); }
  ASSERT_TRUE(std::filesystem::exists(path)) << "as after a crash";
  Syslog settings;
  settings.local = path;
  open(settings);
  const Sender local(path);
  local.send("<13>x");
  EXPECT_THAT(next(1), ElementsAre("|<13>x"));
}

TEST_F(ReceiverTest, streams_in_both_framings_and_the_last_line_of_one_that_ends) {
  Syslog settings;
  settings.tcp = any_port;
  open(settings);
  Sender stream(SOCK_STREAM, receiver_->tcp_port());
  stream.send("<13>one\n5 <13>2<13>thr");
  EXPECT_THAT(next(2), ElementsAre("127.0.0.1|<13>one", "127.0.0.1|<13>2"));
  stream.send("ee\n<13>four");
  stream.close();
  EXPECT_THAT(next(2), ElementsAre("127.0.0.1|<13>three", "127.0.0.1|<13>four"));
}

TEST_F(ReceiverTest, what_is_no_syslog_is_ended_and_told) {
  Syslog settings;
  settings.tcp = any_port;
  open(settings);
  const Sender stream(SOCK_STREAM, receiver_->tcp_port());
  stream.send("16x GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(stream.is_closed_by_peer());
  wait_for_count("broken", 1);
  EXPECT_EQ(receiver_->take_complaint(),
            "the connection of 127.0.0.1 was ended: a frame begins neither with its length nor with '<'");
  EXPECT_EQ(receiver_->take_complaint(), "");
}

TEST_F(ReceiverTest, one_sender_gets_so_many_connections) {
  Syslog settings;
  settings.tcp = any_port;
  open(settings);
  std::vector<Sender> senders;
  for (std::size_t i = 0; i < limits::syslog_connections_of_one_max; ++i)
    senders.emplace_back(SOCK_STREAM, receiver_->tcp_port());
  senders.back().send("<13>x\n");
  EXPECT_EQ(next(1).size(), 1U);
  const Sender one_more(SOCK_STREAM, receiver_->tcp_port());
  EXPECT_TRUE(one_more.is_closed_by_peer());
  wait_for_count("refused", 1);
  EXPECT_EQ(receiver_->levels().at("connections"), limits::syslog_connections_of_one_max);
}

TEST_F(ReceiverTest, datagrams_over_the_rate_are_dropped_and_counted) {
  Syslog settings;
  settings.udp = any_port;
  settings.rate_per_s = 5;
  open(settings);
  const Sender udp(SOCK_DGRAM, receiver_->udp_port());
  for (int i = 0; i < 200; ++i) udp.send("<13>" + std::to_string(i));
  EXPECT_EQ(next(5).size(), 5U);
  wait_for_count("dropped_rate", 100);
}

TEST_F(ReceiverTest, a_full_queue_makes_streams_wait_and_loses_nothing_of_them) {
  Syslog settings;
  settings.tcp = any_port;
  open(settings);
  constexpr std::size_t count = 600;
  const std::string message = "<13>" + std::string(60'000, 'x'); // more than the queue holds, in all
  std::thread sending([&] {
    const Sender stream(SOCK_STREAM, receiver_->tcp_port());
    for (std::size_t i = 0; i < count; ++i) stream.send(message + "\n");
  });
  std::size_t taken = 0;
  wait_for_count("received", 200); // half of the queue
  while (taken < count) {
    const auto some = next(std::min<std::size_t>(50, count - taken));
    ASSERT_FALSE(some.empty()) << taken;
    taken += some.size();
  }
  sending.join();
  EXPECT_EQ(receiver_->counts().at("received"), count);
  EXPECT_EQ(receiver_->counts().at("dropped_full"), 0U);
}

TEST_F(ReceiverTest, says_what_it_cannot_open) {
  Syslog settings;
  settings.tls = any_port;
  settings.certificate_file = "/nonexistent/kaden.crt";
  settings.key_file = "/nonexistent/kaden.key";
  const auto opened = Receiver::open(settings, clock_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, testing::StartsWith("the certificate /nonexistent/kaden.crt: "));
  Syslog elsewhere;
  elsewhere.udp = Address{"192.0.2.1", 5514};
  EXPECT_EQ(Receiver::open(elsewhere, clock_).error().message,
            "192.0.2.1:5514 UDP: Cannot assign requested address");
}

} // namespace
} // namespace kaden::logs
