/// kaden/limits/provider_status.h - the limits of providers' status pages, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Provider status ------------------------------------------------------------------------------------
inline constexpr std::size_t status_page_bytes_max = 4'194'304; // fifty incidents of a provider with hundreds of components fit
inline constexpr std::size_t status_page_id_bytes_max = 64;    // begins each event id of the page
inline constexpr std::size_t status_depth_max = 64;            // elements of a feed; XHTML inside Atom goes ten deep
inline constexpr std::size_t status_nodes_max = 200'000;       // tags of a feed; all of a provider's services take a tenth
inline constexpr std::size_t status_attributes_max = 64;       // of one element; feeds have five
inline constexpr std::size_t status_items_max = 5'000;         // of one feed; the field's have 25 to 50
inline constexpr std::size_t status_incidents_max = 1'000;     // of one page, after items of one incident were put together
inline constexpr std::size_t status_updates_max = 1'000;       // of one incident; a year of three a day
inline constexpr std::size_t status_id_bytes_max = 128;        // of an incident and of an update; longer ones are replaced by their digest
inline constexpr std::size_t status_title_bytes_max = 512;     // nobody listens to a longer one
inline constexpr std::size_t status_text_bytes_max = 2'000;    // of the newest update; two minutes of speech
inline constexpr std::size_t status_names_max = 100;           // components, or regions, of one incident
inline constexpr std::size_t status_name_bytes_max = 255;      // Statuspage's own, of a component
inline constexpr std::size_t status_remembered_max = 2'000;    // incidents of one page; more than any page lists at once
inline constexpr std::size_t status_seen_keys_max = 16;        // of an incident without dates; then an old update may be told again
inline constexpr std::size_t status_globs_max = 100;           // of one filter list; each is matched against each open incident
inline constexpr std::size_t status_state_bytes_max = 64u << 20; // what is remembered of one page, with every text at its longest
inline constexpr Millis status_skew_max = seconds(3'600);      // an update dated further ahead has no date: it may hide nothing
inline constexpr Millis status_poll = seconds(60);             // between two looks at a page, unless the file says otherwise
inline constexpr Millis status_poll_min = seconds(10);         // providers answer 429 to much less
inline constexpr Millis status_poll_max = seconds(3'600);      // an outage an hour old is no news
inline constexpr Millis status_timeout = seconds(20);          // one look with its redirects, unless the file says otherwise
inline constexpr Millis status_timeout_max = seconds(120);     // a page this slow cannot be read
inline constexpr Millis status_unreadable = seconds(600);      // a page unreadable for so long is an alarm, unless the file says otherwise
inline constexpr Millis status_first_age = seconds(21'600);    // an incident that may be over is history at the first look when it is this old, unless the file says otherwise
inline constexpr Millis status_retry_after_max = seconds(3'600); // a longer Retry-After is a mistake; the page is asked again
inline constexpr std::int64_t status_contrary_lists = 3;        // in a row, none with a usable time, before one is believed: a copy out of a cache is not as old as three looks
inline constexpr int status_redirects_max = 5;                 // what a browser of the nineties followed; a page has one
inline constexpr std::size_t status_severities_max = 50;       // every stage with every impact is 54

} // namespace kaden::limits
