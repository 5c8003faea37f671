/// kaden/call.h - the words of one call, shared by the engine, the scripts and the carriers. Room: base.
/// Threads: values; any. Errors: parse functions return nullopt. All enums are stored as text in the journal.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kaden {

/// The dial token: made from the journal position before the carrier hears of the call, and the same for
/// ever. [a-z0-9-], at most 64 bytes; unique among installations. SIP's Call-ID, From tag and Via branch are
/// derived from it.
struct CallId {
  std::string text;
  auto operator<=>(const CallId&) const = default;
};

/// How far a call got. Only forward.
enum class Progress : std::uint8_t {
  dialling, ///< the carrier accepted the dial
  ringing,  ///< the far end rings (SIP 180, 183)
  answered, ///< SIP 200: somebody or something picked up; proves nothing yet
  heard,    ///< the message was played to its end once
};

/// What became of the line, as the carrier tells it.
enum class LineOutcome : std::uint8_t {
  hung_up,        ///< answered, then ended by either side
  no_answer,      ///< rang out, or temporarily unavailable
  busy,           ///< 486, 600
  declined,       ///< 603, 607, 608
  bad_number,     ///< 404, 410, 484, 604: do not redial, tell the administrator
  carrier_failed, ///< 5xx, no reply, transport error: the trunk's fault, not the person's
  forbidden,      ///< 401/407 loop, 403: credentials or permission of the trunk
  cancelled,      ///< ended by us before an answer
  no_media,       ///< answered, but no audio path
  lost,           ///< found unfinished after a restart and ended at the far end
};

/// The engine's answer to a key, spoken only after it was committed.
enum class Verdict : std::uint8_t {
  acknowledged,     ///< 1: this incident is now theirs
  already_taken,    ///< 1: somebody else has acknowledged it before
  already_resolved, ///< the alarm has cleared meanwhile
  passed_on,        ///< 2: cannot take it, the next person is called
  not_recorded,     ///< the commit failed: say so, never "acknowledged"
};

/// Why we end a call from our side.
enum class EndReason : std::uint8_t { taken_by_other, resolved, ring_limit, finished, shutdown };

/// What a restart needs to end a SIP dialog that its predecessor left (RFC 3261 section 12). Empty before an
/// answer.
struct Dialog {
  std::string remote_tag;
  std::string remote_target;       ///< Contact URI of the far end
  std::vector<std::string> routes; ///< Route set, first hop first
  std::uint32_t invite_cseq = 0;   ///< CSeq of the INVITE that was answered

  bool operator==(const Dialog&) const = default;
};

std::string_view to_text(Progress progress);
std::string_view to_text(LineOutcome outcome);
std::string_view to_text(Verdict verdict);
std::string_view to_text(EndReason reason);
std::optional<Progress> parse_progress(std::string_view text);
std::optional<LineOutcome> parse_line_outcome(std::string_view text);
std::optional<Verdict> parse_verdict(std::string_view text);
std::optional<EndReason> parse_end_reason(std::string_view text);

} // namespace kaden
