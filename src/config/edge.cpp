#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "checks.h"
#include "sections.h"

#include "kaden/limits/agent.h"
#include "kaden/limits/configuration.h"
#include "kaden/limits/metrics.h"
#include "kaden/limits/stored_datapoints.h"

namespace kaden::config {
namespace {

constexpr std::size_t path_bytes_max = 4'095; // PATH_MAX without its end
constexpr std::size_t name_bytes_max = 128;
constexpr unsigned others_mask = 07; // of a mode: what everybody on the machine may do

/// A file the process needs; "" and a note when it cannot be used.
std::string read_file(Section& section, std::string_view key, const Surroundings& around, bool is_private) {
  const auto named = section.word(key, path_bytes_max);
  if (!named) return "";
  const std::string path = around.absolute(named->text);
  auto file = around.environment.read_file(path);
  if (!file) {
    section.mistake_at(named->at, key, file.error().message);
  } else if (is_private && (file->mode & others_mask) != 0) {
    section.mistake_at(named->at, key,
                       fmt::format("{} is open to everybody on this machine (mode {:04o}): chmod 640 or less",
                                   path, file->mode));
  } else if (file->text.empty()) {
    section.mistake_at(named->at, key, path + " is empty");
  } else {
    return std::move(file->text);
  }
  return "";
}

std::string read_public_url(Section& section) {
  std::string url = section.text("public_url", limits::url_bytes_max);
  if (url.empty()) return url;
  if (!parse_web_url(url) || url.find('?') != std::string::npos) {
    section.mistake("public_url", "is not an address such as https://kaden.example.com:8480");
  }
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

/// Never says what the secret is.
void check_secret(Section& section, std::string_view key, const std::string& secret, std::size_t bytes_min) {
  const auto is_odd = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; };
  if (secret.size() < bytes_min) {
    section.mistake(
        key, fmt::format("the secret is {} bytes long, at least {} are needed", secret.size(), bytes_min));
  } else if (secret.size() > limits::secret_bytes_max) {
    section.mistake(key, fmt::format("the secret is over {} bytes long", limits::secret_bytes_max));
  } else if (std::any_of(secret.begin(), secret.end(), is_odd)) {
    section.mistake(key, "the secret holds blanks or control characters; it is one word on one line");
  }
}

/// A list of rights, each one of `all`, in the order of `all`; what is no right is noted. Absent: none.
template <class R, std::size_t count>
std::vector<R> read_may(Section& section, const std::array<R, count>& all) {
  std::vector<std::string_view> words;
  words.reserve(count);
  for (const R right : all) words.push_back(to_text(right));
  const auto may = section.texts("may", count, name_bytes_max);
  if (section.has("may") && may.empty()) {
    section.mistake("may", fmt::format("needs at least one of {}", fmt::join(words, ", ")));
  }
  for (const Word& word : may) {
    if (std::find(words.begin(), words.end(), word.text) == words.end()) {
      section.not_one_of("may", word, words);
    }
  }
  std::vector<R> out;
  for (const R right : all) {
    const auto is_it = [&](const Word& word) { return word.text == to_text(right); };
    if (std::any_of(may.begin(), may.end(), is_it)) out.push_back(right);
  }
  return out;
}

/// What a key is narrowed to. Absent: nothing, which narrows nothing.
std::vector<std::string> read_globs(Section& section, std::string_view key) {
  std::vector<std::string> globs;
  for (Word& word : section.texts(key, limits::key_globs_max, limits::key_glob_bytes_max))
    globs.push_back(std::move(word.text));
  if (section.has(key) && globs.empty())
    section.mistake(key, "needs at least one; without the key all are meant");
  return globs;
}

} // namespace

std::string Surroundings::absolute(const std::string& path) const {
  return path.empty() || path.front() == '/' ? path : folder + path;
}

void check_unique(Section& section, std::string_view key, const std::string& value,
                  std::set<std::string>& seen, std::string_view of) {
  if (value.empty() || seen.insert(value).second) return;
  section.mistake(key, fmt::format("another {} is called \"{}\" already", of, value));
}

std::string read_public_file(Section& section, std::string_view key, const Surroundings& around) {
  if (read_file(section, key, around, false).empty()) return "";
  return around.absolute(section.text(key, path_bytes_max));
}

std::string read_private_file(Section& section, std::string_view key, const Surroundings& around) {
  if (read_file(section, key, around, true).empty()) return "";
  return around.absolute(section.text(key, path_bytes_max));
}

std::string read_secret(Section& section, std::string_view key, std::size_t bytes_min,
                        const Surroundings& around) {
  const std::string file_key = std::string(key) + "_file";
  const std::string env_key = std::string(key) + "_env";
  if (section.has(file_key) == section.has(env_key)) {
    const bool both = section.has(file_key);
    section.mistake(both ? env_key : "", both ? fmt::format("give {} or {}, not both", file_key, env_key)
                                              : fmt::format("{} or {} is missing", file_key, env_key));
    return "";
  }
  std::string secret;
  const std::string& used = section.has(file_key) ? file_key : env_key;
  if (section.has(file_key)) {
    const std::string text = read_file(section, file_key, around, true);
    if (text.empty()) return "";
    secret = std::string(trim(text));
  } else {
    const auto name = section.word(env_key, name_bytes_max);
    if (!name) return "";
    const auto value = around.environment.variable(name->text);
    if (!value) {
      section.mistake_at(name->at, env_key, fmt::format("the environment has no {}", name->text));
      return "";
    }
    secret = *value;
  }
  check_secret(section, used, secret, bytes_min);
  return secret;
}

std::string read_plain_file(Section& section, std::string_view key, const Surroundings& around) {
  if (!section.has(key)) return "";
  const std::string path = around.absolute(section.text(key, path_bytes_max));
  return read_file(section, key, around, false).empty() ? "" : path;
}

Listen read_listen(Section& top, const Surroundings& around) {
  Listen listen;
  auto section = top.section("listen", "listen");
  if (!section) return listen;
  listen.address = section->text("address", name_bytes_max, listen.address);
  if (!is_ip_address(listen.address)) {
    section->mistake("address", fmt::format("\"{}\" is not an IP address", listen.address));
    listen.address = Listen().address;
  }
  listen.port = static_cast<std::uint16_t>(section->integer("port", 0, 65'535, listen.port));
  listen.allow_plain = section->flag("allow_plain", false);
  listen.public_url = read_public_url(*section);
  if (section->has("certificate") != section->has("key")) {
    section->mistake(section->has("key") ? "key" : "certificate", "certificate and key go together");
  } else if (section->has("certificate")) {
    listen.certificate_file = around.absolute(section->text("certificate", path_bytes_max));
    listen.key_file = around.absolute(section->text("key", path_bytes_max));
    static_cast<void>(read_file(*section, "certificate", around, false));
    static_cast<void>(read_file(*section, "key", around, true));
  } else if (!is_loopback(listen.address) && !listen.allow_plain) {
    section->mistake(
        "address",
        fmt::format("{} is not loopback: give certificate and key, or say allow_plain: true to send alarms "
                    "and tokens unencrypted",
                    listen.address));
  }
  return listen;
}

namespace {

StoredMetrics read_stored_metrics(Section& store) {
  StoredMetrics metrics;
  auto section = store.section("metrics", "store.metrics");
  if (!section) return metrics;
  constexpr std::int64_t day_s = 86'400;
  constexpr std::uint64_t mib = 1U << 20;
  constexpr std::int64_t mib_max = 1 << 20; // a tebibyte
  constexpr auto days_max = limits::datapoint_keep / seconds(day_s);
  metrics.keep = seconds(section->integer("keep_days", 0, days_max, days_max) * day_s);
  const std::int64_t most = section->integer("most_mib", limits::datapoint_bytes_min / mib, mib_max,
                                             static_cast<std::int64_t>(metrics.bytes_max / mib));
  metrics.bytes_max = static_cast<std::uint64_t>(most) * mib;
  return metrics;
}

} // namespace

Store read_store(Section& top, const Surroundings& around) {
  Store store{Settings().store_folder, {}, {}};
  auto section = top.section("store", "store");
  if (!section) return store;
  store.folder = around.absolute(section->text("folder", path_bytes_max, store.folder));
  store.metrics = read_stored_metrics(*section);
  store.logs = read_stored_logs(*section);
  return store;
}

std::vector<AccessKey> read_access_keys(Section& top, const Surroundings& around) {
  std::vector<AccessKey> keys;
  std::set<std::string> seen;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  for (Section& section : top.sections("access_keys", limits::access_keys_max, "access_keys[]")) {
    AccessKey key;
    if (section.wants("id")) key.id = section.text("id", name_bytes_max);
    // It stands between slashes in the signature's credential scope.
    if (!std::all_of(key.id.begin(), key.id.end(), fits))
      section.mistake("id", "only letters, digits, _ and -");
    check_unique(section, "id", key.id, seen, "access key");
    key.secret = read_secret(section, "secret", limits::secret_bytes_min, around);
    if (section.has("session_token_file") || section.has("session_token_env")) {
      key.session_token = read_secret(section, "session_token", limits::secret_bytes_min, around);
    }
    static constexpr std::array<KeyRight, 3> all{KeyRight::ingest, KeyRight::alarms, KeyRight::read};
    if (section.has("may")) key.may = read_may(section, all);
    key.requests_per_second =
        section.integer("requests_per_second", 1, limits::key_requests_per_s_max, key.requests_per_second);
    key.bytes_per_second =
        section.integer("bytes_per_second", 1'024, limits::key_bytes_per_s_max, key.bytes_per_second);
    key.metrics = section.integer("metrics", 1, static_cast<std::int64_t>(limits::series_max), key.metrics);
    key.namespaces = read_globs(section, "namespaces");
    key.log_groups = read_globs(section, "log_groups");
    keys.push_back(std::move(key));
  }
  return keys;
}

Arns read_arns(Section& top) {
  Arns arns;
  auto section = top.section("arns", "arns");
  if (!section) return arns;
  constexpr std::size_t region_bytes_max = 32;
  arns.region = section->text("region", region_bytes_max, arns.region);
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (!std::all_of(arns.region.begin(), arns.region.end(), fits))
    section->mistake("region", "a region such as ap-northeast-1");
  arns.account = section->text("account", name_bytes_max, arns.account);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  constexpr std::size_t account_digits = 12;
  if (arns.account.size() != account_digits ||
      !std::all_of(arns.account.begin(), arns.account.end(), is_digit))
    section->mistake("account", "twelve digits, in quotes when the first is 0");
  return arns;
}

std::vector<Token> read_tokens(Section& top, const Surroundings& around) {
  static constexpr std::array<Right, 3> all{Right::events, Right::read, Right::act};
  std::vector<Token> tokens;
  std::set<std::string> names;
  std::set<std::string> secrets;
  for (Section& section : top.sections("tokens", limits::tokens_max, "tokens[]")) {
    Token token;
    if (section.wants("name")) token.name = section.text("name", name_bytes_max);
    check_unique(section, "name", token.name, names, "token");
    token.secret = read_secret(section, "token", limits::secret_bytes_min, around);
    if (!token.secret.empty() && !secrets.insert(token.secret).second) {
      section.mistake("", "another token has the same secret: the record could not tell the two apart");
    }
    if (section.wants("may")) token.may = read_may(section, all);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

Speech read_speech(Section& top, const Surroundings& around, const std::string& store_folder) {
  Speech speech;
  speech.cache_folder = store_folder + "/speech";
  auto section = top.section("speech", "speech");
  if (!section) return speech;
  // A bare name is looked up in PATH, as a shell does.
  speech.open_jtalk = section->text("open_jtalk", path_bytes_max, speech.open_jtalk);
  if (speech.open_jtalk.find('/') != std::string::npos)
    speech.open_jtalk = around.absolute(speech.open_jtalk);
  speech.dictionary = around.absolute(section->text("dictionary", path_bytes_max, speech.dictionary));
  speech.voice_ja = around.absolute(section->text("voice_ja", path_bytes_max, speech.voice_ja));
  if (section->has("cache_folder")) {
    speech.cache_folder =
        around.absolute(section->text_or_empty("cache_folder", path_bytes_max, speech.cache_folder));
  }
  return speech;
}

LogLevel read_log_level(Section& top) {
  static constexpr std::array<LogLevel, 5> all{LogLevel::trace, LogLevel::debug, LogLevel::info,
                                               LogLevel::warning, LogLevel::error};
  auto section = top.section("log", "log");
  const auto word = section ? section->word("level", name_bytes_max) : std::nullopt;
  if (!word) return LogLevel::info;
  std::vector<std::string_view> known;
  for (const LogLevel level : all) {
    if (word->text == to_text(level)) return level;
    known.push_back(to_text(level));
  }
  section->not_one_of("level", *word, known);
  return LogLevel::info;
}

} // namespace kaden::config
