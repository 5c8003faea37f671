/// kaden/chat_outbox.h - what has to be said in chat, and when: timeline entries in, requests to Slack out,
/// as a state machine. Room: chat. Uses: base, incident, http. Pure but for its types: time is an argument.
/// Threads: one owner. Errors: none; outcomes are values.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/http.h"
#include "kaden/incident.h"

namespace kaden::chat {

struct Settings {
  std::string webhook_url; ///< of an incoming webhook, a secret; empty: the Web API
  std::string token;       ///< "xoxb-...", a secret
  std::string channel;     ///< id of the channel, with a token
  std::string api_url = "https://slack.com/api";
  Language language = Language::en;
  std::string ca_file{};
};

/// The address that acknowledges an incident; empty: no link. `round` differs each time the incident is open
/// anew.
using LinkOf = std::function<std::string(std::uint64_t incident, std::uint64_t round)>;

struct Outcome {
  enum class Kind : std::uint8_t {
    sent,
    later, ///< it may work another time
    never, ///< it will not: wrong token, no such channel
  };
  Kind kind = Kind::sent;
  std::string ts{};                    ///< of the message, with the Web API
  std::string reason{};                ///< one sentence without secrets
  std::optional<Millis> retry_after{}; ///< Slack said so
};
/// What an answer of Slack means (docs.slack.dev: incoming webhooks, chat.postMessage, rate limits).
Outcome outcome_of(const Settings& settings, const Result<http::Response>& answer);

/// & < > as Slack wants them; nothing else has a meaning then.
std::string escaped(std::string_view text);

/// A place in the timeline.
struct Mark {
  incident::Position position = 0;
  std::uint32_t index = 0;
  auto operator<=>(const Mark&) const = default;
};

/// What outlives the process, of one incident.
struct Kept {
  Mark told;      ///< the newest entry that a message holds, or that was given up
  std::string ts; ///< of the message, with the Web API
  bool operator==(const Kept&) const = default;
};

/// An incident as it is known from before.
struct Recalled {
  std::uint64_t incident = 0;
  std::string title; ///< when the timeline no longer has it
  std::vector<incident::TimelineEntry> entries;
  Kept kept;
};

class Outbox {
 public:
  Outbox(Settings settings, LinkOf link_of);

  /// What was not told of it is news.
  void recall(const Recalled& recalled);
  /// An entry that is known already, by its position, changes nothing.
  void take(const incident::TimelineEntry& entry);

  struct Parcel {
    std::uint64_t incident = 0;
    std::size_t lines = 0; ///< of the incident, that it holds
    http::ClientRequest request;
  };
  /// What to send now, if anything; the incident that waits longest goes first. One at a time: done() next.
  std::optional<Parcel> next(SteadyTime now);
  enum class Left : std::uint8_t { nothing, retry, dropped };
  Left done(const Parcel& parcel, const Outcome& outcome, SteadyTime now);
  /// When next() is worth asking again; nothing while nothing waits.
  std::optional<SteadyTime> due() const;
  /// To be kept after each done(); nothing when the incident is forgotten, or none of it was told.
  std::optional<Kept> kept(std::uint64_t incident) const;
  /// The incidents forgotten since the last call, to make room for others.
  std::vector<std::uint64_t> take_forgotten();
  /// Incidents whose unsent news were dropped because too many waited.
  std::uint64_t overflowed() const { return overflowed_; }

 private:
  struct Line {
    std::string text;
    Mark mark;
  };
  struct Card {
    std::string title;
    std::vector<Line> lines;
    Mark newest;          // of all entries, also those that make no line
    Mark told;            // of the lines that were sent
    std::size_t sent = 0; // lines that a message holds
    std::string ts;       // of the message, with the Web API
    std::uint64_t round = 0;
    std::uint64_t waits_since = 0; // order among those that wait
    int tries = 0;
    SteadyTime not_before{};
    bool is_wanted = false; // people are called for it
    bool is_open = true;
  };
  bool waits(const Card& card) const { return card.is_wanted && card.sent < card.lines.size(); }
  void add(Card& card, Line line);
  void apply(Card& card, const incident::TimelineEntry& entry);
  std::string text_of(std::uint64_t incident, const Card& card) const;
  http::ClientRequest request_of(std::uint64_t incident, const Card& card) const;
  void make_room();
  static void count_as_told(Card& card, std::size_t lines);

  // Config
  const Settings settings_;
  const LinkOf link_of_;
  // State
  std::map<std::uint64_t, Card> cards_; // by incident
  SteadyTime not_before_{};             // for all: Slack's rate
  std::uint64_t order_ = 0;
  std::uint64_t overflowed_ = 0;
  std::vector<std::uint64_t> forgotten_;
};

} // namespace kaden::chat
