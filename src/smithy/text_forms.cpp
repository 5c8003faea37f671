#include "text_forms.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <limits>

namespace kaden::smithy {

namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::int64_t first_second = -62'135'596'800; // 0001-01-01T00:00:00Z
constexpr std::int64_t last_second = 253'402'300'799;  // 9999-12-31T23:59:59Z

} // namespace

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= count ? letters[group >> (18U - 6U * k) & 63U] : '=';
    }
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  if (text.size() % 4 == 1 || (padding != 0 && (text.size() + padding) % 4 != 0)) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::size_t value = letters.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U | static_cast<std::uint32_t>(value)) & 0xffffU;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(static_cast<unsigned char>(bits >> count & 255U));
    }
  }
  return out;
}

std::string epoch_text(WallTime at) {
  const std::int64_t ms = to_ms(at);
  const std::int64_t rest = ms % 1000;
  if (rest == 0) return std::to_string(ms / 1000);
  std::string out = fmt::format("{}{}.{:03}", ms < 0 ? "-" : "", std::abs(ms / 1000), std::abs(rest));
  while (out.back() == '0') out.pop_back();
  return out;
}

std::optional<WallTime> time_of_epoch(double seconds) {
  if (!(seconds >= static_cast<double>(first_second)) || !(seconds <= static_cast<double>(last_second))) {
    return std::nullopt;
  }
  return wall_time(std::llround(seconds * 1000));
}

std::optional<WallTime> time_of_epoch(std::int64_t seconds) {
  if (seconds < first_second || seconds > last_second) return std::nullopt;
  return wall_time(seconds * 1000);
}

std::string real_text(double value, Type type) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  if (value == 0 && std::signbit(value)) return "-0.0"; // "-0" would be read as an integer, without its sign
  if (type != Type::single_real) return kaden::to_text(value);
  return fmt::format("{}", static_cast<float>(value));
}

std::optional<double> parse_any_real(std::string_view text) {
  const std::string word = to_lower(text);
  if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (word == "infinity" || word == "inf") return std::numeric_limits<double>::infinity();
  if (word == "-infinity" || word == "-inf") return -std::numeric_limits<double>::infinity();
  return parse_real(text);
}

} // namespace kaden::smithy
