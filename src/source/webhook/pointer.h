/// webhook/pointer.h - JSON Pointers (RFC 6901) and the templates of them. Room: source/webhook.
/// Threads: values; any. Errors: invalid.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::webhook {

/// "" or "/a/b~1c/0".
bool is_pointer(std::string_view text);
/// Null when there is nothing there. "-" names no element that exists (section 4).
const json::value* value_at(const json::value& root, std::string_view pointer);

struct TemplatePiece {
  bool is_pointer = false;
  bool of_body = false; ///< a pointer into the whole body
  std::string text;
};
/// "{/a} on {body:/b}, {{as it is}}"
Result<std::vector<TemplatePiece>> template_pieces(std::string_view text);

} // namespace kaden::webhook
