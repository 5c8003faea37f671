#include "kept_calls.h"

#include <fmt/format.h>

#include <future>
#include <memory>
#include <utility>

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/webhooks.h"

namespace kaden::app {

Submit submit_to(writer::Writer& writer) {
  return [&writer](std::vector<AlarmEvent> events, const std::function<void(const Result<void>&)>& done) {
    std::vector<incident::Input> inputs;
    inputs.reserve(events.size());
    for (AlarmEvent& event : events) inputs.emplace_back(incident::AlarmReported{std::move(event)});
    return writer.submit(std::move(inputs),
                         [done](const Result<incident::Position>& committed, const incident::Engine&) {
                           if (committed) return done({});
                           done(tl::unexpected(committed.error()));
                         });
  };
}

Ask ask_of(writer::Writer& writer) {
  using Found = std::vector<incident::Standing>;
  return [&writer](std::vector<AlarmEvent> events) -> Result<Found> {
    const auto answer = std::make_shared<std::promise<Found>>(); // outlives our patience
    auto answered = answer->get_future();
    const auto asked = writer.ask([answer, events = std::move(events)](const incident::Engine& engine) {
      Found found;
      found.reserve(events.size());
      for (const AlarmEvent& event : events) found.push_back(engine.standing(event));
      answer->set_value(std::move(found));
    });
    if (!asked) return tl::unexpected(asked.error());
    if (answered.wait_for(limits::standing_patience) != std::future_status::ready)
      return fail(Fault::busy, "the journal's disk is slow; nothing is known of this alarm");
    return answered.get();
  };
}

void put_since(AlarmEvent& event, WallTime since) {
  // Within the limit: an id that was too long is a digest already.
  const std::string suffix = "@" + std::to_string(to_ms(since));
  if (event.event_id.size() + suffix.size() > limits::event_id_bytes_max)
    event.event_id = sha256_hex(event.event_id);
  event.event_id += suffix;
}

Result<KeptQuery> read_kept_query(std::string_view query, std::string_view parameter, std::int64_t usual,
                                  std::int64_t most) {
  constexpr std::size_t name_bytes_max = 64;
  KeptQuery out{"", usual};
  if (query.empty()) return out;
  for (const std::string_view part : split(query, '&')) {
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
    if (name == parameter) {
      out.name = std::string(value);
    } else if (name == "limit") {
      const auto number = parse_int(value);
      if (!number || *number < 1 || *number > most)
        return fail(Fault::invalid, fmt::format("limit: must be a number from 1 to {}", most));
      out.limit = *number;
    } else {
      return fail(Fault::invalid,
                  fmt::format("{}: is not a known parameter", cut_utf8(name, name_bytes_max)));
    }
  }
  return out;
}

Result<Replay> read_replay(const std::string& text, std::string_view other) {
  if (text.empty()) return Replay{};
  auto body = parse_json(text);
  if (!body) return tl::unexpected(body.error());
  if (!body->is_object()) return fail(Fault::invalid, "the body must be a JSON object");
  const Fields fields(body->get_object(), "");
  if (const auto known = fields.only({"dry_run", other}); !known) return tl::unexpected(known.error());
  const auto is_dry = fields.flag_or("dry_run", false);
  if (!is_dry) return tl::unexpected(is_dry.error());
  return Replay{*is_dry, std::move(body->get_object())};
}

Result<Kept> kept_of(const HookStore& store, const std::string& number, std::string_view noun) {
  auto found = store.find(parse_int(number).value_or(0));
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Fault::not_found, fmt::format("there is no {} {} any more", noun, number));
  return std::move(**found);
}

} // namespace kaden::app
