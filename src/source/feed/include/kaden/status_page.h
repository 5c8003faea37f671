/// kaden/status_page.h - one provider's status page, watched over HTTP. Room: source/feed. Uses: base,
/// runtime, source/watch, statusfeed, http, journal. Threads: a watcher belongs to the thread that calls
/// look(); what it borrows must be usable there. Errors: none here; what a look met is in its Looked, and
/// after a while in an alarm.
///
/// - One GET a look, conditional with the ETag and Last-Modified of the last answer that could be read,
/// exactly
///   as received (RFC 9110 section 13). After anything but success the next one is not conditional, so
///   nothing is ever missed by a 304; nor is the first one after a start, since the settings may have
///   changed.
/// - Redirects are followed here, at most limits::status_redirects_max, never from https to http, never to a
///   private or loopback address that the configured URL does not name itself.
/// - 429 and 503 with Retry-After: the page is left alone for so long, at most
/// limits::status_retry_after_max.
/// - Statuspage's summary.json and incidents/unresolved.json only list what is open: when an incident has
/// left
///   the list, incidents.json beside it is asked for the provider's own last words.
/// - The state is stored with the events of its news, in one commit, and then they are told
/// (kaden/outbox.h).
///   When that commit fails, the watch goes back to what it was.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kaden/http.h"
#include "kaden/journal.h"
#include "kaden/runtime.h"
#include "kaden/source.h"
#include "kaden/status_watch.h"

namespace kaden::source {

struct StatusPageSettings {
  statusfeed::WatchSettings watch; ///< its page is the watcher's name; was checked by Watch::make()
  statusfeed::AlarmSettings alarms;
  std::string url;
  Millis poll = seconds(60);    ///< between two looks; up to a tenth more or less, by `seed`
  Millis timeout = seconds(20); ///< for one look, redirects included
  bool allow_plain = false;     ///< http on other addresses than loopback
  std::string ca_file{};        ///< as http::ClientRequest
  std::optional<std::string> certificate_pin{};
  std::string user_agent = "kaden";
  std::uint64_t seed = 0; ///< differs between pages and installations, so that they do not ask in step
};

/// http::Client::send, or a test's.
using Fetch = std::function<Result<http::Response>(const http::ClientRequest&)>;

/// Borrows the clock, the intake and the records until the watcher ends. The state is the record of kind
/// "source_state" and key "status/PAGE"; one that cannot be read is begun anew, and the first look says so.
std::unique_ptr<Watcher> watch_status_page(StatusPageSettings settings, const runtime::Clock& clock,
                                           Intake& intake, journal::Records& records, Fetch fetch);

} // namespace kaden::source
