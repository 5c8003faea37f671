#include "sound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kaden::speech {
namespace {

/// `before` and `after` are silence, in milliseconds.
std::vector<std::int16_t> tone(int rate_hz, double hz, double level, int before, int length, int after) {
  std::vector<std::int16_t> samples(static_cast<std::size_t>(rate_hz * (before + length + after) / 1000));
  const auto from = static_cast<std::size_t>(rate_hz * before / 1000);
  const auto to = from + static_cast<std::size_t>(rate_hz * length / 1000);
  for (std::size_t i = from; i < to; ++i) {
    const double phase = 2.0 * std::numbers::pi * hz * static_cast<double>(i) / rate_hz;
    samples[i] = static_cast<std::int16_t>(std::lround(32'767.0 * level * std::sin(phase)));
  }
  return samples;
}

double rms_db(const std::vector<std::int16_t>& samples) {
  double power = 0.0;
  for (const std::int16_t each : samples) power += static_cast<double>(each) * each;
  return 10.0 * std::log10(power / static_cast<double>(samples.size()) / (32'768.0 * 32'768.0));
}

TEST(Sound, LevelIsTheSameWhateverComesIn) {
  for (const int rate : {8'000, 22'050, 48'000}) {
    for (const double level : {0.01, 0.3, 1.0}) {
      const auto out = to_telephone(tone(rate, 1'000, level, 0, 1'000, 0), rate);
      ASSERT_TRUE(out);
      EXPECT_NEAR(rms_db(*out), -18.0, 0.5) << rate << " Hz, level " << level;
      EXPECT_NEAR(static_cast<double>(out->size()), 8'000.0, 100.0);
    }
  }
}

TEST(Sound, SilenceAroundSpeechIsCut) {
  const auto out = to_telephone(tone(48'000, 800, 0.5, 700, 500, 900), 48'000);
  ASSERT_TRUE(out);
  const auto first = std::find_if(out->begin(), out->end(), [](int each) { return std::abs(each) > 1'000; });
  const auto last = std::find_if(out->rbegin(), out->rend(), [](int each) { return std::abs(each) > 1'000; });
  const auto lead_ms = (first - out->begin()) / 8;
  const auto tail_ms = (last - out->rbegin()) / 8;
  EXPECT_GE(lead_ms, 10);
  EXPECT_LT(lead_ms, 100);
  EXPECT_GE(tail_ms, 50);
  EXPECT_LE(tail_ms, 200);
}

TEST(Sound, PeaksAreBentBelowThreeDecibels) {
  // Short clicks over a quiet tone: the level wants a gain that the peaks do not allow.
  auto samples = tone(8'000, 500, 0.05, 0, 1'000, 0);
  for (std::size_t i = 100; i < samples.size(); i += 400) samples[i] = 32'767;
  const auto out = to_telephone(samples, 8'000);
  ASSERT_TRUE(out);
  const int peak = std::abs(
      *std::max_element(out->begin(), out->end(), [](int a, int b) { return std::abs(a) < std::abs(b); }));
  EXPECT_LE(peak, 23'250); // -3 dBFS
  EXPECT_GT(peak, 20'000);
}

TEST(Sound, BandIsTheTelephones) {
  // Beside a tone inside the band, equally strong ones outside of it vanish.
  const auto level_beside = [](double hz) {
    auto samples = tone(48'000, hz, 0.4, 0, 1'000, 0);
    const auto inside = tone(48'000, 1'000, 0.04, 0, 1'000, 0);
    for (std::size_t i = 0; i < samples.size(); ++i)
      samples[i] = static_cast<std::int16_t>(samples[i] + inside[i]);
    const auto out = to_telephone(samples, 48'000).value();
    double sine = 0.0;
    double cosine = 0.0;
    for (std::size_t i = 800; i < 7'200; ++i) {
      const double phase = 2.0 * std::numbers::pi * 1'000.0 * static_cast<double>(i) / 8'000.0;
      sine += out[i] * std::sin(phase);
      cosine += out[i] * std::cos(phase);
    }
    return std::hypot(sine, cosine) / 3'200.0; // the 1 kHz tone's amplitude in what came out
  };
  EXPECT_GT(level_beside(5'000), 5'000.0);
  EXPECT_GT(level_beside(30), 2'000.0);
  EXPECT_LT(level_beside(2'000), 1'000.0);
}

TEST(Sound, SilenceGivesNothing) {
  EXPECT_TRUE(to_telephone({}, 48'000)->empty());
  EXPECT_TRUE(to_telephone(std::vector<std::int16_t>(48'000), 48'000)->empty());
  EXPECT_TRUE(to_telephone(std::vector<std::int16_t>(10, 1), 48'000)->empty());
}

} // namespace
} // namespace kaden::speech
