/// problem.h - what is wrong in a pattern, and where. Room: logfilter, inside.
/// Threads: values; any. Errors: this is one; Pattern::parse makes it an Error that counts characters.
#pragma once

#include <cstddef>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace kaden::logfilter {

struct Problem {
  std::size_t at = 0; ///< byte offset in the pattern
  std::string message;
};

template <class T>
using Parsed = tl::expected<T, Problem>;

inline tl::unexpected<Problem> wrong(std::size_t at, std::string message) {
  return tl::unexpected<Problem>(Problem{at, std::move(message)});
}

} // namespace kaden::logfilter
