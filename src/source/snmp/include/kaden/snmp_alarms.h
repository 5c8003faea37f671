/// kaden/snmp_alarms.h - what is news in traps and in polled tables. Room: source/snmp. Uses: base, snmp (its
/// values). No I/O; time is an argument. Threads: one owner. Errors: corrupt from restore().
///
/// - One interface of one device is one alarm, whether a trap (linkDown, RFC 2863) or a poll (ifOperStatus)
/// told of it
///   first; either ends it. So is one BGP peer (bgpBackwardTransition, bgpEstablished, bgpPeerState; RFC
///   4273). An interface that an administrator shut is not in trouble.
/// - At the first poll of a device its interfaces that are down are taken for unused, until they are up once,
/// unless the
///   settings name them; BGP peers that are down are news.
/// - vCenter's traps (VMWARE-VC-EVENT-MIB): one alarm for each alarm and object; red and yellow by the
/// settings, green
///   ends it, gray changes nothing; a status in words that are not known counts as red.
/// - Traps of other kinds by rules; the first that fits. Without a rule they are counted and passed over.
/// - Each named device has room for limits::snmp_device_alarms_max alarms, all other senders together for
/// limits::snmp_alarms_max: who floods silences himself alone. What finds no room is counted.
/// - What is open stays open when the settings give its sender another id; it keeps its alarm's name.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/snmp.h"

namespace kaden::snmp {

inline constexpr const char* source_name = "snmp";

struct DeviceSettings {
  std::string id;      ///< begins its alarms' names
  std::string name;    ///< as calls say it
  std::string address; ///< traps that come from here are its own
  std::vector<std::string>
      interfaces{}; ///< globs of names, descriptions, aliases; empty: all that were up once
  std::map<std::string, std::string> names{}; ///< of interface or BGP peer: what calls say for it
  Severity severity = Severity::critical;
};

struct TrapRule {
  Oid trap;
  std::string name;
  Severity severity = Severity::error;
  std::optional<Oid> by{};    ///< the binding whose value tells one alarm of a device from another
  std::optional<Oid> clear{}; ///< the trap that ends it
  Millis clear_after{};       ///< it ends by itself; 0: it does not
};

struct AlarmSettings {
  std::vector<DeviceSettings> devices;
  std::vector<TrapRule> rules;
  std::optional<Severity> yellow = Severity::warning; ///< of vCenter; nothing: passed over
  std::optional<Severity> red = Severity::critical;
};

/// What one poll of a device found.
struct DeviceReading {
  struct Interface {
    std::string name, description, alias;
    std::int64_t admin = 0; ///< 1 up, 2 down, 3 testing
    std::int64_t oper = 0;  ///< 1 up, 2 down, 6 notPresent, 7 lowerLayerDown; others are not clear
  };
  struct Peer {
    std::int64_t admin = 0; ///< 1 stop, 2 start
    std::int64_t state = 0; ///< 6 established
  };
  std::map<std::uint32_t, Interface> interfaces; ///< by ifIndex
  std::map<std::string, Peer> peers;             ///< by address
  SteadyTime began{};                            ///< what a trap told after this is newer
};

class Alarms {
 public:
  explicit Alarms(AlarmSettings settings);

  std::vector<AlarmEvent> take(const Notification& trap, WallTime now, SteadyTime steady);
  std::vector<AlarmEvent> take(const std::string& device, const DeviceReading& reading, WallTime now);
  /// What ends by itself.
  std::vector<AlarmEvent> tick(WallTime now);
  struct Counts {
    std::uint64_t unknown = 0;  ///< traps of a kind that has no rule
    std::uint64_t broken = 0;   ///< traps of a known kind without what they need: an index, a peer, a name
    std::uint64_t dropped = 0;  ///< alarms for which there was no room
    std::string last_unknown{}; ///< "1.3.6.1.6.3.1.1.5.1 from 10.0.0.254"
    std::string last_dropped{}; ///< whose
  };
  const Counts& counts() const { return counts_; }
  /// Whether somebody's room is used up at this moment.
  bool is_full() const;

  /// Stored forms by key that changed since the last call; nullopt for what ended.
  std::map<std::string, std::optional<std::string>> changed();
  /// Once, before anything else.
  Result<void> restore(const std::map<std::string, std::string>& stored);

 private:
  /// What is told of one alarm.
  struct Told {
    std::string alarm, machine;
    std::string device,
        address; ///< its sender's, as the settings have them now; of an unnamed one both the same
    std::map<std::string, std::string> labels;
    Severity severity = Severity::error;
    std::optional<WallTime> ends_at{};
  };
  /// What polls found of one device.
  struct Device {
    std::map<std::uint32_t, DeviceReading::Interface> interfaces; ///< of what is stored, only the names
    std::set<std::uint32_t> unused;
    bool was_read = false;
  };
  struct Origin {
    std::string id, name, address;
    const DeviceSettings* settings = nullptr; ///< nullptr: a sender that the settings do not name
  };

  Origin origin_of(const std::string& address) const;
  const DeviceSettings* find(const std::string& id) const;
  static bool is_watched(const DeviceSettings& settings, const DeviceReading::Interface& interface);
  static Told told_of(const Origin& origin);
  Told link_of(const Origin& origin, std::uint32_t index, const DeviceReading::Interface& interface) const;
  Told peer_of(const Origin& origin, const std::string& peer) const;
  void take_link(const Notification& trap, bool is_up, WallTime now, SteadyTime steady,
                 std::vector<AlarmEvent>& out);
  void take_bgp(const Notification& trap, bool is_up, WallTime now, SteadyTime steady,
                std::vector<AlarmEvent>& out);
  void take_vcenter(const Notification& trap, WallTime now, std::vector<AlarmEvent>& out);
  bool take_rule(const Notification& trap, WallTime now, std::vector<AlarmEvent>& out);
  void poll_interface(const Origin& origin, Device& device, std::uint32_t index,
                      const DeviceReading::Interface& interface, WallTime now, std::vector<AlarmEvent>& out);
  void raise(const std::string& key, Told told, SpokenText say, const std::string& reason, WallTime now,
             std::vector<AlarmEvent>& out);
  void clear(const std::string& key, const std::string& reason, WallTime now, std::vector<AlarmEvent>& out);
  bool has_room(const Told& told) const;
  void count(const Told& told, int change);
  void note_trap(const std::string& key, SteadyTime steady);
  bool is_newer(const std::string& key, SteadyTime began) const;
  static AlarmEvent event_of(const std::string& key, const Told& told, AlarmState state, WallTime now);
  std::string save(const std::string& key) const;
  Result<void> load(const std::string& key, const std::string& text);
  Result<void> load_device(const std::string& id, const Fields& fields);
  void adopt();

  // Config
  AlarmSettings settings_;
  // State
  std::map<std::string, Told> told_; ///< "alarm/core-1/if/3"
  std::map<std::string, Device> devices_;
  std::map<std::string, SteadyTime> trapped_; ///< by key: when a trap told of it last
  std::map<std::string, bool> touched_;
  std::map<std::string, std::size_t> open_; ///< alarms of told_ by device
  std::size_t open_unnamed_ = 0;            ///< those of senders that the settings do not name
  Counts counts_;
};

} // namespace kaden::snmp
