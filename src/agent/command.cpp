// The command line of the agent.
#include <malloc.h>
#include <signal.h> // NOLINT(modernize-deprecated-headers): sigwait() is POSIX

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "files.h"
#include "kaden/agent.h"
#include "kaden/limits/agent.h"

namespace kaden::agent {

namespace {

struct Flags {
  std::string config, url, region, access_key_id, secret_file, credentials_file, profile, ca_file, host,
      state_folder;
  int interval_s = 0;
  bool once = false, check = false;
};

int failed(const Error& error) {
  std::fprintf(stderr, "kaden-agent: %s\n", error.message.c_str());
  return 1;
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr ? "" : value;
}

void add_flags(CLI::App& cli, Flags& flags) {
  cli.add_option("--config", flags.config, "configuration file (YAML); flags go before it");
  cli.add_option("--url", flags.url,
                 "CloudWatch-compatible endpoint; http://127.0.0.1:8480 when nothing says so")
      ->envname("KADEN_URL");
  cli.add_option("--region", flags.region, "region to sign for")->envname("AWS_REGION");
  cli.add_option("--access-key-id", flags.access_key_id, "access key id (or AWS_ACCESS_KEY_ID)");
  cli.add_option("--secret-file", flags.secret_file, "file with the secret (or AWS_SECRET_ACCESS_KEY)");
  cli.add_option("--credentials-file", flags.credentials_file,
                 "shared credentials file, as the AWS CLI keeps it");
  cli.add_option("--profile", flags.profile, "its profile; default when not given");
  cli.add_option("--ca-file", flags.ca_file, "trust only this certificate (PEM)");
  cli.add_option("--host", flags.host, "the host dimension; this machine's name when not given");
  cli.add_option("--state-folder", flags.state_folder,
                 "folder for what could not be sent yet; else it is in memory");
  cli.add_option("--interval", flags.interval_s, "seconds between two collections; 60 when nothing says so")
      ->check(CLI::Range(1, 3600));
  cli.add_flag("--once", flags.once, "collect and send once (two collections for CPU), then end");
  cli.add_flag("--check", flags.check, "say whether the settings are good, then end");
  cli.set_version_flag("--version", "kaden-agent " KADEN_VERSION);
}

/// Flags first, then the file, then the environment. All that is wrong is told at once, with `with_files`
/// also what is wrong with key files and certificates.
Result<Settings> settings_of(const Flags& flags, bool with_files) {
  ReadSettings read;
  Settings& settings = read.settings;
  if (!flags.config.empty()) {
    const auto text = read_file(flags.config, limits::agent_config_bytes_max + 1);
    if (!text) return tl::unexpected(text.error());
    read = read_settings_file(*text, flags.config);
  }
  const auto take = [](const std::string& flag, std::string& value) {
    if (!flag.empty()) value = flag;
  };
  KeySource& keys = settings.keys;
  if (!flags.secret_file.empty() || !flags.access_key_id.empty()) keys.credentials_file.clear();
  take(flags.url, settings.url);
  take(flags.region, settings.region);
  take(flags.access_key_id, keys.access_key_id);
  take(flags.secret_file, keys.secret_file);
  take(flags.credentials_file, keys.credentials_file);
  take(flags.profile, keys.profile);
  take(flags.ca_file, settings.ca_file);
  take(flags.host, settings.host);
  take(flags.state_folder, settings.state_folder);
  if (flags.interval_s > 0) settings.interval = seconds(flags.interval_s);
  if (settings.url.empty()) settings.url = "http://127.0.0.1:8480";
  if (keys.credentials_file.empty()) {
    if (keys.access_key_id.empty()) keys.access_key_id = variable("AWS_ACCESS_KEY_ID");
    keys.secret = variable("AWS_SECRET_ACCESS_KEY");
    keys.session_token = variable("AWS_SESSION_TOKEN");
  }
  auto wrong = mistakes_in(settings);
  const auto is_about_keys = [](const SettingsMistake& mistake) { return mistake.key.starts_with("keys."); };
  const bool has_keys = std::none_of(wrong.begin(), wrong.end(), is_about_keys);
  read.add(std::move(wrong));
  if (with_files) {
    auto of_files = mistakes_in_files(settings);
    if (!has_keys) std::erase_if(of_files, is_about_keys); // told above
    read.add(std::move(of_files));
  }
  if (!read.mistakes.empty()) return fail(Fault::invalid, read.text());
  return std::move(settings);
}

sigset_t stop_signals() {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

int run(const Settings& settings, bool once) {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  const runtime::SystemClock clock;
  std::mutex mutex;
  const auto made = Agent::create(settings, clock, [&](const std::string& line) {
    std::lock_guard lock(mutex);
    std::printf("%s  %s\n", to_iso8601(clock.wall()).substr(11, 8).c_str(), line.c_str());
    std::fflush(stdout);
  });
  if (!made) return failed(made.error());
  Agent& agent = **made;
  if (once) {
    agent.collect();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    agent.collect();
    agent.check();
    const auto sent = agent.send();
    return sent ? 0 : failed(sent.error());
  }
  malloc_trim(0); // what the start needed
  std::thread running([&agent] { agent.run(); });
  int number = 0;
  while (sigwait(&signals, &number) != 0) {
  }
  agent.stop();
  running.join();
  return 0;
}

} // namespace

int command(const std::string& program, const std::vector<std::string>& arguments) {
  mallopt(M_ARENA_MAX, 1); // NOLINT(concurrency-mt-unsafe): before any thread; a few threads that mostly
                           // sleep need no arenas of their own
  Flags flags;
  Result<Settings> settings = fail(Fault::invalid, "");
  {
    CLI::App cli("Reports this machine to Kaden or CloudWatch: metrics, checks of others, log files.",
                 program);
    add_flags(cli, flags);
    try {
      std::vector<std::string> reversed(arguments.rbegin(), arguments.rend()); // as CLI11 takes them
      cli.parse(reversed);
    } catch (const CLI::ParseError& thrown) {
      return cli.exit(thrown) == 0 ? 0 : 2;
    }
    settings = settings_of(flags, flags.check);
  }
  if (!settings) return failed(settings.error());
  if (!flags.check) return run(*settings, flags.once);
  std::printf("good: %s every %s\n", settings->url.c_str(), to_words(settings->interval).c_str());
  return 0;
}

} // namespace kaden::agent
