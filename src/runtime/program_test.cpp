#include "kaden/program.h"

#include <gtest/gtest.h>

namespace kaden::runtime {
namespace {

const runtime::SystemClock clock_now;

Result<ProgramRun> run(const std::vector<std::string>& arguments, std::string_view input = "",
                       Millis most = seconds(20)) {
  return run_program(clock_now, arguments, input, most);
}

TEST(Program, PassesInputAndOutput) {
  const std::string big(3'000'000, 'x');
  const auto ran = run({"cat"}, big);
  ASSERT_TRUE(ran);
  EXPECT_TRUE(ran->succeeded);
  EXPECT_EQ(ran->output, big);
  EXPECT_EQ(ran->complaints, "");
}

TEST(Program, OutputByName) {
  const auto ran = run({"cp", "/dev/stdin", "/dev/stdout"}, "kaden");
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->output, "kaden") << ran->complaints;
}

TEST(Program, FailureIsToldWithItsWords) {
  const auto ran = run({"sh", "-c", "echo no good >&2; exit 3"});
  ASSERT_TRUE(ran);
  EXPECT_FALSE(ran->succeeded);
  EXPECT_EQ(ran->complaints, "no good\n");
  const auto crashed = run({"sh", "-c", "kill -SEGV $$"});
  ASSERT_TRUE(crashed);
  EXPECT_FALSE(crashed->succeeded);
}

TEST(Program, MissingProgramIsUnavailable) {
  for (const char* name : {"no-such-program", "/no/such/program", "/etc/passwd", ""}) {
    const auto ran = run({name});
    ASSERT_FALSE(ran) << name;
    EXPECT_EQ(ran.error().fault, Fault::unavailable);
    EXPECT_NE(ran.error().message.find("starting"), std::string::npos);
  }
}

TEST(Program, TooSlowIsKilled) {
  const auto ran = run({"sleep", "60"}, "", Millis(50));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().fault, Fault::timeout);
  EXPECT_EQ(run({"sleep", "60"}, "", Millis(0)).error().fault, Fault::timeout);
}

TEST(Program, InheritsNothing) {
  const auto ran = run({"sh", "-c", "ls /proc/self/fd; kill -0 $$; trap"}, "");
  ASSERT_TRUE(ran);
  // 3 is ls's own, for the folder.
  EXPECT_EQ(ran->output, "0\n1\n2\n3\n");
}

} // namespace
} // namespace kaden::runtime
