/// kaden/sip_session.h - one outbound call (RFC 3261 UAC) as a state machine over values. Room: sip. Uses:
/// base. The transport (room nta) owns transactions: retransmission, ACK to refusals, timers A to K. Here are
/// the rules above them: digest once, CANCEL only after a 1xx (9.1), a 200 that crossed a CANCEL and forked
/// 200s are acknowledged and ended (13.2.2.4), redirects are not followed, one ending is told, and only one.
/// Repeats: every event may come again, or late; what no longer matters changes nothing.
/// Threads: values; any. Errors: outcomes, in Over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kaden/base.h"
#include "kaden/sdp.h"
#include "kaden/sip_auth.h"
#include "kaden/sip_identity.h"
#include "kaden/sip_message.h"
#include "kaden/sip_outcome.h"

namespace kaden::sip {

/// What a call needs to be dialled; never changes while it lives.
struct SessionOrder {
  CallId call;
  std::string target;              ///< the dialled URI
  Party from;                      ///< without tag: it is derived
  std::string contact;             ///< our own URI
  std::vector<std::string> routes; ///< an outbound proxy, "sip:10.0.0.1;lr", or nothing
  Credentials credentials;         ///< empty user: challenges are not answered
  LocalMedia media;
  Millis ring_max{}; ///< from the dial on
};

// Events
// ---------------------------------------------------------------------------------------------------------

struct Start {};
struct GotResponse {
  Message message;
};
struct GotRequest {
  std::uint64_t id = 0; ///< the transport's; Reply carries it back
  Message message;
};
/// The answer is on record.
struct Proceed {};
struct HangUp {};
/// Not one RTP packet in limits::no_media_max.
struct MediaMissing {};
struct Tick {};
using Event = std::variant<Start, GotResponse, GotRequest, Proceed, HangUp, MediaMissing, Tick>;

// Actions, in order
// ------------------------------------------------------------------------------------------------

/// In a transaction of its own: INVITE, CANCEL, BYE.
struct SendRequest {
  Message message;
  bool operator==(const SendRequest&) const = default;
};
/// The ACK of a 2xx: once, outside transactions.
struct SendAck {
  Message message;
  bool operator==(const SendAck&) const = default;
};
struct Reply {
  std::uint64_t id = 0;
  int status = 0;
  std::string sdp; ///< empty: no body
  bool operator==(const Reply&) const = default;
};
/// 180 or 183, the first time.
struct Rang {
  bool operator==(const Rang&) const = default;
};
/// 200: Proceed or HangUp must follow.
struct Picked {
  Dialog dialog;
  RemoteMedia media;
  bool operator==(const Picked&) const = default;
};
/// A re-INVITE moved the far end's media.
struct Moved {
  RemoteMedia media;
  bool operator==(const Moved&) const = default;
};
/// By SIP INFO.
struct PressedKey {
  char key = 0;
  bool operator==(const PressedKey&) const = default;
};
/// The call's ending, exactly once. The session may live on to end what comes late: until Phase::done.
struct Over {
  Ending ending;
  bool operator==(const Over&) const = default;
};
using Action = std::variant<SendRequest, SendAck, Reply, Rang, Picked, Moved, PressedKey, Over>;

struct Session {
  enum class Phase : std::uint8_t {
    idle,
    calling,    ///< INVITE sent, nothing came back
    proceeding, ///< a 1xx came
    cancelling, ///< to be ended; CANCEL is sent, or waits for the first 1xx
    answered,   ///< 200 came, Proceed is awaited, ACK is not sent
    talking,
    closing, ///< BYE is sent
    done,    ///< forget it; what comes later is stray (see end_late_answer)
  };

  // Config
  SessionOrder order;
  DialIdentity identity;
  // State
  Phase phase = Phase::idle;
  std::uint32_t invite_cseq = 1;
  std::uint32_t last_cseq = 1;
  std::uint32_t remote_cseq = 0;
  bool has_rung = false;
  bool is_provisional = false; ///< the current INVITE got a 1xx
  bool is_cancel_sent = false;
  bool is_over = false;
  bool is_acked = false;
  bool is_bye_authorised = false;
  std::vector<Header> invite_credentials; ///< the ACK must carry the same (22.1)
  Ending planned;                         ///< told when closing or cancelling ends
  Dialog dialog;
  std::uint64_t sdp_version = 1;
  SteadyTime started{};
  std::optional<SteadyTime> due; ///< feed a Tick then; early and late ones are harmless

  explicit Session(SessionOrder with);
};

std::vector<Action> step(Session& session, const Event& event, SteadyTime now);

// For calls without a session
// --------------------------------------------------------------------------------------

/// The CANCEL of the INVITE with that CSeq, known by identity alone (9.1).
Message make_cancel(const SessionOrder& order, std::uint32_t invite_cseq);
/// A BYE inside a stored dialog (12.2.1.1); `number` counts from 1 and follows the INVITE's CSeq.
Message make_bye(const SessionOrder& order, const Dialog& dialog, std::uint32_t number);
/// The dialog that a 2xx makes; nullopt unless Contact and all of Record-Route are sip or sips URIs.
std::optional<Dialog> dialog_of(const Message& answer);
/// ACK and BYE for a 2xx nobody waits for. Without a usable Contact they go to `fallback`, the dialled URI.
std::vector<Action> end_late_answer(const Message& answer, const std::string& fallback);
/// ACK for a refusal whose INVITE a dead predecessor sent (17.1.1.3), so that it is not resent for 32 s.
Message ack_refusal(const Message& refusal, const std::string& target);
/// The same request once more with credentials, CSeq one higher; nullopt when the challenge cannot be
/// answered.
std::optional<Message> authorised(const Message& request, const Message& challenge,
                                  const Credentials& credentials);

} // namespace kaden::sip
