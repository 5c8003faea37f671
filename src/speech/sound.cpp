#include "sound.h"

#include <samplerate.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kaden::speech {
namespace {

constexpr int telephone_hz = 8'000;
constexpr std::size_t frame = telephone_hz / 100; // 10 ms
constexpr std::size_t lead_frames = 3;            // kept before the first sound: soft onsets
constexpr std::size_t tail_frames = 12;           // kept after the last one
constexpr float frame_is_sound = 0.01F;           // of the loudest frame's RMS: -40 dB
constexpr float rms_wanted = 0.126F;              // -18 dBFS
constexpr float peak_most = 0.708F;               // -3 dBFS
constexpr float peak_knee = 0.5F;                 // -6 dBFS: above it, peaks are bent, not cut
constexpr float audible = 1.0F / 8'192.0F;        // quieter than G.711's smallest step

Result<std::vector<float>> resample(const std::vector<std::int16_t>& samples, int rate_hz) {
  std::vector<float> in(samples.size());
  src_short_to_float_array(samples.data(), in.data(), static_cast<int>(in.size()));
  const double ratio = static_cast<double>(telephone_hz) / rate_hz;
  std::vector<float> out(static_cast<std::size_t>(static_cast<double>(in.size()) * ratio) + frame);
  SRC_DATA job{};
  job.data_in = in.data();
  job.input_frames = static_cast<long>(in.size());
  job.data_out = out.data();
  job.output_frames = static_cast<long>(out.size());
  job.src_ratio = ratio;
  // Its transition band ends the speech at about 3.6 kHz, where a telephone line does.
  const int error = src_simple(&job, SRC_SINC_MEDIUM_QUALITY, 1);
  if (error != 0) return fail(Fault::invalid, std::string("resampling speech: ") + src_strerror(error));
  out.resize(static_cast<std::size_t>(job.output_frames_gen));
  return out;
}

/// Second-order Butterworth high-pass at 200 Hz: rumble takes level and is not heard on a telephone.
void cut_rumble(std::vector<float>& samples) {
  const double w = 2.0 * std::numbers::pi * 200.0 / telephone_hz;
  const double alpha = std::sin(w) / std::numbers::sqrt2;
  const double a0 = 1.0 + alpha;
  const double b0 = (1.0 + std::cos(w)) / 2.0 / a0;
  const double b1 = -2.0 * b0;
  const double a1 = -2.0 * std::cos(w) / a0;
  const double a2 = (1.0 - alpha) / a0;
  double z1 = 0.0;
  double z2 = 0.0;
  for (float& sample : samples) {
    const double in = sample;
    const double out = b0 * in + z1;
    z1 = b1 * in - a1 * out + z2;
    z2 = b0 * in - a2 * out;
    sample = static_cast<float>(out);
  }
}

std::vector<float> frame_levels(const std::vector<float>& samples) {
  std::vector<float> levels;
  for (std::size_t at = 0; at < samples.size(); at += frame) {
    const std::size_t end = std::min(at + frame, samples.size());
    float power = 0.0F;
    for (std::size_t i = at; i < end; ++i) power += samples[i] * samples[i];
    levels.push_back(std::sqrt(power / static_cast<float>(end - at)));
  }
  return levels;
}

/// Cuts silence at both ends; empty when nothing is audible.
void trim_silence(std::vector<float>& samples) {
  const std::vector<float> levels = frame_levels(samples);
  const float loudest = levels.empty() ? 0.0F : *std::max_element(levels.begin(), levels.end());
  if (loudest < audible) {
    samples.clear();
    return;
  }
  const auto is_sound = [&](float level) { return level >= loudest * frame_is_sound; };
  const auto first =
      static_cast<std::size_t>(std::find_if(levels.begin(), levels.end(), is_sound) - levels.begin());
  const auto after =
      levels.size() -
      static_cast<std::size_t>(std::find_if(levels.rbegin(), levels.rend(), is_sound) - levels.rbegin());
  const std::size_t from = (first > lead_frames ? first - lead_frames : 0) * frame;
  const std::size_t to = std::min((after + tail_frames) * frame, samples.size());
  samples.resize(to);
  samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(from));
}

/// RMS over the frames that hold speech: pauses do not count.
float speech_level(const std::vector<float>& samples) {
  const std::vector<float> levels = frame_levels(samples);
  const float loudest = *std::max_element(levels.begin(), levels.end());
  float power = 0.0F;
  float count = 0.0F;
  for (const float level : levels) {
    if (level < loudest * 0.1F) continue;
    power += level * level;
    count += 1.0F;
  }
  return std::sqrt(power / count);
}

/// The identity up to the knee, then a curve that never reaches peak_most.
float bend(float sample) {
  const float size = std::abs(sample);
  if (size <= peak_knee) return sample;
  const float room = peak_most - peak_knee;
  return std::copysign(peak_knee + room * std::tanh((size - peak_knee) / room), sample);
}

} // namespace

Result<std::vector<std::int16_t>> to_telephone(const std::vector<std::int16_t>& samples, int rate_hz) {
  auto audio = resample(samples, rate_hz);
  if (!audio) return tl::unexpected<Error>(audio.error());
  cut_rumble(*audio);
  trim_silence(*audio);
  std::vector<std::int16_t> out(audio->size());
  if (audio->empty()) return out;
  const float gain = rms_wanted / speech_level(*audio);
  std::transform(audio->begin(), audio->end(), out.begin(), [gain](float sample) {
    return static_cast<std::int16_t>(std::lround(bend(sample * gain) * 32'767.0F));
  });
  return out;
}

} // namespace kaden::speech
