/// feeds.h - the three formats behind parse(). Room: statusfeed.
/// Threads: values; any. Errors: invalid, and the message says what is wrong with the document.
#pragma once

#include <pugixml.hpp>

#include "kaden/statusfeed.h"

namespace kaden::statusfeed {

/// `rss`: the root element of that name.
Result<Page> read_rss(const pugi::xml_node& rss, std::string_view url);
/// `feed`: the root element, in Atom's namespace.
Result<Page> read_atom(const pugi::xml_node& feed, std::string_view url);
/// The answers of Statuspage's API v2 that list incidents or maintenances.
Result<Page> read_statuspage(std::string_view bytes, std::string_view url);

} // namespace kaden::statusfeed
