/// kaden/sip_message.h - one SIP request or response as a value (RFC 3261), as far as Kaden reads and writes
/// them. Room: sip. Uses: base. Parsing from the wire is the transport's (room nta); writing is here, because
/// every word we send must be ours. Threads: values; any. Errors: Fault::invalid when a field would break the
/// message's form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::sip {

/// From or To.
struct Party {
  std::string display; ///< may be empty; written in quotes
  std::string uri;     ///< without angle brackets
  std::string tag;     ///< empty before there is one
  bool operator==(const Party&) const = default;
};

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

struct Message {
  std::string method; ///< "INVITE"; in a response, the CSeq's method
  std::string uri;    ///< Request-URI; empty in a response
  int status = 0;     ///< 100 to 699; 0 in a request
  std::string phrase;
  bool local = false; ///< a response that our own transaction layer made: time-out or transport error
  std::string call_id;
  Party from, to;
  std::uint32_t cseq = 0;
  std::string branch;  ///< of the topmost Via; empty lets the transport choose
  std::string contact; ///< URI of the first Contact, as it came: check with is_sip_uri()
  std::vector<std::string>
      routes; ///< URIs: Route in what we send, Record-Route in what we receive; in their order
  std::string content_type;
  std::string body;
  std::vector<Header> headers; ///< Reason, Retry-After, WWW-Authenticate ...; repeats stay apart

  bool operator==(const Message&) const = default;
};

/// The values of every header of that name (no case), in order.
std::vector<std::string> values_of(const Message& message, std::string_view name);

/// sip: or sips:, a host, printable ASCII without blanks, quotes or angle brackets, at most 512 bytes. What
/// is not that is never dialled and never becomes a remote target: sofia-sip cannot build a request from it.
bool is_sip_uri(std::string_view uri);
/// "sato" of "sip:sato@10.0.0.5:5060"; empty when there is none.
std::string_view user_of_uri(std::string_view uri);

/// The request's text without Via, which the transport adds. Max-Forwards 70, Content-Length as counted.
/// Fault::invalid when a field holds CR, LF, NUL or a needed one is empty.
Result<std::string> to_wire(const Message& request);

/// A key in a SIP INFO body (RFC 6086): application/dtmf-relay ("Signal=1") or application/dtmf ("1").
std::optional<char> key_of_info(std::string_view content_type, std::string_view body);

/// 0-9 * # A-D (lower case counts as upper case).
std::optional<char> parse_key(char c);

} // namespace kaden::sip
