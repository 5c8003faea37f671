// Records of strangers against rules that look at everything: every event is one that the journal takes, and
// the state reads back.
#include <cstdint>
#include <string_view>

#include "kaden/log_alarms.h"
#include "kaden/old_alarm_log.h"
#include "kaden/syslog.h"
#include "kaden/utf8.h"

namespace {

using namespace kaden;
using namespace kaden::logalarms;

Settings settings() {
  Rule all{.id = "all", .raise = "[a, ...]", .keys = {"$a", "host"}};
  Rule some{.id = "some", .raise = "{ $.severity <= 3 }", .clear = "{ $.severity > 3 }", .keys = {"app"}};
  Rule none{.id = "term", .raise = "?error ?fail", .clear = "ok", .quiet = seconds(5)};
  return {"fuzz", "fuzz", "m", {all, some, none}};
}

void check_events(const std::vector<AlarmEvent>& events) {
  for (const AlarmEvent& event : events) {
    const auto read = alarm_event_from_json(to_json(event), "event");
    require(read.has_value() && *read == event, "an event is within every limit");
  }
}

Record record_of(std::string_view line, bool is_syslog) {
  Record record;
  record.at = wall_time(1'787'540'000'000);
  if (!is_syslog) {
    record.text = repaired_utf8(line);
    return record;
  }
  syslog::Message message = syslog::parse(line);
  record.has_header = true;
  record.host = message.host;
  record.app = message.app;
  record.severity = message.severity;
  record.facility = message.facility;
  record.text = std::move(message.text);
  return record;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  WallTime now = wall_time(1'787'540'000'000);
  auto judge = Judge::make(settings(), now);
  require(judge.has_value(), "the rules are right");
  if (data[0] % 4 >= 2) judge->catch_up();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const Record record = record_of(text.substr(0, end), data[0] % 2 == 1);
    text.remove_prefix(std::min(text.size(), end + 1));
    now += seconds(1);
    check_events(judge->take(record, now));
    check_events(judge->step(now));
    require(is_valid_utf8(json_of(record)), "the store gets UTF-8");
    static_cast<void>(is_of_old_alarm_log(record.text));
  }
  check_events(judge->caught_up(now));
  auto again = Judge::make(settings(), now);
  const auto parsed = parse_json(to_text(judge->save()));
  require(parsed && again->restore(*parsed), "the state reads back");
  require(again->save() == judge->save(), "and is the same");
  return 0;
}
