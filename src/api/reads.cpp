// The API's questions: incidents, live calls, the timeline, sources, and /metrics.
#include <fmt/format.h>

#include <algorithm>

#include "kaden/api.h"

namespace kaden::api {

namespace {

constexpr Millis writer_patience = seconds(1); // a commit under way for longer is not waited for by a scrape

/// The values of a query string, by name; the last one of a name wins.
Result<std::map<std::string, std::string>> read_query(std::string_view query,
                                                      std::initializer_list<std::string_view> known) {
  std::map<std::string, std::string> values;
  if (query.empty()) return values;
  for (const std::string_view part : split(query, '&')) {
    const std::size_t equals = part.find('=');
    auto name = percent_decode(part.substr(0, equals), true);
    auto value =
        percent_decode(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1), true);
    if (!name || !value) return fail(Fault::invalid, "the query string is not well encoded");
    if (std::find(known.begin(), known.end(), *name) == known.end()) {
      return fail(Fault::invalid, fmt::format("{}: is not a known parameter", cut_utf8(*name, 64)));
    }
    values[std::move(*name)] = std::move(*value);
  }
  return values;
}

Result<std::int64_t> number_or(const std::map<std::string, std::string>& values, const std::string& name,
                               std::int64_t least, std::int64_t most, std::int64_t fallback) {
  const auto found = values.find(name);
  if (found == values.end()) return fallback;
  const auto number = parse_int(found->second);
  if (!number || *number < least || *number > most) {
    return fail(Fault::invalid, fmt::format("{}: must be a number from {} to {}", name, least, most));
  }
  return *number;
}

json::array to_json(const std::vector<incident::TimelineEntry>& entries) {
  json::array list;
  list.reserve(entries.size());
  for (const auto& entry : entries) list.push_back(incident::to_json(entry));
  return list;
}

/// Every part that can be in trouble, so that an alarm on it can be written before the first one.
Metric trouble_metric(const std::vector<Trouble>& troubles) {
  Metric metric{"kaden_trouble", "1 for each part that /healthz complains about.", MetricKind::gauge, {}, {}};
  for (const Part part : parts) {
    const bool is_troubled = std::any_of(troubles.begin(), troubles.end(),
                                         [&](const Trouble& trouble) { return trouble.part == part; });
    metric.samples.push_back({{{"part", std::string(to_text(part))}}, is_troubled ? 1.0 : 0.0});
  }
  return metric;
}

} // namespace

void Api::get_incidents(const http::Request& request, const std::string&, const std::string&,
                        const http::Reply& reply) {
  const auto query = read_query(request.query, {"state", "limit"});
  if (!query) return reply(http::error_response(query.error()));
  const auto most = number_or(*query, "limit", 1, 1'000, 100);
  if (!most) return reply(http::error_response(most.error()));
  std::optional<incident::IncidentState> state;
  if (const auto wanted = query->find("state"); wanted != query->end()) {
    state = incident::parse_incident_state(wanted->second);
    if (!state) {
      return reply(
          http::error_response({Fault::invalid, "state: must be triggered, acknowledged or resolved"}));
    }
  }
  const auto count_max = static_cast<std::size_t>(*most);
  const auto asked = writer_.ask([reply, state, count_max](const incident::Engine& engine) {
    json::array list;
    for (const auto& view : engine.incidents(state, count_max)) list.push_back(incident::to_json(view));
    reply(http::json_response(200, json::object{{"incidents", std::move(list)}}));
  });
  if (!asked) reply(http::error_response(asked.error()));
}

void Api::get_incident(const http::Request&, const std::string&, const std::string& id,
                       const http::Reply& reply) {
  const auto number = static_cast<std::uint64_t>(parse_int(id).value_or(0));
  const auto asked = writer_.ask([reply, number](const incident::Engine& engine) {
    const auto view = engine.incident(number);
    if (!view) {
      return reply(http::error_response({Fault::not_found, fmt::format("there is no incident {}", number)}));
    }
    json::value answer = incident::to_json(*view);
    answer.get_object()["timeline"] = to_json(engine.timeline(number));
    reply(http::json_response(200, answer));
  });
  if (!asked) reply(http::error_response(asked.error()));
}

void Api::get_calls(const http::Request&, const std::string&, const std::string&, const http::Reply& reply) {
  const auto asked = writer_.ask([reply](const incident::Engine& engine) {
    json::array list;
    for (const auto& view : engine.live_calls()) list.push_back(incident::to_json(view));
    reply(http::json_response(200, json::object{{"calls", std::move(list)}}));
  });
  if (!asked) reply(http::error_response(asked.error()));
}

void Api::get_timeline(const http::Request& request, const std::string&, const std::string&,
                       const http::Reply& reply) {
  const auto query = read_query(request.query, {"after", "limit", "wait_s"});
  if (!query) return reply(http::error_response(query.error()));
  const auto most = number_or(*query, "limit", 1, 1'000, 500);
  if (!most) return reply(http::error_response(most.error()));
  const auto wait = number_or(*query, "wait_s", 0, 50, 0);
  if (!wait) return reply(http::error_response(wait.error()));
  Cursor after;
  if (const auto text = query->find("after"); text != query->end()) {
    const auto parsed = parse_cursor(text->second);
    if (!parsed) return reply(http::error_response(parsed.error()));
    after = *parsed;
  }
  const auto answer = [reply, after](const std::vector<incident::TimelineEntry>& entries) {
    const Cursor next = entries.empty() ? after : Cursor{entries.back().position, entries.back().index};
    reply(http::json_response(200, json::object{{"timeline", to_json(entries)}, {"next", to_text(next)}}));
  };
  if (*wait == 0 && feed_.newest() <= after) return answer({});
  feed_.next(after, static_cast<std::size_t>(*most), clock_.steady() + seconds(*wait), answer);
}

void Api::get_sources(const http::Request&, const std::string&, const std::string&,
                      const http::Reply& reply) {
  reply(http::json_response(200, services_.sources()));
}

void Api::metrics(const http::Request& request, const http::Reply& reply) {
  // Prometheus scrapes from this machine without a token; from elsewhere it needs one.
  if (!request.peer_is_loopback && !admit(request, May::read, reply)) return;
  const auto answer = [this, reply](std::vector<Metric> all) {
    for (Metric& metric : metrics_of(writer_)) all.push_back(std::move(metric));
    all.push_back(trouble_metric(troubles()));
    if (services_.more_metrics) {
      for (Metric& metric : services_.more_metrics()) all.push_back(std::move(metric));
    }
    http::Response response;
    response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = to_text(all);
    reply(std::move(response));
  };
  // While the disk hangs the writer cannot be asked; the other metrics tell why.
  if (writer_.commit_wait() > writer_patience) return answer({});
  const auto asked =
      writer_.ask([answer](const incident::Engine& engine) { answer(metrics_of(engine.counts())); });
  if (!asked) reply(http::error_response(asked.error()));
}

} // namespace kaden::api
