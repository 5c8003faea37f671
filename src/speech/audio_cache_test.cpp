#include "audio_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace kaden::speech {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t plenty = 1u << 20;

AudioPtr audio_of(std::size_t samples, std::int16_t value = 7) {
  return std::make_shared<const Audio>(Audio{std::vector<std::int16_t>(samples, value)});
}

/// A folder of its own for each test, gone afterwards.
class AudioCacheFolder : public testing::Test {
 public:
  AudioCacheFolder() {
    std::string name = (fs::temp_directory_path() / "kaden-cache-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  ~AudioCacheFolder() override { fs::remove_all(root_); }
  AudioCacheFolder(const AudioCacheFolder&) = delete;
  AudioCacheFolder& operator=(const AudioCacheFolder&) = delete;

 protected:
  std::string folder() const { return (root_ / "speech").string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder()), fs::directory_iterator()));
  }
  fs::path root_;
};

TEST(AudioCache, ForgetsWhatWasNotAskedForLongest) {
  AudioCache cache("", 3 * 2 * 100);
  for (const char* key : {"a", "b", "c"}) cache.keep(key, audio_of(100));
  EXPECT_TRUE(cache.find("a"));
  cache.keep("d", audio_of(100));
  EXPECT_FALSE(cache.find("b"));
  EXPECT_TRUE(cache.find("a"));
  EXPECT_TRUE(cache.find("c"));
  EXPECT_TRUE(cache.find("d"));
  cache.keep("huge", audio_of(1'000));
  EXPECT_FALSE(cache.find("huge"));
  EXPECT_TRUE(cache.find("d"));
  EXPECT_TRUE(cache.check_folder());
}

TEST_F(AudioCacheFolder, SurvivesARestart) {
  const AudioPtr made = audio_of(1'000, -12'345);
  AudioCache(folder(), plenty).keep("k", made);
  AudioCache again(folder(), plenty);
  const AudioPtr found = again.find("k");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->samples, made->samples);
  EXPECT_EQ(again.find("k"), found) << "from memory the second time";
  EXPECT_FALSE(again.find("other"));
  EXPECT_TRUE(again.check_folder());
  EXPECT_EQ(files(), 1u);
}

TEST_F(AudioCacheFolder, DamagedFilesAreNotPlayed) {
  AudioCache(folder(), plenty).keep("k", audio_of(20));
  const fs::path path = fs::path(folder()) / "k.audio";
  std::ifstream file(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  const auto found_with = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return AudioCache(folder(), plenty).find("k") != nullptr;
  };
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(found_with(whole.substr(0, size))) << size << " bytes";
    EXPECT_FALSE(fs::exists(path));
    std::string flipped = whole;
    flipped[size] = static_cast<char>(flipped[size] ^ 1);
    EXPECT_FALSE(found_with(flipped)) << "byte " << size;
  }
  EXPECT_TRUE(found_with(whole));
}

TEST_F(AudioCacheFolder, IsBoundedOnDiskToo) {
  {
    AudioCache cache(folder(), 5 * 2 * 100);
    for (int i = 0; i < 20; ++i) {
      cache.keep("k" + std::to_string(i), audio_of(100));
      cache.keep("k" + std::to_string(i), audio_of(100)); // a repeat counts once
      EXPECT_LE(files(), 5u);
    }
    EXPECT_EQ(files(), 5u);
    EXPECT_TRUE(fs::exists(fs::path(folder()) / "k19.audio"));
  }
  std::ofstream(fs::path(folder()) / "k.1-2.part") << "left by a crash";
  AudioCache smaller(folder(), 2 * 2 * 150);
  EXPECT_LE(files(), 2u);
}

TEST_F(AudioCacheFolder, AFolderThatCannotBeWrittenCostsSpeedOnly) {
  std::ofstream(root_ / "speech") << "a file is in the way";
  AudioCache cache(folder(), plenty);
  cache.keep("k", audio_of(10));
  EXPECT_TRUE(cache.find("k"));
  EXPECT_FALSE(cache.find("other"));
  const auto checked = cache.check_folder();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().fault, Fault::unavailable);
}

} // namespace
} // namespace kaden::speech
