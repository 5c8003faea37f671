// Bounded decompression of request bodies. RFC 1952.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "answer.h"

namespace kaden::cloudwatch {

/// One whole gzip member. MalformedHttpRequestException 400 when broken, cut or followed by anything;
/// RequestEntityTooLarge 413 as soon as more than `bytes_max` come out.
Answer<std::string> gunzip(std::string_view packed, std::size_t bytes_max);

} // namespace kaden::cloudwatch
