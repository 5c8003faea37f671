/// app/descriptors.h - how many file descriptors this process may have, and how many of them HTTP may take,
/// so that idle connections never keep a call from its sockets, its voice or the journal. Room: app. Threads:
/// the main thread, before others begin. Errors: none; what the kernel refuses is left as it is.
#pragma once

#include <cstddef>

namespace kaden::app {

/// Raises the soft limit to the hard one (Debian gives a login 1,024 of 1,048,576). Returns what holds now.
std::size_t raise_descriptor_limit();

/// Of so many descriptors, what HTTP connections may take: at most limits::http_connections_max, and at most
/// half when they are few.
std::size_t http_connections_of(std::size_t descriptors);

} // namespace kaden::app
