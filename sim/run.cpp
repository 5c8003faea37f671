#include "run.h"

#include <memory>
#include <vector>

namespace kaden::sim {

namespace {

constexpr Millis calm_max = seconds(48 * 3'600); // longer than any plan here can take

class Night {
 public:
  explicit Night(const Order& order)
      : order_(order),
        chance_(order.seed),
        triage_chance_(~order.seed),
        faults_(chance_, triage_chance_),
        phones_(schedule_, chance_, faults_, order.mutation),
        model_(schedule_, triage_chance_, faults_, order.mutation),
        oracle_(phones_, model_, faults_),
        process_(schedule_, chance_, faults_, order.mutation, {phones_, model_, oracle_}),
        has_triage_(triage_chance_.below(2) == 0) {
    const std::uint64_t count = 5 + chance_.below(40);
    for (std::uint64_t i = 0; i < count; ++i) {
      alarms_.push_back({"alarm-" + std::to_string(i), "host-" + std::to_string(chance_.below(20)),
                         "c" + std::to_string(chance_.below(4)), static_cast<Severity>(chance_.below(4)),
                         false});
    }
    is_hectic_ = chance_.below(4) == 0;
  }

  Report live() {
    Report report;
    report.faults = faults_.names();
    try {
      process_.set_config(some_config());
      process_.start();
      plan_alarms();
      plan_requests();
      plan_faults();
      while (schedule_.step(order_.length)) {
      }
      faults_.stop();
      while (!has_ended() && schedule_.step(order_.length + calm_max)) {
      }
      oracle_.check_ended(process_.engine());
      process_.check_replay();
    } catch (const Violation& violation) {
      report.violation = violation.what;
      for (const auto& entry : process_.engine().timeline(violation.incident)) {
        report.record += "    " + kaden::to_text(incident::to_json(entry)) + "\n";
      }
    }
    report.digest = process_.digest();
    report.counts = process_.counts();
    report.counts.calls = process_.engine().counts().calls_ever;
    report.counts.incidents = process_.engine().counts().incidents_ever;
    report.counts.exhausted = process_.engine().counts().exhausted_ever;
    report.lived = schedule_.now();
    return report;
  }

 private:
  struct Source {
    std::string alarm, machine, cluster;
    Severity severity;
    bool is_firing;
  };

  bool has_ended() const {
    return process_.is_up() && process_.is_idle() && unsent_ == 0 && process_.engine().live_calls().empty() &&
           !process_.engine().next_due();
  }

  incident::Config some_config() {
    incident::Config config;
    config.version = "v" + std::to_string(++configs_);
    const std::uint64_t people = 2 + chance_.below(5);
    std::vector<std::string> ids;
    for (std::uint64_t i = 0; i < people; ++i) {
      incident::Person person{
          "p" + std::to_string(i), "", chance_.below(2) == 0 ? Language::ja : Language::en, {}};
      for (std::uint64_t k = chance_.below(8) == 0 ? 0 : 1 + chance_.below(2); k > 0; --k) {
        person.methods.push_back({"sip", "sip:" + person.id + "@127.0.0.1:" + std::to_string(5'060 + k)});
      }
      ids.push_back(person.id);
      config.people.push_back(std::move(person));
    }
    ids.emplace_back("nobody");
    const auto some_people = [&] {
      std::vector<std::string> out;
      for (const std::string& id : ids) {
        if (chance_.below(id == "nobody" ? 10 : 2) == 0) out.push_back(id);
      }
      return out;
    };
    const auto some_redial = [&] {
      return incident::Redial{chance_.between(Millis(0), seconds(90)), static_cast<int>(chance_.below(3))};
    };
    for (const char* id : {"ops", "db"}) {
      incident::Policy policy;
      policy.id = id;
      for (std::uint64_t k = 1 + chance_.below(3); k > 0; --k) {
        policy.levels.push_back({some_people(), chance_.between(Millis(0), seconds(300))});
      }
      policy.rounds = static_cast<int>(1 + chance_.below(3));
      policy.busy = some_redial();
      policy.no_answer = some_redial();
      policy.no_key = some_redial();
      policy.carrier_failed = some_redial();
      policy.ring_max = chance_.between(seconds(10), seconds(45));
      policy.last_resort = some_people();
      config.policies.push_back(std::move(policy));
    }
    config.routes = {{{}, {Severity::info}, {}, chance_.below(2) == 0 ? "" : "ops", {}},
                     {{}, {}, {{"cluster", "c0"}}, "db", {"cluster"}},
                     {{"guest"}, {}, {}, "ops", {}}};
    if (has_triage_) config.triage = some_triage();
    return config;
  }

  // The oracle knows these rules (Oracle::check_triaged).
  incident::Triage some_triage() {
    incident::Triage triage;
    triage.model = triage_chance_.below(8) == 0 ? "" : "model-" + std::to_string(triage_chance_.below(2));
    triage.wait = triage_chance_.between(seconds(2), seconds(5));
    triage.rules = {{{}, {{"cluster", "c1"}}, {}, std::nullopt, Severity::info, true},
                    {{"gu*"}, {{"cluster", "c2"}}, {}, Severity::error, Severity::warning, true},
                    {{}, {{"cluster", "c3"}}, {"*"}, std::nullopt, std::nullopt, false}};
    return triage;
  }

  // Sources try each event until it was accepted, whatever happens to Kaden meanwhile.
  void send(const incident::Input& input) {
    ++unsent_;
    attempt(input, std::make_shared<bool>(false));
  }
  void attempt(const incident::Input& input, const std::shared_ptr<bool>& is_accepted) {
    if (*is_accepted) return;
    process_.submit(input, [this, input, is_accepted] {
      if (*is_accepted) return;
      *is_accepted = true;
      --unsent_;
      if (!faults_.is_on(FaultKind::input_repeated) || !chance_.per_mille(200)) return;
      schedule_.after(chance_.between(Millis(1), seconds(600)),
                      [this, input] { process_.submit(input, {}); });
    });
    schedule_.after(chance_.between(seconds(3), seconds(20)),
                    [this, input, is_accepted] { attempt(input, is_accepted); });
  }

  void plan_alarms() {
    const Millis most = is_hectic_ ? seconds(120) : seconds(1'800);
    schedule_.after(chance_.between(seconds(1), most), [this] {
      if (faults_.is_calm()) return;
      const std::uint64_t storm = chance_.below(50) == 0 ? alarms_.size() : 1;
      for (std::uint64_t i = 0; i < storm; ++i) change(alarms_[chance_.below(alarms_.size())]);
      plan_alarms();
    });
  }

  void change(Source& source) {
    AlarmEvent event;
    event.source = "guest";
    event.event_id = std::to_string(++events_);
    event.alarm = source.alarm;
    event.machine = source.machine;
    event.labels = {{"cluster", source.cluster}};
    event.severity = chance_.below(4) == 0 ? static_cast<Severity>(chance_.below(4)) : source.severity;
    if (chance_.below(3) == 0) event.say[Language::en] = "{machine} of {cluster} is in trouble";
    const std::uint64_t what = chance_.below(10);
    if (what == 0) {
      event.state = AlarmState::insufficient_data;
    } else {
      if (what > 2) source.is_firing = !source.is_firing; // otherwise it repeats itself
      event.state = source.is_firing ? AlarmState::alarm : AlarmState::ok;
    }
    const bool is_taken = event.state == AlarmState::alarm && chance_.below(12) == 0;
    send(incident::AlarmReported{event, is_taken ? "vcenter: ope1" : ""});
  }

  // People at the console, now and then.
  void plan_requests() {
    schedule_.after(chance_.between(seconds(60), seconds(7'200)), [this] {
      if (faults_.is_calm()) return;
      const std::uint64_t newest = process_.engine().counts().incidents_ever;
      const std::uint64_t some =
          newest - (newest == 0 ? 0 : chance_.below(std::min<std::uint64_t>(newest, 6)));
      const std::uint64_t what = chance_.below(4);
      if (what == 0) process_.submit(incident::ResolveAsked{some, "console"}, {});
      if (what == 1) process_.submit(incident::AcknowledgeAsked{some, "console"}, {});
      if (what == 2) send(incident::TestCallAsked{"t" + std::to_string(++events_), "p1", "", "console"});
      plan_requests();
    });
  }

  void plan_faults() {
    schedule_.after(chance_.between(seconds(60), seconds(7'200)), [this] {
      if (faults_.is_calm()) return;
      if (faults_.is_on(FaultKind::crash_any_time) && chance_.below(2) == 0) process_.crash();
      if (faults_.is_on(FaultKind::clock_steps) && chance_.below(4) == 0) {
        process_.step_clock(chance_.between(seconds(-1'800), seconds(1'800)));
      }
      if (faults_.is_on(FaultKind::config_changes) && chance_.below(4) == 0)
        process_.set_config(some_config());
      plan_faults();
    });
  }

  const Order order_;
  Schedule schedule_;
  Chance chance_;
  Chance triage_chance_; // apart, so that nights without triage are what they were before there was any
  Faults faults_;
  Phones phones_;
  Model model_;
  Oracle oracle_;
  Process process_;
  const bool has_triage_;
  std::vector<Source> alarms_;
  bool is_hectic_ = false;
  std::uint64_t events_ = 0, configs_ = 0, unsent_ = 0;
};

} // namespace

Report run(const Order& order) {
  return Night(order).live();
}

} // namespace kaden::sim
