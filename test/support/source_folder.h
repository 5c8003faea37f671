// Where the checkout lies, for tests that read files of it. ctest sets it; by hand, run from the checkout's
// root.
#pragma once

#include <cstdlib>
#include <string>

namespace kaden {

inline std::string source_folder() {
  const char* const folder = std::getenv("KADEN_SOURCE_DIR");
  return folder ? folder : ".";
}

} // namespace kaden
