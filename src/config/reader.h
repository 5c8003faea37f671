/// reader.h - takes fields out of the tree: types, ranges, unknown keys; every mistake is noted with its
/// place. Room: config. Threads: values; one at a time. Errors: noted in Notes, never returned: reading goes
/// on with the fallback, so that one run shows all mistakes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "document.h"

#include "kaden/limits/configuration.h"

namespace kaden::config {

/// The mistakes found so far.
class Notes {
 public:
  void add(Place at, std::string path, std::string message);
  bool empty() const { return count_ == 0; }
  /// True while mistakes are still shown: suggestions are worth their time.
  bool wants_more() const { return count_ < limits::config_errors_max; }
  /// "file:line:column: path: message", one a line, in the order of the file.
  Error error(std::string_view text, const std::string& file_name) const;

 private:
  struct Note {
    Place at;
    std::string path, message;
  };
  std::vector<Note> notes_;
  std::size_t count_ = 0;
};

/// " (did you mean \"sato\"?)", or "" when nothing is near.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& known);

/// A text of the file and its place.
struct Word {
  std::string text;
  Place at;
};

/// One map of the file. `shape` names its row in shapes() and so the keys it may have.
class Section {
 public:
  Section(Notes& notes, ValuePtr node, std::string path, std::string_view shape);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// True for a list or map without entries.
  bool is_empty(std::string_view key) const;
  /// Notes a missing key; false then.
  bool wants(std::string_view key);
  /// A mistake at the key's value, or at the map when the key is not there.
  void mistake(std::string_view key, std::string message);
  void mistake_at(Place at, std::string_view key, std::string message);
  Notes& notes() { return notes_; }
  const std::string& path() const { return path_; }

  /// One line, not empty, at most `bytes_max`.
  std::string text(std::string_view key, std::size_t bytes_max, std::string_view fallback = "");
  /// The same, or "" in quotes.
  std::string text_or_empty(std::string_view key, std::size_t bytes_max, std::string_view fallback);
  std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most, std::int64_t fallback);
  /// Whole seconds.
  Millis seconds(std::string_view key, std::int64_t least_s, std::int64_t most_s, Millis fallback);
  bool flag(std::string_view key, bool fallback);
  /// A list of texts, none of them twice. Absent gives nothing.
  std::vector<Word> texts(std::string_view key, std::size_t count_max, std::size_t bytes_max);
  /// A map of texts.
  std::map<std::string, std::string> text_map(std::string_view key, std::size_t count_max,
                                              std::size_t bytes_max);

  std::optional<Section> section(std::string_view key, std::string_view shape);
  /// A list of maps.
  std::vector<Section> sections(std::string_view key, std::size_t count_max, std::string_view shape);

  /// The scalar of the key and its place, for fields with a grammar of their own.
  std::optional<Word> word(std::string_view key, std::size_t bytes_max);
  /// One of a few words; fallback when absent or wrong (then noted).
  template <class T>
  T choice(std::string_view key, std::optional<T> (*parse)(std::string_view),
           const std::vector<std::string_view>& known, T fallback) {
    const auto found = word(key, 64);
    if (!found) return fallback;
    if (const auto value = parse(found->text)) return *value;
    not_one_of(key, *found, known);
    return fallback;
  }
  void not_one_of(std::string_view key, const Word& word, const std::vector<std::string_view>& known);

 private:
  const Value* find(std::string_view key) const;
  std::string path_of(std::string_view key) const;
  std::optional<std::string> scalar(const Value& node, std::string_view key, std::size_t bytes_max,
                                    bool may_be_empty);
  const Value* of_kind(std::string_view key, ValueKind kind, std::size_t count_max);
  void refuse_unknown_keys(std::string_view shape);

  Notes& notes_;
  ValuePtr node_;
  std::string path_;
};

} // namespace kaden::config
