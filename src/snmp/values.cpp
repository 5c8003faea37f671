#include <algorithm>
#include <array>

#include "kaden/snmp.h"

namespace kaden::snmp {

std::optional<Authentication> parse_authentication(std::string_view text) {
  constexpr std::array<std::string_view, 7> words = {"none",   "md5",    "sha",   "sha224",
                                                     "sha256", "sha384", "sha512"};
  const auto* const found = std::find(words.begin(), words.end(), text);
  if (found == words.end()) return std::nullopt;
  return static_cast<Authentication>(found - words.begin());
}

std::optional<Privacy> parse_privacy(std::string_view text) {
  constexpr std::array<std::string_view, 4> words = {"none", "des", "aes", "aes256"};
  const auto* const found = std::find(words.begin(), words.end(), text);
  if (found == words.end()) return std::nullopt;
  return static_cast<Privacy>(found - words.begin());
}

std::string to_text(const Value& value) {
  if (const auto* const number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* const text = std::get_if<std::string>(&value)) return *text;
  if (const auto* const oid = std::get_if<Oid>(&value)) return to_text(*oid);
  return {};
}

std::optional<std::int64_t> number_of(const Value& value) {
  const auto* const number = std::get_if<std::int64_t>(&value);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

const Binding* Notification::find(const Oid& prefix) const {
  const auto found = std::find_if(bindings.begin(), bindings.end(),
                                  [&](const Binding& binding) { return begins_with(binding.oid, prefix); });
  return found == bindings.end() ? nullptr : &*found;
}

} // namespace kaden::snmp
