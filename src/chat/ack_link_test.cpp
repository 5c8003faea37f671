#include "kaden/ack_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kaden::chat {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr WallTime until = wall_time(1'787'536'800'000);
const std::string key(32, 'k');

std::string query_of(const std::string& link) {
  return link.substr(link.find('?') + 1);
}

TEST(AckLink, is_read_back_until_its_end) {
  const std::string link = make_ack_link("https://kaden.example:8480", key, 17, 203, until);
  EXPECT_TRUE(link.starts_with("https://kaden.example:8480/chat/ack?incident=17&round=203&until="));
  const auto ticket = read_ticket(query_of(link), key, until - Millis(1));
  ASSERT_TRUE(ticket) << ticket.error().message;
  EXPECT_EQ(ticket->incident, 17U);
  EXPECT_EQ(ticket->round, 203U);
  EXPECT_EQ(ticket->until, until);
  EXPECT_EQ(read_ticket(query_of(link), key, until).error().message, "this link is too old");
  EXPECT_NE(ticket->id, read_ticket(query_of(make_ack_link("", key, 17, 204, until)), key, wall_time(0))->id);
}

TEST(AckLink, whatever_is_changed_is_refused) {
  const std::string good = query_of(make_ack_link("x", key, 17, 203, until));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == '1' ? '2' : '1';
    EXPECT_FALSE(read_ticket(bad, key, wall_time(0))) << bad;
    EXPECT_FALSE(read_ticket(good.substr(0, i), key, wall_time(0))) << i;
  }
  EXPECT_FALSE(read_ticket(good + "&x=1", key, wall_time(0)));
  EXPECT_FALSE(read_ticket(good, std::string(32, 'l'), wall_time(0)));
  EXPECT_FALSE(read_ticket("", key, wall_time(0)));
}

TEST(AckLink, its_page_has_a_button_and_nothing_runs_in_it) {
  const auto page = ask_page(Language::en, 17, "incident=17&round=\"><script>");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(
      page.body,
      HasSubstr(
          "<form method=\"post\" action=\"/chat/ack?incident=17&amp;round=&quot;&gt;&lt;script&gt;\">"));
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_THAT(*http::find_header(page.headers, "Content-Security-Policy"), HasSubstr("default-src 'none'"));
  EXPECT_EQ(*http::find_header(page.headers, "Referrer-Policy"), "no-referrer");
  const auto told = told_page(Language::ja, 409, "taken & done", "<対応済み>");
  EXPECT_EQ(told.status, 409);
  EXPECT_THAT(told.body, HasSubstr("&lt;対応済み&gt;"));
  EXPECT_THAT(told.body, Not(HasSubstr("<form")));
}

} // namespace
} // namespace kaden::chat
