#include <fmt/format.h>

#include "reading.h"
#include "tokens.h"

#include "kaden/limits/logs.h"

namespace kaden::cloudwatchlogs {

namespace {

using smithy::long_shape;
using smithy::text_shape;

constexpr std::string_view group_missing = "The specified log group does not exist.";
constexpr std::string_view stream_missing = "The specified log stream does not exist.";

void create_stream(Store& store, const std::string& maker, const Value& input, const Respond& respond) {
  const auto group = read_group_name(input);
  if (!group) return respond(refused(group));
  const auto name = read_name(input, "logStreamName");
  if (!name) return respond(refused(name));
  store.create_stream(
      *group, *name,
      answering(respond, std::string(group_missing), "The specified log stream already exists"), maker);
}

void delete_stream(Store& store, const Value& input, const Respond& respond) {
  const auto group = read_group_name(input);
  if (!group) return respond(refused(group));
  const auto name = read_name(input, "logStreamName");
  if (!name) return respond(refused(name));
  store.delete_stream(*group, *name,
                      answering(respond, std::string(store.group(*group) ? stream_missing : group_missing)));
}

Value stream_value(const logstore::Stream& stream, const std::string& arn) {
  Value out = Value()
                  .set("logStreamName", stream.name)
                  .set("creationTime", to_ms(stream.created))
                  .set("arn", arn + ":log-stream:" + stream.name)
                  .set("storedBytes", 0); // Amazon's answer since 2019, too
  const std::pair<const char*, const std::optional<WallTime>*> times[] = {
      {"firstEventTimestamp", &stream.first},
      {"lastEventTimestamp", &stream.last},
      {"lastIngestionTime", &stream.ingested}};
  for (const auto& [name, at] : times) {
    if (*at) out.set(name, to_ms(**at));
  }
  return out;
}

/// Where a page by time ended: its last stream.
std::string place_of(const logstore::Stream& stream) {
  return (stream.last ? std::to_string(to_ms(*stream.last)) : "") + "/" + stream.name;
}
Answer<logstore::Stream> parse_stream(std::string_view place) {
  const std::size_t slash = place.find('/');
  if (slash == std::string_view::npos) return invalid_token();
  logstore::Stream stream;
  stream.name = place.substr(slash + 1);
  if (slash == 0) return stream;
  const auto ms = parse_int(place.substr(0, slash));
  if (!ms) return invalid_token();
  stream.last = wall_time(*ms);
  return stream;
}

/// What DescribeLogStreams asks for.
struct StreamsRequest {
  std::string group, prefix;
  bool by_time = false, descending = false;
  std::size_t limit = 0;
};

Answer<StreamsRequest> read_request(const Value& input) {
  StreamsRequest request;
  const auto group = read_group(input);
  if (!group) return refused(group);
  request.group = *group;
  const auto prefix = read_prefix(input, "logStreamNamePrefix");
  if (!prefix) return refused(prefix);
  request.prefix = *prefix;
  const std::string order = input.text_or("orderBy", "LogStreamName");
  if (order != "LogStreamName" && order != "LastEventTime") {
    return must_be("orderBy", &order, "Member must satisfy enum value set: [LogStreamName, LastEventTime]");
  }
  request.by_time = order == "LastEventTime";
  if (request.by_time && !request.prefix.empty()) {
    return problem(invalid_parameter, "Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  request.descending = input.flag("descending").value_or(false);
  const auto limit = read_limit(input, limits::log_describe_page_max);
  if (!limit) return refused(limit);
  request.limit = *limit;
  return request;
}

Answer<Value> describe_streams(const Store& store, const std::string& arn_prefix, const Value& input,
                               WallTime now) {
  const auto request = read_request(input);
  if (!request) return refused(request);
  const Question question = Question("DescribeLogStreams")
                                .add(request->group)
                                .add(request->prefix)
                                .add(std::int64_t{request->by_time})
                                .add(std::int64_t{request->descending});
  const auto after = question.read(input, now);
  if (!after) return refused(after);
  std::optional<logstore::Stream> after_stream;
  if (request->by_time && *after) {
    auto stream = parse_stream(**after);
    if (!stream) return refused(stream);
    after_stream = std::move(*stream);
  }
  auto found =
      request->by_time
          ? store.streams_by_time(request->group, after_stream, request->limit + 1, request->descending)
          : store.streams(request->group, {request->prefix, "", after->value_or(""), request->limit + 1},
                          request->descending);
  if (!found) return no_group();
  const bool is_more = found->size() > request->limit;
  if (is_more) found->pop_back();
  smithy::List list;
  for (const auto& stream : *found) list.push_back(stream_value(stream, arn_prefix + request->group));
  Value out;
  out.set("logStreams", std::move(list));
  if (is_more) {
    const auto& last = found->back();
    out.set("nextToken", question.token(request->by_time ? place_of(last) : last.name, now));
  }
  return out;
}

} // namespace

void add_streams(const Offer& offer) {
  smithy::Model& model = offer.model;
  const auto* names = model.structure({{"logGroupName", &text_shape}, {"logStreamName", &text_shape}});
  offer.service.add(
      {"CreateLogStream", names}, smithy::Permission::ingest,
      [&store = offer.store](const smithy::Caller& caller, const Value& input, const Respond& respond) {
        create_stream(store, caller.access_key_id, input, respond);
      });
  offer.service.add({"DeleteLogStream", names}, smithy::Permission::alarms,
                    [&store = offer.store](const smithy::Caller&, const Value& input,
                                           const Respond& respond) { delete_stream(store, input, respond); });
  const auto* describe = model.structure({{"logGroupName", &text_shape},
                                          {"logGroupIdentifier", &text_shape},
                                          {"logStreamNamePrefix", &text_shape},
                                          {"orderBy", &text_shape},
                                          {"descending", &smithy::boolean_shape},
                                          {"nextToken", &text_shape},
                                          {"limit", &smithy::integer_shape}});
  const auto* stream = model.structure({{"logStreamName", &text_shape},
                                        {"creationTime", &long_shape},
                                        {"firstEventTimestamp", &long_shape},
                                        {"lastEventTimestamp", &long_shape},
                                        {"lastIngestionTime", &long_shape},
                                        {"arn", &text_shape},
                                        {"storedBytes", &long_shape}});
  const auto* described = model.structure({{"logStreams", model.list(stream)}, {"nextToken", &text_shape}});
  offer.service.add({"DescribeLogStreams", describe, described}, smithy::Permission::read,
                    [&store = offer.store, arn_prefix = offer.arn_prefix](
                        const smithy::Caller& caller, const Value& input, const Respond& respond) {
                      respond(describe_streams(store, arn_prefix, input, caller.now));
                    });
}

} // namespace kaden::cloudwatchlogs
