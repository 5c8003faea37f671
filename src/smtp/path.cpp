// Paths and mailboxes, RFC 5321 section 4.1.2 with RFC 6531's characters.
#include <algorithm>

#include "kaden/smtp.h"

namespace kaden::smtp {

namespace {

constexpr std::size_t path_bytes_max = 254; // RFC 5321 section 4.5.3.1.3, without the brackets

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

/// Where a mailbox ends: at '>' or a blank outside quotes.
std::size_t end_of_mailbox(std::string_view text) {
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && (text[i] == '>' || text[i] == ' ')) {
      return i;
    }
  }
  return text.size();
}

/// local@domain, or postmaster alone.
bool is_mailbox(std::string_view text) {
  if (text.empty() || text.size() > path_bytes_max || std::any_of(text.begin(), text.end(), is_control))
    return false;
  if (!is_valid_utf8(text)) return false;
  if (equal_no_case(text, "postmaster")) return true;
  const std::size_t at = text.rfind('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == text.size()) return false;
  const std::string_view domain = text.substr(at + 1);
  return domain.find_first_of(" <>\"()\\,;") == std::string_view::npos &&
         text.substr(0, at).find_first_of("<>") == std::string_view::npos;
}

} // namespace

std::optional<Path> parse_path(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const bool has_brackets = text.starts_with('<');
  if (has_brackets) text.remove_prefix(1);
  if (has_brackets && text.starts_with('@')) { // a source route
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  const std::size_t end = end_of_mailbox(text);
  const std::string_view mailbox = text.substr(0, end);
  Path path{std::string(mailbox), text.substr(end)};
  if (has_brackets) {
    if (!path.rest.starts_with('>')) return std::nullopt;
    path.rest.remove_prefix(1);
  }
  if (!path.rest.empty() && path.rest.front() != ' ') return std::nullopt;
  if (mailbox.empty()) return has_brackets ? std::optional(path) : std::nullopt;
  if (!is_mailbox(mailbox)) return std::nullopt;
  return path;
}

} // namespace kaden::smtp
