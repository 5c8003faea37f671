#include "tokens.h"

#include <fmt/format.h>

#include "reading.h"

#include "kaden/limits/logs.h"

namespace kaden::cloudwatchlogs {

namespace {

constexpr std::string_view edition = "k1"; // an older one's tokens are refused
constexpr std::size_t parts = 4;

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = digits.find(text[i]);
    const std::size_t low = digits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

} // namespace

tl::unexpected<Problem> invalid_token() {
  return problem(invalid_parameter, "The specified nextToken is invalid.");
}

Question& Question::add(std::string_view part) {
  text_ += fmt::format("{}:{};", part.size(), part);
  return *this;
}

Question& Question::add(std::optional<std::int64_t> number) {
  return add(number ? std::to_string(*number) : std::string("-"));
}

std::string Question::digest() const {
  return sha256_hex(text_).substr(0, 16);
}

/// "k1.digest.issued.place in hex": a text that a shell, a URL and a log leave as it is.
std::string Question::token(std::string_view place, WallTime now) const {
  return fmt::format("{}.{}.{}.{}", edition, digest(), to_ms(now), to_hex(place));
}

Answer<std::string> Question::place_of(std::string_view token, WallTime now) const {
  const auto found = split(token, '.');
  if (found.size() != parts || found[0] != edition || found[1] != digest()) return invalid_token();
  const auto issued = parse_int(found[2]);
  if (!issued || *issued < 0 || *issued > to_ms(now) + limits::log_future_max.count()) return invalid_token();
  if (now - wall_time(*issued) > limits::log_token_age_max) {
    return problem(invalid_parameter, "The specified nextToken has expired.");
  }
  auto place = from_hex(found[3]);
  if (!place) return invalid_token();
  return std::move(*place);
}

Answer<std::optional<std::string>> Question::read(const Value& input, WallTime now) const {
  const std::string* token = input.text("nextToken");
  if (token == nullptr) return std::optional<std::string>();
  auto place = place_of(*token, now);
  if (!place) return refused(place);
  return std::optional<std::string>(std::move(*place));
}

std::string to_text(const logstore::Place& place) {
  return fmt::format("{}/{}/{}", place.ms, place.chunk, place.index);
}

Answer<logstore::Place> parse_place(std::string_view text) {
  const auto found = split(text, '/');
  if (found.size() != 3) return invalid_token();
  logstore::Place place;
  std::int64_t* const into[] = {&place.ms, &place.chunk, &place.index};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto number = parse_int(found[i]);
    // Far from the ends of 64 bits: times are added to it.
    if (!number || *number < -1 || *number > (std::int64_t{1} << 60)) return invalid_token();
    *into[i] = *number;
  }
  return place;
}

} // namespace kaden::cloudwatchlogs
