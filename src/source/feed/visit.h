/// visit.h - one conditional GET of a page, its redirects followed. Room: source/feed. Uses: base, http.
/// Threads: one owner, any. Errors: what to say about the page; denied for a redirect that is not followed.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "kaden/http.h"
#include "kaden/status_page.h"
#include "kaden/url.h"

namespace kaden::source {

/// Of an answer that could be read, exactly as received.
struct Validators {
  std::string url; ///< of that answer, after redirects: only there they mean something
  std::string etag;
  std::string last_modified;
  bool empty() const { return etag.empty() && last_modified.empty(); }
};

struct Visit {
  std::string url;           ///< where the answer came from
  bool is_unchanged = false; ///< 304
  std::string body;
  Validators validators; ///< of this answer
};

/// What went wrong, and how long the page wants to be left alone.
struct Refusal {
  Error error;
  std::optional<Millis> retry_after;
};

/// Whom a visit may ask; borrowed.
struct Visitor {
  const StatusPageSettings& settings;
  const Fetch& fetch;
  const runtime::Clock& clock;
  const std::atomic<bool>& cancelled;
};
tl::expected<Visit, Refusal> visit(const Visitor& visitor, const std::string& url,
                                   const Validators& validators);

/// Where a redirect leads, or why it is not followed. `start` is the configured URL.
Result<http::Url> next_hop(const http::Url& start, const http::Url& from, std::string_view location,
                           bool allow_plain);
/// RFC 9110 section 10.2.3: seconds, or a date as IMF-fixdate. Nothing for anything else; never negative.
std::optional<Millis> parse_retry_after(std::string_view text, WallTime now);

} // namespace kaden::source
