// Looking at what webhooks received, and doing it again: under /api/v1/webhooks.
#include <fmt/format.h>

#include "kaden/limits/webhooks.h"
#include "webhooks.h"

namespace kaden::app {
namespace {

constexpr std::int64_t list_default = 50;

json::object answer_of(const std::vector<AlarmEvent>& events, std::size_t old, const std::string& note) {
  json::array list;
  for (const AlarmEvent& event : events) list.push_back(kaden::to_json(event));
  json::object out{{"events", std::move(list)}};
  if (old > 0) out.emplace("older_than_known", old);
  if (!note.empty()) out.emplace("note", note);
  return out;
}

} // namespace

std::vector<api::Call> Webhooks::calls() {
  const auto on_worker = [this](const http::Reply& reply, std::function<void()> job) {
    if (!store_) return reply(http::error_response({Fault::unavailable, trouble()}));
    if (!worker_->post(std::move(job))) reply(http::error_response({Fault::busy, "too much waits already"}));
  };
  std::vector<api::Call> calls;
  calls.push_back({"GET", "webhooks/deliveries", api::May::read,
                   [=, this](const http::Request& request, const std::string&, const http::Reply& reply) {
                     on_worker(reply, [=, this] { list(request.query, reply); });
                   }});
  calls.push_back({"GET", "webhooks/deliveries/#", api::May::read,
                   [=, this](const http::Request&, const std::string& number, const http::Reply& reply) {
                     on_worker(reply, [=, this] { show(number, reply); });
                   }});
  calls.push_back(
      {"POST", "webhooks/deliveries/#/replay", api::May::act,
       [=, this](const http::Request& request, const std::string& number, const http::Reply& reply) {
         on_worker(reply, [=, this] { replay(request.body, number, reply); });
       }});
  return calls;
}

void Webhooks::list(const std::string& query, const http::Reply& reply) {
  const auto wanted =
      read_kept_query(query, "webhook", list_default, static_cast<std::int64_t>(limits::webhook_kept_max));
  if (!wanted) return reply(http::error_response(wanted.error()));
  const auto found = store_->list(wanted->name, wanted->limit);
  if (!found) return reply(http::error_response(found.error()));
  json::array list;
  for (const Kept& kept : *found) list.push_back(to_json(kept, false));
  reply(http::json_response(200, json::object{{"deliveries", std::move(list)}}));
}

void Webhooks::show(const std::string& number, const http::Reply& reply) {
  const auto kept = kept_of(*store_, number, "delivery");
  if (!kept) return reply(http::error_response(kept.error()));
  reply(http::json_response(200, to_json(*kept, true)));
}

Result<webhook::Rules> Webhooks::rules_for(const Kept& kept, const json::object& body) const {
  const std::optional<webhook::Rules> now = rules_now(kept.webhook);
  const json::value* mapping = body.if_contains("mapping");
  if (mapping == nullptr) {
    if (!now)
      return fail(Fault::not_found, fmt::format("webhook {} is not configured any more", kept.webhook));
    return *now;
  }
  if (!mapping->is_string()) return fail(Fault::invalid, "mapping: must be a text");
  auto rules = parts_.parse_rules(std::string(std::string_view(mapping->get_string())));
  // The same source as before, unless the text names one: these are the same alarms.
  if (rules && rules->source == webhook::Rules().source) rules->source = now ? now->source : kept.webhook;
  return rules;
}

void Webhooks::replay(const std::string& text, const std::string& number, const http::Reply& reply) {
  const auto refuse = [&](const Error& error) { reply(http::error_response(error)); };
  const auto wanted = read_replay(text, "mapping");
  if (!wanted) return refuse(wanted.error());
  const auto kept = kept_of(*store_, number, "delivery");
  if (!kept) return refuse(kept.error());
  // Nobody may put words into SNS's mouth by way of what is kept: only what was answered well is known to
  // have been signed. SNS itself comes again with the rest.
  constexpr int forbidden = 403;
  const auto configured = rules_now(kept->webhook);
  const bool is_signed = configured && configured->format == webhook::Format::sns;
  const bool is_good = kept->status >= 200 && kept->status < 300;
  if (kept->status == forbidden || (is_signed && !is_good)) {
    return refuse({Fault::conflict, "it was not believed: " + kept->outcome});
  }
  const auto rules = rules_for(*kept, wanted->body);
  if (!rules) return refuse(rules.error());
  auto read = webhook::read(*rules, {kept->call, kept->body});
  if (!read) return refuse(read.error());
  const std::string note = read->note;
  if (wanted->is_dry) {
    std::vector<AlarmEvent> events;
    for (webhook::Reading& reading : read->readings) events.push_back(std::move(reading.event));
    return reply(http::json_response(200, answer_of(events, 0, note)));
  }
  std::size_t old = 0;
  auto settled = settle_ids(std::move(*read), old);
  if (!settled) return refuse(settled.error());
  std::vector<AlarmEvent>& events = *settled;
  const json::object answer = answer_of(events, old, note);
  if (events.empty()) return reply(http::json_response(200, answer));
  const auto taken = parts_.submit(std::move(events), [reply, answer](const Result<void>& stored) {
    reply(stored ? http::json_response(200, answer) : http::error_response(stored.error()));
  });
  if (!taken) refuse(taken.error());
}

std::unique_ptr<Webhooks> open_webhooks(const config::Settings& settings, const runtime::Clock& clock,
                                        writer::Writer& writer,
                                        std::function<void(const std::string&)> notice) {
  const auto parse = [](const std::string& text) { return config::parse_webhook_rules(text, "mapping"); };
  auto webhooks = std::make_unique<Webhooks>(Webhooks::Parts{clock, settings.store_folder + "/webhooks.db",
                                                             submit_to(writer), ask_of(writer),
                                                             SnsTrust::web(), parse, std::move(notice)});
  webhooks->set(settings.webhooks);
  return webhooks;
}

} // namespace kaden::app
