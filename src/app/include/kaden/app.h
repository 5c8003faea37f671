/// kaden/app.h - the program: command line, configuration, wiring. Room: app. Uses: every room.
/// Threads: main() runs on the main thread and starts the others (docs/threads.md). Errors: one sentence on
/// stderr, exit code 0 done, 1 refused, 2 unreachable or wrong usage.
#pragma once

namespace kaden::app {

/// The whole command line.
int main(int argc, char** argv);

} // namespace kaden::app
