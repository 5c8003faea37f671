// Dials one address and prints what happens as JSON lines: the SIP carrier without the rest, for tests with
// real phones.
//   sip_dial ADDRESS [option=value ...]   rtp=40000-40098 ring_ms=.. user=.. password=.. require_media=0
//   verdict=..
//                                         proxy=.. bind=.. end_ms=.. (after the answer) silent=1 (lines of 20
//                                         ms)
// The answer is recorded at once, a key is answered with the verdict. Exit: 0 when the call ended.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <thread>

#include "kaden/sip_carrier.h"

namespace {

using namespace kaden; // NOLINT(google-build-using-namespace): one small program

class Printer final : public carrier::Listener {
 public:
  void on_progress(const CallId& call, Progress progress, const Dialog&) override {
    print({{"event", std::string(to_text(progress))}});
    if (progress != Progress::answered) return;
    carrier->proceed(call);
    std::lock_guard lock(mutex_);
    is_answered_ = true;
    changed_.notify_all();
  }
  void on_key(const CallId& call, char key) override {
    print({{"event", "key"}, {"key", std::string(1, key)}});
    carrier->answer_key(call, key, verdict);
  }
  void on_ended(const CallId&, LineOutcome outcome, const std::string& detail) override {
    print({{"event", "ended"}, {"outcome", std::string(to_text(outcome))}, {"detail", detail}});
    std::lock_guard lock(mutex_);
    is_ended_ = true;
    changed_.notify_all();
  }
  bool wait_for_end(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [this] { return is_ended_; });
  }
  void wait_for_answer() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [this] { return is_answered_ || is_ended_; });
  }

  carrier::Carrier* carrier = nullptr;
  Verdict verdict = Verdict::acknowledged;

 private:
  static void print(const std::map<std::string, std::string>& fields) {
    json::object out;
    for (const auto& [name, value] : fields) out[name] = value;
    fmt::print("{}\n", to_text(json::value(std::move(out))));
    std::fflush(stdout);
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_answered_ = false;
  bool is_ended_ = false;
};

carrier::Samples tone(double seconds_long) {
  auto out = std::make_shared<std::vector<std::int16_t>>(static_cast<std::size_t>(seconds_long * 8'000));
  for (std::size_t i = 0; i < out->size(); ++i) {
    (*out)[i] = static_cast<std::int16_t>(
        8'000.0 * std::sin(static_cast<double>(i) * 2.0 * 3.14159265 * 440.0 / 8'000.0));
  }
  return out;
}

int dial(const std::string& address, std::map<std::string, std::string> options) {
  const auto number = [&](const char* name, std::int64_t fallback) {
    return options.count(name) != 0 ? parse_int(options[name]).value_or(fallback) : fallback;
  };
  const runtime::SystemClock clock;
  Printer printer;
  printer.verdict = parse_verdict(options["verdict"]).value_or(Verdict::acknowledged);
  carrier::SipSettings settings;
  settings.port = 0;
  if (options.count("bind") != 0) settings.bind_ip = options["bind"];
  settings.auth_user = options["user"];
  settings.auth_password = options["password"];
  settings.proxy = options["proxy"];
  settings.require_media = number("require_media", 1) != 0;
  settings.rtp_first = static_cast<std::uint16_t>(number("rtp_first", 40'000));
  settings.rtp_last = static_cast<std::uint16_t>(settings.rtp_first + 98);
  auto sip = carrier::SipCarrier::start(settings, printer, clock);
  if (!sip) {
    fmt::print(stderr, "{}\n", sip.error().message);
    return 1;
  }
  printer.carrier = sip->get();
  carrier::CallOrder order;
  order.call = {options.count("call") != 0 ? options["call"] : "dial-" + std::to_string(to_ms(clock.wall()))};
  order.address = address;
  order.ring_max = Millis(number("ring_ms", 20'000));
  order.audio.fill(tone(options.count("silent") != 0 ? 0.02 : 1.0));
  const CallId id = order.call;
  if (const auto placed = (*sip)->place(std::move(order)); !placed) {
    fmt::print(stderr, "{}\n", placed.error().message);
    return 1;
  }
  if (options.count("end_ms") != 0) {
    printer.wait_for_answer();
    std::this_thread::sleep_for(std::chrono::milliseconds(number("end_ms", 0)));
    (*sip)->end(id, EndReason::resolved);
  }
  return printer.wait_for_end(std::chrono::seconds(90)) ? 0 : 2;
}

} // namespace

int main(int count, char** values) {
  if (count < 2) {
    fmt::print(stderr, "usage: sip_dial ADDRESS [option=value ...]\n");
    return 1;
  }
  std::map<std::string, std::string> options;
  for (int i = 2; i < count; ++i) {
    const std::string text = values[i];
    const std::size_t equals = text.find('=');
    options[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
  return dial(values[1], std::move(options));
}
