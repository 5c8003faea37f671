/// xml.h - XML of strangers, bounded, over pugixml. Room: statusfeed.
/// Threads: one owner. Errors: invalid, and the message says what is wrong with the document.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::statusfeed {

inline constexpr std::string_view atom_namespace = "http://www.w3.org/2005/Atom";
inline constexpr std::string_view content_namespace = "http://purl.org/rss/1.0/modules/content/";

/// `bytes` is UTF-8 without a byte order mark. Refused: a document type, more than one root, and what goes
/// beyond kaden/limits/provider_status.h in depth, elements or attributes.
Result<void> load_xml(std::string_view bytes, pugi::xml_document& document);

pugi::xml_node root_of(const pugi::xml_document& document);
std::string_view local_name(const pugi::xml_node& node);
bool in_namespace(const pugi::xml_node& node, std::string_view name_space);
/// Its character data, decoded; elements inside are passed over.
std::string text_of(const pugi::xml_node& node);
/// The same, or the elements inside written out as markup.
std::string markup_of(const pugi::xml_node& node);

} // namespace kaden::statusfeed
