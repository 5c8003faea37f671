/// kaden/result.h - expected failures as values, and the check for our own mistakes. Room: base.
/// Threads: values; any. Errors: this is where they are defined.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace kaden {

/// What the caller can do about a failure, not where it came from.
enum class Fault : std::uint8_t {
  invalid,     ///< the input is wrong: tell the sender, do not retry
  not_found,   ///< there is no such thing
  conflict,    ///< it exists already, or in another state
  denied,      ///< the sender may not do this
  busy,        ///< a limit is reached: retry soon
  unavailable, ///< the other side cannot be reached: try another
  timeout,     ///< no answer in time
  corrupt,     ///< stored data cannot be trusted: stop
};

std::string_view to_text(Fault fault);

struct Error {
  Fault fault = Fault::invalid;
  std::string message; ///< one sentence for a person; starts with what we were doing

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(Fault::invalid, "listen.port: 70000 is not a port");`
inline tl::unexpected<Error> fail(Fault fault, std::string message) {
  return tl::unexpected<Error>(Error{fault, std::move(message)});
}

/// Passes an error on, once, with what we were doing: "reading kaden.yaml: no such file".
inline tl::unexpected<Error> fail_while(std::string_view doing, const Error& error) {
  return tl::unexpected<Error>(Error{error.fault, std::string(doing) + ": " + error.message});
}

/// Our own mistakes only, never input from outside. Stays on in release: prints and aborts, and the
/// journal recovers. `what` says what must have been true.
void require(bool holds, const char* what);

} // namespace kaden
