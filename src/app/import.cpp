#include "import.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
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

/// A script that its owner runs and nobody else reads: alarms name machines and what is watched on them.
Result<void> write_script(const std::string& file, std::string_view text) {
  const auto failed = [&] { return fail(Fault::invalid, file + " cannot be written"); };
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
  if (fd < 0) return failed();
  bool is_written = ::fchmod(fd, 0700) == 0; // a file that was there keeps its mode otherwise
  while (is_written && !text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
    is_written = count > 0 || (count < 0 && errno == EINTR);
  }
  const bool is_closed = ::close(fd) == 0;
  if (!is_written || !is_closed) return failed();
  return {};
}

imports::Requests requests_of(const ImportAlarmsOptions& options) {
  if (options.requests.empty()) return imports::Requests::none;
  return options.requests_only ? imports::Requests::all : imports::Requests::rest;
}

/// What became of the alarms, for stderr.
std::string summary(const imports::Rules& rules, const ImportAlarmsOptions& options) {
  const bool is_ja = options.language == Language::ja;
  if (options.requests.empty()) {
    return fmt::format(
        fmt::runtime(
            is_ja ? "{} 件のアラームを {} 個のルールにしました。{} 件は末尾のコメントを見てください。\n"
                  : "{} alarms became {} rules; {} did not, see the comments at the end.\n"),
        rules.taken, rules.rules, rules.left_out);
  }
  const std::size_t lost = rules.left_out - rules.requests;
  return fmt::format(
      fmt::runtime(is_ja ? "{} 件のアラームを {} 個のルールにし、{} 件の登録を {} に書きました。{} "
                           "件はどちらにもなりません "
                           "(コメントを参照)。\n"
                         : "{} alarms became {} rules; {} are in {}; {} are neither, see the comments.\n"),
      rules.taken, rules.rules, rules.requests, options.requests, lost);
}

} // namespace

int import_cloudwatch_alarms(const ImportAlarmsOptions& options) {
  const auto text = read_all(options.file);
  if (!text) return report(text.error());
  const auto rules = imports::rules_of_cloudwatch_alarms(*text, options.language, requests_of(options));
  if (!rules) return report(rules.error());
  if (!options.requests.empty()) {
    if (const auto written = write_script(options.requests, rules->script); !written)
      return report(written.error());
  }
  fmt::print("{}", rules->yaml);
  fmt::print(stderr, "{}", summary(*rules, options));
  return 0;
}

int import_cloudwatch_agent(const std::string& file, const std::string& url, Language language) {
  const auto text = read_all(file);
  if (!text) return report(text.error());
  const auto advice = imports::advice_for_cloudwatch_agent(*text, url, language);
  if (!advice) return report(advice.error());
  fmt::print("{}", advice->text);
  fmt::print(stderr,
             fmt::runtime(language == Language::ja
                              ? "誤り {} 件 (エージェントが起動しません)、注意 {} 件。\n"
                              : "{} mistakes, with which the agent does not start; {} warnings.\n"),
             advice->mistakes, advice->warnings);
  return advice->mistakes == 0 ? 0 : 1;
}

} // namespace kaden::app
