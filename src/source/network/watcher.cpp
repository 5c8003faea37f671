// Network paths, watched: probe, hear, judge, remember, report.
#include <fmt/format.h>

#include <algorithm>

#include "kaden/network.h"
#include "kaden/outbox.h"
#include "kaden/readability.h"

namespace kaden::network {

namespace {

using source::Looked;

constexpr const char* record_kind = "network";
constexpr const char* trouble_key = "readability";
constexpr Millis look_most = seconds(1);
constexpr Millis shown_for = seconds(600); // so that a look at the sources finds it

class Watcher final : public source::Watcher {
 public:
  Watcher(Settings settings, Ports ports)
      : settings_(std::move(settings)),
        ports_(std::move(ports)),
        prober_(probes_of(settings_), ports_.clock),
        outbox_(record_kind, ports_.intake, ports_.records),
        paths_(fresh()),
        readability_(settings_.unreadable_after),
        due_(settings_.probes.size(), ports_.clock.steady()),
        unable_(settings_.probes.size()) {
    ports_.readings->on_complete([this] { prober_.wake(); });
  }
  ~Watcher() override { ports_.readings->on_complete(nullptr); }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  const std::string& source() const override { return source_; }
  const std::string& name() const override { return name_; }

  Looked look(const std::atomic<bool>& cancelled) override {
    Looked looked;
    if (!outbox_.tell(looked)) return looked; // what is left of an earlier look goes first
    looked.again_in = Millis(0);
    if (!is_restored_) restore();
    const SteadyTime until = ports_.clock.steady() + look_most;
    if (ports_.clock.steady() >= strange_until_) strange_.clear();
    while (!cancelled && news_.empty() && ports_.clock.steady() < until) {
      begin_due();
      for (auto& done : prober_.wait(next_wait(until))) take(done);
      take_all(ports_.readings->take());
      add(paths_.tell(ports_.clock.wall(), ports_.clock.steady()));
      tell_unable();
    }
    if (const auto stored = store(); !stored) {
      looked.trouble = stored.error();
      looked.again_in = seconds(1);
      return looked;
    }
    if (!outbox_.tell(looked)) return looked;
    looked.trouble = trouble();
    looked.counts = {{"dropped_full", dropped_}};
    return looked;
  }

 private:
  static std::vector<probe::Probe> probes_of(const Settings& settings) {
    std::vector<probe::Probe> probes;
    for (const ProbeSettings& each : settings.probes) probes.push_back(each.probe);
    return probes;
  }

  Paths fresh() const {
    Paths::Own own{settings_.vantage};
    for (const ProbeSettings& each : settings_.probes) own.probes.emplace(each.path, each.id);
    return {settings_.paths, std::move(own), settings_.silent_after, settings_.silent};
  }

  void restore() {
    is_restored_ = true;
    const auto stored = ports_.records.all(record_kind);
    Result<void> restored;
    if (stored) {
      restored = paths_.restore(*stored);
      const auto own = stored->find(trouble_key);
      if (restored && own != stored->end()) restored = restore_readability(own->second);
    } else {
      restored = tl::unexpected(stored.error());
    }
    if (restored) return;
    restore_trouble_ = "begun anew: " + restored.error().message;
    paths_ = fresh();
    readability_ = Readability(settings_.unreadable_after);
  }

  Result<void> restore_readability(const std::string& text) {
    const auto value = parse_json(text);
    if (!value) return fail(Fault::corrupt, value.error().message);
    return readability_.restore(*value);
  }

  void begin_due() {
    const SteadyTime now = ports_.clock.steady();
    for (std::size_t i = 0; i < due_.size(); ++i) {
      if (now < due_[i]) continue;
      prober_.begin(i);
      due_[i] = now + settings_.probes[i].every;
    }
  }

  Millis next_wait(SteadyTime until) const {
    SteadyTime next = until;
    for (const SteadyTime due : due_) next = std::min(next, due);
    return std::max(next - ports_.clock.steady(), Millis(0));
  }

  void take(probe::Prober::Done& done) {
    const ProbeSettings& each = settings_.probes[done.index];
    const probe::Finding& finding = done.finding;
    unable_[done.index] = finding.is_unable ? each.id + ": " + finding.reason : "";
    if (finding.is_unable) return; // it says nothing of the path
    const WallTime now = ports_.clock.wall();
    const auto measures = probe::measures(finding, now);
    if (ports_.metrics) ports_.metrics(each.path, each.id, settings_.vantage, measures, now);
    Reading reading{each.path, each.id, settings_.vantage, now, finding.is_up};
    reading.reason = finding.reason;
    for (const probe::Measure& measure : measures) {
      if (measure.name == "Loss") reading.loss_percent = measure.value;
      if (measure.name == "RoundTripTime") reading.round_trip_ms = measure.value;
      if (measure.name == "DaysToExpiry") reading.days_to_expiry = measure.value;
    }
    take(reading);
  }

  /// All that are there, in the order of their times, before anything is told.
  void take_all(std::vector<Reading> readings) {
    std::stable_sort(readings.begin(), readings.end(),
                     [](const Reading& one, const Reading& other) { return one.at < other.at; });
    for (const Reading& reading : readings) take(reading);
    const std::uint64_t dropped = ports_.readings->dropped();
    if (dropped > dropped_) dropped_until_ = ports_.clock.steady() + shown_for;
    dropped_ = dropped;
  }

  void take(const Reading& reading) {
    const auto taken = paths_.take(reading, ports_.clock.wall(), ports_.clock.steady());
    if (taken) return;
    strange_until_ = ports_.clock.steady() + shown_for;
    strange_ = "vantage " + reading.vantage + ": " + taken.error().message;
  }

  void add(std::vector<AlarmEvent> events) {
    for (AlarmEvent& event : events) news_.push_back({std::move(event)});
  }

  std::string why_unable() const {
    for (const std::string& why : unable_) {
      if (!why.empty()) return why;
    }
    return {};
  }

  void tell_unable() {
    const std::string why = why_unable();
    const WallTime now = ports_.clock.wall();
    const auto began = readability_.failing_since();
    const auto change = why.empty() ? readability_.read() : readability_.failed(now);
    if (change == Readability::Change::none) return;
    const bool is_over = change == Readability::Change::readable;
    AlarmEvent event;
    event.source = source_name;
    event.event_id = std::string(is_over ? "able/" : "unable/") + to_iso8601(began.value_or(now));
    event.alarm = "network: probes cannot be tried";
    event.state = is_over ? AlarmState::ok : AlarmState::alarm;
    event.severity = Severity::error;
    event.machine = settings_.vantage;
    event.reason = is_over ? "they are tried again" : why;
    event.labels = {{"trouble", "unable"}};
    event.say = {
        {Language::ja,
         "{severity}アラームです。ネットワークの監視ができません。{machine}の設定を確認してください。"},
        {Language::en,
         "Kaden, {severity} alarm. The network cannot be watched from {machine}; see its settings."}};
    news_.push_back({std::move(event)});
  }

  /// The state, and the news that come of it, in one commit. What is refused is kept for the next look, which
  /// judges nothing before it is stored.
  Result<void> store() {
    for (auto& [key, text] : paths_.changed()) unsaved_[key] = std::move(text);
    unsaved_[trouble_key] = kaden::to_text(readability_.save());
    std::vector<source::Outbox::Change> changes;
    for (const auto& [key, text] : unsaved_) {
      const auto known = saved_.find(key);
      if (known == saved_.end() || known->second != text) changes.push_back({record_kind, key, text});
    }
    if (auto stored = outbox_.store(changes, news_); !stored)
      return fail_while("remembering what is known of the paths", stored.error());
    for (auto& change : changes) saved_[change.key] = std::move(change.value);
    unsaved_.clear();
    news_.clear();
    return {};
  }

  std::optional<Error> trouble() {
    const std::string why = why_unable();
    if (!why.empty()) return Error{Fault::denied, why};
    if (!restore_trouble_.empty()) return Error{Fault::corrupt, std::exchange(restore_trouble_, "")};
    if (ports_.clock.steady() < dropped_until_)
      return Error{Fault::busy, "readings of vantage points dropped so far, for want of room: " +
                                    std::to_string(dropped_)};
    if (!strange_.empty()) return Error{Fault::not_found, strange_};
    return std::nullopt;
  }

  // Config
  const std::string source_ = source_name;
  const std::string name_ = "paths";
  const Settings settings_;
  // Borrowed
  const Ports ports_;
  // State
  probe::Prober prober_;
  source::Outbox outbox_;
  Paths paths_;
  Readability readability_;
  std::vector<SteadyTime> due_;
  std::vector<std::string> unable_;  ///< by probe: why it could not be tried; empty: it could
  std::vector<source::Untold> news_; ///< not stored yet
  std::map<std::string, std::optional<std::string>> unsaved_, saved_;
  std::uint64_t dropped_ = 0;
  SteadyTime dropped_until_{};
  std::string restore_trouble_, strange_;
  SteadyTime strange_until_{};
  bool is_restored_ = false;
};

} // namespace

std::unique_ptr<source::Watcher> watch_network(Settings settings, Ports ports) {
  return std::make_unique<Watcher>(std::move(settings), std::move(ports));
}

} // namespace kaden::network
