/// kaden/program.h - runs one program to its end, without a shell and without files. Room: runtime. Uses:
/// base. Threads: any; run_program() blocks. Errors: unavailable (cannot be started, or failed), timeout
/// (killed).
#pragma once

#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/runtime.h"

namespace kaden::runtime {

struct ProgramRun {
  bool succeeded = false; ///< exit status 0
  std::string output;     ///< standard output
  std::string complaints; ///< standard error, its first kilobytes
};

/// `arguments[0]` is the program, looked up in PATH when it has no '/'. Standard input, output and error are
/// anonymous memory: nothing is left behind, whatever happens. A program that runs longer than `most` is
/// killed.
Result<ProgramRun> run_program(const Clock& clock, const std::vector<std::string>& arguments,
                               std::string_view input, Millis most);

} // namespace kaden::runtime
