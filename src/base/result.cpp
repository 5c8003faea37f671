#include "kaden/result.h"

#include <cstdio>
#include <cstdlib>

namespace kaden {

std::string_view to_text(Fault fault) {
  switch (fault) {
    case Fault::invalid:
      return "invalid";
    case Fault::not_found:
      return "not_found";
    case Fault::conflict:
      return "conflict";
    case Fault::denied:
      return "denied";
    case Fault::busy:
      return "busy";
    case Fault::unavailable:
      return "unavailable";
    case Fault::timeout:
      return "timeout";
    case Fault::corrupt:
      return "corrupt";
  }
  return "unknown";
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "kaden: internal error, must hold: %s\n", what);
  std::abort();
}

} // namespace kaden
