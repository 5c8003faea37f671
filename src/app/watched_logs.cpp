#include "watched_logs.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace kaden::app {

namespace {

std::optional<logs::Address> address_of(const std::optional<config::IpPort>& at) {
  return at ? std::optional(logs::Address{at->ip, at->port}) : std::nullopt;
}

/// Waits for the answer of a store that calls back on a thread of its own.
Result<void> wait_for(const std::function<void(logstore::Done)>& begin) {
  struct Desk {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<void>> answer;
  };
  const auto desk = std::make_shared<Desk>(); // the answer may come when nobody waits any more
  begin([desk](const Result<void>& done) {
    std::lock_guard lock(desk->mutex);
    desk->answer = done;
    desk->changed.notify_all();
  });
  std::unique_lock lock(desk->mutex);
  if (!desk->changed.wait_for(lock, limits::log_keep_patience, [&] { return desk->answer.has_value(); }))
    return fail(Fault::timeout, "the log store does not answer");
  return *desk->answer;
}

Result<void> make_stream(logstore::Store& store, const std::string& group, const std::string& stream) {
  const auto is_there = [](const Result<void>& made) {
    return made || made.error().fault == Fault::conflict;
  };
  if (auto made = wait_for([&](logstore::Done done) { store.create_group(group, {}, std::move(done)); });
      !is_there(made)) {
    return made;
  }
  auto made = wait_for([&](logstore::Done done) { store.create_stream(group, stream, std::move(done)); });
  return is_there(made) ? Result<void>() : made;
}

/// PutLogEvents wants them in the order of their times.
std::vector<logstore::Event> events_of(std::vector<logs::Line> lines) {
  std::vector<logstore::Event> events;
  events.reserve(lines.size());
  for (logs::Line& line : lines) events.push_back({line.at, std::move(line.text)});
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  return events;
}

} // namespace

logs::Settings settings_of(const config::WatchedLog& log, const std::string& host) {
  logs::Settings settings;
  const bool is_local = log.files.has_value() || (log.journal && log.journal->folder.empty());
  settings.alarms = {log.id, log.name, log.machine.empty() && is_local ? host : log.machine, log.alarms};
  if (log.files) {
    settings.from = logs::Files{log.files->paths,          log.files->exclude,        log.files->record_start,
                                log.files->from_beginning, log.files->may_be_missing, log.files->encoding};
  } else if (log.syslog) {
    const config::LogSyslog& from = *log.syslog;
    settings.from =
        logs::Syslog{address_of(from.udp), address_of(from.tcp), address_of(from.tls), from.certificate_file,
                     from.key_file,        from.client_ca_file,  from.local,           from.rate_per_s};
  } else if (log.journal) {
    settings.from = logs::Journal{log.journal->folder, log.journal->units, log.journal->from_beginning};
  }
  if (!log.log_groups.empty()) settings.from = logs::Groups{log.log_groups};
  settings.group = log.group;
  settings.stream = log.stream;
  settings.unreadable_after = log.unreadable_after;
  settings.unreadable = log.unreadable;
  settings.silent_after = log.silent_after;
  return settings;
}

logs::Keep keep_in(logstore::Store& store) {
  return [&store](const std::string& group, const std::string& stream, std::vector<logs::Line> lines) {
    const auto events = events_of(std::move(lines));
    const auto append = [&] {
      return wait_for([&](logstore::Done done) { store.append(group, stream, events, std::move(done)); });
    };
    auto stored = append();
    if (stored || stored.error().fault != Fault::not_found) return stored;
    if (auto made = make_stream(store, group, stream); !made) return made;
    return append();
  };
}

logs::Keep keep_nowhere() {
  return [](const std::string&, const std::string&, const std::vector<logs::Line>&) -> Result<void> {
    return fail(Fault::unavailable, "there is no log store");
  };
}

std::string name_of_host() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

} // namespace kaden::app
