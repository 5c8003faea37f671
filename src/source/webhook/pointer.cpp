#include "pointer.h"

#include <fmt/format.h>

#include <algorithm>

#include "kaden/limits/webhooks.h"

namespace kaden::webhook {
namespace {

/// "~1" is "/", "~0" is "~"; in this order, as section 4 says.
std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size()) {
      out += token[++i] == '1' ? '/' : '~';
    } else {
      out += token[i];
    }
  }
  return out;
}

const json::value* child_of(const json::value& parent, std::string_view token) {
  if (parent.is_object()) return parent.get_object().if_contains(unescaped(token));
  if (!parent.is_array()) return nullptr;
  const bool has_digits = !token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
  const bool has_leading_zero = token.size() > 1 && token.front() == '0';
  if (!has_digits || has_leading_zero) return nullptr;
  const auto index = parse_int(token);
  if (!index || static_cast<std::uint64_t>(*index) >= parent.get_array().size()) return nullptr;
  return &parent.get_array()[static_cast<std::size_t>(*index)];
}

} // namespace

bool is_pointer(std::string_view text) {
  if (text.empty()) return true;
  if (text.front() != '/' || text.size() > limits::json_pointer_bytes_max) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  }
  return true;
}

const json::value* value_at(const json::value& root, std::string_view pointer) {
  const json::value* at = &root;
  if (pointer.empty()) return at;
  for (const std::string_view token : split(pointer.substr(1), '/')) {
    at = child_of(*at, token);
    if (at == nullptr) return nullptr;
  }
  return at;
}

Result<std::vector<TemplatePiece>> template_pieces(std::string_view text) {
  constexpr std::string_view body = "body:";
  std::vector<TemplatePiece> pieces;
  const auto add_text = [&](std::string_view part) {
    if (pieces.empty() || pieces.back().is_pointer) pieces.emplace_back();
    pieces.back().text += part;
  };
  while (!text.empty()) {
    const std::size_t brace = text.find_first_of("{}");
    if (brace > 0) add_text(text.substr(0, brace));
    if (brace == std::string_view::npos) break;
    if (brace + 1 < text.size() && text[brace + 1] == text[brace]) {
      add_text(text.substr(brace, 1));
      text.remove_prefix(brace + 2);
      continue;
    }
    const std::size_t end = text.find('}', brace);
    if (text[brace] == '}' || end == std::string_view::npos) {
      return fail(Fault::invalid, "a single brace; one that stands for itself is written twice");
    }
    std::string_view pointer = text.substr(brace + 1, end - brace - 1);
    const bool of_body = pointer.starts_with(body);
    if (of_body) pointer.remove_prefix(body.size());
    if (!is_pointer(pointer)) {
      return fail(Fault::invalid,
                  fmt::format("\"{}\" is no JSON Pointer, which is \"\" or begins with '/'", pointer));
    }
    pieces.push_back({true, of_body, std::string(pointer)});
    text.remove_prefix(end + 1);
  }
  return pieces;
}

} // namespace kaden::webhook
