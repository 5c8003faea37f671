/// kaden/limits/snmp.h - the limits of SNMP, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// SNMP ------------------------------------------------------------------------------------------------
inline constexpr std::size_t snmp_bytes_max = 65'507;          // of one datagram, UDP's own
inline constexpr std::size_t snmp_bindings_max = 256;          // of one trap; vCenter sends seven
inline constexpr std::size_t snmp_text_bytes_max = 2'048;      // of one value that we keep; longer ones are cut
inline constexpr std::size_t snmp_communities_max = 50;        // each is compared with each trap
inline constexpr std::size_t snmp_users_max = 50;              // each for each engine
inline constexpr std::size_t snmp_engines_max = 2'000;         // senders of version 3 that are remembered; beyond, new ones are refused
inline constexpr std::size_t snmp_networks_max = 100;          // that traps are taken from
inline constexpr std::size_t snmp_devices_max = 200;           // polled, one thread each, asleep nearly always
inline constexpr std::size_t snmp_rules_max = 200;             // for traps of other kinds
inline constexpr std::size_t snmp_rows_max = 10'000;           // interfaces or peers of one device; a large chassis has 2,000
inline constexpr std::size_t snmp_globs_max = 100;             // of interfaces of one device
inline constexpr std::size_t snmp_password_bytes_min = 8;      // RFC 3414 section 11.2
inline constexpr std::size_t snmp_password_bytes_max = 255;    // net-snmp's passphrases are lines
inline constexpr std::size_t snmp_traps_at_once = 200;         // of one look, and one commit; the rest waits in the kernel's buffer
inline constexpr int snmp_receive_buffer = 4'194'304;          // of the socket; a switch that reboots sends hundreds at once
inline constexpr int snmp_repetitions = 25;                    // rows in one answer; a datagram of 1,500 bytes holds about so many
inline constexpr int snmp_tries = 3;                           // of one question; UDP loses some
inline constexpr Millis snmp_poll = seconds(60);               // by default
inline constexpr Millis snmp_unreadable = seconds(180);        // by default: three polls
inline constexpr std::size_t snmp_device_alarms_max = 2'000;   // of one device, open at once; a large chassis has so many interfaces, more is a flood
inline constexpr std::size_t snmp_alarms_max = 20'000;         // of all senders that the settings do not name, open at once; named devices keep their own room
inline constexpr std::size_t snmp_trapped_max = 20'000;        // links and sessions of which it is remembered when a trap told; only a poll at the same moment asks

} // namespace kaden::limits
