/// mib.h - the object identifiers that this source knows, and vCenter's statuses. Room: source/snmp, inside.
/// Threads: constants. Errors: none. SNMPv2-MIB (RFC 3418), IF-MIB (RFC 2863), BGP4-MIB (RFC 4273; "old" is
/// how RFC 1657's traps are translated), VMWARE-VC-EVENT-MIB.
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

} // namespace kaden::snmp::mib
