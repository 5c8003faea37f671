// Looking at mails, and judging them again: under /api/v1/mails.
#include <fmt/format.h>

#include "kaden/limits/mail.h"
#include "mails.h"

namespace kaden::app {

namespace {

constexpr std::int64_t list_default = 20;
constexpr std::int64_t list_max = 200; // each is read for its subject

/// What is told of each mail.
json::object summary(const Kept& kept, const mime::Mail& mail) {
  json::object out{{"number", kept.number},   {"at", to_iso8601(kept.at)}, {"listener", kept.webhook},
                   {"from", mail.from},       {"subject", mail.subject},   {"status", kept.status},
                   {"outcome", kept.outcome}, {"events", kept.events},     {"bytes", kept.bytes}};
  if (auto envelope = parse_json(kept.call)) out.emplace("envelope", std::move(*envelope));
  return out;
}

} // namespace

json::object explained(const mailrules::Rules& rules, const mime::Mail& mail,
                       const std::string& envelope_from) {
  json::array why;
  for (const auto& each : mailrules::explain(rules, mail, envelope_from))
    why.push_back(json::object{{"rule", each.rule}, {"why", each.words}});
  json::array attachments;
  for (const std::string& name : mail.attachments) attachments.push_back(json::value(name));
  json::array notes;
  for (const std::string& note : mail.notes) notes.push_back(json::value(note));
  return {{"from", mail.from},         {"from_address", mail.from_address},
          {"subject", mail.subject},   {"date", mail.date},
          {"text", mail.text},         {"message_id", mail.message_id},
          {"notes", std::move(notes)}, {"attachments", std::move(attachments)},
          {"rules", std::move(why)}};
}

std::vector<api::Call> Mails::calls() {
  const auto on_worker = [this](const http::Reply& reply, std::function<void()> job) {
    if (!store_) return reply(http::error_response({Fault::unavailable, trouble()}));
    if (!worker_->post(std::move(job))) reply(http::error_response({Fault::busy, "too much waits already"}));
  };
  std::vector<api::Call> calls;
  calls.push_back({"GET", "mails", api::May::read,
                   [=, this](const http::Request& request, const std::string&, const http::Reply& reply) {
                     on_worker(reply, [=, this] { list(request.query, reply); });
                   }});
  calls.push_back({"GET", "mails/#", api::May::read,
                   [=, this](const http::Request&, const std::string& number, const http::Reply& reply) {
                     on_worker(reply, [=, this] { show(number, reply); });
                   }});
  calls.push_back(
      {"POST", "mails/#/replay", api::May::act,
       [=, this](const http::Request& request, const std::string& number, const http::Reply& reply) {
         on_worker(reply, [=, this] { replay(request.body, number, reply); });
       }});
  return calls;
}

void Mails::list(const std::string& query, const http::Reply& reply) {
  const auto wanted = read_kept_query(query, "listener", list_default, list_max);
  if (!wanted) return reply(http::error_response(wanted.error()));
  const auto found = store_->list(wanted->name, wanted->limit);
  if (!found) return reply(http::error_response(found.error()));
  json::array list;
  for (const Kept& each : *found) {
    const auto whole = store_->find(each.number);
    if (!whole) return reply(http::error_response(whole.error()));
    list.push_back(summary(each, mime::read(*whole ? (*whole)->body : "")));
  }
  reply(http::json_response(200, json::object{{"mails", std::move(list)}}));
}

void Mails::show(const std::string& number, const http::Reply& reply) {
  const auto kept = kept_of(*store_, number, "mail");
  if (!kept) return reply(http::error_response(kept.error()));
  const mime::Mail mail = mime::read(kept->body);
  json::object out = summary(*kept, mail);
  const DeskPtr desk = desk_of(kept->webhook);
  const mailrules::Rules rules = desk ? desk->rules : mailrules::Rules();
  for (auto& [name, value] : explained(rules, mail, envelope_from(kept->call)))
    out.insert_or_assign(name, value);
  if (is_valid_utf8(kept->body)) {
    out.emplace("source", kept->body);
  } else {
    out.emplace("source_hex", to_hex(kept->body)); // a mail need not be text; an answer must be
  }
  reply(http::json_response(200, out));
}

Result<mailrules::Rules> Mails::rules_for(const Kept& kept, const json::object& body) const {
  const json::value* text = body.if_contains("rules");
  if (text == nullptr) {
    const DeskPtr desk = desk_of(kept.webhook);
    if (!desk)
      return fail(Fault::not_found, fmt::format("listener {} is not configured any more", kept.webhook));
    return desk->rules;
  }
  if (!text->is_string()) return fail(Fault::invalid, "rules: must be a text");
  auto rules = parts_.parse_rules(std::string(std::string_view(text->get_string())));
  if (rules) rules->listener = kept.webhook;
  return rules;
}

void Mails::replay(const std::string& text, const std::string& number, const http::Reply& reply) {
  const auto refuse = [&](const Error& error) { reply(http::error_response(error)); };
  const auto wanted = read_replay(text, "rules");
  if (!wanted) return refuse(wanted.error());
  const auto kept = kept_of(*store_, number, "mail");
  if (!kept) return refuse(kept.error());
  const auto rules = rules_for(*kept, wanted->body);
  if (!rules) return refuse(rules.error());
  const std::string from = envelope_from(kept->call);
  const mime::Mail mail = mime::read(kept->body);
  mailrules::Judged judged = mailrules::judge(*rules, mail, from, kept->at);
  json::object answer = explained(*rules, mail, from);
  answer.emplace("outcome", judged.words);
  json::array list;
  if (judged.event) list.push_back(kaden::to_json(*judged.event));
  answer.emplace("events", std::move(list));
  if (wanted->is_dry || !judged.event) return reply(http::json_response(200, answer));
  // An operator says that it counts: only a mail without an id of its own needs to be told apart.
  if (judged.is_timeless) {
    const auto turn = note_event(judged, mail, parts_.clock.wall());
    if (!turn) return refuse(turn.error());
    if (turn->since) put_since(*judged.event, *turn->since);
  }
  std::vector<AlarmEvent> events;
  events.push_back(std::move(*judged.event));
  const auto taken = parts_.submit(std::move(events), [reply, answer](const Result<void>& stored) {
    reply(stored ? http::json_response(200, answer) : http::error_response(stored.error()));
  });
  if (!taken) refuse(taken.error());
}

std::unique_ptr<Mails> open_mails(const config::Settings& settings, const runtime::Clock& clock,
                                  writer::Writer& writer, std::function<void(const std::string&)> notice) {
  const auto parse = [](const std::string& text) { return config::parse_mail_rules(text, "rules"); };
  auto mails =
      std::make_unique<Mails>(Mails::Parts{clock, settings.store_folder + "/mails.db", submit_to(writer),
                                           ask_of(writer), parse, std::move(notice)});
  mails->set(settings.sources.mail);
  return mails;
}

} // namespace kaden::app
