/// mib.h - the object identifiers that this source knows, and what vCenter writes into its traps. Room:
/// source/snmp, inside. Threads: constants. Errors: none. SNMPv2-MIB (RFC 3418), IF-MIB (RFC 2863), BGP4-MIB
/// (RFC 4273; "old" is how RFC 1657's traps are translated), VMWARE-VC-EVENT-MIB.
#pragma once

#include <cstdint>
#include <string_view>

#include "kaden/oid.h"

namespace kaden::snmp::mib {

extern const Oid link_down, link_up;
extern const Oid if_index, if_description, if_admin_status, if_oper_status, if_name, if_alias;
extern const Oid bgp_established, bgp_backward, bgp_established_old, bgp_backward_old;
extern const Oid bgp_peer_state, bgp_peer_admin_status, bgp_peer_address, bgp_last_error;
extern const Oid vcenter_alarm, vcenter_alarm_old;
extern const Oid vcenter_host, vcenter_vm, vcenter_old_status, vcenter_new_status, vcenter_value,
    vcenter_target, vcenter_target_type;

enum class VcenterStatus : std::uint8_t { gray, green, yellow, red };
std::string_view to_text(VcenterStatus status);
/// In the language of the vCenter; what is not known is red.
VcenterStatus vcenter_status_of(std::string_view text);
/// The alarm's name at the begin of vmwVpxdObjValue. It has no binding of its own, and may itself hold " - ":
/// "Production - CPU - Metric CPU Usage = 95%", "alarm.HostErrorAlarm - Event: Lost - again (7)\nSummary:
/// ...", and, when somebody resets the alarm, the name alone.
std::string_view vcenter_alarm_name_of(std::string_view value);

} // namespace kaden::snmp::mib
