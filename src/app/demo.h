/// app/demo.h - `kaden serve --demo FOLDER`: the configuration that Kaden carries in itself, for a first look
/// without any file: one rule, one person whose phone is `kaden phone`, one access key for `kaden agent`,
/// SQLite in the folder, everything on loopback. Room: app. Threads: the main thread. Errors: invalid
/// (the folder cannot be written).
#pragma once

#include <cstdint>
#include <string>

#include "kaden/base.h"

namespace kaden::app {

struct DemoOptions {
  std::string folder; ///< created when missing
  std::uint16_t port = 8480;
  std::uint16_t sip_port = 5060;
  std::uint16_t phone_port = 5070; ///< of the robot phone
  Language language = Language::ja;
};

/// The configuration as YAML; paths are relative to its file.
std::string demo_configuration(const DemoOptions& options);

/// Writes kaden.yaml, and unless they are there, `token` and `agent-secret` (random, mode 0600). Returns the
/// path of kaden.yaml.
Result<std::string> write_demo(const DemoOptions& options);

} // namespace kaden::app
