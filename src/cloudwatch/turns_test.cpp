#include "turns.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace kaden::cloudwatch {
namespace {

TEST(Turns, OfOneNameComeInOrderAndOthersAtOnce) {
  Turns turns;
  const auto first = turns.enter({{"a"}, {}});
  const auto second = turns.enter({{"a", "b"}, {}});
  const auto third = turns.enter({{"b"}, {}});
  const auto other = turns.enter({{"c"}, {}});
  EXPECT_EQ(turns.next(), first);
  EXPECT_EQ(turns.next(), other);
  EXPECT_EQ(turns.next(), std::nullopt) << "the third waits for the second, which came before it";
  turns.leave(first);
  EXPECT_EQ(turns.next(), second);
  EXPECT_EQ(turns.next(), std::nullopt);
  turns.leave(second);
  EXPECT_EQ(turns.next(), third);
}

TEST(Turns, ManyNameAChildAtOnceAndItsOwnChangeWaitsForThem) {
  Turns turns;
  const auto p = turns.enter({{"p"}, {"k"}});
  const auto q = turns.enter({{"q"}, {"k", "q"}});
  const auto own = turns.enter({{"k"}, {}});
  const auto late = turns.enter({{"r"}, {"k"}});
  EXPECT_EQ(turns.next(), p);
  EXPECT_EQ(turns.next(), q);
  EXPECT_EQ(turns.next(), std::nullopt);
  EXPECT_EQ(turns.named_before("k", q), std::set<std::string>{"p"});
  EXPECT_EQ(turns.named_before("k", late), (std::set<std::string>{"p", "q"}));
  turns.leave(q);
  EXPECT_EQ(turns.next(), std::nullopt);
  turns.leave(p);
  EXPECT_EQ(turns.next(), own);
  EXPECT_EQ(turns.next(), std::nullopt);
  turns.leave(own);
  EXPECT_EQ(turns.next(), late);
}

TEST(Turns, WhoNamesNothingWaitsForNobody) {
  Turns turns;
  const auto nobody = turns.enter({});
  EXPECT_EQ(turns.next(), nobody);
  turns.leave(nobody);
}

TEST(Turns, EverybodyGetsATurnAndNobodySharesWhatIsTheirs) {
  std::mt19937 chance(7);
  Turns turns;
  std::map<Turns::Ticket, Claim> entered;
  std::vector<Turns::Ticket> held;
  std::size_t served = 0;
  constexpr std::size_t all = 5'000;
  const auto name = [&] { return std::string(1, static_cast<char>('a' + chance() % 6)); };
  while (served < all) {
    if (entered.size() < all && chance() % 2 == 0) {
      Claim claim;
      for (std::size_t i = chance() % 3 + 1; i > 0; --i) claim.own.insert(name());
      for (std::size_t i = chance() % 3; i > 0; --i) claim.named.insert(name());
      for (const auto& own : claim.own) claim.named.erase(own);
      entered[turns.enter(claim)] = claim;
    }
    while (const auto ticket = turns.next()) {
      for (const auto other : held) {
        for (const auto& own : entered[*ticket].own) {
          ASSERT_FALSE(entered[other].own.contains(own) || entered[other].named.contains(own));
        }
        for (const auto& named : entered[*ticket].named) ASSERT_FALSE(entered[other].own.contains(named));
      }
      held.push_back(*ticket);
    }
    if (held.empty()) {
      ASSERT_EQ(served, entered.size()) << "somebody waits for nobody";
    } else if (chance() % 2 == 0) {
      const std::size_t which = chance() % held.size();
      turns.leave(held[which]);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
      ++served;
    }
  }
}

} // namespace
} // namespace kaden::cloudwatch
