#include "descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "kaden/limits/input.h"

namespace kaden::app {

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t had = std::exchange(limit.rlim_cur, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return had;
  return limit.rlim_cur;
}

std::size_t http_connections_of(std::size_t descriptors) {
  const std::size_t rest = descriptors - std::min(descriptors, limits::descriptors_kept);
  return std::clamp(rest, std::min(descriptors / 2, limits::http_connections_max),
                    limits::http_connections_max);
}

} // namespace kaden::app
