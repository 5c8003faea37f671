#include "markup.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace kaden::statusfeed {

namespace {

/// Where tokens stand that are neither blank text nor <br>.
std::size_t skip_blank(std::span<const Token> tokens, std::size_t i) {
  while (i < tokens.size()) {
    const Token& token = tokens[i];
    const bool is_break = token.kind != Token::Kind::text && token.text == "br";
    if (!is_break && !(token.kind == Token::Kind::text && trim(token.text).empty())) break;
    ++i;
  }
  return i;
}

std::size_t find_close(std::span<const Token> tokens, std::size_t i, std::string_view name) {
  // Neither a stamp nor a stage takes more; so a page of unclosed tags costs no more than its length.
  const std::size_t most = std::min(tokens.size(), i + 16);
  while (i < most && !tokens[i].is_close(name)) ++i;
  return i < most ? i : tokens.size();
}

struct Head {
  std::size_t begin, end; // tokens: from <small> to behind </strong>
  Update update;
};

/// <small>stamp</small><br><strong>word</strong> at token `i`.
std::optional<Head> head_at(std::span<const Token> tokens, std::size_t i) {
  if (!tokens[i].is_open("small")) return std::nullopt;
  const std::size_t small_end = find_close(tokens, i, "small");
  const std::size_t strong = small_end < tokens.size() ? skip_blank(tokens, small_end + 1) : tokens.size();
  if (strong >= tokens.size() || !tokens[strong].is_open("strong")) return std::nullopt;
  const std::size_t strong_end = find_close(tokens, strong, "strong");
  if (strong_end == tokens.size()) return std::nullopt;
  Head head{i, strong_end + 1, {}};
  head.update.stamp = plain_text(tokens.subspan(i, small_end - i), 128);
  head.update.word = plain_text(tokens.subspan(strong, strong_end - strong), 64);
  return head;
}

} // namespace

std::vector<Update> find_updates(std::span<const Token> tokens) {
  std::vector<Head> heads;
  for (std::size_t i = 0; i < tokens.size() && heads.size() < limits::status_updates_max; ++i) {
    auto head = head_at(tokens, i);
    if (!head) continue;
    i = head->end - 1;
    heads.push_back(std::move(*head));
  }
  std::vector<Update> updates;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const std::size_t end = i + 1 < heads.size() ? heads[i + 1].begin : tokens.size();
    Update update = std::move(heads[i].update);
    update.text = plain_text(tokens.subspan(heads[i].end, end - heads[i].end), limits::status_text_bytes_max);
    if (update.text.starts_with("- ")) update.text.erase(0, 2);
    updates.push_back(std::move(update));
  }
  return updates;
}

} // namespace kaden::statusfeed
