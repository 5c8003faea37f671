/// xml.h - status feeds as XML: their bounds and their namespaces. Room: statusfeed. Uses: xml.
/// Threads: one owner. Errors: as kaden/xml.h.
#pragma once

#include "kaden/limits/provider_status.h"
#include "kaden/xml.h"

namespace kaden::statusfeed {

inline constexpr std::string_view atom_namespace = "http://www.w3.org/2005/Atom";
inline constexpr std::string_view content_namespace = "http://purl.org/rss/1.0/modules/content/";

using xml::in_namespace;
using xml::local_name;
using xml::markup_of;
using xml::root_of;
using xml::text_of;

inline Result<void> load_xml(std::string_view bytes, pugi::xml_document& document) {
  return xml::load(bytes,
                   {.depth_max = limits::status_depth_max,
                    .tags_max = limits::status_nodes_max,
                    .attributes_max = limits::status_attributes_max},
                   document);
}

} // namespace kaden::statusfeed
