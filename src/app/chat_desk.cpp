#include "chat_desk.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>

#include "kaden/limits/chat.h"

namespace kaden::app {

namespace {

constexpr const char* key_kind = "chat_key";
constexpr const char* key_name = "1";
constexpr const char* used_kind = "chat_used_link";
constexpr const char* card_kind = "chat_card";
constexpr const char* floor_kind = "chat_floor";
constexpr const char* floor_name = "1";
constexpr const char* who = "chat";

using Change = journal::Records::Change;

Result<std::string> fresh_key() {
  std::array<char, 32> random{};
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    return fail(Fault::unavailable, "the kernel gives no random bytes");
  return std::string(random.data(), random.size());
}

std::string encode(const chat::Kept& kept) {
  return to_text(json::object{{"position", kept.told.position}, {"index", kept.told.index}, {"ts", kept.ts}});
}

Result<chat::Kept> decode(const std::string& text) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return fail(Fault::corrupt, "is no JSON object");
  const Fields fields(value->get_object(), "card");
  const auto position = fields.integer("position", 0, INT64_MAX);
  const auto index = fields.integer("index", 0, UINT32_MAX);
  const auto ts = fields.text_or("ts", limits::chat_ts_bytes_max, "");
  if (!position) return tl::unexpected(position.error());
  if (!index) return tl::unexpected(index.error());
  if (!ts) return tl::unexpected(ts.error());
  return chat::Kept{{static_cast<incident::Position>(*position), static_cast<std::uint32_t>(*index)}, *ts};
}

} // namespace

ChatDesk::ChatDesk(const config::Settings& settings, writer::Writer& writer, journal::Records& records,
                   const runtime::Clock& clock)
    : language_(settings.chat->language), writer_(writer), records_(records), clock_(clock) {}

Result<std::unique_ptr<ChatDesk>> ChatDesk::open(const config::Settings& settings, writer::Writer& writer,
                                                 journal::Records& records, const runtime::Clock& clock) {
  if (!settings.chat) return nullptr;
  std::unique_ptr<ChatDesk> desk(new ChatDesk(settings, writer, records, clock));
  if (const auto recalled = desk->recall(); !recalled) return tl::unexpected(recalled.error());
  if (const auto recalled = desk->recall_cards(); !recalled) return tl::unexpected(recalled.error());
  desk->start(*settings.chat, settings.listen.public_url);
  desk->catch_up();
  return desk;
}

/// The key of the links, made once, and the links that were used and would still work.
Result<void> ChatDesk::recall() {
  const auto keys = records_.all(key_kind);
  if (!keys) return tl::unexpected(keys.error());
  const auto used = records_.all(used_kind);
  if (!used) return tl::unexpected(used.error());
  std::vector<Change> changes;
  if (const auto found = keys->find(key_name); found != keys->end() && found->second.size() >= 32) {
    key_ = found->second;
  } else {
    auto fresh = fresh_key();
    if (!fresh) return tl::unexpected(fresh.error());
    key_ = std::move(*fresh);
    changes.push_back({key_kind, key_name, key_});
  }
  const WallTime now = clock_.wall();
  for (const auto& [id, until_ms] : *used) {
    const WallTime until = wall_time(parse_int(until_ms).value_or(0));
    if (until <= now) {
      changes.push_back({used_kind, id, std::nullopt});
    } else {
      used_.emplace(id, until);
    }
  }
  return records_.apply(changes);
}

Result<void> ChatDesk::recall_cards() {
  const auto cards = records_.all(card_kind);
  if (!cards) return tl::unexpected(cards.error());
  const auto floor = records_.all(floor_kind);
  if (!floor) return tl::unexpected(floor.error());
  if (const auto found = floor->find(floor_name); found != floor->end())
    floor_ = static_cast<std::uint64_t>(parse_int(found->second).value_or(0));
  for (const auto& [incident, text] : *cards) {
    auto kept = decode(text);
    if (!kept) return fail_while("reading what chat was told of incident " + incident, kept.error());
    cards_.emplace(static_cast<std::uint64_t>(parse_int(incident).value_or(0)), std::move(*kept));
  }
  return {};
}

void ChatDesk::catch_up() {
  const auto asked = writer_.ask([this](const incident::Engine& engine) { chat_->begin(untold(engine)); });
  static_cast<void>(asked); // refused only by a writer that ends, and then there is nothing to tell
}

// What was opened before chat was configured is old news; so is what chat has forgotten to make room.
std::vector<chat::Recalled> ChatDesk::untold(const incident::Engine& engine) {
  std::map<std::uint64_t, incident::IncidentView> known;
  using incident::IncidentState;
  for (const auto state : {std::optional(IncidentState::triggered),
                           std::optional(IncidentState::acknowledged), std::optional<IncidentState>()}) {
    for (auto& view : engine.incidents(state, limits::chat_incidents_max / 3)) known.emplace(view.id, view);
  }
  std::vector<Change> changes;
  if (!floor_) {
    floor_ = known.empty() ? 0 : known.rbegin()->first;
    changes.push_back({floor_kind, floor_name, std::to_string(*floor_)});
  }
  std::vector<chat::Recalled> out;
  for (const auto& [id, view] : known) {
    const auto card = cards_.find(id);
    if (card == cards_.end() && id <= *floor_) continue;
    out.push_back({id, view.title, engine.timeline(id), card == cards_.end() ? chat::Kept{} : card->second});
  }
  for (const auto& [id, kept] : cards_) {
    if (known.count(id) == 0) changes.push_back({card_kind, std::to_string(id), std::nullopt});
  }
  cards_.clear();
  if (!changes.empty()) worker_->post([this, changes] { static_cast<void>(records_.apply(changes)); });
  return out;
}

// A card that cannot be stored makes its message come twice after a restart, no more.
void ChatDesk::keep(std::uint64_t incident, const chat::Kept* kept) {
  std::vector<Change> changes;
  if (kept != nullptr) {
    changes.push_back({card_kind, std::to_string(incident), encode(*kept)});
  } else {
    changes.push_back({card_kind, std::to_string(incident), std::nullopt});
    floor_ = std::max(floor_.value_or(0), incident);
    changes.push_back({floor_kind, floor_name, std::to_string(*floor_)});
  }
  static_cast<void>(records_.apply(changes));
}

void ChatDesk::start(const config::Chat& settings, const std::string& public_url) {
  worker_ = std::make_unique<runtime::Worker>(clock_, "kaden-chatlink");
  chat::Settings slack;
  slack.webhook_url = settings.slack.webhook_url;
  slack.token = settings.slack.token;
  slack.channel = settings.slack.channel;
  slack.api_url = settings.slack.api_url;
  slack.ca_file = settings.slack.ca_file;
  slack.language = settings.language;
  chat::LinkOf link_of;
  if (!public_url.empty() && settings.ack_link > Millis(0)) {
    link_of = [this, public_url, works = settings.ack_link](std::uint64_t incident, std::uint64_t round) {
      return chat::make_ack_link(public_url, key_, incident, round, clock_.wall() + works);
    };
  }
  chat_ = std::make_unique<chat::Chat>(
      std::move(slack), clock_, [this](const http::ClientRequest& request) { return client_.send(request); },
      std::move(link_of), [this](std::uint64_t incident, const chat::Kept* kept) { keep(incident, kept); });
}

bool ChatDesk::handle(const http::Request& request, const http::Reply& reply) {
  if (request.path != chat::ack_path) return false;
  const auto ticket = chat::read_ticket(request.query, key_, clock_.wall());
  if (!ticket) {
    const bool is_old = ticket.error().message.find("old") != std::string::npos;
    reply(is_old
              ? told(410, "This link is too old.", "このリンクは期限切れです。")
              : told(403, "This link is not one of Kaden's.", "このリンクは Kaden のものではありません。"));
  } else if (request.method == "GET") {
    reply(chat::ask_page(language_, ticket->incident, request.query));
  } else if (request.method != "POST") {
    auto response = told(405, "Only GET and POST are allowed here.", "ここでは GET と POST だけが使えます。");
    response.headers.emplace_back("Allow", "GET, POST");
    reply(std::move(response));
  } else if (was_used(*ticket)) {
    reply(told(410, "This link was used already.", "このリンクは使用済みです。"));
  } else {
    acknowledge(*ticket, reply);
  }
  return true;
}

void ChatDesk::acknowledge(const chat::Ticket& ticket, const http::Reply& reply) {
  const auto busy = [this] {
    return told(503, "It could not be recorded. Try again.",
                "記録できませんでした。もう一度お試しください。");
  };
  const auto asked = writer_.ask([this, ticket, reply, busy](const incident::Engine& engine) {
    const auto view = engine.incident(ticket.incident);
    if (!view) return reply(told(404, "There is no such incident.", "このインシデントはありません。"));
    if (view->state == incident::IncidentState::resolved)
      return reply(told(409, "It is resolved already.", "すでに解決しています。"));
    if (view->state == incident::IncidentState::acknowledged) {
      return reply(told(409, fmt::format("{} has taken it already.", view->acknowledged_by),
                        fmt::format("すでに {} が対応を受け付けています。", view->acknowledged_by)));
    }
    std::vector<incident::Input> inputs;
    inputs.emplace_back(incident::AcknowledgeAsked{ticket.incident, who});
    const auto taken = writer_.submit(
        std::move(inputs),
        [this, ticket, reply, busy](const Result<incident::Position>& committed, const incident::Engine&) {
          if (!committed) return reply(busy());
          remember(ticket);
          reply(told(200, "Acknowledged. This incident is now yours.",
                     "対応を受け付けました。ご対応をお願いします。"));
        });
    if (!taken) reply(busy());
  });
  if (!asked) reply(busy());
}

/// Written by a thread of its own: this is the writer's, which must not wait for a disk.
void ChatDesk::remember(const chat::Ticket& ticket) {
  {
    std::lock_guard lock(mutex_);
    std::erase_if(used_, [now = clock_.wall()](const auto& one) { return one.second <= now; });
    used_.emplace(ticket.id, ticket.until);
  }
  worker_->post([this, ticket] {
    const std::vector<Change> changes{{used_kind, ticket.id, std::to_string(to_ms(ticket.until))}};
    static_cast<void>(records_.apply(changes)); // a crash now lets the link work again, for the same incident
  });
}

bool ChatDesk::was_used(const chat::Ticket& ticket) const {
  std::lock_guard lock(mutex_);
  return used_.contains(ticket.id);
}

http::Response ChatDesk::told(int status, std::string_view en, std::string_view ja) const {
  return chat::told_page(language_, status, en, ja);
}

void ChatDesk::add_metrics(std::vector<api::Metric>& out) const {
  const chat::Counts counts = chat_->counts();
  out.push_back(api::counter("kaden_chat_messages_sent_total", "Messages that chat has taken.", counts.sent));
  out.push_back(api::counter("kaden_chat_messages_failed_total", "Tries to send a message that failed.",
                             counts.failed));
  out.push_back(api::counter("kaden_chat_messages_dropped_total",
                             "Messages given up, and news for which there was no room.", counts.dropped));
}

} // namespace kaden::app
