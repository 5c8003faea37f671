/// town.h - files, variables and sections that the tests of this room share. Room: config, tests only.
/// Threads: values; any. Errors: as parse().
#pragma once

#include <map>
#include <optional>
#include <string>

#include "kaden/config.h"

namespace kaden::config {

/// Files and variables that a test brings along.
struct Town {
  std::map<std::string, FileText> files{
      {"/etc/agent", {"0123456789abcdef\n", 0640}}, {"/etc/other", {"fedcba9876543210", 0600}},
      {"/etc/open", {"0123456789abcdef", 0644}},    {"/etc/short", {"abc", 0600}},
      {"/etc/blank", {"two words and more", 0600}}, {"/etc/empty", {"", 0600}}};
  std::map<std::string, std::string> variables{{"KADEN_TOKEN", "token-token-token"}};

  Environment environment() const {
    return {[this](const std::string& path) -> Result<FileText> {
              const auto found = files.find(path);
              if (found == files.end()) return fail(Fault::not_found, path + " cannot be read: No such file");
              return found->second;
            },
            [this](const std::string& name) {
              const auto found = variables.find(name);
              return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
            }};
  }
};

inline Result<Settings> read(const std::string& text) {
  const Town town;
  return parse(text, "k.yaml", town.environment());
}

inline std::string error_of(const std::string& text) {
  const auto settings = read(text);
  return settings ? "no error" : settings.error().message;
}

/// A file in which everything else is right, to put one section into.
inline const std::string people =
    "carriers: {sip: {}}\n"
    "people:\n"
    "  - {id: sato, language: ja, call: [\"sip:sato@10.0.0.5\"]}\n"
    "  - {id: ito, call: [\"sip:ito@10.0.0.6:5070;transport=udp\"]}\n";

} // namespace kaden::config
