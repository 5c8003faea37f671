/// app/local.h - the commands that need no running Kaden: check, phone, say, journal. Room: app.
/// Threads: the main thread; phone blocks until SIGINT or SIGTERM. Errors: one sentence on stderr
/// and the exit code (0 done, 1 refused or broken, 2 not to be reached).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kaden::app {

int run_check(const std::string& config_path);

struct PhoneOptions {
  std::string bind = "127.0.0.1";
  std::uint16_t port = 5070;
  std::string record_folder = ".";
  std::string events_file;
  std::vector<std::string> plans;
};
int run_phone(const PhoneOptions& options);

struct SayOptions {
  std::string text;
  std::string language = "ja";
  std::string output = "say.wav";
  bool verbose = false;
};
int run_say(const SayOptions& options);

/// `known_head`: as printed by an earlier run, or empty. A chain alone cannot show that its end was cut off.
int run_journal_verify(const std::string& store_folder, const std::string& known_head);
int run_journal_print(const std::string& store_folder);

/// Random, for requests that the user gave no id.
std::string fresh_request_id();

} // namespace kaden::app
