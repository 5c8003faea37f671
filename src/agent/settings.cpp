#include <algorithm>
#include <set>

#include "address.h"
#include "kaden/agent_settings.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/configuration.h"
#include "pattern.h"

namespace kaden::agent {

namespace {

Result<void> refuse(const std::string& key, const std::string& why) {
  return fail(Fault::invalid, key + ": " + why);
}

bool is_word(const std::string& text) {
  return !text.empty() && text.size() <= limits::secret_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Result<void> check_range(const std::string& key, Millis value, Millis least, Millis most) {
  if (value >= least && value <= most) return {};
  return refuse(key, to_words(value) + " is not between " + to_words(least) + " and " + to_words(most));
}

Result<void> check_keys(const KeySource& keys) {
  if (!keys.credentials_file.empty()) {
    if (keys.profile.empty()) return refuse("profile", "a name is needed");
    return {};
  }
  if (!is_word(keys.access_key_id)) return refuse("access_key_id", "an access key id is needed");
  if (keys.secret_file.empty() && !is_word(keys.secret))
    return refuse("secret_file", "the secret of the access key is needed");
  return {};
}

Result<void> check_pattern(const std::string& key, const std::string& pattern) {
  const auto compiled = Pattern::compile(pattern);
  return compiled ? Result<void>() : refuse(key, compiled.error().message);
}

Result<void> check_watched(const std::vector<Watched>& watched) {
  if (watched.size() > limits::watched_max) return refuse("procstat", "there are too many");
  for (std::size_t i = 0; i < watched.size(); ++i) {
    const std::string key = "procstat[" + std::to_string(i) + "]";
    if (watched[i].by == Watched::By::pid_file) {
      if (!watched[i].what.starts_with('/')) return refuse(key, "pid_file needs an absolute path");
    } else if (auto good = check_pattern(key, watched[i].what); !good) {
      return good;
    }
  }
  return {};
}

Result<void> check_checks(const Settings& settings) {
  if (settings.checks.size() > limits::agent_checks_max) return refuse("checks", "there are too many");
  std::set<std::string> names;
  for (std::size_t i = 0; i < settings.checks.size(); ++i) {
    const Check& check = settings.checks[i];
    const std::string key = "checks[" + std::to_string(i) + "]";
    if (!is_word(check.name)) return refuse(key + ".name", "a name without blanks is needed");
    if (!names.insert(check.name).second) return refuse(key + ".name", "it stands twice");
    const auto address = parse_address(check.url);
    if (!address) return refuse(key + ".url", address.error().message);
    if (auto good = check_range(key + ".timeout_s", check.patience, Millis(100), seconds(60)); !good)
      return good;
    if (check.status_min < 100 || check.status_max > 599 || check.status_min > check.status_max)
      return refuse(key + ".status", "it is no range of status codes");
  }
  return {};
}

bool is_group_name(const std::string& name) {
  return !name.empty() && name.size() <= 512 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_/#").find(c) != std::string_view::npos;
  });
}

Result<void> check_logs(const Settings& settings) {
  if (settings.logs.empty()) return {};
  if (settings.logs.size() > limits::log_rules_max) return refuse("logs.files", "there are too many");
  if (settings.logs_url.empty())
    return refuse("logs.url", "it is missing: CloudWatch Logs has another address than CloudWatch");
  if (const auto address = parse_address(settings.logs_url); !address || address->scheme == Scheme::tcp)
    return refuse("logs.url", address ? "http or https is needed" : address.error().message);
  for (std::size_t i = 0; i < settings.logs.size(); ++i) {
    const LogFiles& files = settings.logs[i];
    const std::string key = "logs.files[" + std::to_string(i) + "]";
    if (!files.path.starts_with('/')) return refuse(key + ".path", "an absolute path is needed");
    if (!is_group_name(files.group))
      return refuse(key + ".group", "1 to 512 characters of a-z, A-Z, 0-9 and . - _ / # are needed");
    if (files.stream.empty() || files.stream.size() > 400 ||
        files.stream.find_first_of(":*") != std::string::npos)
      return refuse(key + ".stream", "a name without : and * is needed");
    if (files.multi_line_start.empty()) continue;
    if (auto good = check_pattern(key + ".multi_line_start", files.multi_line_start); !good) return good;
  }
  return {};
}

} // namespace

Result<void> check_settings(const Settings& settings) {
  const auto address = parse_address(settings.url);
  if (!address) return refuse("url", address.error().message);
  if (address->scheme == Scheme::tcp) return refuse("url", "http or https is needed");
  if (!is_word(settings.region)) return refuse("region", "'" + settings.region + "' is not a region");
  if (auto good = check_keys(settings.keys); !good) return good;
  if (auto good = check_range("interval_s", settings.interval, seconds(1), seconds(3'600)); !good)
    return good;
  if (settings.spool_bytes_max < limits::spool_bytes_min ||
      settings.spool_bytes_max > limits::spool_bytes_most)
    return refuse("spool.bytes_max", "between 4 MiB and 16 GiB are needed");
  if (auto good = check_range("spool.age_max_s", settings.spool_age_max, seconds(60), seconds(14 * 86'400));
      !good)
    return good;
  if (!settings.state_folder.empty() && !settings.state_folder.starts_with('/'))
    return refuse("state_folder", "an absolute path is needed");
  if (auto good = check_watched(settings.watched); !good) return good;
  if (auto good = check_checks(settings); !good) return good;
  return check_logs(settings);
}

} // namespace kaden::agent
