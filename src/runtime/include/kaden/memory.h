/// kaden/memory.h - memory that was needed once. Room: runtime. Threads: any. Errors: none.
#pragma once

namespace kaden::runtime {

/// After a burst: gives free memory back to the system, which malloc would keep (malloc_trim(3)). Allocations
/// wait meanwhile, some tens of milliseconds for each GB.
void give_back_memory();

} // namespace kaden::runtime
