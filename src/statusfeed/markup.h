/// markup.h - Statuspage's updates in the HTML of its feeds. Room: statusfeed.
/// Threads: values; any. Errors: none: any text is some HTML. Time: linear in the text.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/html.h"
#include "kaden/limits/provider_status.h"

namespace kaden::statusfeed {

using html::plain_text;
using html::tidy_text;
using html::Token;
using html::tokenize;

inline std::string tidy_title(std::string_view text) {
  return html::tidy_title(text, limits::status_title_bytes_max);
}

struct Update {
  std::string stamp; ///< "Aug 24, 02:10 UTC"
  std::string word;  ///< "Identified"
  std::string text;
};
/// Of Statuspage's description, newest first. At most limits::status_updates_max.
std::vector<Update> find_updates(std::span<const Token> tokens);

} // namespace kaden::statusfeed
