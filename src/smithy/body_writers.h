// Values to the bodies of answers, each as the shape says. What does not fit its shape is our own mistake.
#pragma once

#include <string>

#include "kaden/smithy.h"

namespace kaden::smithy {

void write_json(std::string& out, const Shape& shape, const Value& value);

void write_cbor(std::string& out, const Shape& shape, const Value& value);
/// Heads of maps and texts, for what has no shape.
void write_cbor_map_head(std::string& out, std::size_t count);
void write_cbor_text(std::string& out, std::string_view text);

/// The members of a structure, without an element around them.
void write_xml_members(std::string& out, const Shape& structure, const Value& value);
/// "<Name>escaped</Name>"
void write_xml_element(std::string& out, std::string_view name, std::string_view text);

} // namespace kaden::smithy
