/// speech/names.h - how one word of letters and a run of digits are read. Room: speech, internal.
/// Threads: pure functions; any. Errors: none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::speech {

/// Katakana of a word that is romaji from end to end ("sakura" is サクラ); nullopt otherwise. Lower case.
std::optional<std::string> read_romaji(std::string_view word);
/// Letter by letter: "dbx" is ディービーエックス and "D B X".
std::string spell(Language language, std::string_view letters);
/// One by one, leading zeros too, in groups of four: "01" is ゼロイチ and "zero one".
std::string read_digits(Language language, std::string_view digits);
/// A word of ASCII letters, any case: by the lexicon, as romaji, as it stands, or letter by letter.
std::string read_word(Language language, std::string_view word);

} // namespace kaden::speech
