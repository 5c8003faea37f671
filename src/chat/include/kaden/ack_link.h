/// kaden/ack_link.h - a link in a message that acknowledges an incident: signed, with an end, good for once.
/// Room: chat. Uses: base, http. Pure but for http's types: time is an argument, what was used is the
/// caller's to remember. Threads: values; any. Errors: denied, with a sentence for the one who clicked.
///
/// Chat programs fetch links to show what is behind them, so a GET only shows a page with a button; the
/// button's POST acknowledges. The link is its own permission: whoever can read the channel may take an
/// incident.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/base.h"
#include "kaden/http.h"

namespace kaden::chat {

/// "/chat/ack"
extern const std::string_view ack_path;

struct Ticket {
  std::uint64_t incident = 0;
  std::uint64_t round = 0; ///< differs each time the incident is open anew
  WallTime until{};
  std::string id; ///< of all links of this incident and round: what is remembered when one was used
};

/// The whole address. `public_url` is where people reach Kaden, without a slash at its end; `key` is secret.
std::string make_ack_link(std::string_view public_url, std::string_view key, std::uint64_t incident,
                          std::uint64_t round, WallTime until);
/// From the query of the link, which is also the body of the button's POST.
Result<Ticket> read_ticket(std::string_view query, std::string_view key, WallTime now);

/// The page with the button; `query` is the link's.
http::Response ask_page(Language language, std::uint64_t incident, std::string_view query);
/// The page after the click, or about a link that is no good.
http::Response told_page(Language language, int status, std::string_view en, std::string_view ja);

} // namespace kaden::chat
