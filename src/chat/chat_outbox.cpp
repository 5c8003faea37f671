#include "kaden/chat_outbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <utility>

#include "kaden/limits/chat.h"

namespace kaden::chat {

namespace {

using incident::Happening;
using incident::TimelineEntry;

struct Words {
  std::string_view en, ja;
};

std::string_view in(Language language, Words words) {
  return language == Language::ja ? words.ja : words.en;
}

/// What is said of an entry; empty: nothing is.
std::string line_of(const TimelineEntry& entry, Language language) {
  const auto say = [&](Words words, std::string_view of = {}) {
    return fmt::format(fmt::runtime(in(language, words)), fmt::arg("of", escaped(of)));
  };
  switch (entry.what) {
    case Happening::dialling:
      return say({":telephone_receiver: calling {of}", ":telephone_receiver: {of} に発信中"}, entry.person);
    case Happening::acknowledged:
      return say({":white_check_mark: acknowledged by {of}", ":white_check_mark: {of} が対応を受け付け"},
                 entry.person);
    case Happening::exhausted:
      return say({":sos: *nobody took it*", ":sos: *対応者なし*"});
    case Happening::last_resort:
      return say({":warning: all rounds are used up, calling the last resort",
                  ":warning: 全員に発信済み、最終連絡先に発信"});
    case Happening::reopened:
      return say({":rotating_light: open again", ":rotating_light: 再発生"});
    case Happening::resolved:
      return say({":heavy_check_mark: resolved", ":heavy_check_mark: 解決"});
    case Happening::call_ended:
      return say({":black_small_square: call ended: {of}", ":black_small_square: 通話終了: {of}"},
                 entry.detail);
    case Happening::triaged: {
      const auto reason = entry.reason.find(language);
      const std::string why = reason == entry.reason.end() ? std::string() : " " + reason->second;
      return say({":mag: severity {of}", ":mag: 重大度 {of}"}, entry.detail + why);
    }
    case Happening::alarm:
    case Happening::repeated:
    case Happening::opened:
    case Happening::not_called:
    case Happening::level_started:
    case Happening::dial_planned:
    case Happening::ringing:
    case Happening::answered:
    case Happening::heard:
    case Happening::key:
    case Happening::skipped:
    case Happening::cleared:
    case Happening::recovered:
      break;
  }
  return {};
}

/// In the reader's own time zone; Slack puts it there.
std::string time_of(WallTime at) {
  const std::string iso = to_iso8601(at);
  return fmt::format("<!date^{}^{{time_secs}}|{} UTC>", to_ms(at) / 1'000, iso.substr(11, 8));
}

} // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

Outbox::Outbox(Settings settings, LinkOf link_of)
    : settings_(std::move(settings)), link_of_(std::move(link_of)) {}

void Outbox::recall(const Recalled& recalled) {
  if (cards_.count(recalled.incident) == 0) make_room();
  Card card;
  for (const TimelineEntry& entry : recalled.entries) apply(card, entry);
  if (card.title.empty()) card.title = cut_utf8(recalled.title, limits::chat_title_bytes_max);
  card.told = recalled.kept.told;
  card.ts = recalled.kept.ts;
  card.sent = static_cast<std::size_t>(std::count_if(
      card.lines.begin(), card.lines.end(), [&](const Line& line) { return line.mark <= card.told; }));
  cards_.insert_or_assign(recalled.incident, std::move(card));
}

void Outbox::take(const TimelineEntry& entry) {
  if (entry.incident == 0) return;
  const bool begins = entry.what == Happening::alarm || entry.what == Happening::opened;
  const auto found = cards_.find(entry.incident);
  if (found == cards_.end() && !begins && entry.what != Happening::reopened &&
      entry.what != Happening::dialling) {
    return; // of an incident that was forgotten
  }
  if (found == cards_.end()) make_room();
  apply(cards_[entry.incident], entry);
}

void Outbox::apply(Card& card, const TimelineEntry& entry) {
  const Mark mark{entry.position, entry.index};
  if (mark <= card.newest) return;
  card.newest = mark;
  if (entry.what == Happening::alarm && card.title.empty())
    card.title = cut_utf8(entry.detail, limits::chat_title_bytes_max);
  if (entry.what == Happening::opened || entry.what == Happening::reopened) {
    card.round = entry.position;
    card.is_open = true;
  }
  const bool is_called = entry.what == Happening::dialling || entry.what == Happening::exhausted;
  if (is_called && entry.why != incident::Why::test) card.is_wanted = true;
  if (entry.what == Happening::acknowledged || entry.what == Happening::resolved) card.is_open = false;
  const std::string line = line_of(entry, settings_.language);
  if (line.empty()) return;
  add(card, {time_of(entry.at) + " " + line, mark});
}

void Outbox::add(Card& card, Line line) {
  if (!waits(card)) card.waits_since = ++order_;
  line.text = cut_utf8(line.text, limits::chat_line_bytes_max);
  card.lines.push_back(std::move(line));
  if (card.lines.size() <= limits::chat_lines_max) return;
  card.lines.erase(card.lines.begin());
  if (card.sent > 0) --card.sent;
}

/// Forgets the oldest incident of which nothing waits, else the oldest.
void Outbox::make_room() {
  if (cards_.size() < limits::chat_incidents_max) return;
  const auto idle =
      std::find_if(cards_.begin(), cards_.end(), [&](const auto& one) { return !waits(one.second); });
  if (idle == cards_.end()) ++overflowed_;
  const auto leaves = idle == cards_.end() ? cards_.begin() : idle;
  forgotten_.push_back(leaves->first);
  cards_.erase(leaves);
}

std::optional<Kept> Outbox::kept(std::uint64_t incident) const {
  const auto found = cards_.find(incident);
  if (found == cards_.end() || found->second.told == Mark{}) return std::nullopt;
  return Kept{found->second.told, found->second.ts};
}

std::vector<std::uint64_t> Outbox::take_forgotten() {
  return std::exchange(forgotten_, {});
}

void Outbox::count_as_told(Card& card, std::size_t lines) {
  card.sent = std::min(lines, card.lines.size());
  if (card.sent > 0) card.told = std::max(card.told, card.lines[card.sent - 1].mark);
  card.tries = 0;
}

std::optional<Outbox::Parcel> Outbox::next(SteadyTime now) {
  if (now < not_before_) return std::nullopt;
  const Card* first = nullptr;
  std::uint64_t incident = 0;
  for (const auto& [id, card] : cards_) {
    if (!waits(card) || now < card.not_before) continue;
    if (first != nullptr && first->waits_since < card.waits_since) continue;
    first = &card;
    incident = id;
  }
  if (first == nullptr) return std::nullopt;
  return Parcel{incident, first->lines.size(), request_of(incident, *first)};
}

Outbox::Left Outbox::done(const Parcel& parcel, const Outcome& outcome, SteadyTime now) {
  not_before_ = now + std::max(limits::chat_pause, std::min(outcome.retry_after.value_or(Millis(0)),
                                                            limits::chat_retry_after_max));
  const auto found = cards_.find(parcel.incident);
  if (found == cards_.end()) return Left::nothing;
  Card& card = found->second;
  if (outcome.kind == Outcome::Kind::sent) {
    count_as_told(card, parcel.lines);
    if (!outcome.ts.empty()) card.ts = outcome.ts;
    card.waits_since = ++order_;
    return Left::nothing;
  }
  if (outcome.kind == Outcome::Kind::later &&
      (outcome.retry_after || ++card.tries < limits::chat_tries_max)) {
    const Millis wait = std::min(seconds(std::int64_t{1} << std::min(card.tries, 6)), seconds(60));
    card.not_before = now + (outcome.retry_after ? Millis(0) : wait);
    return Left::retry;
  }
  count_as_told(card, card.lines.size());
  return Left::dropped;
}

std::optional<SteadyTime> Outbox::due() const {
  std::optional<SteadyTime> soonest;
  for (const auto& [id, card] : cards_) {
    if (!waits(card)) continue;
    const SteadyTime at = std::max(card.not_before, not_before_);
    soonest = soonest ? std::min(*soonest, at) : at;
  }
  return soonest;
}

std::string Outbox::text_of(std::uint64_t incident, const Card& card) const {
  const bool is_ja = settings_.language == Language::ja;
  std::string text =
      fmt::format("*{} {}* {}", is_ja ? "インシデント" : "Incident", incident, escaped(card.title));
  const bool is_update = settings_.webhook_url.empty();
  for (std::size_t i = is_update ? 0 : card.sent; i < card.lines.size(); ++i)
    text += "\n" + card.lines[i].text;
  if (!card.is_open || !link_of_) return text;
  if (const std::string link = link_of_(incident, card.round); !link.empty())
    text += fmt::format("\n<{}|{}>", link, is_ja ? "対応を受け付ける" : "Acknowledge");
  return text;
}

http::ClientRequest Outbox::request_of(std::uint64_t incident, const Card& card) const {
  http::ClientRequest request;
  request.method = "POST";
  request.patience = limits::chat_patience;
  request.ca_file = settings_.ca_file;
  request.response_bytes_max = limits::chat_response_bytes_max;
  request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  json::object body{{"text", text_of(incident, card)}, {"unfurl_links", false}, {"unfurl_media", false}};
  if (!settings_.webhook_url.empty()) {
    request.url = settings_.webhook_url;
  } else {
    request.url = settings_.api_url + (card.ts.empty() ? "/chat.postMessage" : "/chat.update");
    request.headers.emplace_back("Authorization", "Bearer " + settings_.token);
    body["channel"] = settings_.channel;
    if (!card.ts.empty()) body["ts"] = card.ts;
  }
  request.body = to_text(json::value(std::move(body)));
  return request;
}

Outcome outcome_of(const Settings& settings, const Result<http::Response>& answer) {
  using Kind = Outcome::Kind;
  // The client's message names the URL, which is a secret with a webhook.
  if (!answer)
    return {Kind::later, {}, "Slack cannot be reached: " + std::string(to_text(answer.error().fault)), {}};
  const int status = answer->status;
  if (status == 429) {
    const std::string* after = http::find_header(answer->headers, "Retry-After");
    const auto wait = after == nullptr ? std::nullopt : parse_int(trim(*after));
    return {Kind::later,
            {},
            "Slack asks to slow down (429)",
            seconds(std::clamp<std::int64_t>(wait.value_or(1), 1, 3'600))};
  }
  if (status / 100 == 5) return {Kind::later, {}, fmt::format("Slack answered HTTP status {}", status), {}};
  const std::string said = escaped(cut_utf8(trim(answer->body), 64));
  if (!settings.webhook_url.empty()) {
    if (status == 200) return {};
    return {Kind::never, {}, fmt::format("Slack refused the message: HTTP status {} {}", status, said), {}};
  }
  const auto body = parse_json(answer->body);
  if (status != 200 || !body || !body->is_object())
    return {Kind::later, {}, fmt::format("Slack answered HTTP status {} without a JSON object", status), {}};
  const Fields fields(body->get_object(), "");
  if (fields.flag_or("ok", false).value_or(false))
    return {Kind::sent, fields.text_or("ts", 64, "").value_or(""), {}, {}};
  const std::string error = fields.text_or("error", 64, "").value_or("");
  const bool may_pass = error == "ratelimited" || error == "internal_error" || error == "fatal_error" ||
                        error == "service_unavailable" || error == "request_timeout";
  return {may_pass ? Kind::later : Kind::never, {}, "Slack refused the message: " + escaped(error), {}};
}

} // namespace kaden::chat
