/// app/kept_calls.h - looking at what came from outside and was kept, and doing it again: what the calls
/// under /api/v1/webhooks/deliveries and /api/v1/mails share. Room: app. Uses: incident, writer. Threads:
/// any. Errors: invalid (names the parameter), not_found, busy.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hook_store.h"
#include "kaden/incident.h"
#include "kaden/writer.h"

namespace kaden::app {

/// Makes events durable, all or none, and then calls back on any thread; an error when they are not taken.
using Submit = std::function<Result<void>(std::vector<AlarmEvent> events,
                                          std::function<void(const Result<void>&)> done)>;
/// Into the writer's journal; the writer is borrowed.
Submit submit_to(writer::Writer& writer);

/// How each event's alarm stands with the engine, after all that was submitted before. Blocks until the
/// writer's thread has looked, limits::standing_patience at most; then busy: nothing is known, and the sender
/// comes again.
using Ask = std::function<Result<std::vector<incident::Standing>>(std::vector<AlarmEvent> events)>;
/// The writer is borrowed.
Ask ask_of(writer::Writer& writer);

/// The event's id tells since when its alarm is in its state: the same words after the opposite are news.
void put_since(AlarmEvent& event, WallTime since);

/// "webhook=alertmanager&limit=10": of whom, and how many.
struct KeptQuery {
  std::string name; ///< empty: of all
  std::int64_t limit = 0;
};
/// `parameter` names whose they are ("webhook"); without a limit it is `usual`.
Result<KeptQuery> read_kept_query(std::string_view query, std::string_view parameter, std::int64_t usual,
                                  std::int64_t most);

/// {"dry_run": true, "mapping": "..."}; an empty body is {}.
struct Replay {
  bool is_dry = false;
  json::object body; ///< may hold `other`, of any kind
};
Result<Replay> read_replay(const std::string& text, std::string_view other);

/// not_found: "there is no `noun` 7 any more".
Result<Kept> kept_of(const HookStore& store, const std::string& number, std::string_view noun);

} // namespace kaden::app
