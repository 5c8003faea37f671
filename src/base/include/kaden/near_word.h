/// kaden/near_word.h - which known word somebody may have meant. Room: base.
/// Threads: pure function; any. Errors: none; "" when nothing is near.
#pragma once

#include <string_view>
#include <vector>

namespace kaden {

/// The known word with the fewest edits to `word` (a third of its length at most, one always), the first of
/// equals. "" for words over 64 bytes: nobody mistypes those, and the work grows with the square.
std::string_view near_word(std::string_view word, const std::vector<std::string_view>& known);

} // namespace kaden
