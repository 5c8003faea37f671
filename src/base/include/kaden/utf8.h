/// kaden/utf8.h - UTF-8 of strangers (RFC 3629). Room: base. Threads: values; any. Errors: none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kaden {

/// Each byte that is not part of valid UTF-8 becomes U+FFFD.
std::string repaired_utf8(std::string_view text);

/// As AWS counts them: code points, of what is UTF-8.
std::size_t characters(std::string_view text);

} // namespace kaden
