/// kaden/mail_listener.h - mails as they come in: an SMTP listener (Boost.Asio, STARTTLS by OpenSSL) and the
/// watcher that keeps it up. Room: source/mail. Uses: base, runtime, smtp, source/watch, journal. What a mail
/// means is the room mailrules'; what becomes of it the caller's.
/// Threads: a listener has one of its own, "kaden-smtp", and calls Take there; Settle may be called from any.
/// Errors: invalid (address, certificate), conflict (the port is taken), denied, unavailable.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/client_network.h"
#include "kaden/journal.h"
#include "kaden/limits/mail.h"
#include "kaden/runtime.h"
#include "kaden/smtp.h"
#include "kaden/source.h"

namespace kaden::mail {

struct ListenerSettings {
  std::string name;
  std::string address = "127.0.0.1";
  std::uint16_t port = 2525; ///< 0: any free one
  std::string hostname = "localhost";
  std::vector<std::string> senders;       ///< globs of envelope senders, in any case; "" is the empty path
  std::vector<std::string> recipients;    ///< globs
  std::vector<smtp::Network> networks;    ///< of clients
  std::string certificate_file, key_file; ///< PEM; empty: no STARTTLS
  bool allow_plain = false;               ///< mail without TLS from other machines than this
  std::size_t message_bytes_max = limits::mail_message_bytes;
  // The limits of kaden/limits/mail.h; tests shorten them.
  std::size_t connections_max = limits::smtp_connections_max;
  std::size_t connections_per_peer_max = limits::smtp_connections_per_peer_max;
  std::size_t bytes_max = limits::smtp_bytes_max;
  Millis idle_max = limits::smtp_idle_max;
  Millis handshake_max = limits::smtp_handshake_max;
  Millis data_max = limits::smtp_data_max;
  Millis commit_max = limits::smtp_commit_max;
};

struct Arrival {
  std::string listener;
  std::string peer; ///< "192.0.2.7"
  smtp::Message message;
};
/// Call it once, from any thread. When it is dropped uncalled, the client is told to come again.
using Settle = std::function<void(smtp::Verdict)>;
/// Must not block.
using Take = std::function<void(Arrival, Settle)>;

class Listener {
 public:
  /// Borrows the clock.
  Listener(ListenerSettings settings, const runtime::Clock& clock, Take take);
  /// Stops accepting, gives mails that are being made durable two seconds, closes.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  Result<void> start();
  std::uint16_t port() const;
  /// Reads certificate and key again; when they cannot be used, the old ones stay.
  Result<void> renew_certificate();
  struct Counts {
    std::uint64_t connections = 0; ///< accepted
    std::uint64_t turned_away = 0; ///< from a foreign network
    std::uint64_t shed = 0;        ///< too many at once
    std::uint64_t too_slow = 0;
    std::uint64_t mails = 0; ///< given to Take
  };
  Counts counts() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

struct WatcherSettings {
  ListenerSettings listener;
  std::string spoken_name;
  Millis unreadable_after = seconds(60); ///< not listening for so long is an alarm
  Millis silent_after{};                 ///< no mail for so long is one; 0: it is not
  Severity silent = Severity::error;
};
/// What a watcher borrows until it ends.
struct Ports {
  source::Intake& intake;
  journal::Records& records;
  const runtime::Clock& clock;
  Take take;
};
/// Its first look opens the listener; later ones try again when that failed, take a changed certificate, and
/// notice silence. Its alarms are "NAME: no mail can be received" and "NAME: no mail has come". The state is
/// the record "source_state", "mail/NAME".
std::unique_ptr<source::Watcher> watch_mail(WatcherSettings settings, Ports ports);

} // namespace kaden::mail
