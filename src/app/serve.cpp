#include "serve.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h> // NOLINT(modernize-deprecated-headers): sigwait() is POSIX
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "service.h"

namespace kaden::app {

namespace {

spdlog::level::level_enum level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::trace:
      return spdlog::level::trace;
    case config::LogLevel::debug:
      return spdlog::level::debug;
    case config::LogLevel::info:
      return spdlog::level::info;
    case config::LogLevel::warning:
      return spdlog::level::warn;
    case config::LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// key=value pairs; values with blanks are quoted, so that a line can be cut by tools.
void add_field(std::string& line, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  if (value.find_first_of(" \"=\n") == std::string_view::npos) {
    line += fmt::format(" {}={}", key, value);
    return;
  }
  line += fmt::format(" {}=\"", key);
  for (const char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    line += c == '\n' ? ' ' : c;
  }
  line += '"';
}

LogLine log_line_of(const std::shared_ptr<spdlog::logger>& log) {
  return [log](const incident::TimelineEntry& entry) {
    const bool loud = entry.what == incident::Happening::exhausted;
    const auto level = loud ? spdlog::level::critical : spdlog::level::info;
    if (!log->should_log(level)) return;
    std::string line(incident::to_text(entry.what));
    add_field(line, "incident", std::to_string(entry.incident));
    add_field(line, "person", entry.person);
    add_field(line, "call", entry.call);
    if (entry.why != incident::Why::none) add_field(line, "why", incident::to_text(entry.why));
    add_field(line, "detail", entry.detail);
    if (const auto reason = entry.reason.find(Language::en); reason != entry.reason.end())
      add_field(line, "reason", reason->second);
    log->log(level, line);
  };
}

/// Each datum at level debug; nothing is built when nobody looks.
cloudwatch::Observer observer_of(const std::shared_ptr<spdlog::logger>& log) {
  return [log](const alarm::Datum& datum, const std::string&) {
    if (!log->should_log(spdlog::level::debug)) return;
    std::string line = "metric";
    add_field(line, "name", datum.metric.name);
    for (const auto& [name, value] : datum.metric.dimensions) add_field(line, name, value);
    if (datum.values.sample_count > 0)
      add_field(line, "average", fmt::format("{:.1f}", datum.values.sum / datum.values.sample_count));
    add_field(line, "unit", datum.unit);
    log->debug(line);
  };
}

std::shared_ptr<spdlog::logger> make_log(config::LogLevel level) {
  auto log = std::make_shared<spdlog::logger>("kaden", std::make_shared<spdlog::sinks::stdout_sink_mt>());
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  log->set_level(level_of(level));
  log->flush_on(spdlog::level::debug);
  return log;
}

sigset_t signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  return set;
}

void reload(Service& service, const std::string& path, spdlog::logger& log) {
  auto settings = config::load(path, config::process_environment());
  if (!settings) {
    log.error("the configuration is refused, the old one stays: {}", settings.error().message);
    return;
  }
  const auto level = level_of(settings->log_level);
  const auto taken = service.reload(std::move(*settings));
  if (!taken) {
    log.error("the configuration was not taken, the old one stays: {}", taken.error().message);
    return;
  }
  log.set_level(level);
  // What needs a restart is easily overlooked: it is said at any level.
  log.log(taken->need_restart.empty() ? spdlog::level::info : spdlog::level::warn, "configuration: {}",
          to_words(*taken));
}

} // namespace

int run_serve(const std::string& config_path) {
  // Every thread inherits this: signals come to sigwait() below and nowhere else.
  const sigset_t waited = signals();
  pthread_sigmask(SIG_BLOCK, &waited, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); // a file at its size limit is a write that fails, which the journal handles

  auto settings = config::load(config_path, config::process_environment());
  if (!settings) {
    fmt::print(stderr, "{}\n", settings.error().message);
    return 1;
  }
  const auto log = make_log(settings->log_level);
  const runtime::SystemClock clock;
  const auto notice = [log](const std::string& line) { log->warn(line); };
  auto service = Service::create(std::move(*settings), clock, {log_line_of(log), observer_of(log), notice});
  if (!service) {
    log->error("cannot start: {}", service.error().message);
    return 1;
  }
  log->info("state recovered: {}", (*service)->recovery_words());
  log->info(
      "starting; the first time the standing sentences are spoken into the cache, which takes some seconds");
  if (const auto started = (*service)->start(); !started) {
    log->error("cannot start: {}", started.error().message);
    return 1;
  }
  log->info("ready on port {}", (*service)->port());
  while (true) {
    int number = 0;
    if (sigwait(&waited, &number) != 0) continue;
    if (number == SIGHUP) {
      reload(**service, config_path, *log);
      continue;
    }
    log->info("stopping");
    (*service)->stop();
    log->info("stopped");
    return 0;
  }
}

} // namespace kaden::app
