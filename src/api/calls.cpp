// The API's commands: events in, acknowledge, resolve, test calls, speech and configuration checks.
#include <fmt/format.h>

#include "kaden/api.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/limits/input.h"

namespace kaden::api {

namespace {

/// Parsed body as an object; replies 400 and gives nothing otherwise.
std::optional<json::value> body_object(const http::Request& request, const http::Reply& reply) {
  auto value = parse_json(request.body);
  if (!value) {
    reply(http::error_response(value.error()));
    return std::nullopt;
  }
  if (!value->is_object()) {
    reply(http::error_response({Fault::invalid, "the body must be a JSON object"}));
    return std::nullopt;
  }
  return std::move(*value);
}

/// A text that could not be spoken whole is refused: the sender is there to mend it, the callee is not.
Result<AlarmEvent> read_event(const json::value& value, const std::string& path) {
  auto event = alarm_event_from_json(value, path);
  if (!event) return event;
  for (const auto& [language, text] : event->say) {
    const auto good = script::check_template(text);
    if (good) continue;
    return fail(Fault::invalid, fmt::format("{}{}say.{}: {}", path, path.empty() ? "" : ".",
                                            to_text(language), good.error().message));
  }
  return event;
}

/// One event, or {"events": [...]}: all of them or none.
Result<std::vector<incident::Input>> read_events(const json::value& body) {
  std::vector<incident::Input> inputs;
  if (!body.get_object().contains("events")) {
    auto event = read_event(body, "");
    if (!event) return tl::unexpected(event.error());
    inputs.emplace_back(incident::AlarmReported{std::move(*event)});
    return inputs;
  }
  const Fields fields(body.get_object(), "");
  if (const auto known = fields.only({"events"}); !known) return tl::unexpected(known.error());
  const auto events = fields.array("events");
  if (!events) return tl::unexpected(events.error());
  if (*events == nullptr || (*events)->empty()) return fail(Fault::invalid, "events: must not be empty");
  if ((*events)->size() > limits::events_per_request_max) {
    return fail(Fault::invalid,
                fmt::format("events: at most {} in one request", limits::events_per_request_max));
  }
  inputs.reserve((*events)->size());
  for (std::size_t i = 0; i < (*events)->size(); ++i) {
    auto event = read_event((**events)[i], fmt::format("events[{}]", i));
    if (!event) return tl::unexpected(event.error());
    inputs.emplace_back(incident::AlarmReported{std::move(*event)});
  }
  return inputs;
}

} // namespace

void Api::post_events(const http::Request& request, const std::string&, const std::string&,
                      const http::Reply& reply) {
  const auto body = body_object(request, reply);
  if (!body) return;
  auto inputs = read_events(*body);
  if (!inputs) return reply(http::error_response(inputs.error()));
  const std::size_t count = inputs->size();
  const auto taken = writer_.submit(
      std::move(*inputs),
      [reply, count](const Result<incident::Position>& committed, const incident::Engine&) {
        if (!committed) return reply(http::error_response(committed.error()));
        reply(http::json_response(200, json::object{{"accepted", count}, {"position", *committed}}));
      });
  if (!taken) reply(http::error_response(taken.error()));
}

void Api::act_on_incident(bool resolving, const std::string& who, const std::string& id,
                          const http::Reply& reply) {
  const auto number = static_cast<std::uint64_t>(parse_int(id).value_or(0));
  // First a look, so that an unknown number is a clear 404 and leaves no trace in the journal.
  const auto asked = writer_.ask([this, resolving, who, number, reply](const incident::Engine& engine) {
    const auto view = engine.incident(number);
    if (!view) {
      return reply(http::error_response({Fault::not_found, fmt::format("there is no incident {}", number)}));
    }
    if (!resolving && view->state == incident::IncidentState::resolved) {
      return reply(
          http::error_response({Fault::conflict, fmt::format("incident {} is resolved already", number)}));
    }
    std::vector<incident::Input> inputs;
    if (resolving) {
      inputs.emplace_back(incident::ResolveAsked{number, who});
    } else {
      inputs.emplace_back(incident::AcknowledgeAsked{number, who});
    }
    const auto taken = writer_.submit(std::move(inputs), [reply, number](
                                                             const Result<incident::Position>& committed,
                                                             const incident::Engine& after) {
      if (!committed) return reply(http::error_response(committed.error()));
      const auto now = after.incident(number);
      reply(now ? http::json_response(200, incident::to_json(*now))
                : http::error_response({Fault::not_found, fmt::format("there is no incident {}", number)}));
    });
    if (!taken) reply(http::error_response(taken.error()));
  });
  if (!asked) reply(http::error_response(asked.error()));
}

void Api::acknowledge(const http::Request&, const std::string& who, const std::string& id,
                      const http::Reply& reply) {
  act_on_incident(false, who, id, reply);
}

void Api::resolve(const http::Request&, const std::string& who, const std::string& id,
                  const http::Reply& reply) {
  act_on_incident(true, who, id, reply);
}

void Api::post_call(const http::Request& request, const std::string& who, const std::string&,
                    const http::Reply& reply) {
  const auto body = body_object(request, reply);
  if (!body) return;
  const Fields fields(body->get_object(), "");
  incident::TestCallAsked asked;
  asked.by = who;
  const auto known = fields.only({"person", "text", "request_id"});
  if (!known) return reply(http::error_response(known.error()));
  auto person = fields.text("person", 64);
  if (!person) return reply(http::error_response(person.error()));
  auto text = fields.text_or("text", limits::say_bytes_max, "");
  if (!text) return reply(http::error_response(text.error()));
  if (const auto good = script::check_template(*text); !good) {
    return reply(http::error_response({Fault::invalid, "text: " + good.error().message}));
  }
  auto id = fields.text("request_id", limits::event_id_bytes_max);
  if (!id) return reply(http::error_response(id.error()));
  asked.person = std::move(*person);
  asked.text = std::move(*text);
  asked.request_id = std::move(*id);

  const auto taken = writer_.ask([this, asked, reply](const incident::Engine& engine) {
    if (!engine.knows_person(asked.person)) {
      return reply(
          http::error_response({Fault::not_found, fmt::format("person: there is no \"{}\"", asked.person)}));
    }
    std::vector<incident::Input> inputs;
    inputs.emplace_back(asked);
    const auto submitted =
        writer_.submit(std::move(inputs),
                       [reply](const Result<incident::Position>& committed, const incident::Engine& after) {
                         if (!committed) return reply(http::error_response(committed.error()));
                         const auto newest = after.incidents(std::nullopt, 1);
                         json::object answer{{"position", *committed}};
                         if (!newest.empty() && newest.front().is_test)
                           answer.emplace("incident", newest.front().id);
                         reply(http::json_response(200, answer));
                       });
    if (!submitted) reply(http::error_response(submitted.error()));
  });
  if (!taken) reply(http::error_response(taken.error()));
}

void Api::post_say(const http::Request& request, const std::string&, const std::string&,
                   const http::Reply& reply) {
  const auto body = body_object(request, reply);
  if (!body) return;
  const Fields fields(body->get_object(), "");
  const auto known = fields.only({"language", "text"});
  if (!known) return reply(http::error_response(known.error()));
  const auto text = fields.text("text", limits::say_bytes_max);
  if (!text) return reply(http::error_response(text.error()));
  const auto language_text = fields.text("language", 8);
  if (!language_text) return reply(http::error_response(language_text.error()));
  const auto language = parse_language(*language_text);
  if (!language) return reply(http::error_response({Fault::invalid, "language: must be ja or en"}));
  if (const auto good = script::check_template(*text); !good) {
    return reply(http::error_response({Fault::invalid, "text: " + good.error().message}));
  }
  services_.speak(script::expand(*language, *text, script::fields_as_written(*text)),
                  [reply](Result<std::string> wav) {
                    if (!wav) return reply(http::error_response(wav.error()));
                    http::Response response;
                    response.headers.emplace_back("Content-Type", "audio/wav");
                    response.body = std::move(*wav);
                    reply(std::move(response));
                  });
}

void Api::post_check(const http::Request& request, const std::string&, const std::string&,
                     const http::Reply& reply) {
  json::array errors;
  for (const std::string& error : services_.check_config(request.body)) errors.emplace_back(error);
  const bool good = errors.empty();
  reply(http::json_response(200, json::object{{"ok", good}, {"errors", std::move(errors)}}));
}

} // namespace kaden::api
