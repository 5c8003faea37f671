/// kaden/vim.h - the vSphere Web Services API (vim25) as far as alarms need it: requests as text, answers as
/// values. Room: vim. Uses: base, xml. Pure. Threads: values; any. Errors: Failure; what a server answers is
/// never trusted: bounded, UTF-8, and refused as `malformed` when it is not what was asked for.
///
/// vSphere Web Services API reference; SOAP 1.1 over HTTP. The order of elements in requests is fixed by the
/// schema. Faults are known by their type, never by their text, which follows the server's language.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kaden/base.h"

namespace kaden::vim {

/// A managed object: {"VirtualMachine", "vm-1042"}.
struct Ref {
  std::string type;
  std::string id;
  auto operator<=>(const Ref&) const = default;
};

enum class FaultKind : std::uint8_t {
  not_authenticated, ///< no session, or no longer: log in again, and make collectors again
  invalid_login,     ///< user or password, also an expired one: do not retry soon, accounts get locked
  no_permission,
  not_found,   ///< an object in the request is gone (ManagedObjectNotFound)
  stale,       ///< InvalidCollectorVersion: begin again with an empty version
  cancelled,   ///< RequestCanceled
  unsupported, ///< the server has no such method
  other,
  malformed, ///< the answer is not one
  // Never of an answer; for whoever carries the messages:
  unreachable, ///< no answer came
  not_trusted, ///< the server's certificate is not the right one
};
struct Failure {
  FaultKind kind = FaultKind::other;
  std::string message; ///< names the fault's type; never what the server wrote
};
template <class T>
using Answer = tl::expected<T, Failure>;

// Requests: the body of a POST to https://<vcenter>/sdk
// ----------------------------------------------------------------------------------------------------

/// Content-Type and SOAPAction that go with each.
inline constexpr std::string_view content_type = "text/xml; charset=\"utf-8\"";
inline constexpr std::string_view soap_action = "\"urn:vim25/6.7\"";

/// What to read of the objects of a type and its subtypes.
struct PropertySet {
  std::string type; ///< "Alarm", "ManagedEntity"
  std::vector<std::string> paths;
};
struct Login {
  Ref session_manager;
  std::string user;
  std::string password;
};
struct EventFilter {
  std::vector<std::string> types; ///< event type ids
  WallTime begin{};
};

std::string retrieve_service_content();
/// Always with the locale "en": names and messages follow it.
std::string login(const Login& login);
std::string logout(const Ref& session_manager);
std::string retrieve_properties(const Ref& collector, const std::vector<PropertySet>& sets,
                                const std::vector<Ref>& objects);
std::string continue_retrieve(const Ref& collector, std::string_view token);
std::string create_property_collector(const Ref& collector);
std::string create_event_collector(const Ref& event_manager, const EventFilter& filter);
std::string create_filter(const Ref& collector, const PropertySet& set, const Ref& object);
/// An empty version gives the whole state at once; a time-out gives no version.
std::string wait_for_updates(const Ref& collector, std::string_view version, std::int64_t wait_s);
/// All alarm definitions that the account sees.
std::string get_alarm(const Ref& alarm_manager);
std::string acknowledge_alarm(const Ref& alarm_manager, const Ref& alarm, const Ref& entity);

// Answers
// ----------------------------------------------------------------------------------------------------

struct ServiceContent {
  Ref root_folder, property_collector, session_manager;
  std::optional<Ref> alarm_manager, event_manager; ///< an ESXi host has no alarm manager
  std::string full_name;                           ///< "VMware vCenter Server 8.0.3 build-..."
  std::string api_type;                            ///< "VirtualCenter", "HostAgent"
  std::string api_version;
  std::string instance_uuid; ///< of this vCenter; another one after it was built anew
};

enum class Status : std::uint8_t { gray, green, yellow, red };
std::string_view to_text(Status status);
std::optional<Status> parse_status(std::string_view text);

/// An alarm on an entity, as it is now.
struct AlarmState {
  std::string key; ///< unique per alarm and entity, otherwise opaque
  Ref entity;
  Ref alarm;
  Status status = Status::gray;
  WallTime time{};
  bool acknowledged = false;
  std::string acknowledged_by; ///< with acknowledged; may be empty
  std::optional<WallTime> acknowledged_at;
  bool is_by_event = false; ///< it has an eventKey: an event raised it, and the next such event does again
};

/// What an alarm definition does by itself.
struct AlarmAction {
  std::string type;              ///< "SendEmail", "SendSNMP", "RunScript" ...
  std::vector<std::string> when; ///< "yellow to red"
  bool operator==(const AlarmAction&) const = default;
};

/// A property's value; text for every simple type. Names are unescaped (%2f is '/').
using Value = std::variant<std::string, Ref, std::vector<AlarmState>, std::vector<AlarmAction>>;

struct ObjectContent {
  Ref object;
  std::map<std::string, Value> values;
  std::map<std::string, FaultKind> missing; ///< properties that may not be read, and why

  /// Empty when it is missing or no text.
  std::string text(const std::string& path) const;
  /// Null when it is missing or of another kind.
  const Ref* ref(const std::string& path) const;
  const std::vector<AlarmState>* alarm_states(const std::string& path) const;
  const std::vector<AlarmAction>* actions(const std::string& path) const;
};
struct Page {
  std::vector<ObjectContent> objects;
  std::string token; ///< not empty: ask continue_retrieve()
};
struct Update {
  std::string version; ///< empty: nothing happened in time
  bool truncated = false;
};

Answer<ServiceContent> read_service_content(std::string_view body);
/// Of a method that returns nothing of interest: no fault is success. `method` is "Login", "Logout",
/// "AcknowledgeAlarm".
Answer<void> read_done(std::string_view body, std::string_view method);
/// Of a method that makes something: "CreateFilter".
Answer<Ref> read_made(std::string_view body, std::string_view method);
/// Of GetAlarm.
Answer<std::vector<Ref>> read_refs(std::string_view body, std::string_view method);
/// Of RetrievePropertiesEx and ContinueRetrievePropertiesEx. A session that is gone shows in `missing`.
Answer<Page> read_page(std::string_view body);
Answer<Update> read_update(std::string_view body);

/// "a%2fb" is "a/b": '/', '\' and '%' are escaped in the names of entities.
std::string unescape_name(std::string_view name);

} // namespace kaden::vim
