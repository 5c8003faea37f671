#include "kaden/readability.h"

#include <gtest/gtest.h>

#include <vector>

namespace kaden {
namespace {

TEST(Readability, one_alarm_for_each_outage_that_lasts) {
  using Change = Readability::Change;
  constexpr int read = -1;
  struct Step {
    int at_s; ///< of a failure; `read`: it was read
    Change expect;
  };
  const std::vector<std::vector<Step>> tables = {
      {{0, Change::none},
       {599, Change::none},
       {600, Change::unreadable},
       {700, Change::none},
       {read, Change::readable},
       {read, Change::none}},
      {{0, Change::none},
       {300, Change::none},
       {read, Change::none},
       {600, Change::none},
       {1'199, Change::none},
       {1'200, Change::unreadable}},
      {{1'000, Change::none},
       {100, Change::none},
       {699, Change::none},
       {700, Change::unreadable}}, // stepped back
  };
  for (const auto& table : tables) {
    Readability readability(seconds(600));
    for (const Step& step : table) {
      Readability again(seconds(600));
      ASSERT_TRUE(again.restore(readability.save()));
      const auto change = step.at_s == read ? again.read() : again.failed(wall_time(step.at_s * 1'000LL));
      EXPECT_EQ(change, step.expect) << step.at_s;
      readability = again;
    }
  }
}

TEST(Readability, what_was_not_saved_by_it_is_refused) {
  for (const char* text : {"[]", R"({"told":1})", R"({"told":true})", R"({"since":5,"told":false})",
                           R"({"since":"yesterday","told":false})"}) {
    Readability readability(seconds(1));
    EXPECT_EQ(readability.restore(parse_json(text).value()).error().fault, Fault::corrupt) << text;
  }
}

} // namespace
} // namespace kaden
