/// kaden/limits/vcenter.h - the limits of vCenter as a source, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// vCenter ---------------------------------------------------------------------------------------------
inline constexpr std::size_t soap_bytes_max = 33'554'432;      // one answer; 10,000 triggered alarms are 5 MiB
inline constexpr std::size_t soap_depth_max = 64;              // elements of an answer; a property's value goes 15 deep
inline constexpr std::size_t soap_tags_max = 1'000'000;        // 10,000 triggered alarms have 250,000
inline constexpr std::size_t soap_attributes_max = 32;         // of one element; vCenter writes three
inline constexpr std::size_t soap_text_bytes_max = 4'096;      // of one value that we keep; descriptions are the longest
inline constexpr std::size_t vim_id_bytes_max = 256;           // references, keys, versions; a collector's has 93
inline constexpr std::size_t vcenter_objects_per_page = 500;   // asked for at once; vCenter's own pages are of this size
inline constexpr std::size_t vcenter_pages_max = 200;          // of one question; then the server does not end
inline constexpr std::size_t vcenter_alarms_max = 10'000;      // triggered at once in one vCenter; beyond, nobody reads them one by one
inline constexpr std::size_t vcenter_path_max = 32;            // folders above an entity; vSphere's wizards stop earlier
inline constexpr std::size_t vcenter_names_max = 100'000;      // entities and folders whose names are kept; then they are asked anew
inline constexpr Millis vcenter_names_kept = seconds(3'600);   // names and places change seldom, and an alarm keeps the ones it fired with
inline constexpr Millis vcenter_patience = seconds(30);        // for one answer; a busy vCenter needs 10 s
inline constexpr Millis vcenter_wait_max = seconds(5);         // for events, at once; acknowledgements of Kaden go over between two waits
inline constexpr Millis vcenter_reads_apart = Millis(500);     // however fast events come
inline constexpr Millis vcenter_logout_max = Millis(1'000);    // for the good-bye; without it a session ends by itself
inline constexpr Millis vcenter_poll = seconds(20);            // by default
inline constexpr Millis vcenter_unreadable = seconds(120);     // by default; a restart of vCenter takes longer, and is worth knowing
inline constexpr std::size_t vcenter_rules_max = 500;          // severities of one vCenter; it has 250 alarm definitions
inline constexpr std::size_t vcenter_glob_bytes_max = 255;     // of one rule; an alarm's name has at most 80 characters
inline constexpr std::size_t vcenter_user_bytes_max = 255;     // user@domain
inline constexpr Millis vcenter_login_wait_min = seconds(5);   // after a failed login for another reason than the password
inline constexpr Millis vcenter_login_wait_max = seconds(60);  // doubled up to this; a restart of vCenter takes minutes
inline constexpr Millis vcenter_locked_wait = seconds(1'800);  // after a wrong password; five within three minutes lock an account
inline constexpr std::size_t vcenter_acknowledged_per_look = 50; // sent at once, each its own exchange; the rest with the next

} // namespace kaden::limits
