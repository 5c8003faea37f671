#include "kaden/agent.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "checks.h"
#include "client.h"
#include "collector.h"
#include "delivery.h"
#include "gzip.h"
#include "keys.h"
#include "metric.h"
#include "parcel.h"
#include "sender.h"
#include "spool.h"
#include "tail.h"

namespace kaden::agent {

namespace {

constexpr Millis send_patience = seconds(10);
constexpr Millis clock_look = Millis(500); // a stepped clock is noticed within this
constexpr Millis tail_pause = seconds(1);

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

SpoolSettings spool_settings(const Settings& settings, const std::string& name, const Log& log) {
  SpoolSettings spool;
  spool.name = name;
  spool.folder = settings.state_folder.empty() ? "" : settings.state_folder + "/" + name;
  spool.bytes_max = settings.spool_bytes_max;
  spool.memory_bytes_max = settings.memory_bytes_max;
  spool.age_max = settings.spool_age_max;
  spool.log = log;
  return spool;
}

/// What signs and sends to one service.
struct Service {
  Service(Address address, const Settings& settings, std::string name_in, const runtime::Clock& clock_in)
      : client(std::move(address), settings.ca_file, clock_in),
        keys(settings.keys),
        region(settings.region),
        name(std::move(name_in)),
        clock(clock_in) {}

  Result<http::Response> post(http::Headers headers, const std::string& body) {
    const auto credentials = keys.current();
    if (!credentials) return tl::unexpected(credentials.error());
    headers.insert(headers.begin(), {"Host", client.address().authority});
    headers.emplace_back("User-Agent", "kaden-agent");
    sigv4::sign("POST", client.address().target, headers, body, *credentials, region, name, clock.wall());
    return client.post(headers, body, send_patience);
  }

  Client client;
  Keys keys;
  const std::string region, name;
  const runtime::Clock& clock;
};

} // namespace

struct Agent::Impl {
  Impl(Settings settings_in, const runtime::Clock& clock_in, Log log_in);
  Result<void> open();

  /// `as_path`: as this machine's view of paths, else as its own.
  void keep(const std::vector<Datum>& data, WallTime at, bool as_path = false);
  std::vector<Datum> own_data();
  void collect();
  void check();
  void tell_findings(const std::vector<probe::Finding>& findings);
  Result<Judgement> deliver_metrics(const Spool::Entry& entry);
  Result<Judgement> deliver_logs(const Spool::Entry& entry);
  Result<Judgement> create_stream(const Parcel& parcel);
  Result<Judgement> call_logs(const char* operation, const std::string& body, bool gzipped);
  void tell_rejected(const std::string& body);
  void follow_logs();
  /// False when stopping.
  bool pause(Millis wait);
  /// At each multiple of the interval, until stopping.
  void at_each_tick(const std::function<void()>& act);

  // Borrowed
  const Settings settings;
  const runtime::Clock& clock;
  const Log log;
  // Owned
  Collector collector;
  Checker checker;
  Service metrics_service;
  std::optional<Service> logs_service;
  std::optional<PositionBook> book;
  std::unique_ptr<Spool> metrics, logs;
  std::optional<Sender> metrics_sender, logs_sender;
  std::optional<Tail> tail;
  // State
  Teller problems;
  std::vector<std::string> last_findings; ///< "": it was up
  std::uint64_t told_dropped_metrics = 0, told_dropped_logs = 0;
  std::atomic<bool> stopping = false;
  std::mutex mutex;
  std::condition_variable changed;
};

Agent::Impl::Impl(Settings settings_in, const runtime::Clock& clock_in, Log log_in)
    : settings(std::move(settings_in)),
      clock(clock_in),
      log(std::move(log_in)),
      collector(settings),
      checker(settings.checks, clock),
      metrics_service(*parse_address(settings.url), settings, "monitoring", clock),
      problems(log),
      last_findings(settings.checks.size()) {}

Result<void> Agent::Impl::open() {
  const Sha256 digest = sha256(settings.host);
  const std::uint64_t spread = digest[0] * 256U + digest[1];
  auto opened = Spool::open(spool_settings(settings, "metrics", log));
  if (!opened) return tl::unexpected(opened.error());
  metrics = std::move(*opened);
  metrics_sender.emplace(
      "metrics", spread, *metrics, clock,
      [this](const Spool::Entry& entry) { return deliver_metrics(entry); }, log);
  if (settings.logs.empty()) return {};

  if (!settings.state_folder.empty()) {
    if (auto made = make_folder(settings.state_folder); !made) return made;
  }
  book.emplace(settings.state_folder.empty() ? "" : settings.state_folder + "/positions", log);
  SpoolSettings kept = spool_settings(settings, "logs", log);
  kept.on_safe = [this](std::string_view content) {
    const auto parcel = decode_parcel(content);
    if (!parcel) return;
    for (const FilePosition& at : parcel->positions) book->mark(at);
  };
  opened = Spool::open(std::move(kept));
  if (!opened) return tl::unexpected(opened.error());
  logs = std::move(*opened);
  logs_service.emplace(*parse_address(settings.logs_url), settings, "logs", clock);
  logs_sender.emplace(
      "logs", spread, *logs, clock, [this](const Spool::Entry& entry) { return deliver_logs(entry); }, log);
  tail.emplace(settings, settings.host, *book, log);
  return {};
}

// Metrics
// -----------------------------------------------------------------------------------------------------

void Agent::Impl::keep(const std::vector<Datum>& data, WallTime at, bool as_path) {
  BodyFrame frame{settings.host, at, settings.interval < seconds(60)};
  if (as_path) {
    frame.host = "";
    frame.name_space = probe::metric_namespace;
  }
  for (std::string& body : put_metric_bodies(data, frame)) {
    std::string packed = gzip(body);
    const bool smaller = packed.size() < body.size();
    metrics->put(encode_parcel({smaller, {}, {}, {}, smaller ? std::move(packed) : std::move(body)}), at);
  }
  metrics_sender->wake();
}

/// The agent about itself.
std::vector<Datum> Agent::Impl::own_data() {
  std::vector<Datum> data;
  const auto put = [&data](const Spool& spool, const char* queue, std::uint64_t& told) {
    const Spool::Counts counts = spool.counts();
    const Dimensions dimensions = {{"queue", queue}};
    data.push_back({"agent_dropped", dimensions, static_cast<double>(counts.dropped - told), "Count"});
    data.push_back({"agent_waiting_bytes", dimensions, static_cast<double>(counts.bytes), "Bytes"});
    told = counts.dropped;
  };
  put(*metrics, "metrics", told_dropped_metrics);
  if (logs != nullptr) put(*logs, "logs", told_dropped_logs);
  return data;
}

void Agent::Impl::collect() {
  const WallTime at = clock.wall();
  std::vector<Datum> data = collector.measure(clock.steady());
  for (Datum& datum : own_data()) data.push_back(std::move(datum));
  std::string told;
  for (const std::string& line : collector.problems()) told += (told.empty() ? "" : "; ") + line;
  problems.tell(told);
  keep(data, at);
}

void Agent::Impl::tell_findings(const std::vector<probe::Finding>& findings) {
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const std::string now = findings[i].is_up ? "" : findings[i].reason + " ";
    if (now == last_findings[i]) continue;
    last_findings[i] = now;
    const char* const state = findings[i].is_unable ? "cannot be tried: " : "is down: ";
    log("check " + settings.checks[i].name + " " +
        (now.empty() ? "is up again" : state + std::string(trim(now))));
  }
}

void Agent::Impl::check() {
  if (settings.checks.empty()) return;
  const WallTime at = clock.wall();
  const std::vector<probe::Finding> findings = checker.round(stopping);
  if (stopping) return; // it was cut short and says nothing
  const std::string& vantage = settings.vantage.empty() ? settings.host : settings.vantage;
  std::vector<Datum> data, of_paths;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Check& check = settings.checks[i];
    for (Datum& datum : check_data(check, findings[i], at)) data.push_back(std::move(datum));
    if (check.path.empty()) continue;
    for (Datum& datum : path_data(check, vantage, findings[i], at)) of_paths.push_back(std::move(datum));
  }
  tell_findings(findings);
  keep(data, at);
  keep(of_paths, at, true);
}

Result<Judgement> Agent::Impl::deliver_metrics(const Spool::Entry& entry) {
  const auto parcel = decode_parcel(entry.content);
  if (!parcel) return Judgement{Delivery::refused, Fault::corrupt, {}, parcel.error().message};
  http::Headers headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  if (parcel->gzipped) headers.emplace_back("Content-Encoding", "gzip");
  const auto response = metrics_service.post(std::move(headers), parcel->body);
  if (!response) return tl::unexpected(response.error());
  return judge(*response);
}

// Logs
// -----------------------------------------------------------------------------------------------------

Result<Judgement> Agent::Impl::call_logs(const char* operation, const std::string& body, bool gzipped) {
  http::Headers headers = {{"Content-Type", "application/x-amz-json-1.1"},
                           {"X-Amz-Target", std::string("Logs_20140328.") + operation}};
  if (gzipped) headers.emplace_back("Content-Encoding", "gzip");
  const auto response = logs_service->post(std::move(headers), body);
  if (!response) return tl::unexpected(response.error());
  Judgement judgement = judge(*response);
  if (judgement.delivery == Delivery::taken) tell_rejected(response->body);
  return judgement;
}

/// Events that are too old or too new do not fail the call.
void Agent::Impl::tell_rejected(const std::string& body) {
  if (body.find("rejectedLogEventsInfo") == std::string::npos) return;
  const auto say = [&](const char* member, const char* what) {
    const std::string_view index = json_member(body, member);
    if (!index.empty()) log(std::string("log events were not taken: ") + what + std::string(index));
  };
  say("tooOldLogEventEndIndex", "too old, those before number ");
  say("expiredLogEventEndIndex", "older than the group keeps them, those before number ");
  say("tooNewLogEventStartIndex", "too new, those from number ");
}

Result<Judgement> Agent::Impl::create_stream(const Parcel& parcel) {
  std::string group = "{\"logGroupName\":";
  put_json_text(group, parcel.group);
  std::string stream = group + ",\"logStreamName\":";
  put_json_text(stream, parcel.stream);
  using namespace std::string_view_literals;
  struct Step {
    const char* operation;
    std::string body;
  };
  for (const auto& [operation, body] :
       {Step{"CreateLogGroup", group + "}"}, Step{"CreateLogStream", stream + "}"}}) {
    auto judged = call_logs(operation, body, false);
    const bool exists = judged && judged->code == "ResourceAlreadyExistsException";
    // A key that may not create groups may still write into one that is there.
    const bool go_on =
        judged && (exists || judged->delivery == Delivery::taken || operation == "CreateLogGroup"sv);
    if (!go_on) return judged;
  }
  return Judgement{};
}

Result<Judgement> Agent::Impl::deliver_logs(const Spool::Entry& entry) {
  const auto parcel = decode_parcel(entry.content);
  if (!parcel) return Judgement{Delivery::refused, Fault::corrupt, {}, parcel.error().message};
  auto judged = call_logs("PutLogEvents", parcel->body, parcel->gzipped);
  if (!judged || judged->code != "ResourceNotFoundException") return judged;
  auto created = create_stream(*parcel);
  if (!created || created->delivery != Delivery::taken) return created;
  log("the log stream " + parcel->group + " " + parcel->stream + " was created");
  return call_logs("PutLogEvents", parcel->body, parcel->gzipped);
}

void Agent::Impl::follow_logs() {
  const Tail::Sink sink{[this] { return !logs->is_filling(); },
                        [this](Tail::Request request) {
                          std::string packed = gzip(request.body);
                          const bool smaller = packed.size() < request.body.size();
                          logs->put(encode_parcel({smaller, std::move(request.group),
                                                   std::move(request.stream), std::move(request.positions),
                                                   smaller ? std::move(packed) : std::move(request.body)}),
                                    clock.wall());
                          logs_sender->wake();
                        }};
  while (pause(Millis(0))) {
    const bool more = tail->round(clock.wall(), sink);
    book->save();
    if (!pause(more && sink.has_room() ? Millis(1) : tail_pause)) return;
  }
}

// Running
// -----------------------------------------------------------------------------------------------------

bool Agent::Impl::pause(Millis wait) {
  std::unique_lock lock(mutex);
  return !changed.wait_for(lock, std::chrono::milliseconds(wait.count()), [this] { return stopping.load(); });
}

void Agent::Impl::at_each_tick(const std::function<void()>& act) {
  act();
  WallTime next = next_tick(clock.wall(), settings.interval);
  while (!stopping) {
    const WallTime now = clock.wall();
    if (now >= next) act();
    // A clock that was set back must not silence the agent until it has caught up.
    if (now >= next || next - now > settings.interval) next = next_tick(now, settings.interval);
    if (!pause(std::min(clock_look, std::max(next - now, Millis(1))))) return;
  }
}

Result<std::unique_ptr<Agent>> Agent::create(Settings settings, const runtime::Clock& clock, Log log) {
  require(log != nullptr, "an agent has a log");
  if (auto good = check_settings(settings); !good) return tl::unexpected(good.error());
  if (settings.host.empty()) settings.host = host_name();
  auto impl = std::make_unique<Impl>(std::move(settings), clock, std::move(log));
  if (auto opened = impl->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<Agent>(new Agent(std::move(impl)));
}

Agent::Agent(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Agent::~Agent() {
  // The logs' spool hands positions to the book when it keeps what waits.
  impl_->logs_sender.reset();
  impl_->logs.reset();
  if (impl_->book) impl_->book->save();
}

void Agent::collect() {
  impl_->collect();
}

void Agent::check() {
  impl_->check();
}

Result<void> Agent::send() {
  return impl_->metrics_sender->send_waiting();
}

void Agent::run() {
  Impl& agent = *impl_;
  std::vector<std::thread> threads;
  const auto start = [&threads](const char* name, std::function<void()> work) {
    threads.emplace_back([name, work = std::move(work)] {
      runtime::name_thread(name);
      work();
    });
  };
  start("agent-send", [&agent] { agent.metrics_sender->run(); });
  if (!agent.settings.checks.empty())
    start("agent-checks", [&agent] { agent.at_each_tick([&agent] { agent.check(); }); });
  if (agent.tail) {
    start("agent-logs", [&agent] { agent.follow_logs(); });
    start("agent-send-logs", [&agent] { agent.logs_sender->run(); });
  }
  agent.at_each_tick([&agent] { agent.collect(); });
  for (std::thread& thread : threads) thread.join();
}

void Agent::stop() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->changed.notify_all();
  impl_->metrics_sender->stop();
  if (impl_->logs_sender) impl_->logs_sender->stop();
}

std::size_t Agent::unsent() const {
  return impl_->metrics->counts().waiting + (impl_->logs == nullptr ? 0 : impl_->logs->counts().waiting);
}

} // namespace kaden::agent
