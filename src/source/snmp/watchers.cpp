// The watchers: one that hears traps, one for each device that is polled.
#include <algorithm>

#include "desk.h"
#include "mib.h"

namespace kaden::snmp {

namespace {

using source::Looked;

Looked refused(const Error& why) {
  return {.trouble = why, .again_in = source::tell_again};
}

constexpr Millis listen_most = seconds(1);
constexpr Millis listen_again = seconds(10); // after the port could not be had

/// What both do about what they cannot read.
class Reader {
 public:
  Reader(Desk& desk, std::string name, std::string machine, Millis unreadable_after, SpokenText say)
      : desk_(desk),
        name_(std::move(name)),
        machine_(std::move(machine)),
        say_(std::move(say)),
        readability_(unreadable_after) {}

  /// Also tells, and remembers. `trouble`: nothing, it was read.
  void note(const std::optional<Error>& trouble, Looked& looked) {
    if (!is_restored_) {
      is_restored_ = true;
      // What cannot be read back begins anew: at worst it is told once more.
      static_cast<void>(desk_.restore(name_, readability_));
    }
    looked.trouble = trouble;
    const WallTime now = desk_.ports().clock.wall();
    const auto began = readability_.failing_since();
    const auto change = trouble ? readability_.failed(now) : readability_.read();
    std::optional<AlarmEvent> news;
    if (change != Readability::Change::none)
      news = event(change == Readability::Change::readable, began.value_or(now), trouble);
    if (const auto told = desk_.note(name_, readability_, std::move(news))) {
      looked.reported += *told;
    } else {
      looked.trouble = told.error();
      looked.again_in = std::min(looked.again_in, source::tell_again);
    }
  }

 private:
  AlarmEvent event(bool is_over, WallTime began, const std::optional<Error>& trouble) const {
    AlarmEvent out;
    out.source = source_name;
    out.event_id = name_ + (is_over ? "/readable/" : "/unreadable/") + to_iso8601(began);
    out.alarm = name_ + ": SNMP cannot be read";
    out.state = is_over ? AlarmState::ok : AlarmState::alarm;
    out.severity = Severity::error;
    out.machine = machine_;
    out.reason = is_over ? "it can be read again" : trouble->message.substr(0, 900);
    out.labels = {{"device", name_}, {"kind", "unreadable"}};
    out.say = say_;
    return out;
  }

  // Borrowed
  Desk& desk_;
  // Config
  const std::string name_, machine_;
  const SpokenText say_;
  // State
  Readability readability_;
  bool is_restored_ = false;
};

class TrapWatcher final : public source::Watcher {
 public:
  explicit TrapWatcher(std::shared_ptr<Desk> desk)
      : desk_(std::move(desk)),
        reader_(*desk_, name_, name_, desk_->settings().unreadable_after,
                {{Language::ja, "{severity}アラームです。SNMPトラップを受信できません。"},
                 {Language::en, "Kaden, {severity} alarm. SNMP traps cannot be received."}}) {}

  const std::string& source() const override { return source_; }
  const std::string& name() const override { return name_; }

  Looked look(const std::atomic<bool>&) override {
    Looked looked;
    looked.again_in = Millis(0);
    if (receiver_ == nullptr) {
      auto opened = Receiver::open(desk_->library(), *desk_->settings().traps);
      if (!opened) {
        reader_.note(opened.error(), looked);
        looked.again_in = listen_again;
        return looked;
      }
      receiver_ = std::move(*opened);
    }
    // Before more is taken: what comes meanwhile waits in the kernel's buffer.
    if (const auto left = desk_->tell_again(); !left) return refused(left.error());
    const auto traps = receiver_->take(listen_most);
    const WallTime now = desk_->ports().clock.wall();
    const SteadyTime steady = desk_->ports().clock.steady();
    const auto told = desk_->tell([&](Alarms& alarms) {
      std::vector<AlarmEvent> news = alarms.tick(now);
      for (const Notification& trap : traps) {
        for (AlarmEvent& event : alarms.take(trap, now, steady)) news.push_back(std::move(event));
      }
      return news;
    });
    if (!told) return refused(told.error()); // informs stay without an answer, so they come again
    receiver_->answer();
    looked.reported = *told;
    reader_.note(std::nullopt, looked);
    note_passed_over(looked);
    return looked;
  }

 private:
  /// Somebody knocks who is not let in, or tells what no rule knows: that is for people to see, not to be
  /// called for.
  void note_passed_over(Looked& looked) {
    const Receiver::Counts counts = receiver_->counts();
    const Alarms::Counts alarms = desk_->counts();
    looked.counts = {{"taken", counts.taken},         {"foreign", counts.foreign},
                     {"refused", counts.refused},     {"broken", counts.broken},
                     {"unknown", alarms.unknown},     {"incomplete", alarms.broken},
                     {"dropped_full", alarms.dropped}};
    const SteadyTime now = desk_->ports().clock.steady();
    const std::string dropping = desk_->why_dropping();
    if (const std::string trouble = desk_->take_trouble(); !trouble.empty())
      looked.trouble = Error{Fault::corrupt, trouble};
    if (!looked.trouble && !dropping.empty()) looked.trouble = Error{Fault::busy, dropping};
    const bool is_refusing = refused_.is_recent(counts.foreign + counts.refused + counts.broken, now);
    const bool is_passing = passed_over_.is_recent(alarms.unknown + alarms.broken, now);
    if (!looked.trouble && is_refusing)
      looked.trouble = Error{Fault::denied,
                             "refused so far: " + std::to_string(counts.foreign) + " from other networks, " +
                                 std::to_string(counts.refused) + " by community, user or password, " +
                                 std::to_string(counts.broken) + " that are no SNMP v2c or v3"};
    if (!looked.trouble && is_passing)
      looked.trouble =
          Error{Fault::not_found,
                "passed over so far: " + std::to_string(alarms.unknown) + " of kinds that no rule knows" +
                    (alarms.last_unknown.empty() ? "" : " (the last " + alarms.last_unknown + ")") + ", " +
                    std::to_string(alarms.broken) + " without what they need"};
  }

  /// A number that has grown in the last ten minutes.
  struct Grown {
    std::uint64_t seen = 0;
    SteadyTime until{};
    bool is_recent(std::uint64_t number, SteadyTime now) {
      if (number > seen) until = now + seconds(600);
      seen = number;
      return now < until;
    }
  };

  // Config
  const std::string source_ = source_name;
  const std::string name_ = "traps";
  // Owned
  const std::shared_ptr<Desk> desk_; // before what borrows of it
  Reader reader_;
  std::unique_ptr<Receiver> receiver_;
  // State
  Grown refused_, passed_over_;
};

DeviceReading::Interface interface_of(const std::map<std::size_t, Value>& row,
                                      const std::map<std::size_t, Value>* more) {
  const auto text = [](const std::map<std::size_t, Value>* from, std::size_t column) -> std::string {
    if (from == nullptr) return {};
    const auto found = from->find(column);
    return found == from->end() ? std::string() : to_text(found->second);
  };
  const auto number = [&](std::size_t column) -> std::int64_t {
    const auto found = row.find(column);
    return found == row.end() ? 0 : number_of(found->second).value_or(0);
  };
  return {text(more, 0), text(&row, 0), text(more, 1), number(1), number(2)};
}

class DeviceWatcher final : public source::Watcher {
 public:
  DeviceWatcher(std::shared_ptr<Desk> desk, PolledDevice device, const std::string& spoken_name)
      : device_(std::move(device)),
        desk_(std::move(desk)),
        reader_(*desk_, device_.id, spoken_name, device_.unreadable_after,
                {{Language::ja, "{severity}アラームです。{machine}の状態をSNMPで読み取れません。"},
                 {Language::en, "Kaden, {severity} alarm. {machine} cannot be read by SNMP."}}),
        poller_(desk_->library(), desk_->ports().clock, device_.agent) {}

  const std::string& source() const override { return source_; }
  const std::string& name() const override { return device_.id; }

  Looked look(const std::atomic<bool>& cancelled) override {
    if (const auto left = desk_->tell_again(); !left) return refused(left.error());
    Looked looked;
    looked.again_in = device_.poll;
    const auto reading = read(cancelled);
    if (cancelled) return looked;
    std::optional<Error> trouble;
    if (reading) {
      const WallTime now = desk_->ports().clock.wall();
      const auto told = desk_->tell([&](Alarms& alarms) { return alarms.take(device_.id, *reading, now); });
      if (!told) return refused(told.error());
      looked.reported = *told;
    } else {
      trouble = reading.error();
    }
    reader_.note(trouble, looked);
    return looked;
  }

 private:
  Result<DeviceReading> read(const std::atomic<bool>& cancelled) {
    DeviceReading reading;
    reading.began = desk_->ports().clock.steady();
    const auto rows =
        poller_.walk({mib::if_description, mib::if_admin_status, mib::if_oper_status}, cancelled);
    if (!rows) return tl::unexpected(rows.error());
    const auto names = poller_.walk({mib::if_name, mib::if_alias}, cancelled);
    if (!names) return tl::unexpected(names.error());
    for (const auto& [index, row] : *rows) {
      if (index.size() != 1) continue;
      const auto more = names->find(index);
      reading.interfaces.emplace(index[0], interface_of(row, more == names->end() ? nullptr : &more->second));
    }
    const auto peers = poller_.walk({mib::bgp_peer_state, mib::bgp_peer_admin_status}, cancelled);
    if (!peers) return tl::unexpected(peers.error());
    for (const auto& [index, row] : *peers) {
      if (index.size() != 4) continue;
      const auto number = [&values = row](std::size_t column) -> std::int64_t {
        const auto found = values.find(column);
        return found == values.end() ? 0 : number_of(found->second).value_or(0);
      };
      reading.peers.emplace(to_text(index), DeviceReading::Peer{number(1), number(0)});
    }
    if (reading.interfaces.empty())
      return fail(Fault::invalid,
                  "SNMP agent " + device_.agent.address + " shows no interfaces: IF-MIB is not in the view");
    return reading;
  }

  // Config
  const std::string source_ = source_name;
  const PolledDevice device_;
  // Owned
  const std::shared_ptr<Desk> desk_; // before what borrows of it
  Reader reader_;
  Poller poller_;
};

} // namespace

std::vector<std::unique_ptr<source::Watcher>> watch_snmp(Settings settings, const Ports& ports) {
  std::vector<std::unique_ptr<source::Watcher>> watchers;
  const auto desk = std::make_shared<Desk>(std::move(settings), ports);
  if (desk->settings().traps) watchers.push_back(std::make_unique<TrapWatcher>(desk));
  for (const PolledDevice& device : desk->settings().devices) {
    std::string spoken = device.id;
    for (const DeviceSettings& one : desk->settings().alarms.devices) {
      if (one.id == device.id) spoken = one.name;
    }
    watchers.push_back(std::make_unique<DeviceWatcher>(desk, device, spoken));
  }
  return watchers;
}

} // namespace kaden::snmp
