/// kaden/statusfeed.h - what a provider's status page says, as values. Room: statusfeed. Uses: base. Pure.
/// Threads: values; any.
/// Errors: invalid, and the message says what the bytes are instead of a status page ("it is an HTML page
/// (Captive portal)"). Such bytes are a failed poll, never "no incidents".
///
/// Read: RSS 2.0, Atom (RFC 4287), and Statuspage's API v2: summary.json, incidents.json,
/// incidents/unresolved.json, scheduled-maintenances.json (and its upcoming and active). UTF-8 only. A
/// document type (DTD) is refused, so nothing ever expands; every size and count has a limit
/// (kaden/limits/provider_status.h).
///
/// One report per incident, whatever the page does: Statuspage edits one item in place, AWS adds one item per
/// update (put together by service, region and title without its prefix), others link their items to one
/// address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::statusfeed {

// Stored as text; never rename.
enum class Stage : std::uint8_t {
  unknown, ///< the page has no word for it that we know; counts as open
  scheduled,
  investigating,
  identified,
  monitoring,
  in_progress, ///< a maintenance runs
  verifying,   ///< the same
  completed,   ///< a maintenance is over
  resolved,
};
enum class Impact : std::uint8_t { unknown, none, minor, major, critical, maintenance };

std::string_view to_text(Stage stage);   ///< "investigating", "in_progress" ...
std::string_view to_text(Impact impact); ///< "none", "minor" ...
std::optional<Stage> parse_stage(std::string_view text);
std::optional<Impact> parse_impact(std::string_view text);

/// What the page says about one incident now. All texts are UTF-8 without markup and control characters.
struct Report {
  std::string incident; ///< stable for the incident's life, 1 to 128 bytes; the same in RSS, Atom and JSON
  std::string title;
  std::string link; ///< http or https, or empty; for people, never fetched by this room
  std::optional<WallTime>
      at;                 ///< of the newest update, whole seconds; a maintenance's planned start is not it
  std::string update_key; ///< differs when there is news, and only then; 1 to 128 bytes
  Stage stage = Stage::unknown;
  Impact impact = Impact::unknown;
  bool is_definite = false; ///< the page says in one place how the incident stands, whatever its age; not by
                            ///< one item an update, the last of which may be lost
  bool is_maintenance = false;
  std::optional<WallTime> window_begin; ///< of a maintenance, planned
  std::optional<WallTime> window_end;
  std::vector<std::string> components; ///< sorted; "group - component" where the page tells the group
  std::vector<std::string> regions;    ///< sorted; "ap-northeast-1", found in title, components and text
  std::string text;                    ///< the newest update; lines end in '\n'

  bool operator==(const Report&) const = default;
};

struct Page {
  std::string name;                     ///< as the page calls itself; may be empty
  std::optional<WallTime> at;           ///< when the page says that it changed last
  bool lists_every_incident = false;    ///< of those that are open: one that is not here is over
  bool lists_every_maintenance = false; ///< the same
  std::vector<Report> reports;          ///< one an incident, sorted by incident

  bool operator==(const Page&) const = default;
};

/// `url` is where the bytes came from, or empty: relative links are resolved by it, and only its path tells
/// incidents/unresolved.json from incidents.json.
Result<Page> parse(std::string_view bytes, std::string_view url);

} // namespace kaden::statusfeed
