#include "turns.h"

#include <algorithm>
#include <utility>

#include "kaden/result.h"

namespace kaden::cloudwatch {

Turns::Ticket Turns::enter(Claim claim) {
  const Ticket ticket = ++last_;
  for (const auto& name : claim.own) claim.named.erase(name);
  const Claim& kept = entered_.emplace(ticket, Entered{std::move(claim)}).first->second.claim;
  entered_[ticket].blocked = kept.own.size() + kept.named.size();
  if (entered_[ticket].blocked == 0) ready_.push_back(ticket);
  for (const auto& name : kept.own) stand(name, ticket, true);
  for (const auto& name : kept.named) stand(name, ticket, false);
  return ticket;
}

void Turns::stand(const std::string& name, Ticket ticket, bool is_own) {
  auto& line = lines_[name];
  line.push_back({ticket, is_own, false});
  grant(line);
}

/// The first in the line, and with it all that may stand beside it.
void Turns::grant(std::deque<Place>& line) {
  for (auto place = line.begin(); place != line.end(); ++place) {
    if (place != line.begin() && (place->is_own || line.front().is_own)) return;
    if (std::exchange(place->is_granted, true)) continue;
    if (--entered_.at(place->ticket).blocked == 0) ready_.push_back(place->ticket);
  }
}

std::optional<Turns::Ticket> Turns::next() {
  if (ready_.empty()) return std::nullopt;
  const Ticket ticket = ready_.front();
  ready_.pop_front();
  return ticket;
}

std::set<std::string> Turns::named_before(const std::string& name, Ticket ticket) const {
  std::set<std::string> users;
  const auto line = lines_.find(name);
  if (line == lines_.end()) return users;
  for (const Place& place : line->second) {
    if (place.ticket >= ticket) break;
    const auto& own = entered_.at(place.ticket).claim.own;
    if (!place.is_own) users.insert(own.begin(), own.end());
  }
  return users;
}

void Turns::take_out(const std::string& name, Ticket ticket) {
  const auto line = lines_.find(name);
  require(line != lines_.end(), "who entered stands in the line of each of its names");
  std::erase_if(line->second, [&](const Place& place) { return place.ticket == ticket; });
  if (line->second.empty()) {
    lines_.erase(line);
  } else {
    grant(line->second);
  }
}

void Turns::leave(Ticket ticket) {
  const auto entered = entered_.extract(ticket);
  require(!entered.empty() && entered.mapped().blocked == 0, "only who had its turn leaves");
  for (const auto& name : entered.mapped().claim.own) take_out(name, ticket);
  for (const auto& name : entered.mapped().claim.named) take_out(name, ticket);
}

} // namespace kaden::cloudwatch
