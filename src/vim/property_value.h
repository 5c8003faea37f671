/// property_value.h - property values of vim25. Room: vim. Uses: base, xml.
/// Threads: values; any. Errors: Failure, malformed.
#pragma once

#include "kaden/vim.h"
#include "soap.h"

namespace kaden::vim {

/// Of <val>: by its xsi:type.
Answer<Value> read_value(const std::string& path, const pugi::xml_node& val);

} // namespace kaden::vim
