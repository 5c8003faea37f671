#include "wav.h"

#include <gtest/gtest.h>

namespace kaden::speech {
namespace {

std::string little(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xFFu);
  return text;
}

struct Format {
  std::uint32_t coding = 1;
  std::uint32_t channels = 1;
  std::uint32_t rate = 48'000;
  std::uint32_t bits = 16;
};

std::string format_chunk(const Format& format) {
  return "fmt " + little(16, 4) + little(format.coding, 2) + little(format.channels, 2) +
         little(format.rate, 4) + little(format.rate * 2, 4) + little(2, 2) + little(format.bits, 2);
}
std::string file_of(const std::string& chunks) {
  return "RIFF" + little(99, 4) + "WAVE" + chunks;
}
std::string data_chunk(std::uint32_t size = 4) {
  return "data" + little(size, 4) + little(1, 2) + little(0xFFFE, 2);
}

TEST(Wav, Reads) {
  const auto wav = parse_wav(file_of(format_chunk({}) + data_chunk()));
  ASSERT_TRUE(wav);
  EXPECT_EQ(wav->rate_hz, 48'000);
  EXPECT_EQ(wav->samples, (std::vector<std::int16_t>{1, -2}));
}

TEST(Wav, SkipsUnknownChunksAndTakesCutData) {
  const std::string odd = "LIST" + little(3, 4) + "abc" + std::string(1, '\0');
  EXPECT_EQ(parse_wav(file_of(odd + format_chunk({}) + odd + data_chunk()))->samples.size(), 2u);
  EXPECT_EQ(parse_wav(file_of(format_chunk({}) + data_chunk(0xFFFFFFFF)))->samples.size(), 2u);
  EXPECT_EQ(parse_wav(file_of(format_chunk({}) + data_chunk(0)))->samples.size(), 0u);
}

TEST(Wav, Refuses) {
  const std::string fine = format_chunk({});
  for (const std::string& bytes :
       {std::string(), std::string("RIFF"), "RIFX" + file_of(fine + data_chunk()).substr(4), file_of(""),
        file_of(fine), file_of(data_chunk()), file_of("fmt " + little(4, 4) + "abcd" + data_chunk()),
        file_of("LIST" + little(0xFFFFFFFF, 4) + fine + data_chunk()),
        file_of(format_chunk({3, 1, 48'000, 16}) + data_chunk()),
        file_of(format_chunk({1, 2, 48'000, 16}) + data_chunk()),
        file_of(format_chunk({1, 1, 7'999, 16}) + data_chunk()),
        file_of(format_chunk({1, 1, 192'001, 16}) + data_chunk()),
        file_of(format_chunk({1, 1, 48'000, 8}) + data_chunk())}) {
    const auto wav = parse_wav(bytes);
    ASSERT_FALSE(wav);
    EXPECT_EQ(wav.error().fault, Fault::invalid);
  }
}

TEST(Wav, EveryPrefixIsSafe) {
  const std::string whole = file_of(format_chunk({}) + data_chunk());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto wav = parse_wav(std::string_view(whole).substr(0, size));
    EXPECT_TRUE(!wav || wav->samples.size() < 2);
  }
}

} // namespace
} // namespace kaden::speech
