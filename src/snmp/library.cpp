// net-snmp started, its users, and its values as ours.
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "netsnmp.h"

namespace kaden::snmp {

namespace {

/// What cannot be read out is made so.
std::string text_of(std::string_view bytes) {
  std::string text(bytes);
  while (!text.empty() && text.back() == '\0') text.pop_back();
  if (!is_valid_utf8(text) || text.find('\0') != std::string::npos)
    return to_hex(bytes.substr(0, limits::snmp_text_bytes_max / 2));
  text = cut_utf8(text, limits::snmp_text_bytes_max);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; }, ' ');
  return std::string(trim(text));
}

int authentication_type(Authentication authentication) {
  switch (authentication) {
    case Authentication::none:
      break;
    case Authentication::md5:
      return NETSNMP_USMAUTH_HMACMD5;
    case Authentication::sha:
      return NETSNMP_USMAUTH_HMACSHA1;
    case Authentication::sha224:
      return NETSNMP_USMAUTH_HMAC128SHA224;
    case Authentication::sha256:
      return NETSNMP_USMAUTH_HMAC192SHA256;
    case Authentication::sha384:
      return NETSNMP_USMAUTH_HMAC256SHA384;
    case Authentication::sha512:
      return NETSNMP_USMAUTH_HMAC384SHA512;
  }
  return NETSNMP_USMAUTH_NOAUTH;
}

int privacy_type(Privacy privacy) {
  switch (privacy) {
    case Privacy::none:
      break;
    case Privacy::des:
      return USM_CREATE_USER_PRIV_DES;
    case Privacy::aes:
      return USM_CREATE_USER_PRIV_AES;
    case Privacy::aes256:
      return USM_CREATE_USER_PRIV_AES256;
  }
  return USM_CREATE_USER_PRIV_NONE;
}

/// RFC 3414 section 2.6: a password as a key for any engine.
std::size_t make_key(const oid* hash, std::size_t hash_size, const std::string& password, u_char* key,
                     std::size_t room) {
  std::size_t size = room;
  std::string bytes = password;
  const int made = generate_Ku(hash, static_cast<u_int>(hash_size),
                               reinterpret_cast<const u_char*>(bytes.data()), bytes.size(), key, &size);
  require(made == SNMPERR_SUCCESS, "net-snmp makes a key of a password that was checked");
  return size;
}

void start_once() {
  static std::once_flag started;
  std::call_once(started, [] {
    // Nothing of the machine's own settings, no MIBs, no files in /var/lib/snmp, no lines on stderr.
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_LOAD_HOST_FILES, 1);
    netsnmp_set_mib_directory("");
    netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG);
    init_snmp("kaden");
  });
}

} // namespace

Library::Library(const std::string& identity, std::int32_t boots) {
  start_once();
  // RFC 3411 section 5, SnmpEngineID: an enterprise (net-snmp's, whose engine this is), then octets of our
  // own making.
  const Sha256 digest = sha256("kaden snmp engine " + identity);
  std::string id("\x80\x00\x1F\x88\x05", 5);
  id.append(reinterpret_cast<const char*>(digest.data()), 12);
  require(set_exact_engineID(reinterpret_cast<const u_char*>(id.data()), id.size()) >= 0,
          "net-snmp takes an engine id");
  std::string before = std::to_string(boots - 1); // net-snmp adds one
  engineBoots_conf("engineBoots", before.data());
  set_enginetime(reinterpret_cast<const u_char*>(id.data()), static_cast<u_int>(id.size()),
                 static_cast<u_int>(boots), static_cast<u_int>(snmpv3_local_snmpEngineTime()), 1);
}

Library::~Library() {
  std::lock_guard lock(mutex_);
  while (usmUser* const user = usm_get_userList()) {
    usm_remove_user(user);
    usm_free_user(user);
  }
}

Keys::Keys(const User& user) : name(user.name) {
  if (user.authentication == Authentication::none) return;
  level = user.privacy == Privacy::none ? SNMP_SEC_LEVEL_AUTHNOPRIV : SNMP_SEC_LEVEL_AUTHPRIV;
  authentication = sc_get_auth_oid(authentication_type(user.authentication), &authentication_size);
  require(authentication != nullptr,
          "net-snmp has each kind of authentication that the settings may ask for");
  authentication_key_size = make_key(authentication, authentication_size, user.authentication_password,
                                     authentication_key.data(), authentication_key.size());
  if (user.privacy == Privacy::none) return;
  privacy = sc_get_priv_oid(privacy_type(user.privacy), &privacy_size);
  require(privacy != nullptr, "net-snmp has each kind of privacy that the settings may ask for");
  privacy_key_size = make_key(authentication, authentication_size, user.privacy_password, privacy_key.data(),
                              privacy_key.size());
}

void Keys::put_into(netsnmp_session& session, std::string& engine_id) {
  session.version = SNMP_VERSION_3;
  session.securityModel = SNMP_SEC_MODEL_USM;
  session.securityLevel = level;
  session.securityName = name.data();
  session.securityNameLen = name.size();
  session.securityEngineID = reinterpret_cast<u_char*>(engine_id.data());
  session.securityEngineIDLen = engine_id.size();
  session.contextEngineID = reinterpret_cast<u_char*>(engine_id.data());
  session.contextEngineIDLen = engine_id.size();
  // Also when there is none: net-snmp refuses a user whose kinds it is not told.
  session.securityAuthProto = const_cast<oid*>(authentication); // its type is older than const
  session.securityAuthProtoLen = authentication_size;
  std::copy(authentication_key.begin(), authentication_key.end(), session.securityAuthKey);
  session.securityAuthKeyLen = authentication_key_size;
  session.securityPrivProto = const_cast<oid*>(privacy);
  session.securityPrivProtoLen = privacy_size;
  std::copy(privacy_key.begin(), privacy_key.end(), session.securityPrivKey);
  session.securityPrivKeyLen = privacy_key_size;
}

bool ensure_user(Keys& keys, std::string engine_id) {
  const auto* const engine = reinterpret_cast<const u_char*>(engine_id.data());
  if (usm_get_user(engine, engine_id.size(), keys.name.c_str()) != nullptr) return true;
  netsnmp_session session;
  snmp_sess_init(&session);
  keys.put_into(session, engine_id);
  return usm_create_user_from_session(&session) == SNMPERR_SUCCESS;
}

Oid oid_of(const oid* numbers, std::size_t count) {
  Oid out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<std::uint32_t>(numbers[i]));
  return out;
}

Value value_of(const netsnmp_variable_list& variable) {
  const std::string_view bytes(reinterpret_cast<const char*>(variable.val.string), variable.val_len);
  switch (variable.type) {
    case ASN_INTEGER:
    case ASN_COUNTER:
    case ASN_GAUGE:
    case ASN_TIMETICKS:
      return variable.val.integer == nullptr ? Value()
                                             : Value(static_cast<std::int64_t>(*variable.val.integer));
    case ASN_COUNTER64:
      if (variable.val.counter64 == nullptr) return {};
      return static_cast<std::int64_t>((variable.val.counter64->high & 0x7FFFFFFFU) << 32U |
                                       (variable.val.counter64->low & 0xFFFFFFFFU));
    case ASN_OCTET_STR:
    case ASN_OPAQUE:
      return bytes.data() == nullptr ? Value(std::string()) : Value(text_of(bytes));
    case ASN_IPADDRESS: {
      std::array<char, INET_ADDRSTRLEN> text{};
      if (bytes.size() != 4 || inet_ntop(AF_INET, bytes.data(), text.data(), text.size()) == nullptr)
        return {};
      return std::string(text.data());
    }
    case ASN_OBJECT_ID:
      return variable.val.objid == nullptr
                 ? Value()
                 : Value(oid_of(variable.val.objid, variable.val_len / sizeof(oid)));
    default:
      return {};
  }
}

} // namespace kaden::snmp
