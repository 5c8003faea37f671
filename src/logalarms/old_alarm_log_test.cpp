#include "kaden/old_alarm_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kaden::logalarms {
namespace {

/// As Windows PowerShell's >> writes it, and a reader of lines cuts it: at the line end's first byte.
std::vector<std::string> utf16_lines(const std::string& text) {
  std::string wide = "\xEF\xBF\xBD\xEF\xBF\xBD"; // what became of the byte order mark
  std::vector<std::string> lines;
  for (const char c : text) {
    if (c == '\n') {
      lines.push_back(wide);
      wide = std::string(1, '\0');
      continue;
    }
    wide += c;
    wide += '\0';
  }
  lines.push_back(wide);
  return lines;
}

TEST(OldAlarmLog, is_recognised_as_a_table_a_list_and_in_utf_16) {
  const std::vector<std::string> lines = {
      "ActionType           Trigger",
      "SendEmail            {Yellow -> Red (Once)}",
      "SendSNMP             {}",
      "ExecuteScript        {Green -> Yellow, Yellow -> Red}",
      "ActionType      : SendEmail",
      "Uid             : /VIServer=vsphere.local\\kaden@vc1:443/Alarm=Alarm-alarm-6/SendEmailAction=1/",
      "ActionType           Trigger\r",
  };
  for (const std::string& line : lines) EXPECT_TRUE(is_of_old_alarm_log(line)) << line;
  std::size_t recognised = 0;
  for (const std::string& line : utf16_lines(
           "ActionType           Trigger\r\n----------           -------\r\nSendEmail            {...}\r\n"))
    recognised += is_of_old_alarm_log(line) ? 1U : 0U;
  EXPECT_EQ(recognised, 2U);
}

TEST(OldAlarmLog, other_logs_are_not) {
  for (const char* line : {"", "----------           -------", "SendEmail failed: connection refused",
                           "ActionType", "ActionType=SendEmail", "the ActionType      Trigger",
                           "vpxd: Alarm 'Host connection' changed from Green to Red", "GET /Alarm=1 HTTP/1.1",
                           "SendSNMP trap to 10.0.0.1", "Name : Virtual machine CPU usage"})
    EXPECT_FALSE(is_of_old_alarm_log(line)) << line;
}

TEST(OldAlarmLog, the_hint_says_what_to_do_in_both_languages) {
  for (const Language language : {Language::ja, Language::en})
    EXPECT_NE(old_alarm_log_hint(language).find("sources.vcenters"), std::string::npos);
}

} // namespace
} // namespace kaden::logalarms
