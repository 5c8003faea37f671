// A closed-loop load of alarm events over keep-alive connections, for Kaden and for Prometheus Alertmanager
// alike. Usage: http_load kaden|alertmanager PORT CONNECTIONS BATCH EVENTS [TOKEN] [SKIP] [RATE] Events are
// numbered from SKIP on, so that every one is new. RATE (events per second, 0: as fast as answers come)
// paces. Prints one line of JSON: events, seconds, events_per_s, p50_ms, p99_ms, failed.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using Steady = std::chrono::steady_clock;

struct Plan {
  bool kaden = true;
  std::uint16_t port = 0;
  int connections = 8;
  int batch = 1;
  int events = 1000;
  std::string token;
  int skip = 0;
  double rate = 0;
};

double number_at(const char* text) {
  return std::strtod(text, nullptr);
}

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

std::string one_event(const Plan& plan, int number) {
  const std::string n = std::to_string(number);
  if (plan.kaden) {
    return R"({"source":"bench","event_id":")" + n + R"(","alarm":"disk full )" + n + R"(","machine":"web-)" +
           n + R"(","severity":"warning","labels":{"team":"db","site":"tokyo"}})";
  }
  return R"({"labels":{"alertname":"disk full )" + n + R"(","instance":"web-)" + n +
         R"(","severity":"warning","team":"db","site":"tokyo"}})";
}

std::string request_of(const Plan& plan, int first, int count) {
  std::string body;
  for (int i = 0; i < count; ++i) body += (i > 0 ? "," : "") + one_event(plan, first + i);
  if (plan.kaden) {
    if (count > 1) body = "{\"events\":[" + body + "]}";
  } else {
    body = "[" + body + "]";
  }
  const std::string path = plan.kaden ? "/api/v1/events" : "/api/v2/alerts";
  std::string head = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
  if (!plan.token.empty()) head += "Authorization: Bearer " + plan.token + "\r\n";
  return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    give_up("connect");
  }
  return fd;
}

/// Reads one response with a Content-Length; true when its status is 200.
bool read_response(int fd, std::string& buffer) {
  while (true) {
    const std::size_t head_end = buffer.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      std::string head = buffer.substr(0, head_end);
      for (char& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      const std::size_t length_at = head.find("content-length:");
      const std::size_t length = length_at == std::string::npos
                                     ? 0
                                     : static_cast<std::size_t>(number_at(head.c_str() + length_at + 15));
      if (buffer.size() >= head_end + 4 + length) {
        const bool good = buffer.compare(9, 3, "200") == 0;
        buffer.erase(0, head_end + 4 + length);
        return good;
      }
    }
    char chunk[8192];
    const ssize_t n = recv(fd, chunk, sizeof chunk, 0);
    if (n <= 0) return false;
    buffer.append(chunk, static_cast<std::size_t>(n));
  }
}

void run_connection(const Plan& plan, std::atomic<int>& next, std::vector<double>& times,
                    std::atomic<int>& failed, Steady::time_point start) {
  const int fd = connect_to(plan.port);
  std::string buffer;
  while (true) {
    const int first = next.fetch_add(plan.batch);
    if (first >= plan.events) break;
    const int count = std::min(plan.batch, plan.events - first);
    if (plan.rate > 0) {
      const auto due = start + std::chrono::duration_cast<Steady::duration>(
                                   std::chrono::duration<double>(first / plan.rate));
      std::this_thread::sleep_until(due);
    }
    const std::string request = request_of(plan, plan.skip + first, count);
    const auto before = Steady::now();
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()) ||
        !read_response(fd, buffer)) {
      failed += count;
    }
    times.push_back(std::chrono::duration<double, std::milli>(Steady::now() - before).count());
  }
  close(fd);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr,
                 "usage: http_load kaden|alertmanager PORT CONNECTIONS BATCH EVENTS [TOKEN] [SKIP] [RATE]\n");
    return 2;
  }
  Plan plan;
  plan.kaden = std::string(argv[1]) == "kaden";
  plan.port = static_cast<std::uint16_t>(number_at(argv[2]));
  plan.connections = static_cast<int>(number_at(argv[3]));
  plan.batch = static_cast<int>(number_at(argv[4]));
  plan.events = static_cast<int>(number_at(argv[5]));
  if (argc > 6) plan.token = argv[6];
  if (argc > 7) plan.skip = static_cast<int>(number_at(argv[7]));
  if (argc > 8) plan.rate = number_at(argv[8]);

  std::atomic<int> next = 0;
  std::atomic<int> failed = 0;
  std::vector<std::vector<double>> times(static_cast<std::size_t>(plan.connections));
  std::vector<std::thread> threads;
  threads.reserve(times.size());
  const auto start = Steady::now();
  for (auto& mine : times) {
    threads.emplace_back(
        [&plan, &next, &mine, &failed, start] { run_connection(plan, next, mine, failed, start); });
  }
  for (auto& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Steady::now() - start).count();
  std::vector<double> all;
  for (const auto& mine : times) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    return all.empty() ? 0.0 : all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
  };
  std::printf(
      "{\"events\":%d,\"seconds\":%.3f,\"events_per_s\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"failed\":%d}"
      "\n",
      plan.events, seconds, plan.events / seconds, at(0.5), at(0.99), failed.load());
  return failed == 0 ? 0 : 1;
}
