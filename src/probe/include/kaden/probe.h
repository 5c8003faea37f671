/// kaden/probe.h - can something be reached, and how well? ICMP echo, TCP, HTTP(S), DNS, TLS with the days
/// left of the certificate. Room: probe. Uses: base, runtime, channel. Nothing blocks: all probes wait in one
/// poll(2); names are looked up on a thread of its own, so that a dead name server holds up only the names.
/// Threads: a Prober belongs to one thread; wake() may be called from any. Errors: parse_target() and check()
/// invalid; what a probe meets is in its Finding.
///
/// - Redirects are not followed; of an HTTP answer only the head is read, with limits.
/// - http and https never go to a link-local address, whatever name leads there: clouds keep credentials on
/// it. The
///   others may: the inside addresses of VPN tunnels and BGP peers are link-local.
/// - An answer counts only from the address that was asked, with the id and the cookie of the question;
/// anything else
///   is passed over.
/// - ICMP goes through datagram sockets (net.ipv4.ping_group_range), else through raw ones (CAP_NET_RAW);
/// when the
///   kernel permits neither, the finding is `unable`, which says nothing of the target.
/// RFC 792, 4443 (echo); RFC 1035, 7766 (DNS, TCP after a cut answer); RFC 9112; RFC 8446.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/address.h"
#include "kaden/base.h"
#include "kaden/limits/probes.h"
#include "kaden/runtime.h"

namespace kaden::probe {

enum class Kind : std::uint8_t { icmp, tcp, http, dns, tls };
std::string_view to_text(Kind kind); ///< "icmp" ...

/// "icmp://10.0.0.1", "tcp://10.0.0.5:5432", "https://intranet/health",
/// "dns://10.0.0.2/www.example?type=AAAA", "tls://10.0.0.5:636".
struct Target {
  Kind kind = Kind::icmp;
  channel::Address address;
  std::string question{};        ///< dns: the name asked for, lower case, without the last dot
  std::uint16_t record_type = 1; ///< dns: A, AAAA, CNAME, MX, NS, PTR, SOA, TXT
};
Result<Target> parse_target(std::string_view url);

struct Probe {
  Target target;
  Millis patience = seconds(3);
  std::string ca_file{};                  ///< https, tls: trust only this PEM file; empty: the system's store
  int status_min = 200, status_max = 399; ///< http
  int packets = limits::probe_packets;    ///< icmp: echoes of one round
  std::string expect{};                   ///< dns: one of the answers must be this
};
/// Ranges. "timeout_s: ...".
Result<void> check(const Probe& probe);

/// What one round found.
struct Finding {
  bool is_up = false;
  bool is_unable = false;     ///< it could not be tried at all; `reason` says what is missing on this machine
  std::string reason{};       ///< why not
  int sent = 1, received = 0; ///< echoes; of the others the one question
  int status = 0;             ///< http: 0 when there was no answer
  Millis connect_time{-1};    ///< tcp, http, tls; -1: it did not come to that
  Millis answer_time{-1}; ///< icmp: the mean; http, dns: to the answer; tcp, tls: to the end of connecting
  std::optional<WallTime> expires_at{}; ///< https, tls: of the certificate
};

/// A finding as values for metrics, the last one is Up: Loss (Percent), RoundTripTime (Milliseconds),
/// DaysToExpiry (None, a fraction, below 0 when it is over), Status (None), Up (Count). None for one that was
/// unable.
struct Measure {
  std::string_view name;
  double value = 0;
  std::string_view unit;
};
std::vector<Measure> measures(const Finding& finding, WallTime now);
/// Their namespace and dimensions: what a vantage point tells of one probe of a path.
inline constexpr std::string_view metric_namespace = "Kaden/Probe";
inline constexpr std::string_view path_dimension = "Path";
inline constexpr std::string_view probe_dimension = "Probe";
inline constexpr std::string_view vantage_dimension = "Vantage";

class Prober {
 public:
  struct Done {
    std::size_t index = 0;
    Finding finding;
  };
  /// `probes` were checked. Borrows the clock.
  Prober(std::vector<Probe> probes, const runtime::Clock& clock);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  /// Starts a round; nothing while one is under way. Each round ends by its own patience.
  void begin(std::size_t index);
  std::size_t running() const;
  /// What ended by now; waits for something to happen, at most `most`, and no longer than until wake(). May
  /// come back early with nothing.
  std::vector<Done> wait(Millis most);
  void wake();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::probe
