#include "kaden/file.h"

#include <cerrno>
#include <system_error>

namespace kaden::channel {

Error errno_error(const std::string& doing) {
  const int why = errno;
  return {why == ENOENT || why == ENOTDIR ? Fault::not_found : Fault::unavailable,
          doing + ": " + std::system_category().message(why)};
}

} // namespace kaden::channel
