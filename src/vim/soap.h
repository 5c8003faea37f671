/// soap.h - one SOAP answer, opened: its body's element, or the fault in it. Room: vim. Uses: base, xml.
/// Threads: one owner of a document. Errors: Failure.
#pragma once

#include "kaden/vim.h"
#include "kaden/xml.h"

namespace kaden::vim {

/// The element <method>Response. The document owns it.
Answer<pugi::xml_node> open_answer(std::string_view body, std::string_view method,
                                   pugi::xml_document& document);

tl::unexpected<Failure> malformed(std::string message);

/// Children of that local name in vim25; null: none.
pugi::xml_node child_of(const pugi::xml_node& node, std::string_view name);
std::vector<pugi::xml_node> children_of(const pugi::xml_node& node, std::string_view name);

/// The local name in xsi:type, "ArrayOfAlarmState"; empty: it has none.
std::string_view type_of(const pugi::xml_node& node);
/// Of the element that names a fault: by its xsi:type, or else by its own name.
FaultKind fault_kind_of(const pugi::xml_node& fault);

/// Without control characters and blanks around, cut to soap_text_bytes_max.
std::string clean_text(const pugi::xml_node& node);
/// Nothing when it is empty, longer than vim_id_bytes_max, or has control characters.
std::optional<std::string> id_of(const pugi::xml_node& node);
std::optional<Ref> ref_of(const pugi::xml_node& node);
bool is_true(const pugi::xml_node& node);

} // namespace kaden::vim
