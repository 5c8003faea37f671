#include "reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "shapes.h"

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/configuration.h"
#include "kaden/near_word.h"

namespace kaden::config {
namespace {

constexpr std::size_t notes_kept_max = 1'000; // sorted by place before the first few are shown
constexpr std::size_t shown_bytes_max = 60;   // of a wrong value in a message

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string join(const std::vector<std::string_view>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string_view words_for(ValueKind kind) {
  switch (kind) {
    case ValueKind::nothing:
      return "nothing";
    case ValueKind::scalar:
      return "a single value";
    case ValueKind::list:
      return "a list";
    case ValueKind::map:
      return "a map";
  }
  return "";
}

/// A key under which somebody may write the secret itself.
bool is_secret_key(std::string_view key) {
  static constexpr std::array<std::string_view, 6> names{
      "secret", "token", "password", "community", "authentication_password", "privacy_password"};
  return std::find(names.begin(), names.end(), key) != names.end();
}

} // namespace

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string_view nearest = near_word(word, known);
  return nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest);
}

// Notes
// --------------------------------------------------------------------------------------------------------------

void Notes::add(Place at, std::string path, std::string message) {
  ++count_;
  if (notes_.size() < notes_kept_max) notes_.push_back({at, std::move(path), std::move(message)});
}

Error Notes::error(std::string_view text, const std::string& file_name) const {
  std::vector<Note> sorted = notes_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Note& a, const Note& b) { return a.at < b.at; });
  const std::size_t most = std::min(sorted.size(), limits::config_errors_max);
  std::string message;
  for (std::size_t i = 0; i < most; ++i) {
    const Note& note = sorted[i];
    std::string line = fmt::format("{}:{}: {}{}{}", file_name, shown(text, note.at), note.path,
                                   note.path.empty() ? "" : ": ", note.message);
    // Keys of the file are shown too, and may hold anything: one mistake stays one line.
    std::replace_if(line.begin(), line.end(), is_control, '?');
    message += (i > 0 ? "\n" : "") + line;
  }
  if (count_ > most) message += fmt::format("\n{}: and {} more mistakes", file_name, count_ - most);
  return Error{Fault::invalid, std::move(message)};
}

// Section
// ------------------------------------------------------------------------------------------------------------

Section::Section(Notes& notes, ValuePtr node, std::string path, std::string_view shape)
    : notes_(notes), node_(std::move(node)), path_(std::move(path)) {
  refuse_unknown_keys(shape);
}

void Section::refuse_unknown_keys(std::string_view shape) {
  const auto& known = shape_of(shape).keys;
  for (const Member& member : node_->members) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    const std::string file_key = member.key + "_file";
    if (is_secret_key(member.key) && std::find(known.begin(), known.end(), file_key) != known.end()) {
      mistake_at(member.at, member.key,
                 fmt::format("a secret is not written here: use {0}_file or {0}_env", member.key));
    } else if (!notes_.wants_more()) {
      mistake_at(member.at, "", "unknown key");
    } else {
      const std::string near = suggestion(member.key, known);
      mistake_at(member.at, "",
                 fmt::format("unknown key \"{}\"{}", cut_utf8(member.key, shown_bytes_max),
                             near.empty() ? fmt::format(" (known: {})", join(known)) : near));
    }
  }
}

const Value* Section::find(std::string_view key) const {
  for (const Member& member : node_->members) {
    if (member.key == key) return member.value.get();
  }
  return nullptr;
}

std::string Section::path_of(std::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void Section::mistake(std::string_view key, std::string message) {
  const Value* node = find(key);
  mistake_at(node != nullptr ? node->at : node_->at, key, std::move(message));
}

void Section::mistake_at(Place at, std::string_view key, std::string message) {
  notes_.add(at, path_of(key), std::move(message));
}

bool Section::is_empty(std::string_view key) const {
  const Value* node = find(key);
  return node != nullptr && (node->kind == ValueKind::list || node->kind == ValueKind::map) &&
         node->items.empty() && node->members.empty();
}

bool Section::wants(std::string_view key) {
  if (has(key)) return true;
  mistake(key, "is missing");
  return false;
}

std::optional<std::string> Section::scalar(const Value& node, std::string_view key, std::size_t bytes_max,
                                           bool may_be_empty) {
  if (node.kind == ValueKind::nothing ||
      (node.kind == ValueKind::scalar && node.text.empty() && !may_be_empty)) {
    mistake_at(node.at, key, "has no value");
  } else if (node.kind != ValueKind::scalar) {
    mistake_at(node.at, key, fmt::format("must be a single value, not {}", words_for(node.kind)));
  } else if (node.text.size() > bytes_max) {
    mistake_at(node.at, key,
               fmt::format("is {} bytes long, at most {} are allowed", node.text.size(), bytes_max));
  } else if (std::any_of(node.text.begin(), node.text.end(), is_control)) {
    // Escapes in double quotes and block texts can make what the file itself may not hold.
    mistake_at(node.at, key, "must be one line without control characters");
  } else {
    return node.text;
  }
  return std::nullopt;
}

std::optional<Word> Section::word(std::string_view key, std::size_t bytes_max) {
  const Value* node = find(key);
  if (node == nullptr) return std::nullopt;
  auto text = scalar(*node, key, bytes_max, false);
  if (!text) return std::nullopt;
  return Word{std::move(*text), node->at};
}

void Section::not_one_of(std::string_view key, const Word& word, const std::vector<std::string_view>& known) {
  mistake_at(word.at, key,
             fmt::format("\"{}\" is not one of {}{}", cut_utf8(word.text, shown_bytes_max), join(known),
                         notes_.wants_more() ? suggestion(word.text, known) : ""));
}

std::string Section::text(std::string_view key, std::size_t bytes_max, std::string_view fallback) {
  auto found = word(key, bytes_max);
  return found ? std::move(found->text) : std::string(fallback);
}

std::string Section::text_or_empty(std::string_view key, std::size_t bytes_max, std::string_view fallback) {
  const Value* node = find(key);
  if (node == nullptr) return std::string(fallback);
  return scalar(*node, key, bytes_max, true).value_or(std::string(fallback));
}

std::int64_t Section::integer(std::string_view key, std::int64_t least, std::int64_t most,
                              std::int64_t fallback) {
  const auto found = word(key, 64);
  if (!found) return fallback;
  const auto value = find(key)->quoted ? std::nullopt : parse_int(found->text);
  if (!value) {
    mistake_at(found->at, key, fmt::format("\"{}\" is not a whole number", found->text));
  } else if (*value < least || *value > most) {
    mistake_at(found->at, key, fmt::format("{} is not between {} and {}", *value, least, most));
  } else {
    return *value;
  }
  return fallback;
}

Millis Section::seconds(std::string_view key, std::int64_t least_s, std::int64_t most_s, Millis fallback) {
  return kaden::seconds(integer(key, least_s, most_s, fallback.count() / 1000));
}

bool Section::flag(std::string_view key, bool fallback) {
  const auto found = word(key, 64);
  if (!found) return fallback;
  const bool plain = !find(key)->quoted;
  if (plain && found->text == "true") return true;
  if (plain && found->text == "false") return false;
  mistake_at(found->at, key, "must be true or false");
  return fallback;
}

const Value* Section::of_kind(std::string_view key, ValueKind kind, std::size_t count_max) {
  const Value* node = find(key);
  if (node == nullptr) return nullptr;
  const std::size_t count = node->items.size() + node->members.size();
  if (node->kind == ValueKind::nothing) {
    mistake_at(node->at, key, "has no value");
  } else if (node->kind != kind) {
    mistake_at(node->at, key, fmt::format("must be {}, not {}", words_for(kind), words_for(node->kind)));
  } else if (count > count_max) {
    mistake_at(node->at, key, fmt::format("has {} entries, at most {} are allowed", count, count_max));
  } else {
    return node;
  }
  return nullptr;
}

std::vector<Word> Section::texts(std::string_view key, std::size_t count_max, std::size_t bytes_max) {
  std::vector<Word> words;
  const Value* list = of_kind(key, ValueKind::list, count_max);
  if (list == nullptr) return words;
  std::set<std::string> seen;
  for (const ValuePtr& item : list->items) {
    auto text = scalar(*item, key, bytes_max, false);
    if (!text) continue;
    if (!seen.insert(*text).second) {
      mistake_at(item->at, key, fmt::format("\"{}\" is in the list twice", cut_utf8(*text, shown_bytes_max)));
    } else {
      words.push_back({std::move(*text), item->at});
    }
  }
  return words;
}

std::map<std::string, std::string> Section::text_map(std::string_view key, std::size_t count_max,
                                                     std::size_t bytes_max) {
  std::map<std::string, std::string> texts;
  const Value* map = of_kind(key, ValueKind::map, count_max);
  if (map == nullptr) return texts;
  for (const Member& member : map->members) {
    if (member.key.empty() || member.key.size() > limits::alarm_name_bytes_max) {
      mistake_at(member.at, key, fmt::format("a name is 1 to {} bytes long", limits::alarm_name_bytes_max));
      continue;
    }
    auto text = scalar(*member.value, fmt::format("{}.{}", key, cut_utf8(member.key, shown_bytes_max)),
                       bytes_max, false);
    if (text) texts[member.key] = std::move(*text);
  }
  return texts;
}

std::optional<Section> Section::section(std::string_view key, std::string_view shape) {
  const Value* node = of_kind(key, ValueKind::map, limits::config_nodes_max);
  if (node == nullptr) return std::nullopt;
  const ValuePtr shared(node_, node); // the parent keeps it alive
  return Section(notes_, shared, path_of(key), shape);
}

std::vector<Section> Section::sections(std::string_view key, std::size_t count_max, std::string_view shape) {
  std::vector<Section> found;
  const Value* list = of_kind(key, ValueKind::list, count_max);
  if (list == nullptr) return found;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const ValuePtr& item = list->items[i];
    std::string path = fmt::format("{}[{}]", path_of(key), i);
    if (item->kind == ValueKind::map) {
      found.emplace_back(notes_, item, std::move(path), shape);
    } else {
      notes_.add(item->at, std::move(path), fmt::format("must be a map, not {}", words_for(item->kind)));
    }
  }
  return found;
}

} // namespace kaden::config
