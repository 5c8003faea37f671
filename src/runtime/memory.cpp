#include "kaden/memory.h"

#include <malloc.h>

namespace kaden::runtime {

void give_back_memory() {
  malloc_trim(0);
}

} // namespace kaden::runtime
