#include "open_jtalk.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "characters.h"
#include "kaden/program.h"

#include "kaden/limits/speech.h"

namespace kaden::speech {
namespace {

constexpr std::string_view stop = "。";
constexpr std::size_t line_bytes_max = 900;         // 1,024 less room for the end of the line
constexpr std::string_view speed = "0.92";          // slower than the voice's own: telephone, 03:00
constexpr std::string_view no_sound = "No phoneme"; // open_jtalk's words for a text of signs only

bool is_spoken(const Character& each) {
  return is_japanese(each.code) || (each.bytes.size() == 1 && is_alnum(each.bytes[0]));
}

/// As open_jtalk counts: it widens ASCII to three bytes first.
std::size_t weight_of(const Character& each) {
  return std::max<std::size_t>(each.bytes.size(), 3);
}

/// Where the piece that begins at `from` ends.
std::size_t piece_end(std::string_view text, std::size_t from) {
  std::size_t weight = 0;
  std::size_t pause = 0;
  for (std::size_t at = from; at < text.size();) {
    const Character each = character_at(text, at);
    weight += weight_of(each);
    if (weight > line_bytes_max) return pause > from ? pause : at;
    at += each.bytes.size();
    if (each.bytes == stop) return at;
    if (each.bytes == "、" || each.bytes == " ") pause = at;
  }
  return text.size();
}

} // namespace

std::vector<std::string_view> cut_sentences(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < text.size();) {
    // A character heavier than a line is no character; it goes alone and is not spoken.
    const std::size_t end = std::max(piece_end(text, at), at + character_at(text, at).bytes.size());
    const std::string_view piece = text.substr(at, end - at);
    bool spoken = false;
    for (std::size_t in = 0; in < piece.size() && !spoken;) {
      const Character each = character_at(piece, in);
      spoken = is_spoken(each);
      in += each.bytes.size();
    }
    if (spoken) pieces.push_back(piece);
    at = end;
  }
  return pieces;
}

std::string phonemes_of_trace(std::string_view trace) {
  std::string phonemes;
  const std::size_t labels = trace.find("[Output label]");
  if (labels == std::string_view::npos) return phonemes;
  for (const std::string_view line : split(trace.substr(labels), '\n')) {
    if (line.starts_with("[Global parameter]")) break;
    const std::size_t minus = line.find('-');
    const std::size_t plus = line.find('+');
    if (minus == std::string_view::npos || plus == std::string_view::npos || plus < minus) continue;
    const std::string_view phoneme = line.substr(minus + 1, plus - minus - 1);
    if (phoneme == "sil") continue;
    if (!phonemes.empty()) phonemes += ' ';
    phonemes += phoneme;
  }
  return phonemes;
}

Result<std::string> OpenJtalk::run(std::string_view piece, const char* option) const {
  const std::vector<std::string> arguments = {parts_.program, "-x", parts_.dictionary,  "-m",
                                              parts_.voice,   "-r", std::string(speed), option,
                                              "/dev/stdout"};
  auto run = runtime::run_program(clock_, arguments, std::string(piece) + "\n", limits::render_max);
  if (!run) return tl::unexpected<Error>(run.error());
  if (run->complaints.find(no_sound) != std::string::npos) return std::string();
  if (!run->succeeded || run->output.empty()) {
    const std::string_view said = trim(run->complaints);
    return fail(Fault::unavailable,
                fmt::format("running {}: {}", parts_.program,
                            said.empty() ? "it failed" : said.substr(0, said.find('\n'))));
  }
  return std::move(run->output);
}

Result<Wav> OpenJtalk::say(std::string_view text) const {
  Wav all;
  for (const std::string_view piece : cut_sentences(text)) {
    const auto output = run(piece, "-ow");
    if (!output) return tl::unexpected<Error>(output.error());
    if (output->empty()) continue;
    auto wav = parse_wav(*output);
    if (!wav)
      return fail(Fault::unavailable, fmt::format("running {}: {}", parts_.program, wav.error().message));
    // The silence around each sentence is the pause between two.
    all.rate_hz = wav->rate_hz;
    all.samples.insert(all.samples.end(), wav->samples.begin(), wav->samples.end());
  }
  return all;
}

Result<std::string> OpenJtalk::phonemes(std::string_view text) const {
  std::string all;
  for (const std::string_view piece : cut_sentences(text)) {
    const auto trace = run(piece, "-ot");
    if (!trace) return tl::unexpected<Error>(trace.error());
    const std::string phonemes = phonemes_of_trace(*trace);
    if (!all.empty() && !phonemes.empty()) all += " pau ";
    all += phonemes;
  }
  return all;
}

Result<void> OpenJtalk::check_files() const {
  const auto check = [](const std::string& path, const char* what) -> Result<void> {
    std::error_code error;
    if (std::filesystem::exists(path, error)) return {};
    return fail(Fault::unavailable,
                fmt::format("speaking Japanese: there is no {} (package {})", path, what));
  };
  if (auto found = check(parts_.dictionary, "open-jtalk-mecab-naist-jdic"); !found) return found;
  return check(parts_.voice, "hts-voice-nitech-jp-atr503-m001, in Debian's contrib");
}

} // namespace kaden::speech
