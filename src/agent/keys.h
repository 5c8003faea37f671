/// keys.h - the key pair that signs, from a file that may change, or from the environment. Room: agent,
/// inside. Threads: one at a time. Errors: not_found, unavailable, denied (open to everybody), invalid. No
/// error holds a secret.
#pragma once

#include <sys/stat.h>

#include <map>
#include <string>
#include <string_view>

#include "kaden/agent_settings.h"
#include "kaden/sigv4.h"

namespace kaden::agent {

/// A profile of a shared credentials file: "[default]", "aws_access_key_id = AK...". Blanks around words, and
/// lines that begin with # or ;, do not count. A profile that stands twice is read as one.
Result<sigv4::Credentials> parse_credentials(std::string_view text, std::string_view profile);

class Keys {
 public:
  explicit Keys(KeySource source) : source_(std::move(source)) {}
  /// Looks whether the files have changed, and reads them again if so.
  Result<sigv4::Credentials> current();

 private:
  struct Cached {
    struct stat stamp {};
    std::string text;
  };
  Result<std::string> text_of(const std::string& path);

  const KeySource source_;
  std::map<std::string, Cached> cache_;
};

} // namespace kaden::agent
