/// killed_writer.h - kill -9 of a child process that writes to a store, at a random instant: for tests of
/// stores. Room: none. Threads: one; nothing else may run when it forks. Errors: fatal failures of
/// GoogleTest.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

namespace kaden::test {

/// `write_for_ever(pipe_end)` runs in the child and does not return; it writes a Number into the pipe for
/// each commit that it was told is durable. The kill falls after 1 to `most` of them, at any instant of the
/// next one. `told` becomes the last Number that came.
template <class Number, class Write>
void kill_a_writer(std::minstd_rand& chance, unsigned most, Number& told, const Write& write_for_ever) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    write_for_ever(ends[1]);
    _exit(1);
  }
  close(ends[1]);
  Number number{};
  const auto wanted = static_cast<unsigned>(1 + chance() % most);
  for (unsigned i = 0; i < wanted && read(ends[0], &number, sizeof number) == sizeof number; ++i)
    told = number;
  usleep(static_cast<unsigned>(chance() % 2'000));
  ASSERT_EQ(kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself with " << WEXITSTATUS(status);
  while (read(ends[0], &number, sizeof number) == sizeof number) told = number;
  close(ends[0]);
}

} // namespace kaden::test
