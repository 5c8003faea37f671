// Syslog, received.
#include <fmt/format.h>

#include <utility>

#include "feed.h"
#include "kaden/syslog.h"
#include "kaden/utf8.h"
#include "receiver.h"

namespace kaden::logs {

namespace {

constexpr std::size_t taken_at_once = 2'000;

logalarms::Record record_of(const Received& received, WallTime now) {
  syslog::Message message = syslog::parse(received.bytes);
  logalarms::Record record;
  record.at = now;
  record.has_header = true;
  record.time = message.time;
  record.host = message.host.empty() ? received.sender : std::string(message.host);
  record.app = message.app;
  record.process = message.process;
  record.message_id = message.message_id;
  record.facility = message.facility;
  record.severity = message.severity;
  syslog::for_each_parameter(
      message.structured,
      [&](std::string_view element, std::string_view name,
          std::string value) { // NOLINT(performance-unnecessary-value-param): it is moved from
        if (record.data.size() >= limits::syslog_parameters_max) return;
        record.data.emplace_back(std::string(element) + "." + std::string(name), std::move(value));
      });
  record.text = std::move(message.text);
  return record;
}

class SyslogFeed final : public Feed {
 public:
  SyslogFeed(Syslog settings,
             const runtime::Clock& clock) // NOLINT(performance-unnecessary-value-param): it is moved from
      : settings_(std::move(settings)), clock_(clock) {}

  bool begin(const json::value& /*saved*/) override { return true; }

  Read read(const Take& take) override {
    Read done;
    if (!receiver_) {
      auto opened = Receiver::open(settings_, clock_);
      if (!opened) {
        done.trouble = opened.error();
        done.is_blind = true;
        return done;
      }
      receiver_ = std::move(*opened);
    }
    std::vector<Received> received;
    done.has_more = receiver_->take(received, taken_at_once);
    const WallTime now = clock_.wall();
    for (const Received& one : received) {
      logalarms::Record record = record_of(one, now);
      if (record.text.empty()) {
        ++empty_;
        continue;
      }
      take(std::move(record));
    }
    return done;
  }

  void wait(Millis most, const std::atomic<bool>& /*cancelled*/) override {
    if (receiver_) receiver_->wait(most);
  }

  json::value position() override { return nullptr; }
  bool forgets() const override { return true; }

  std::map<std::string, std::uint64_t> counts() const override {
    auto counts = receiver_ ? receiver_->counts() : std::map<std::string, std::uint64_t>{};
    counts["empty"] = empty_;
    return counts;
  }
  std::map<std::string, std::uint64_t> levels() const override {
    return receiver_ ? receiver_->levels() : std::map<std::string, std::uint64_t>{};
  }
  std::string take_complaint() override {
    if (!receiver_) return "";
    if (std::string complaint = receiver_->take_complaint(); !complaint.empty()) return complaint;
    const auto counts = receiver_->counts();
    const std::uint64_t dropped = counts.at("dropped_full") + counts.at("dropped_rate");
    if (dropped == told_dropped_) return "";
    return fmt::format(
        "{} datagrams were dropped: {} over the rate of their sender, {} when the queue was full, "
        "since the start",
        dropped - std::exchange(told_dropped_, dropped), counts.at("dropped_rate"),
        counts.at("dropped_full"));
  }

 private:
  const Syslog settings_;
  const runtime::Clock& clock_;
  std::unique_ptr<Receiver> receiver_;
  std::uint64_t empty_ = 0, told_dropped_ = 0;
};

} // namespace

std::unique_ptr<Feed> receive_syslog(Syslog settings, const runtime::Clock& clock) {
  return std::make_unique<SyslogFeed>(std::move(settings), clock);
}

} // namespace kaden::logs
