/// netsnmp.h - what Receiver and Poller share of net-snmp. Room: snmp, inside. Threads: with the Library's
/// lock. Errors: none.
#pragma once

#include <net-snmp/net-snmp-config.h>
// After its configuration.
#include <net-snmp/net-snmp-includes.h>
// Not among them.
#include <net-snmp/library/large_fd_set.h>

#include <map>
#include <string>

#include "kaden/snmp.h"

namespace kaden::snmp {

/// Of the identifiers of all kinds of authentication and privacy, RFC 3414 section 5.
inline constexpr std::size_t protocol_size = 10;

/// A user's keys before they are made for an engine; to make them takes milliseconds, so they are kept.
struct Keys {
  explicit Keys(const User& user);

  std::string name;
  int level = SNMP_SEC_LEVEL_NOAUTH;
  const oid* authentication = usmNoAuthProtocol;
  std::size_t authentication_size = protocol_size;
  std::array<u_char, USM_AUTH_KU_LEN> authentication_key{};
  std::size_t authentication_key_size = 0;
  const oid* privacy = usmNoPrivProtocol;
  std::size_t privacy_size = protocol_size;
  std::array<u_char, USM_PRIV_KU_LEN> privacy_key{};
  std::size_t privacy_key_size = 0;

  /// Into a session that is not open yet; the session then points into this and into `engine_id`.
  void put_into(netsnmp_session& session, std::string& engine_id);
};
/// True when net-snmp knows the user of the engine now.
bool ensure_user(Keys& keys, std::string engine_id);

Oid oid_of(const oid* numbers, std::size_t count);
Value value_of(const netsnmp_variable_list& variable);

} // namespace kaden::snmp
