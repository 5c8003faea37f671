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

/// How many bytes at the beginning lead to a secret: "password=", "token: ", "Bearer ".
std::size_t lead_bytes(std::string_view text) {
  static constexpr std::array<std::string_view, 9> words{
      "password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "api-key", "authorization"};
  constexpr std::string_view bearer = "bearer ";
  if (starts_with_no_case(text, bearer)) return bearer.size();
  for (const std::string_view word : words) {
    if (!starts_with_no_case(text, word)) continue;
    std::size_t at = word.size();
    if (at < text.size() && text[at] == '"') ++at;
    while (at < text.size() && text[at] == ' ') ++at;
    if (at >= text.size() || (text[at] != '=' && text[at] != ':')) continue;
    ++at;
    while (at < text.size() && (text[at] == ' ' || text[at] == '"')) ++at;
    if (starts_with_no_case(text.substr(at), bearer)) at += bearer.size();
    return at;
  }
  return 0;
}

} // namespace

std::string redacted(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (at == 0 || !is_word(text[at - 1])) {
      const std::size_t number = std::max(phone_bytes(rest), key_id_bytes(rest));
      if (number > 0) {
        out += hidden;
        at += number;
        continue;
      }
      const std::size_t lead = lead_bytes(rest);
      const std::size_t end = lead == 0 ? 0 : std::min(rest.find_first_of(" \n\",;&", lead), rest.size());
      if (end > lead) {
        out += rest.substr(0, lead);
        out += hidden;
        at += end;
        continue;
      }
    }
    out += text[at++];
  }
  return out;
}

} // namespace kaden::modelapi
