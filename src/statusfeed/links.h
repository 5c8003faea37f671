/// links.h - links of feeds as people can open them. Room: statusfeed.
/// Threads: values; any. Errors: none; what is no link gives "".
#pragma once

#include <string>
#include <string_view>

namespace kaden::statusfeed {

/// `link` made absolute by `base`; http and https only, at most limits::url_bytes_max, no blanks and control
/// characters, no name or password. A link without scheme that begins with a host gets https.
std::string resolve_link(std::string_view link, std::string_view base);
/// "k3d4n1nc1d01" of ".../incidents/k3d4n1nc1d01"; "" when the path ends in another way.
std::string_view incident_code(std::string_view link);
/// Without query and fragment.
std::string_view path_of(std::string_view url);

} // namespace kaden::statusfeed
