#include "archive.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <future>

namespace kaden::app {
namespace {

TEST(Archive, one_asker_does_not_hold_up_the_others) {
  std::string folder = std::filesystem::temp_directory_path() / "kaden-archive-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  {
    const runtime::SystemClock clock;
    datapoints::Settings settings;
    settings.path = folder + "/metrics.db";
    Archive archive(settings, clock, {});
    cloudwatch::PastQuery query{
        {{{"CWAgent", "cpu", {}}, Millis(0)}}, clock.wall() - seconds(60), clock.wall()};
    std::promise<void> is_held, let_go;
    query.asker = "loud";
    archive.read(query, [&](const Result<std::vector<cloudwatch::PastSeries>>&) {
      is_held.set_value();
      let_go.get_future().wait();
    });
    is_held.get_future().wait();

    std::mutex mutex;
    std::vector<std::string> answered;
    std::vector<Fault> refused;
    std::promise<void> all_answered;
    const auto ask = [&](const std::string& asker) {
      query.asker = asker;
      archive.read(query, [&, asker](const Result<std::vector<cloudwatch::PastSeries>>& found) {
        const std::lock_guard lock(mutex);
        if (!found) return refused.push_back(found.error().fault);
        answered.push_back(asker);
        if (answered.size() == limits::past_reads_of_one_max + 1) all_answered.set_value();
      });
    };
    for (std::size_t i = 0; i < limits::past_reads_of_one_max + 2; ++i) ask("loud");
    EXPECT_EQ(refused, std::vector<Fault>(2, Fault::busy)) << "told at once";
    ask("quiet");
    let_go.set_value();
    all_answered.get_future().wait();
    EXPECT_EQ(answered[1], "quiet") << "after one of the other's";
  }
  std::filesystem::remove_all(folder);
}

} // namespace
} // namespace kaden::app
