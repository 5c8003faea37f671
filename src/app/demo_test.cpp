// The configuration that Kaden carries in itself is one that Kaden takes.
#include "demo.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "kaden/config.h"

namespace kaden::app {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

class DemoTest : public testing::Test {
 protected:
  DemoTest() { options_.folder = folder_; }
  ~DemoTest() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ = testing::TempDir() + "kaden_demo_" + std::to_string(getpid());
  DemoOptions options_;
};

TEST_F(DemoTest, IsAGoodConfigurationInBothLanguages) {
  for (const Language language : {Language::ja, Language::en}) {
    options_.language = language;
    options_.port = 18480;
    const auto path = write_demo(options_);
    ASSERT_TRUE(path.has_value()) << path.error().message;
    const auto settings = config::load(*path, config::process_environment());
    ASSERT_TRUE(settings.has_value()) << settings.error().message;
    ASSERT_EQ(settings->engine.people.size(), 1U);
    EXPECT_EQ(settings->engine.people.front().language, language);
    ASSERT_EQ(settings->alarms.size(), 1U);
    EXPECT_EQ(settings->alarms.front().say.count(Language::ja), 1U);
  }
}

TEST_F(DemoTest, SecretsAreRandomStayAndAreTheOwnersAlone) {
  ASSERT_TRUE(write_demo(options_).has_value());
  const std::string token = text_of(options_.folder + "/token");
  EXPECT_EQ(token.size(), 48U);
  EXPECT_NE(token, text_of(options_.folder + "/agent-secret"));
  struct stat status {};
  ASSERT_EQ(stat((options_.folder + "/token").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_TRUE(write_demo(options_).has_value());
  EXPECT_EQ(text_of(options_.folder + "/token"), token);
}

TEST_F(DemoTest, AFolderThatCannotBeMadeIsNamed) {
  options_.folder = "/dev/null/demo";
  const auto path = write_demo(options_);
  ASSERT_FALSE(path.has_value());
  EXPECT_NE(path.error().message.find("/dev/null/demo"), std::string::npos);
}

} // namespace
} // namespace kaden::app
