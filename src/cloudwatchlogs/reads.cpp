#include <fmt/format.h>

#include <algorithm>

#include "reading.h"
#include "tokens.h"

#include "kaden/limits/logs.h"

namespace kaden::cloudwatchlogs {

namespace {

using logstore::Page;
using logstore::Place;
using logstore::Query;
using smithy::long_shape;
using smithy::text_shape;

constexpr std::string_view group_missing = "The specified log group does not exist.";
/// startFromHead=false of FilterLogEvents is for newer events only.
constexpr std::int64_t newest_first_from_ms = 1'704'067'200'000; // 2024-01-01
constexpr std::int64_t last_ms = std::int64_t{1} << 53;

/// A time of the request, in milliseconds.
Answer<std::optional<std::int64_t>> read_time(const Value& input, std::string_view name) {
  const auto ms = input.integer(name);
  if (!ms) return std::optional<std::int64_t>();
  if (*ms < 0) {
    const std::string shown = std::to_string(*ms);
    return must_be(name, &shown, "Member must have value greater than or equal to 0");
  }
  return std::optional<std::int64_t>(std::min(*ms, last_ms));
}

/// `end_belongs`: FilterLogEvents' end time does, GetLogEvents' does not.
Answer<void> read_span(const Value& input, bool end_belongs, Query& query) {
  const auto start = read_time(input, "startTime");
  if (!start) return refused(start);
  const auto end = read_time(input, "endTime");
  if (!end) return refused(end);
  if (*start && *end && **start > **end) {
    return problem(invalid_parameter, "End time should not be less than start time.");
  }
  query.from = wall_time(start->value_or(0));
  query.to = wall_time(end->value_or(last_ms) + (end_belongs ? 1 : 0));
  return {};
}

// FilterLogEvents -------------------------------------------------------------------------------------------

Answer<void> read_streams(const Value& input, Query& query) {
  query.streams = input.texts("logStreamNames");
  const auto prefix = read_prefix(input, "logStreamNamePrefix");
  if (!prefix) return refused(prefix);
  query.stream_prefix = *prefix;
  if (input.has("logStreamNames") && query.streams.empty()) {
    return problem(invalid_parameter,
                   "1 validation error detected: Value at 'logStreamNames' failed to satisfy "
                   "constraint: Member must have length greater than or equal to 1");
  }
  if (query.streams.size() > limits::log_streams_per_query_max) {
    return problem(invalid_parameter,
                   "1 validation error detected: Value at 'logStreamNames' failed to satisfy "
                   "constraint: Member must have length less than or equal to 100");
  }
  if (!query.streams.empty() && !query.stream_prefix.empty()) {
    return problem(invalid_parameter, "logStreamNames and logStreamNamePrefix cannot both be specified.");
  }
  return {};
}

Answer<Query> read_filter(const Value& input) {
  Query query;
  auto group = read_group(input);
  if (!group) return refused(group);
  query.group = std::move(*group);
  if (const auto streams = read_streams(input, query); !streams) return refused(streams);
  if (const auto span = read_span(input, true, query); !span) return refused(span);
  const auto limit = read_limit(input, limits::log_page_events_max);
  if (!limit) return refused(limit);
  query.events_max = *limit;
  query.newest_first = !input.flag("startFromHead").value_or(true);
  if (query.newest_first && to_ms(query.from) < newest_first_from_ms) {
    return problem(invalid_parameter, "startFromHead=false needs a startTime of 2024 or later.");
  }
  if (const std::string* text = input.text("filterPattern"); text != nullptr && !text->empty()) {
    auto pattern = logfilter::Pattern::parse(*text);
    if (!pattern) return problem(invalid_parameter, "Invalid filter pattern: " + pattern.error().message);
    query.pattern = std::move(*pattern);
  }
  return query;
}

Question question_of(const Query& query, std::string_view operation) {
  Question question(operation);
  question.add(query.group).add(query.stream_prefix).add(std::int64_t{query.newest_first});
  question.add(to_ms(query.from)).add(to_ms(query.to));
  question.add(query.pattern ? query.pattern->text() : "");
  for (const auto& stream : query.streams) question.add(stream);
  return question;
}

Value filtered(const Page& page, const Question& question, WallTime now) {
  smithy::List events;
  events.reserve(page.events.size());
  for (const auto& event : page.events) {
    events.push_back(Value()
                         .set("logStreamName", event.stream)
                         .set("timestamp", to_ms(event.at))
                         .set("message", event.message)
                         .set("ingestionTime", to_ms(event.ingested))
                         .set("eventId", event.id));
  }
  Value out = Value().set("events", std::move(events)).set("searchedLogStreams", smithy::List());
  if (page.next) out.set("nextToken", question.token(to_text(*page.next), now));
  return out;
}

void filter_events(Store& store, const smithy::Caller& caller, const Value& input, const Respond& respond) {
  const WallTime now = caller.now;
  auto query = read_filter(input);
  if (!query) return respond(refused(query));
  query->asker = caller.access_key_id;
  const Question question = question_of(*query, "FilterLogEvents");
  const auto text = question.read(input, now);
  if (!text) return respond(refused(text));
  if (*text) {
    const auto place = parse_place(**text);
    if (!place) return respond(refused(place));
    query->after = *place;
  }
  const bool group_is_here = store.group(query->group).has_value();
  for (const auto& stream : query->streams) {
    if (group_is_here && !store.stream(query->group, stream)) return respond(no_stream());
  }
  store.read(std::move(*query), [respond, question, now](const Result<Page>& page) {
    if (!page) return respond(tl::unexpected<Problem>(problem_of(page.error(), group_missing)));
    respond(filtered(*page, question, now));
  });
}

// GetLogEvents ----------------------------------------------------------------------------------------------

/// "f/" and "b/" before the token say in which direction it goes on.
struct Direction {
  bool backward = true;
  std::string token; ///< as it came
};

Value got(const Page& page, const Direction& direction, const std::optional<Place>& after, const Query& query,
          const Question& question, WallTime now) {
  smithy::List events;
  for (const auto& event : page.events) {
    events.push_back(Value()
                         .set("timestamp", to_ms(event.at))
                         .set("message", event.message)
                         .set("ingestionTime", to_ms(event.ingested)));
  }
  if (direction.backward) std::reverse(events.begin(), events.end());
  // An empty page leaves the place where it was, and the token that led there as it is: so a reader sees that
  // it is at the end.
  const Place here =
      after.value_or(Place{direction.backward ? to_ms(query.to) : to_ms(query.from) - 1, 0, 0});
  const Place oldest = (direction.backward ? page.last : page.first).value_or(page.next.value_or(here));
  const Place newest = (direction.backward ? page.first : page.last).value_or(page.next.value_or(here));
  std::string forward = "f/" + question.token(to_text(newest), now);
  std::string backward = "b/" + question.token(to_text(oldest), now);
  if (page.events.empty() && !page.next && !direction.token.empty()) {
    (direction.backward ? backward : forward) = direction.token;
  }
  return Value()
      .set("events", std::move(events))
      .set("nextForwardToken", std::move(forward))
      .set("nextBackwardToken", std::move(backward));
}

Answer<Query> read_get(const Value& input) {
  Query query;
  auto group = read_group(input);
  if (!group) return refused(group);
  query.group = std::move(*group);
  const auto stream = read_name(input, "logStreamName");
  if (!stream) return refused(stream);
  query.streams = {*stream};
  if (const auto span = read_span(input, false, query); !span) return refused(span);
  const auto limit = read_limit(input, limits::log_page_events_max);
  if (!limit) return refused(limit);
  query.events_max = *limit;
  return query;
}

void get_events(Store& store, const smithy::Caller& caller, const Value& input, const Respond& respond) {
  const WallTime now = caller.now;
  auto query = read_get(input);
  if (!query) return respond(refused(query));
  query->asker = caller.access_key_id;
  if (!store.group(query->group)) return respond(no_group());
  if (!store.stream(query->group, query->streams[0])) return respond(no_stream());
  const Question question = question_of(*query, "GetLogEvents");
  Direction direction{!input.flag("startFromHead").value_or(false), input.text_or("nextToken", "")};
  if (input.has("nextToken")) {
    const std::string_view token = direction.token;
    direction.backward = token.starts_with("b/");
    if (!direction.backward && !token.starts_with("f/")) return respond(invalid_token());
    const auto text = question.place_of(token.substr(2), now);
    if (!text) return respond(refused(text));
    const auto place = parse_place(*text);
    if (!place) return respond(refused(place));
    query->after = *place;
  }
  query->newest_first = direction.backward;
  const Query asked = *query;
  store.read(std::move(*query), [respond, direction, asked, question, now](const Result<Page>& page) {
    if (!page) return respond(tl::unexpected<Problem>(problem_of(page.error(), group_missing)));
    respond(got(*page, direction, asked.after, asked, question, now));
  });
}

} // namespace

void add_reads(const Offer& offer) {
  smithy::Model& model = offer.model;
  const auto* filter = model.structure({{"logGroupName", &text_shape},
                                        {"logGroupIdentifier", &text_shape},
                                        {"logStreamNames", model.list(&text_shape)},
                                        {"logStreamNamePrefix", &text_shape},
                                        {"startTime", &long_shape},
                                        {"endTime", &long_shape},
                                        {"filterPattern", &text_shape},
                                        {"nextToken", &text_shape},
                                        {"limit", &smithy::integer_shape},
                                        {"interleaved", &smithy::boolean_shape},
                                        {"startFromHead", &smithy::boolean_shape}});
  const auto* found = model.structure({{"logStreamName", &text_shape},
                                       {"timestamp", &long_shape},
                                       {"message", &text_shape},
                                       {"ingestionTime", &long_shape},
                                       {"eventId", &text_shape}});
  const auto* searched =
      model.structure({{"logStreamName", &text_shape}, {"searchedCompletely", &smithy::boolean_shape}});
  const auto* filtered_shape = model.structure({{"events", model.list(found)},
                                                {"searchedLogStreams", model.list(searched)},
                                                {"nextToken", &text_shape}});
  offer.service.add(
      {"FilterLogEvents", filter, filtered_shape}, smithy::Permission::read,
      [&store = offer.store](const smithy::Caller& caller, const Value& input, const Respond& respond) {
        filter_events(store, caller, input, respond);
      });
  const auto* get = model.structure({{"logGroupName", &text_shape},
                                     {"logGroupIdentifier", &text_shape},
                                     {"logStreamName", &text_shape},
                                     {"startTime", &long_shape},
                                     {"endTime", &long_shape},
                                     {"nextToken", &text_shape},
                                     {"limit", &smithy::integer_shape},
                                     {"startFromHead", &smithy::boolean_shape}});
  const auto* event =
      model.structure({{"timestamp", &long_shape}, {"message", &text_shape}, {"ingestionTime", &long_shape}});
  const auto* got_shape = model.structure(
      {{"events", model.list(event)}, {"nextForwardToken", &text_shape}, {"nextBackwardToken", &text_shape}});
  offer.service.add(
      {"GetLogEvents", get, got_shape}, smithy::Permission::read,
      [&store = offer.store](const smithy::Caller& caller, const Value& input, const Respond& respond) {
        get_events(store, caller, input, respond);
      });
}

} // namespace kaden::cloudwatchlogs
