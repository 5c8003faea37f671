/// kaden/snmp.h - SNMP over net-snmp: traps and informs received, tables read. Versions 2c and 3 (user-based
/// security). Room: snmp. Uses: base, runtime. Nothing is read from or written to net-snmp's own files, and
/// no MIB is loaded. Threads: net-snmp keeps process-wide state, so one Library at a time, whose lock each
/// call into it takes, never while waiting for the network; a Receiver and a Poller belong to one thread
/// each. Errors: invalid, unavailable, timeout, denied (version 3 refused us).
///
/// - A trap counts only from an allowed network, and with an allowed community, or by a known user at no less
/// than that
///   user's security level. What is refused is counted; only net-snmp's own reports (RFC 3414 section 3.2)
///   answer it.
/// - Users of version 3 need no engine ids in the settings: the engine of a sender is read from the outside
/// of its
///   message, and the user's keys are made for it. At most limits::snmp_engines_max senders.
/// - An inform is answered by answer(), when what it said is durable; else its sender repeats it.
/// RFC 3416 (operations), 3412 and 3414 (version 3), 3826 and 7860 (AES, SHA-2), 3417 (UDP).
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/snmp.h"
#include "kaden/oid.h"
#include "kaden/runtime.h"

namespace kaden::snmp {

enum class Authentication : std::uint8_t { none, md5, sha, sha224, sha256, sha384, sha512 };
enum class Privacy : std::uint8_t { none, des, aes, aes256 };
std::optional<Authentication> parse_authentication(std::string_view text); ///< "sha256" ...
std::optional<Privacy> parse_privacy(std::string_view text);               ///< "aes" ...

/// Of the user-based security model. No privacy without authentication.
struct User {
  std::string name;
  Authentication authentication = Authentication::none;
  std::string authentication_password{};
  Privacy privacy = Privacy::none;
  std::string privacy_password{};
};

/// A number, a text (UTF-8; other bytes as hex; an address as text), an object identifier, or nothing.
using Value = std::variant<std::monostate, std::int64_t, std::string, Oid>;
std::string to_text(const Value& value);
std::optional<std::int64_t> number_of(const Value& value);

struct Binding {
  Oid oid;
  Value value;
};

struct Notification {
  std::string peer; ///< the address it came from
  Oid trap;         ///< snmpTrapOID.0
  std::vector<Binding> bindings{};
  bool is_inform = false;
  /// Of the first binding whose identifier begins so; nullptr: there is none.
  const Binding* find(const Oid& prefix) const;
};

/// net-snmp, started. The engine id is made of `identity`, which should stay; `boots` must be larger at each
/// start (RFC 3414 section 2.2). One at a time in a process.
class Library {
 public:
  Library(const std::string& identity, std::int32_t boots);
  /// Forgets all users.
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  std::mutex& mutex() { return mutex_; }

 private:
  std::mutex mutex_;
};

struct ReceiverSettings {
  std::string address = "127.0.0.1"; ///< IPv4 or IPv6
  std::uint16_t port = 162;          ///< 0: any free one
  std::vector<Network> networks{};
  std::vector<std::string> communities{};
  std::vector<User> users{};
};

class Receiver {
 public:
  /// Borrows the library. Errors: unavailable, when the port cannot be had.
  static Result<std::unique_ptr<Receiver>> open(Library& library, ReceiverSettings settings);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  std::uint16_t port() const;
  /// What has come, at most limits::snmp_traps_at_once; waits `most` for the first. Informs of the take
  /// before that were not answered are forgotten.
  std::vector<Notification> take(Millis most);
  /// Answers the informs of the last take().
  void answer();
  struct Counts {
    std::uint64_t taken = 0;
    std::uint64_t foreign = 0; ///< from a network that is not allowed
    std::uint64_t refused = 0; ///< unknown community or user, wrong password, too low a level, old time
    std::uint64_t broken = 0;  ///< no SNMP, or version 1
  };
  Counts counts() const;

  struct Impl;

 private:
  explicit Receiver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct AgentSettings {
  std::string address; ///< IPv4 or IPv6
  std::uint16_t port = 161;
  std::string community{};      ///< version 2c, when there is no user
  std::optional<User> user{};   ///< version 3
  Millis patience = seconds(2); ///< for one answer; asked limits::snmp_tries times
};

/// Rows by what follows the columns in their identifiers, each with one value for each column that has one.
using Table = std::map<Oid, std::map<std::size_t, Value>>;

class Poller {
 public:
  /// Borrows library and clock.
  Poller(Library& library, const runtime::Clock& clock, AgentSettings settings);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// The columns of one table (GETBULK). Blocks. Errors: invalid, when there are more than
  /// limits::snmp_rows_max rows or the agent runs in circles; timeout; denied; unavailable.
  Result<Table> walk(const std::vector<Oid>& columns, const std::atomic<bool>& cancelled);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::snmp
