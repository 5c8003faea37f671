/// kaden/aws_profiles.h - the files ~/.aws/config and ~/.aws/credentials. Room: aws. Uses: base. Pure.
/// Threads: values; any. Errors: invalid, with the line. AWS SDKs and Tools Reference Guide, "Format of the
/// configuration file".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::aws {

enum class ProfileFile : std::uint8_t {
  credentials, ///< a section is a profile: [prod]
  config,      ///< [default], [profile prod], [services local]; other sections are passed over
};

struct Profiles {
  /// Keys are lower case. What is indented below an empty value is "key.inner".
  using Values = std::map<std::string, std::string>;
  std::map<std::string, Values> profiles, services;

  /// Nothing: there is no such profile, or it has no such value (an empty one is none).
  const std::string* find(const std::string& profile, const std::string& key) const;
};

/// Adds what the text says to `into`. A value that is there already is replaced: read the config file first,
/// the credentials file wins.
Result<void> parse_profiles(std::string_view text, ProfileFile kind, Profiles& into);

} // namespace kaden::aws
