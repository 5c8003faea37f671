/// kaden/digest.h - hashes by OpenSSL's libcrypto, as values. Room: base.
/// Threads: any. Errors: none (memory aside).
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace kaden {

using Sha256 = std::array<unsigned char, 32>;

/// FIPS 180-4.
Sha256 sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
/// FIPS 198-1 over SHA-256.
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
/// RFC 1321; only for SIP digest (RFC 7616 keeps it), never for integrity.
std::string md5_hex(std::string_view bytes);
std::string_view as_view(const Sha256& digest);
/// Time depends on the lengths only, not on the content.
bool equal_constant_time(std::string_view a, std::string_view b);

} // namespace kaden
