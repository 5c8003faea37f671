// Pike's machine: all ways through the expression at once, one character after another.
#include <algorithm>
#include <array>
#include <limits>

#include "kaden/limits/mail.h"
#include "program.h"

namespace kaden::regex {

namespace {

constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();
constexpr std::size_t slots_max = 2 * limits::regex_groups_max + 1;
using Slots = std::array<std::size_t, slots_max>; // the last one: where the match begins

bool is_word(char32_t c) {
  return (c >= U'0' && c <= U'9') || (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || c == U'_';
}

/// One way through the expression that is still open.
struct Way {
  std::uint16_t at;
  Slots slots;
};

class Machine {
 public:
  Machine(const Regex::Program& program, std::string_view text, Budget& budget)
      : program_(program), text_(text), budget_(budget), seen_(program.code.size(), 0) {}

  std::optional<Slots> run(std::size_t& end) {
    std::optional<Slots> best;
    std::size_t at = 0;
    char32_t before = U'\n';
    while (true) {
      if (now_.empty() && !best && program_.can_skip) at = next_lead(at);
      const bool is_end = at >= text_.size();
      const Decoded here = is_end ? Decoded{U'\n', 0} : decode(text_, at);
      if (!best) { // the leftmost wins: no later beginning once something was found
        Way fresh{program_.start, {}};
        fresh.slots.fill(nowhere);
        fresh.slots[slots_max - 1] = at;
        follow(now_, fresh, at, before, here.c);
      }
      next_.clear();
      pending_.clear();
      for (const Way& way : now_) {
        const Instruction& one = program_.code[way.at];
        if (!spend(1)) return std::nullopt;
        if (one.kind == Instruction::Kind::done) {
          best = way.slots;
          end = at;
          break; // the ways behind it matter less
        }
        if (!is_end && program_.sets[one.set].has(here.c)) pending_.push_back({one.next, way.slots});
      }
      if (is_end || (pending_.empty() && best)) return best;
      const std::size_t after = at + here.bytes;
      const char32_t coming = after >= text_.size() ? U'\n' : decode(text_, after).c;
      ++round_;
      for (const Way& way : pending_) follow(next_, way, after, here.c, coming);
      if (budget_.is_spent()) return std::nullopt;
      std::swap(now_, next_);
      before = here.c;
      at = after;
    }
  }

 private:
  std::size_t next_lead(std::size_t at) const {
    while (at < text_.size() && !program_.leads[static_cast<unsigned char>(text_[at])]) ++at;
    return at;
  }
  bool spend(std::uint64_t steps) {
    budget_.left = budget_.left > steps ? budget_.left - steps : 0;
    return !budget_.is_spent();
  }

  bool holds(Look look, std::size_t at, char32_t before, char32_t coming) const {
    const bool is_edge = (at > 0 && is_word(before)) != (at < text_.size() && is_word(coming));
    switch (look) {
      case Look::line_begin:
        return before == U'\n';
      case Look::line_end:
        return coming == U'\n';
      case Look::word_edge:
        return is_edge;
      case Look::no_word_edge:
        return !is_edge;
    }
    return false;
  }

  /// Follows forks, saves and looks at once; what waits for a character is added, each place once.
  void follow(std::vector<Way>& list, const Way& from, std::size_t at, char32_t before, char32_t coming) {
    stack_.push_back(from);
    while (!stack_.empty()) {
      Way way = stack_.back();
      stack_.pop_back();
      if (seen_[way.at] == round_) continue;
      seen_[way.at] = round_;
      if (!spend(1)) {
        stack_.clear();
        return;
      }
      const Instruction& one = program_.code[way.at];
      switch (one.kind) {
        case Instruction::Kind::fork: {
          Way other = way;
          other.at = one.other;
          stack_.push_back(other);
          way.at = one.next;
          stack_.push_back(way);
          break;
        }
        case Instruction::Kind::save:
          way.slots[one.slot] = at;
          way.at = one.next;
          stack_.push_back(way);
          break;
        case Instruction::Kind::look:
          if (!holds(one.look, at, before, coming)) break;
          way.at = one.next;
          stack_.push_back(way);
          break;
        case Instruction::Kind::character:
        case Instruction::Kind::done:
          list.push_back(way);
          break;
      }
    }
  }

  const Regex::Program& program_;
  const std::string_view text_;
  Budget& budget_;
  std::vector<std::uint64_t> seen_;
  std::uint64_t round_ = 1;
  std::vector<Way> now_, next_, pending_, stack_;
};

} // namespace

Decoded decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + bytes > text.size()) return {U'\uFFFD', 1};
  char32_t c = lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return {U'\uFFFD', 1};
    c = c << 6U | (byte(at + i) & 0x3FU);
  }
  return {c, bytes};
}

const std::vector<std::string>& Regex::names() const {
  return program_->names;
}

const std::string& Regex::text() const {
  return program_->text;
}

std::optional<Match> Regex::find_in(std::string_view text, Budget& budget) const {
  if (budget.is_spent()) return std::nullopt;
  std::size_t end = 0;
  const auto found = Machine(*program_, text, budget).run(end);
  if (!found) return std::nullopt;
  Match match;
  match.begin = (*found)[slots_max - 1];
  match.end = end;
  for (std::size_t i = 0; i < program_->names.size(); ++i) {
    const std::size_t from = (*found)[2 * i];
    const std::size_t to = (*found)[2 * i + 1];
    const bool took_part = from != nowhere && to != nowhere && from <= to;
    match.groups.push_back(took_part ? std::optional(text.substr(from, to - from)) : std::nullopt);
  }
  return match;
}

} // namespace kaden::regex
