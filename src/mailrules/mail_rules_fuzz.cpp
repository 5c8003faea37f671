// Any bytes as a mail, judged by rules that take fields out of everything: the event is one that the journal
// takes, and the same mail gives the same event.
#include <cstddef>
#include <cstdint>
#include <string>

#include "kaden/mail_rules.h"

namespace {

kaden::mailrules::Rules rules() {
  using namespace kaden::mailrules;
  const auto re = [](const char* text) { return *kaden::regex::Regex::parse(text); };
  Rule one;
  one.id = "zabbix";
  one.when.regexes[Part::subject] = {re("(?i)problem:? (?<what>.+)")};
  one.when.regexes[Part::body] = {re("^(?:Host|ホスト)\\s*[:：]\\s*(?<host>\\S+)")};
  one.clear = one.when;
  one.clear->keywords[Part::subject] = {"resolved"};
  one.alarm = "{what} {host}";
  one.machine = "{host}";
  one.labels = {{"text", "{text}"}, {"who", "{sender}"}};
  return {"fuzz", {one}, kaden::Severity::warning};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  static const mailrules::Rules all = rules();
  const mime::Mail mail = mime::read(std::string(data, data + size));
  const auto judged = mailrules::judge(all, mail, "a@b.example", wall_time(1'795'741'200'000));
  require(judged.event.has_value(), "an unmatched mail is an alarm here");
  const auto good = alarm_event_from_json(to_json(*judged.event), "event");
  require(good.has_value(), good ? "" : good.error().message.c_str());
  require(mailrules::judge(all, mail, "a@b.example", wall_time(1'795'741'200'001)).event == judged.event,
          "the same mail gives the same event");
  require(!mailrules::explain(all, mail, "a@b.example").empty(), "and a reason");
  return 0;
}
