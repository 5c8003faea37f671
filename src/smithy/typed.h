// From what a self-describing format holds to what a shape asks for. JSON and CBOR share it.
#pragma once

#include <string>

#include "kaden/smithy.h"

namespace kaden::smithy {

enum class Format : std::uint8_t { json, cbor };

/// SerializationException naming the member that does not fit. Structures come in the order of their shape,
/// without unknown members and nulls.
Answer<Value> typed(const Shape* shape, Value plain, Format format);

} // namespace kaden::smithy
