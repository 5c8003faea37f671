#include "secret.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace kaden::app {

Result<std::string> read_secret(const std::string& file, const char* variable) {
  if (file.empty()) {
    const char* value = std::getenv(variable); // NOLINT(concurrency-mt-unsafe): nobody sets variables here
    return std::string(value == nullptr ? "" : value);
  }
  std::ifstream stream(file);
  if (!stream) return fail(Fault::not_found, "cannot read the file " + file);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  return std::string(trim(text));
}

int report(const Error& error) {
  constexpr int refused = 1;
  constexpr int unreachable = 2;
  fmt::print(stderr, "kaden: {}\n", error.message);
  return error.fault == Fault::unavailable || error.fault == Fault::timeout ? unreachable : refused;
}

} // namespace kaden::app
