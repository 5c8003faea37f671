/// kaden/xml.h - XML of strangers, bounded, over pugixml. Room: xml. Uses: base. Pure.
/// Threads: one owner of a document. Errors: invalid, and the message says what is wrong with the document.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::xml {

/// What a document of one kind may have.
struct Bounds {
  std::size_t depth_max = 0;      ///< of elements
  std::size_t tags_max = 0;       ///< '<' in the text, counted before it is parsed
  std::size_t attributes_max = 0; ///< of one element
};

/// `bytes` is UTF-8 without a byte order mark. Refused: a document type (so there are no entities but XML's
/// five), more than one root, and what goes beyond `bounds`.
Result<void> load(std::string_view bytes, const Bounds& bounds, pugi::xml_document& document);

pugi::xml_node root_of(const pugi::xml_document& document);
std::string_view local_name(const pugi::xml_node& node);
bool in_namespace(const pugi::xml_node& node, std::string_view name_space);
/// The namespace that a prefix means at this node; "" is the default one's prefix. Empty: none.
std::string_view namespace_of(const pugi::xml_node& node, std::string_view prefix);
/// An attribute by namespace and local name, whatever its prefix; null: it has none.
pugi::xml_attribute attribute_of(const pugi::xml_node& node, std::string_view name_space,
                                 std::string_view local);
/// Its character data, decoded; elements inside are passed over.
std::string text_of(const pugi::xml_node& node);
/// The same, or the elements inside written out as markup.
std::string markup_of(const pugi::xml_node& node);

} // namespace kaden::xml
