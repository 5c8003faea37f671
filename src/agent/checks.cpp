#include "checks.h"

#include <poll.h>

#include <algorithm>

#include "client.h"
#include "response.h"

namespace kaden::agent {

std::vector<Datum> check_data(const Check& check, const Finding& finding) {
  const bool is_tcp = starts_with_no_case(check.url, "tcp://");
  const std::string prefix = is_tcp ? "tcp_check_" : "http_check_";
  const Dimensions dimensions = {{"check", check.name}};
  std::vector<Datum> data;
  const auto put = [&](const char* name, double value, std::string_view unit) {
    data.push_back({prefix + name, dimensions, value, unit});
  };
  if (finding.connect_time >= Millis(0))
    put("connect_ms", static_cast<double>(finding.connect_time.count()), "Milliseconds");
  if (!is_tcp && finding.answer_time >= Millis(0))
    put("response_ms", static_cast<double>(finding.answer_time.count()), "Milliseconds");
  if (!is_tcp && finding.status > 0) put("status", finding.status, "None");
  put("up", finding.is_up ? 1 : 0, "Count");
  return data;
}

// Names
// -----------------------------------------------------------------------------------------------------

struct Lookups::State {
  using Addresses = std::shared_ptr<const std::vector<SocketAddress>>;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Addresses> known; ///< by authority
  std::map<std::string, Address> wanted;
  bool closing = false;

  void run() {
    runtime::name_thread("agent-names");
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return closing || !wanted.empty(); });
      if (closing) return;
      const Address address = std::move(wanted.begin()->second);
      wanted.erase(wanted.begin());
      lock.unlock();
      auto found = resolve(address);
      lock.lock();
      Addresses& slot = known[address.authority];
      // An address that was right a minute ago is better than none.
      if (found) slot = std::make_shared<const std::vector<SocketAddress>>(std::move(*found));
      if (slot == nullptr) slot = std::make_shared<const std::vector<SocketAddress>>();
    }
  }
};

Lookups::Lookups() : state_(std::make_shared<State>()) {}

Lookups::~Lookups() {
  {
    std::lock_guard lock(state_->mutex);
    state_->closing = true;
  }
  state_->changed.notify_all();
}

void Lookups::ask(const Address& address) {
  std::lock_guard lock(state_->mutex);
  if (state_.use_count() == 1) std::thread([state = state_] { state->run(); }).detach();
  state_->wanted.insert_or_assign(address.authority, address);
  state_->changed.notify_all();
}

std::shared_ptr<const std::vector<SocketAddress>> Lookups::known(const Address& address) const {
  std::lock_guard lock(state_->mutex);
  const auto found = state_->known.find(address.authority);
  return found == state_->known.end() ? nullptr : found->second;
}

// One check
// -----------------------------------------------------------------------------------------------------

struct Checker::Probe {
  enum class Stage : std::uint8_t { naming, connecting, securing, asking, listening, over };

  const Check& check;
  const Address& address;
  Trust* trust;
  std::string request;
  Finding finding{};
  Stage stage = Stage::naming;
  Channel::State wanted = Channel::State::wants_write;
  std::shared_ptr<const std::vector<SocketAddress>> addresses{};
  std::size_t next_address = 0;
  Channel channel{};
  std::string_view unsent{};
  ResponseReader reader{};
  SteadyTime began{};

  void fail_with(std::string reason) {
    finding.reason = std::move(reason);
    stage = Stage::over;
    channel.close();
  }
  void connect(SteadyTime now) {
    while (next_address < addresses->size()) {
      began = now;
      auto opened = Channel::connect(addresses->at(next_address++), address, trust);
      if (opened) {
        channel = std::move(*opened);
        stage = Stage::connecting;
        wanted = Channel::State::wants_write;
        return;
      }
      finding.reason = opened.error().message;
    }
    fail_with(addresses->empty() ? "the name has no address" : finding.reason);
  }
  /// Goes on as far as it can without waiting.
  void step(SteadyTime now);
  Result<Channel::State> step_once(SteadyTime now);
  Result<Channel::State> listen(SteadyTime now);
};

Result<Channel::State> Checker::Probe::listen(SteadyTime now) {
  std::string bytes;
  bool closed = false;
  auto state = channel.receive(bytes, closed);
  if (!state || *state != Channel::State::done) return state;
  const auto read = closed ? reader.end() : reader.feed(bytes);
  if (!read) return tl::unexpected(read.error());
  // The status line is the answer; what follows it is of no interest.
  if (reader.state() == ResponseReader::State::head) return Channel::State::wants_read;
  finding.status = reader.response().status;
  finding.answer_time = now - began;
  finding.is_up = finding.status >= check.status_min && finding.status <= check.status_max;
  if (!finding.is_up) finding.reason = "status " + std::to_string(finding.status);
  stage = Stage::over;
  return Channel::State::done;
}

Result<Channel::State> Checker::Probe::step_once(SteadyTime now) {
  Result<Channel::State> state = Channel::State::done;
  switch (stage) {
    case Stage::naming:
    case Stage::over:
      return Channel::State::done;
    case Stage::connecting:
      state = channel.finish_connect();
      if (!state || *state != Channel::State::done) return state;
      finding.connect_time = now - began;
      finding.is_up = address.scheme == Scheme::tcp;
      stage = finding.is_up ? Stage::over : Stage::securing;
      return state;
    case Stage::securing:
      state = channel.finish_handshake();
      if (state && *state == Channel::State::done) {
        stage = Stage::asking;
        unsent = request;
      }
      return state;
    case Stage::asking:
      state = channel.send(unsent);
      if (state && *state == Channel::State::done) stage = Stage::listening;
      return state;
    case Stage::listening:
      return listen(now);
  }
  return state;
}

void Checker::Probe::step(SteadyTime now) {
  while (stage != Stage::over && stage != Stage::naming) {
    const bool was_connecting = stage == Stage::connecting;
    const auto state = step_once(now);
    if (!state) {
      finding.reason = state.error().message;
      channel.close();
      if (was_connecting && next_address < addresses->size()) {
        connect(now);
        continue;
      }
      return fail_with(finding.reason);
    }
    wanted = *state;
    if (*state != Channel::State::done) return;
  }
  if (stage == Stage::over) channel.close();
}

Checker::Checker(const std::vector<Check>& checks, const runtime::Clock& clock)
    : checks_(checks), clock_(clock) {
  for (const Check& check : checks) {
    auto address = parse_address(check.url);
    require(address.has_value(), "checks were checked");
    addresses_.push_back(std::move(*address));
    trusts_.push_back(std::make_unique<Trust>(check.ca_file));
  }
}

Checker::~Checker() = default;

std::vector<Finding> Checker::round(const std::atomic<bool>& stop) {
  constexpr Millis look = Millis(100); // for names that have been found, and for `stop`
  const SteadyTime start = clock_.steady();
  std::vector<Probe> probes;
  probes.reserve(checks_.size());
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    const http::Headers headers = {{"Host", addresses_[i].authority},
                                   {"User-Agent", "kaden-agent"},
                                   {"Accept", "*/*"},
                                   {"Connection", "close"}};
    probes.push_back(
        {checks_[i], addresses_[i], trusts_[i].get(), request_head("GET", addresses_[i].target, headers, 0)});
    if (const auto numeric = numeric_address(addresses_[i])) {
      probes.back().addresses = std::make_shared<const std::vector<SocketAddress>>(std::vector{*numeric});
    } else {
      lookups_.ask(addresses_[i]);
    }
  }
  std::vector<pollfd> looked;
  while (!stop) {
    const SteadyTime now = clock_.steady();
    looked.clear();
    Millis wait = look;
    for (Probe& probe : probes) {
      if (probe.stage == Probe::Stage::naming) {
        if (probe.addresses == nullptr) probe.addresses = lookups_.known(probe.address);
        if (probe.addresses != nullptr) probe.connect(now);
      }
      probe.step(now);
      if (probe.stage == Probe::Stage::over) continue;
      const Millis left = probe.check.patience - (now - start);
      if (left <= Millis(0)) {
        probe.fail_with(probe.stage == Probe::Stage::naming ? "its name was not found in time"
                                                            : "no answer in time");
        continue;
      }
      wait = std::min(wait, left);
      const auto events = static_cast<short>(probe.wanted == Channel::State::wants_read ? POLLIN : POLLOUT);
      looked.push_back({probe.channel.descriptor(), events, 0}); // -1, while there is none, is passed over
    }
    if (looked.empty()) break;
    poll(looked.data(), looked.size(), static_cast<int>(wait.count()));
  }
  std::vector<Finding> findings;
  findings.reserve(probes.size());
  for (Probe& probe : probes) findings.push_back(std::move(probe.finding));
  return findings;
}

} // namespace kaden::agent
