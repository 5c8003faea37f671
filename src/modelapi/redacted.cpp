// What a model need not know of an alarm.
#include <algorithm>
#include <array>

#include "kaden/modelapi.h"

namespace kaden::modelapi {

namespace {

constexpr std::string_view hidden = "***";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// How many bytes at the beginning are a phone number: +81 3 1234 5678, 03-1234-5678. A number in E.164's
/// form has 7 digits at least; a national one begins with 0 and has two hyphens.
std::size_t phone_bytes(std::string_view text) {
  const bool is_international = text.front() == '+';
  if (!is_international && text.front() != '0') return 0;
  std::size_t digits = 0;
  std::size_t hyphens = 0;
  std::size_t end = 0;
  for (std::size_t i = is_international ? 1 : 0; i < text.size(); ++i) {
    const char c = text[i];
    if (digits > 15) return 0;
    if (is_digit(c)) {
      ++digits;
      end = i + 1;
    } else if (c == '-' && i > 0 && is_digit(text[i - 1])) {
      ++hyphens;
    } else if (!(is_international && c == ' ' && is_digit(text[i - 1]))) {
      break;
    }
  }
  const bool is_phone =
      is_international ? digits >= 7 && digits <= 15 : hyphens == 2 && digits >= 9 && digits <= 11;
  return is_phone ? end : 0;
}

/// AWS access key ids: AKIA or ASIA and 16 more of A-Z and 0-9.
std::size_t key_id_bytes(std::string_view text) {
  constexpr std::size_t size = 20;
  if (text.size() < size || (!text.starts_with("AKIA") && !text.starts_with("ASIA"))) return 0;
  const bool is_id = std::all_of(text.begin(), text.begin() + size,
                                 [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); });
  return is_id && (text.size() == size || !is_word(text[size])) ? size : 0;
}

/// Names of things are read as one: aws_secret_access_key, x-api-key, db.password.
bool is_of_name(char c) {
  return is_word(c) || c == '_' || c == '-' || c == '.';
}

enum class Kind : std::uint8_t {
  plain,
  weak,          ///< a secret, unless it is a number: "pass: 12" counts tests, "tokens: 5" costs
  secret,        ///< one word, or what stands in quotes
  authorization, ///< HTTP's: a scheme and what goes with it
};

Kind kind_of(std::string_view name) {
  static constexpr std::array<std::string_view, 12> words{
      "password", "passwd",    "passphrase", "passcode",   "secret",        "token",
      "apikey",   "accesskey", "privatekey", "credential", "authorization", "signature"};
  static constexpr std::array<std::string_view, 3> last_words{"pass", "pw", "pin"};
  std::string joined;
  for (const char c : name) {
    if (is_word(c)) joined += c;
  }
  joined = to_lower(joined);
  if (joined.ends_with("authorization")) return Kind::authorization;
  if (joined.ends_with("pwd") || joined.ends_with("cookie")) return Kind::secret;
  for (const std::string_view word : words) {
    const std::size_t at = joined.find(word);
    if (at == std::string::npos) continue;
    return joined.substr(at + word.size()) == "s" ? Kind::weak : Kind::secret;
  }
  // Short ones count only alone or behind a separator: DB_PASS, but not bypass.
  const std::string last = to_lower(name.substr(name.find_last_of("_-.") + 1));
  const bool is_short = std::find(last_words.begin(), last_words.end(), last) != last_words.end();
  return is_short ? Kind::weak : Kind::plain;
}

/// The name of what follows, at the beginning of the text, and its length. Japanese words stand anywhere.
struct Name {
  Kind kind = Kind::plain;
  std::size_t bytes = 0;
};
Name name_in(std::string_view text, bool is_first) {
  static constexpr std::array<std::string_view, 6> japanese{"パスワード",   "パスフレーズ", "暗証番号",
                                                            "シークレット", "トークン",     "秘密鍵"};
  for (const std::string_view word : japanese) {
    if (text.starts_with(word)) return {Kind::secret, word.size()};
  }
  if (!is_first || !is_of_name(text.front())) return {};
  std::size_t end = 0;
  while (end < text.size() && is_of_name(text[end])) ++end;
  constexpr std::size_t most = 128; // of a name: what it is stands at its end
  return {kind_of(text.substr(end - std::min(end, most), std::min(end, most))), end};
}

std::size_t blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

/// Where the value begins behind a name that ends at `at`; 0: nothing is said of it. `="x"`, `: x`, `\":\"x`,
/// ` => x`, `>x` of XML, and ` x` behind an option (--password x).
std::size_t value_begin(std::string_view text, std::size_t at, char before) {
  static constexpr std::array<std::string_view, 8> signs{"=>", ":=", "==", "=", ":", "：", "＝", "->"};
  const bool is_option = text.starts_with("--") || (text.starts_with("-") && at > 2);
  std::size_t next = at;
  while (next < text.size() && (text[next] == '"' || text[next] == '\'' || text[next] == '\\')) ++next;
  next = blanks(text, next);
  for (const std::string_view sign : signs) {
    if (text.substr(next).starts_with(sign)) return blanks(text, next + sign.size());
  }
  if (before == '<' && text.substr(at).starts_with(">")) return at + 1;
  return is_option && blanks(text, at) > at ? blanks(text, at) : 0;
}

std::size_t find_in(std::string_view text, std::string_view signs, std::size_t from) {
  return std::min(text.find_first_of(signs, from), text.size());
}

/// Where a value ends that begins at `at`, with its quotes left out of it.
struct Value {
  std::size_t begin = 0, end = 0;
};
Value value_at(std::string_view text, std::size_t at) {
  const bool is_escaped = text.substr(at).starts_with("\\\"") || text.substr(at).starts_with("\\'");
  const std::size_t quote = at + (is_escaped ? 1 : 0);
  if (quote >= text.size() || (text[quote] != '"' && text[quote] != '\'')) {
    std::size_t end = find_in(text, " \t\n\"',;&<", at);
    for (const std::string_view stop : {"、", "。", "　"}) end = std::min(end, text.find(stop, at));
    return {at, end};
  }
  std::size_t end = quote + 1;
  while (end < text.size() && text[end] != '\n') {
    const bool is_backslash = text[end] == '\\';
    if (text[end] == text[quote] ||
        (is_backslash && is_escaped && text.substr(end + 1, 1) == text.substr(quote, 1)))
      break;
    end += is_backslash && !is_escaped ? 2 : 1;
  }
  return {quote + 1, std::min(end, text.size())};
}

/// "Bearer x" and "Basic x" keep their first word and lose the second; of all others nothing stays on the
/// line.
Value authorization_at(std::string_view text, std::size_t at) {
  for (const std::string_view scheme : {"bearer ", "basic "}) {
    if (starts_with_no_case(text.substr(at), scheme)) return value_at(text, blanks(text, at + scheme.size()));
  }
  const Value value = value_at(text, at);
  if (value.begin > at) return value; // in quotes
  return {at, find_in(text, "\n", at)};
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.%") == std::string_view::npos;
}

/// The secret that the name at the beginning leads to; empty: none.
Value secret_in(std::string_view text, bool is_first, char before) {
  constexpr std::string_view bearer = "bearer ";
  if (is_first && starts_with_no_case(text, bearer)) return value_at(text, blanks(text, bearer.size()));
  const Name name = name_in(text, is_first);
  if (name.kind == Kind::plain) return {};
  const std::size_t begin = value_begin(text, name.bytes, before);
  if (begin == 0) return {};
  if (name.kind == Kind::authorization) return authorization_at(text, begin);
  const Value value =
      starts_with_no_case(text.substr(begin), bearer) ? authorization_at(text, begin) : value_at(text, begin);
  const bool is_kept =
      name.kind == Kind::weak && is_number(text.substr(value.begin, value.end - value.begin));
  return is_kept ? Value{} : value;
}

/// Of "://user:password@host" the password; of "://token@host" all before the @.
Value user_info_in(std::string_view text) {
  constexpr std::string_view begin = "://";
  if (!text.starts_with(begin)) return {};
  const std::size_t end = find_in(text, " \t\n/?#\"'<>", begin.size());
  const std::size_t at = text.substr(0, end).rfind('@');
  if (at == std::string_view::npos) return {};
  const std::size_t colon = text.substr(0, at).find(':', begin.size());
  return {colon == std::string_view::npos ? begin.size() : colon + 1, at};
}

/// A private key in PEM, whose line breaks may be gone.
Value private_key_in(std::string_view text) {
  constexpr std::string_view dashes = "-----";
  constexpr std::string_view begin = "-----BEGIN ";
  if (!text.starts_with(begin)) return {};
  const std::size_t label = text.find(dashes, begin.size());
  if (label > 64 || // also where there is none
      text.substr(0, label).find("PRIVATE KEY") == std::string_view::npos)
    return {};
  return {label + dashes.size(), std::min(text.find("-----END ", label), text.size())};
}

/// Japanese mobile and IP numbers without hyphens: 11 digits that begin with 050, 070, 080 or 090.
std::size_t mobile_bytes(std::string_view text) {
  constexpr std::size_t digits = 11;
  if (text.size() < digits || text[0] != '0' || text[2] != '0' ||
      std::string_view("5789").find(text[1]) == std::string_view::npos ||
      !std::all_of(text.begin(), text.begin() + digits, is_digit)) {
    return 0;
  }
  return text.size() == digits || !is_word(text[digits]) ? digits : 0;
}

} // namespace

std::string redacted(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    const std::string_view rest = text.substr(begin);
    const char before = at == 0 ? ' ' : text[at - 1];
    const std::size_t number =
        is_word(before) ? 0 : std::max({phone_bytes(rest), mobile_bytes(rest), key_id_bytes(rest)});
    if (number > 0) {
      out += hidden;
      at += number;
      continue;
    }
    for (const Value& value :
         {secret_in(rest, !is_of_name(before), before), user_info_in(rest), private_key_in(rest)}) {
      if (value.end <= value.begin) continue;
      out += rest.substr(0, value.begin);
      out += hidden;
      at += value.end;
      break;
    }
    if (at == begin) out += text[at++];
  }
  return out;
}

} // namespace kaden::modelapi
