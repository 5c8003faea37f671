#include "keys.h"

#include <algorithm>

#include "files.h"
#include "proc_words.h"

#include "kaden/limits/configuration.h"

namespace kaden::agent {

namespace {

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= limits::secret_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

} // namespace

Result<sigv4::Credentials> parse_credentials(std::string_view text, std::string_view profile) {
  sigv4::Credentials found;
  bool inside = false;
  bool seen = false;
  each_line(text, [&](std::string_view line) {
    line = trim(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') return;
    if (line.front() == '[') {
      inside =
          trim(line.substr(1, line.find(']') - 1)) == profile && line.find(']') != std::string_view::npos;
      seen = seen || inside;
      return;
    }
    const std::size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos) return;
    const std::string_view key = trim(line.substr(0, equals));
    const std::string value(trim(line.substr(equals + 1)));
    if (equal_no_case(key, "aws_access_key_id")) found.access_key_id = value;
    if (equal_no_case(key, "aws_secret_access_key")) found.secret = value;
    if (equal_no_case(key, "aws_session_token")) found.session_token = value;
  });
  const std::string name = "[" + std::string(profile.substr(0, 100)) + "]";
  if (!seen) return fail(Fault::not_found, "there is no profile " + name);
  if (!is_word(found.access_key_id) || !is_word(found.secret))
    return fail(Fault::invalid, "the profile " + name + " lacks aws_access_key_id or aws_secret_access_key");
  if (!found.session_token.empty() && !is_word(found.session_token))
    return fail(Fault::invalid, "the profile " + name + " has a session token that is none");
  return found;
}

Result<std::string> Keys::text_of(const std::string& path) {
  constexpr std::size_t bytes_max = 65'536;
  struct stat now {};
  if (stat(path.c_str(), &now) != 0) return tl::unexpected(errno_error("reading " + path));
  if ((now.st_mode & 07U) != 0) return fail(Fault::denied, path + " is open to everybody: chmod 640 or less");
  Cached& cached = cache_[path];
  if (!cached.text.empty() && is_same(cached.stamp, now)) return cached.text;
  auto text = read_file(path, bytes_max);
  if (!text) return text;
  cached = {now, std::move(*text)};
  return cached.text;
}

Result<sigv4::Credentials> Keys::current() {
  if (!source_.credentials_file.empty()) {
    const auto text = text_of(source_.credentials_file);
    if (!text) return tl::unexpected(text.error());
    auto credentials = parse_credentials(*text, source_.profile);
    if (!credentials) return fail_while(source_.credentials_file, credentials.error());
    return credentials;
  }
  sigv4::Credentials credentials{source_.access_key_id, source_.secret, source_.session_token};
  const auto take = [this](const std::string& path, std::string& value) -> Result<void> {
    if (path.empty()) return {};
    const auto text = text_of(path);
    if (!text) return tl::unexpected(text.error());
    value = trim(*text);
    return is_word(value) ? Result<void>() : fail(Fault::invalid, path + " holds no secret");
  };
  if (auto taken = take(source_.secret_file, credentials.secret); !taken)
    return tl::unexpected(taken.error());
  if (auto taken = take(source_.session_token_file, credentials.session_token); !taken)
    return tl::unexpected(taken.error());
  return credentials;
}

} // namespace kaden::agent
