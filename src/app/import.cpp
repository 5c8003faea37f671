#include "import.h"

#include <fmt/format.h>

#include <fstream>
#include <iostream>

#include "kaden/imports.h"
#include "kaden/limits/stored_datapoints.h"
#include "secret.h"

namespace kaden::app {

namespace {

/// At most limits::import_bytes_max.
Result<std::string> read_all(const std::string& file) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return fail(Fault::not_found, file + " cannot be read");
  }
  std::istream& in = file == "-" ? std::cin : opened;
  std::string text(limits::import_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return fail(Fault::unavailable, file + " cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > limits::import_bytes_max) {
    return fail(Fault::invalid, fmt::format("{} is larger than {} bytes", file, limits::import_bytes_max));
  }
  return text;
}

} // namespace

int import_cloudwatch_alarms(const std::string& file, Language language) {
  const auto text = read_all(file);
  if (!text) return report(text.error());
  const auto rules = imports::rules_of_cloudwatch_alarms(*text, language);
  if (!rules) return report(rules.error());
  fmt::print("{}", rules->yaml);
  const bool is_ja = language == Language::ja;
  fmt::print(stderr,
             fmt::runtime(
                 is_ja ? "{} 件のアラームを {} 個のルールにしました。{} 件は末尾のコメントを見てください。\n"
                       : "{} alarms became {} rules; {} did not, see the comments at the end.\n"),
             rules->taken, rules->rules, rules->left_out);
  return 0;
}

int import_cloudwatch_agent(const std::string& file, const std::string& url, Language language) {
  const auto text = read_all(file);
  if (!text) return report(text.error());
  const auto advice = imports::advice_for_cloudwatch_agent(*text, url, language);
  if (!advice) return report(advice.error());
  fmt::print("{}", advice->text);
  return 0;
}

} // namespace kaden::app
