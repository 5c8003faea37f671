#include "kaden/posix_pattern.h"

#include <array>

#include "kaden/limits/agent.h"
#include "kaden/limits/metrics.h"

namespace kaden::tail {

namespace {

bool has_back_reference(std::string_view expression) {
  for (std::size_t i = 0; i + 1 < expression.size(); ++i) {
    if (expression[i] != '\\') continue;
    if (expression[i + 1] >= '1' && expression[i + 1] <= '9') return true;
    ++i;
  }
  return false;
}

/// "{1,200}" within "{1,200}" takes memory for each of the 40,000 copies.
bool has_large_repeat(std::string_view expression) {
  constexpr std::size_t digits_max = 2;
  std::size_t braces = 0;
  std::size_t digits = 0;
  bool inside = false;
  for (const char c : expression) {
    if (c == '{') {
      inside = true;
      ++braces;
      digits = 0;
    } else if (c == '}') {
      inside = false;
    } else if (inside) {
      digits = c >= '0' && c <= '9' ? digits + 1 : 0;
      if (digits > digits_max) return true;
    }
  }
  return braces > 4;
}

} // namespace

void Pattern::End::operator()(regex_t* compiled) const {
  regfree(compiled);
  delete compiled; // NOLINT(cppcoreguidelines-owning-memory): this is its owner's end
}

Result<Pattern> Pattern::compile(const std::string& expression) {
  const auto refuse = [&](const std::string& why) {
    return fail(Fault::invalid, "'" + expression.substr(0, 80) + "' is no pattern: " + why);
  };
  if (expression.empty()) return refuse("it is empty");
  if (expression.size() > limits::pattern_bytes_max || expression.find('\0') != std::string::npos)
    return refuse("it is too long");
  if (has_back_reference(expression)) return refuse("back references are not taken");
  if (has_large_repeat(expression)) return refuse("at most four {n,m}, each up to 99");
  std::unique_ptr<regex_t> fresh = std::make_unique<regex_t>();
  const int code = regcomp(fresh.get(), expression.c_str(), REG_EXTENDED | REG_NOSUB);
  if (code != 0) {
    std::array<char, 128> why{};
    regerror(code, fresh.get(), why.data(), why.size());
    return refuse(why.data());
  }
  return Pattern(std::unique_ptr<regex_t, End>(fresh.release()));
}

bool Pattern::matches(std::string_view text) const {
  regmatch_t range{};
  range.rm_so = 0;
  range.rm_eo = static_cast<regoff_t>(std::min(text.size(), limits::matched_bytes_max));
  // With REG_STARTEND the text needs no end mark.
  return regexec(compiled_.get(), text.data() == nullptr ? "" : text.data(), 1, &range, REG_STARTEND) == 0;
}

} // namespace kaden::tail
