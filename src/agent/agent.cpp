#include "kaden/agent.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "delivery.h"
#include "kaden/http.h"
#include "kaden/sigv4.h"
#include "metric.h"
#include "proc_text.h"

namespace kaden::agent {

namespace {

constexpr std::size_t proc_bytes_max = 4u << 20; // /proc/stat of a machine with thousands of CPUs
constexpr std::size_t unsent_bytes_max = 16u << 20;
constexpr Millis send_patience = seconds(10);
constexpr Millis stop_look = Millis(200);

Result<std::string> read_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  if (file >= 0) {
    std::array<char, 16'384> part{};
    ssize_t got = 0;
    while (text.size() < proc_bytes_max && (got = read(file, part.data(), part.size())) > 0) {
      text.append(part.data(), static_cast<std::size_t>(got));
    }
    const int why = errno;
    close(file);
    if (got >= 0) return text;
    errno = why;
  }
  return fail(Fault::unavailable, "reading " + path + ": " + std::system_category().message(errno));
}

Result<Space> space_of(const std::string& path) {
  struct statvfs told {};
  if (statvfs(path.c_str(), &told) != 0) {
    return fail(Fault::unavailable,
                "asking for the space of " + path + ": " + std::system_category().message(errno));
  }
  const std::uint64_t block = told.f_frsize;
  return Space{told.f_blocks * block, told.f_bfree * block, told.f_bavail * block, told.f_files,
               told.f_ffree};
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

} // namespace

struct Agent::Impl {
  struct Unsent {
    std::uint64_t number = 0;
    std::string body;
  };

  Impl(Settings settings_in, Endpoint endpoint_in, const runtime::Clock& clock_in, Log log_in)
      : settings(std::move(settings_in)),
        endpoint(std::move(endpoint_in)),
        clock(clock_in),
        log(std::move(log_in)) {}

  std::vector<Datum> measure();
  void measure_disks(std::vector<Datum>& data);
  void keep(std::vector<std::string> bodies);
  /// None as well when the agent ends: what waits then is not worth holding up the end for.
  std::optional<Unsent> oldest();
  void remove(std::uint64_t number);
  Result<Judgement> deliver(const std::string& body);
  Result<void> send_waiting();
  void send_until_stopped();
  void log_once(std::string& last, const std::string& line) const;

  // Borrowed
  const Settings settings;
  const Endpoint endpoint;
  const runtime::Clock& clock;
  const Log log;
  // Owned
  http::Client client;
  // State of the collecting thread
  std::optional<CpuTimes> last_cpu;
  std::string last_problem;
  // State of both
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<Unsent> unsent;
  std::size_t unsent_bytes = 0;
  std::uint64_t next_number = 0;
  std::uint64_t dropped = 0;
  bool stopping = false;
};

void Agent::Impl::log_once(std::string& last, const std::string& line) const {
  if (line == last) return;
  last = line;
  if (!line.empty()) log(line);
}

void Agent::Impl::measure_disks(std::vector<Datum>& data) {
  const auto mounts = read_file(settings.proc_folder + "/self/mounts");
  if (!mounts) return log(mounts.error().message);
  for (const Mount& mount :
       choose_mounts(parse_mounts(*mounts), {settings.mounts_include, settings.mounts_exclude})) {
    const auto space = space_of(mount.path);
    if (!space) continue; // unmounted meanwhile, or not ours to look at
    for (Datum& datum : disk_data(mount, *space)) data.push_back(std::move(datum));
  }
}

std::vector<Datum> Agent::Impl::measure() {
  std::vector<Datum> data;
  std::string problem;
  const auto cpu = read_file(settings.proc_folder + "/stat").and_then([](const std::string& text) {
    return parse_cpu_times(text);
  });
  if (!cpu) problem = "CPU: " + cpu.error().message;
  if (cpu && last_cpu) data = cpu_data(*last_cpu, *cpu);
  last_cpu = cpu ? std::optional(*cpu) : std::nullopt;

  const auto memory = read_file(settings.proc_folder + "/meminfo").and_then([](const std::string& text) {
    return parse_memory(text);
  });
  if (!memory) problem = "memory: " + memory.error().message;
  if (memory) {
    for (Datum& datum : memory_data(*memory)) data.push_back(std::move(datum));
  }
  measure_disks(data);
  log_once(last_problem, problem);
  return data;
}

void Agent::Impl::keep(std::vector<std::string> bodies) {
  std::uint64_t dropped_now = 0;
  {
    std::lock_guard lock(mutex);
    for (std::string& body : bodies) {
      unsent_bytes += body.size();
      unsent.push_back({++next_number, std::move(body)});
    }
    while (unsent.size() > settings.unsent_max || unsent_bytes > unsent_bytes_max) {
      unsent_bytes -= unsent.front().body.size();
      unsent.pop_front();
      ++dropped;
    }
    dropped_now = dropped;
  }
  changed.notify_all();
  // One line at the first, the tenth, the hundredth ...
  for (std::uint64_t step = 1; step <= dropped_now; step *= 10) {
    if (dropped_now == step) {
      log("the buffer is full: " + std::to_string(dropped_now) +
          " of the oldest requests were dropped so far");
    }
  }
}

std::optional<Agent::Impl::Unsent> Agent::Impl::oldest() {
  std::lock_guard lock(mutex);
  if (stopping || unsent.empty()) return std::nullopt;
  return unsent.front();
}

void Agent::Impl::remove(std::uint64_t number) {
  std::lock_guard lock(mutex);
  // It may have been dropped meanwhile, to make room.
  if (unsent.empty() || unsent.front().number != number) return;
  unsent_bytes -= unsent.front().body.size();
  unsent.pop_front();
}

Result<Judgement> Agent::Impl::deliver(const std::string& body) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = endpoint.url;
  request.headers = {{"Host", endpoint.host},
                     {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                     {"User-Agent", "kaden-agent"}};
  request.body = body;
  request.patience = send_patience;
  request.ca_file = settings.ca_file;
  sigv4::sign(request.method, endpoint.target, request.headers, body,
              {settings.access_key_id, settings.secret, settings.session_token}, settings.region,
              "monitoring", clock.wall());
  const auto response = client.send(request);
  if (!response) return tl::unexpected(response.error());
  return judge(*response);
}

Result<void> Agent::Impl::send_waiting() {
  while (const auto next = oldest()) {
    const auto judged = deliver(next->body);
    if (!judged) return fail_while("sending metrics", judged.error());
    switch (judged->delivery) {
      case Delivery::taken:
        break;
      case Delivery::refused:
        log("metrics were refused for good and are dropped: " + judged->reason);
        break;
      case Delivery::try_later:
        return fail(judged->fault, "sending metrics: " + judged->reason);
    }
    remove(next->number);
  }
  return {};
}

void Agent::Impl::send_until_stopped() {
  runtime::name_thread("agent-send");
  const Sha256 digest = sha256(settings.host);
  const std::uint64_t spread = digest[0] * 256U + digest[1];
  std::uint64_t failures = 0;
  std::string last_failure;
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return stopping || !unsent.empty(); });
    if (stopping) return;
    lock.unlock();
    const auto sent = send_waiting();
    if (sent && failures > 0) log("metrics are sent again after " + std::to_string(failures) + " failures");
    failures = sent ? 0 : failures + 1;
    log_once(last_failure, sent ? std::string() : sent.error().message + "; they are kept and sent later");
    const Millis pause = pause_after(failures, spread);
    lock.lock();
    changed.wait_for(lock, std::chrono::milliseconds(pause.count()), [this] { return stopping; });
  }
}

Result<std::unique_ptr<Agent>> Agent::create(Settings settings, const runtime::Clock& clock, Log log) {
  require(log != nullptr, "an agent has a log");
  auto endpoint = parse_endpoint(settings.url);
  if (!endpoint) return tl::unexpected(std::move(endpoint.error()));
  const auto is_word = [](const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  };
  if (!is_word(settings.region))
    return fail(Fault::invalid, "region: '" + settings.region + "' is not a region");
  if (!is_word(settings.access_key_id))
    return fail(Fault::invalid, "access_key_id: an access key id is needed");
  if (!is_word(settings.secret))
    return fail(Fault::invalid, "secret: the secret of the access key is needed");
  if (settings.interval < seconds(1) || settings.interval > seconds(3'600)) {
    return fail(Fault::invalid, "interval: " + to_words(settings.interval) + " is not between 1 s and 1 h");
  }
  if (settings.unsent_max == 0) return fail(Fault::invalid, "unsent_max: at least 1 is needed");
  if (settings.host.empty()) settings.host = host_name();
  return std::unique_ptr<Agent>(
      new Agent(std::make_unique<Impl>(std::move(settings), std::move(*endpoint), clock, std::move(log))));
}

Agent::Agent(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Agent::~Agent() = default;

void Agent::collect() {
  const WallTime at = impl_->clock.wall();
  const std::vector<Datum> data = impl_->measure();
  impl_->keep(put_metric_bodies(data, {impl_->settings.host, at, impl_->settings.interval < seconds(60)}));
}

Result<void> Agent::send() {
  return impl_->send_waiting();
}

Result<void> Agent::run_once() {
  collect();
  return send();
}

void Agent::run(const std::atomic<bool>& stop) {
  Impl& agent = *impl_;
  {
    std::lock_guard lock(agent.mutex);
    agent.stopping = false;
  }
  std::thread sender([&agent] { agent.send_until_stopped(); });
  collect();
  WallTime next = next_tick(agent.clock.wall(), agent.settings.interval);
  while (!stop) {
    const WallTime now = agent.clock.wall();
    if (now >= next) collect();
    // A clock that was set back must not silence the agent until it has caught up.
    if (now >= next || next - now > agent.settings.interval) next = next_tick(now, agent.settings.interval);
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(stop_look, next - now).count()));
  }
  {
    std::lock_guard lock(agent.mutex);
    agent.stopping = true;
  }
  agent.changed.notify_all();
  sender.join();
}

std::size_t Agent::unsent() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->unsent.size();
}

} // namespace kaden::agent
