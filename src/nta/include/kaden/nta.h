/// kaden/nta.h - SIP transactions over UDP (RFC 3261 section 17), on sofia-sip's nta layer. Room: nta.
/// Uses: base, sip, runtime. Values in, values out: no type of the library is seen outside. Dialogs, digest
/// and call state are not here (kaden/sip_session.h). IPv4. Threads: one per Endpoint; all events come on it,
/// and functions marked [loop] must be called on it (from an event or a posted job). Errors: unavailable (the
/// port is taken), invalid (a message that cannot be written), busy. Protection: the kernel drops datagrams
/// over limits::sip_datagram_bytes_max or not starting with a capital letter before they are read; methods
/// other than INVITE ACK BYE CANCEL OPTIONS INFO get 405; the library logs nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "kaden/base.h"
#include "kaden/sip_message.h"

namespace kaden::nta {

struct Settings {
  std::string bind_ip = "127.0.0.1";
  std::uint16_t port = 0;     ///< 0: any free one
  std::string advertised;     ///< host in Via; empty: bind_ip
  bool answers_calls = false; ///< 2xx to INVITE are resent until the ACK, and on_ack tells; else a resent
                              ///< INVITE brings the 2xx again and ACKs are not told
  std::string thread_name = "sip";
};

/// What came. Called on the endpoint's thread.
class Events {
 public:
  virtual ~Events() = default;
  /// INVITE, BYE or INFO, in or out of a dialog: reply() must follow, now or later. OPTIONS are answered
  /// already.
  virtual void on_request(std::uint64_t request, const sip::Message& message) = 0;
  /// The INVITE was cancelled; 487 is sent already and the number is gone.
  virtual void on_cancel(std::uint64_t request) = 0;
  /// The ACK to our 2xx came, or did not for 64*T1. The number is gone.
  virtual void on_ack(std::uint64_t request, bool came) = 0;
  /// Provisional and final, also those made locally (Message::local: 408 no reply, 503 no transport). A 2xx
  /// to an INVITE may come many times, from several far ends, until forget(). After any other final the
  /// number is gone.
  virtual void on_response(std::uint64_t transaction, const sip::Message& message) = 0;
  /// A response nobody waits for: late, or to a request of a dead predecessor.
  virtual void on_stray(const sip::Message& message) = 0;
  virtual void on_timer() = 0;
};

struct Answer {
  int status = 0;
  std::string phrase;  ///< empty: the usual one
  std::string to_tag;  ///< empty: the library's own
  std::string contact; ///< our URI, for 1xx and 2xx that make or refresh a dialog
  std::string sdp;     ///< empty: no body
};

class Endpoint {
 public:
  /// Binds the port and prepares the thread; no event before start(). `events` must outlive the endpoint.
  static Result<std::unique_ptr<Endpoint>> open(const Settings& settings, Events& events);
  /// Ends the thread. Nothing is sent: open transactions die as if the process had.
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  void start();
  /// Ends the thread; no event comes after it, and the other functions do nothing more. The destructor does
  /// it, too.
  void stop();
  std::uint16_t port() const;
  const std::string& host() const; ///< as advertised

  /// Runs the job on the loop, in order. False when limits::jobs_max wait already, or it is ending. Any
  /// thread.
  bool post(std::function<void()> job);

  /// [loop] Sends a request in a transaction; the number comes back with its responses. To a host name:
  /// resolved meanwhile. An empty branch is chosen. Responses never come from inside.
  Result<std::uint64_t> send(const sip::Message& request);
  /// [loop] No more events of that transaction; a later 2xx is stray.
  void forget(std::uint64_t transaction);
  /// [loop] Once, outside transactions.
  Result<void> send_ack(const sip::Message& ack);
  /// [loop] Unknown numbers are ignored.
  void reply(std::uint64_t request, const Answer& answer);
  /// [loop] on_timer() after this long, once; replaces the one before.
  void wake_after(Millis wait);

 private:
  Endpoint();
  class Core;
  std::unique_ptr<Core> core_;
};

} // namespace kaden::nta
