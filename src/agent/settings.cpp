#include <algorithm>
#include <set>
#include <utility>

#include "checks.h"
#include "files.h"
#include "kaden/address.h"
#include "kaden/agent_settings.h"
#include "kaden/decoder.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/configuration.h"
#include "kaden/posix_pattern.h"
#include "keys.h"

namespace kaden::agent {

using channel::parse_address;

namespace {

/// Gathers what is wrong: nobody wants to mend a file one mistake at a time.
class Wrongs {
 public:
  void add(std::string key, std::string why) { all_.push_back({std::move(key), std::move(why)}); }
  std::vector<SettingsMistake> take() { return std::move(all_); }

 private:
  std::vector<SettingsMistake> all_;
};

bool is_word(const std::string& text) {
  return !text.empty() && text.size() <= limits::secret_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

void check_range(const std::string& key, Millis value, Millis least, Millis most, Wrongs& wrongs) {
  if (value >= least && value <= most) return;
  wrongs.add(key, to_words(value) + " is not between " + to_words(least) + " and " + to_words(most));
}

void check_keys(const KeySource& keys, Wrongs& wrongs) {
  if (!keys.credentials_file.empty()) {
    if (keys.profile.empty()) wrongs.add("keys.profile", "a name is needed");
    return;
  }
  if (!is_word(keys.access_key_id)) wrongs.add("keys.access_key_id", "an access key id is needed");
  if (keys.secret_file.empty() && !is_word(keys.secret))
    wrongs.add("keys.secret_file", "the secret of the access key is needed");
}

void check_pattern(const std::string& key, const std::string& pattern, Wrongs& wrongs) {
  if (const auto compiled = tail::Pattern::compile(pattern); !compiled)
    wrongs.add(key, compiled.error().message);
}

void check_watched(const std::vector<Watched>& watched, Wrongs& wrongs) {
  if (watched.size() > limits::watched_max) wrongs.add("procstat", "there are too many");
  for (std::size_t i = 0; i < watched.size(); ++i) {
    const std::string key = "procstat[" + std::to_string(i) + "]";
    if (watched[i].by != Watched::By::pid_file) {
      check_pattern(key, watched[i].what, wrongs);
    } else if (!watched[i].what.starts_with('/')) {
      wrongs.add(key, "pid_file needs an absolute path");
    }
  }
}

void check_checks(const Settings& settings, Wrongs& wrongs) {
  if (settings.checks.size() > limits::agent_checks_max) wrongs.add("checks", "there are too many");
  std::set<std::string> names;
  for (std::size_t i = 0; i < settings.checks.size(); ++i) {
    const Check& check = settings.checks[i];
    const std::string key = "checks[" + std::to_string(i) + "]";
    if (!is_word(check.name)) {
      wrongs.add(key + ".name", "a name without blanks is needed");
    } else if (!names.insert(check.name).second) {
      wrongs.add(key + ".name", "it stands twice");
    }
    if (const auto probe = probe_of(check); !probe) {
      // "url: what is wrong"
      const std::string& message = probe.error().message;
      const std::size_t colon = message.find(": ");
      wrongs.add(key + "." + message.substr(0, colon), message.substr(colon + 2));
    }
    if (!check.path.empty() && !is_word(check.path))
      wrongs.add(key + ".path", "a name without blanks is needed");
  }
}

bool is_group_name(const std::string& name) {
  return !name.empty() && name.size() <= 512 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_/#").find(c) != std::string_view::npos;
  });
}

void check_logs(const Settings& settings, Wrongs& wrongs) {
  if (settings.logs.empty()) return;
  if (settings.logs.size() > limits::log_rules_max) wrongs.add("logs.files", "there are too many");
  if (settings.logs_url.empty()) {
    wrongs.add("logs.url", "it is missing: CloudWatch Logs has another address than CloudWatch");
  } else if (const auto address = parse_address(settings.logs_url); !address || !is_web(address->scheme)) {
    wrongs.add("logs.url", address ? "http or https is needed" : address.error().message);
  }
  for (std::size_t i = 0; i < settings.logs.size(); ++i) {
    const LogFiles& files = settings.logs[i];
    const std::string key = "logs.files[" + std::to_string(i) + "]";
    if (!files.path.starts_with('/')) wrongs.add(key + ".path", "an absolute path is needed");
    if (!is_group_name(files.group))
      wrongs.add(key + ".group", "1 to 512 characters of a-z, A-Z, 0-9 and . - _ / # are needed");
    if (files.stream.empty() || files.stream.size() > 400 ||
        files.stream.find_first_of(":*") != std::string::npos)
      wrongs.add(key + ".stream", "a name without : and * is needed");
    if (!files.multi_line_start.empty())
      check_pattern(key + ".multi_line_start", files.multi_line_start, wrongs);
    if (const auto decoder = tail::Decoder::make(files.encoding); !decoder)
      wrongs.add(key + ".encoding", decoder.error().message);
  }
}

void check_readable(const std::string& key, const std::string& path, Wrongs& wrongs) {
  if (path.empty()) return;
  if (const auto text = read_file(path, limits::agent_config_bytes_max); !text)
    wrongs.add(key, text.error().message);
}

} // namespace

std::vector<SettingsMistake> mistakes_in(const Settings& settings) {
  Wrongs wrongs;
  const auto address = parse_address(settings.url);
  if (!address) wrongs.add("url", address.error().message);
  if (address && !is_web(address->scheme)) wrongs.add("url", "http or https is needed");
  if (!settings.vantage.empty() && !is_word(settings.vantage))
    wrongs.add("vantage", "a name without blanks is needed");
  if (!is_word(settings.region)) wrongs.add("region", "'" + settings.region + "' is not a region");
  check_keys(settings.keys, wrongs);
  check_range("interval_s", settings.interval, seconds(1), seconds(3'600), wrongs);
  if (settings.spool_bytes_max < limits::spool_bytes_min ||
      settings.spool_bytes_max > limits::spool_bytes_most)
    wrongs.add("spool.bytes_max", "between 4 MiB and 16 GiB are needed");
  check_range("spool.age_max_s", settings.spool_age_max, seconds(60), seconds(14 * 86'400), wrongs);
  if (!settings.state_folder.empty() && !settings.state_folder.starts_with('/'))
    wrongs.add("state_folder", "an absolute path is needed");
  check_watched(settings.watched, wrongs);
  check_checks(settings, wrongs);
  check_logs(settings, wrongs);
  return wrongs.take();
}

std::vector<SettingsMistake> mistakes_in_files(const Settings& settings) {
  Wrongs wrongs;
  const KeySource& keys = settings.keys;
  if (const auto found = Keys(keys).current(); !found) {
    const char* const key = !keys.credentials_file.empty() ? "keys.credentials_file"
                            : !keys.secret_file.empty()    ? "keys.secret_file"
                                                           : "keys.access_key_id";
    wrongs.add(key, found.error().message);
  }
  check_readable("ca_file", settings.ca_file, wrongs);
  for (std::size_t i = 0; i < settings.checks.size(); ++i)
    check_readable("checks[" + std::to_string(i) + "].ca_file", settings.checks[i].ca_file, wrongs);
  return wrongs.take();
}

Result<void> check_settings(const Settings& settings) {
  std::string all;
  for (const auto& mistake : mistakes_in(settings)) {
    all += (all.empty() ? "" : "\n") + mistake.key + ": " + mistake.why;
  }
  if (!all.empty()) return fail(Fault::invalid, std::move(all));
  return {};
}

} // namespace kaden::agent
