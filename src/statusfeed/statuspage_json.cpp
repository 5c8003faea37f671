#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <tuple>

#include "dates.h"
#include "feeds.h"
#include "links.h"
#include "markup.h"
#include "words.h"

#include "kaden/limits/provider_status.h"

namespace kaden::statusfeed {

namespace {

constexpr std::size_t any_length = limits::status_page_bytes_max; // cut afterwards, not refused

/// Component groups of summary.json: id -> name.
using Groups = std::map<std::string, std::string>;

Result<std::string> name_of(const Fields& fields, std::string_view member) {
  auto text = fields.text_or(member, any_length, "");
  if (!text) return text;
  return std::string(cut_utf8(tidy_title(*text), limits::status_name_bytes_max));
}

std::optional<WallTime> time_of(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return std::nullopt;
  return parse_feed_date(std::string_view(text->data(), text->size()));
}

std::optional<WallTime> whole_seconds(std::optional<WallTime> at) {
  if (!at) return at;
  return wall_time(to_ms(*at) / 1'000 * 1'000);
}

/// Calls `take(object, path)` for each member of a list that may be absent or null.
template <class Take>
Result<void> each(const Fields& fields, std::string_view name, std::size_t count_max, Take take) {
  const auto list = fields.array(name);
  if (!list) return tl::unexpected(list.error());
  if (*list == nullptr) return {};
  const std::string path = fields.path_of(name);
  if ((*list)->size() > count_max) {
    return fail(Fault::invalid, fmt::format("{}: at most {} are allowed", path, count_max));
  }
  for (std::size_t i = 0; i < (*list)->size(); ++i) {
    const json::object* object = (**list)[i].if_object();
    std::string inner = fmt::format("{}[{}]", path, i);
    if (object == nullptr) return fail(Fault::invalid, inner + ": must be an object");
    Result<void> taken = take(*object, std::move(inner));
    if (!taken) return taken;
  }
  return {};
}

/// One of incident_updates.
struct JsonUpdate {
  std::optional<WallTime> shown, created; // display_at may be set back by hand
  std::string id, status, body;
};

struct Reading {
  Report report;
  std::string status;
  std::optional<JsonUpdate> newest;
  std::optional<Stage> stage_of_updates; // of the newest update that has one
  std::optional<WallTime> stage_at;
  std::map<std::string, std::string> names; // component id -> name with its group, as updates give it
};

bool is_newer(const JsonUpdate& a, const JsonUpdate& b) {
  return std::tie(a.shown, a.created, a.id) > std::tie(b.shown, b.created, b.id);
}

Result<void> take_update(const json::object& object, const std::string& path, Reading& reading) {
  const Fields fields(object, path);
  auto id = fields.text("id", any_length);
  if (!id) return tl::unexpected(id.error());
  auto status = fields.text_or("status", any_length, "");
  if (!status) return tl::unexpected(status.error());
  auto body = fields.text_or("body", any_length, "");
  if (!body) return tl::unexpected(body.error());
  JsonUpdate update{time_of(object, "display_at"), time_of(object, "created_at"), std::move(*id),
                    std::move(*status), std::move(*body)};
  if (!update.shown) update.shown = update.created;
  reading.report.at = std::max(reading.report.at, update.shown);
  const auto word = stage_word(update.status);
  if (word && word->stage && (!reading.stage_of_updates || update.shown > reading.stage_at)) {
    reading.stage_of_updates = word->stage;
    reading.stage_at = update.shown;
  }
  auto components =
      each(fields, "affected_components", limits::status_items_max,
           [&](const json::object& component, std::string inner) -> Result<void> {
             const Fields members(component, std::move(inner));
             auto code = members.text_or("code", any_length, "");
             if (!code) return tl::unexpected(code.error());
             auto name = name_of(members, "name");
             if (!name) return tl::unexpected(name.error());
             if (!code->empty() && !name->empty() && reading.names.size() < limits::status_items_max) {
               reading.names.emplace(std::move(*code), std::move(*name));
             }
             return {};
           });
  if (!components) return components;
  if (!reading.newest || is_newer(update, *reading.newest)) reading.newest = std::move(update);
  return {};
}

Result<void> take_component(const json::object& object, const std::string& path, const Groups& groups,
                            Reading& reading) {
  const Fields fields(object, path);
  auto id = fields.text_or("id", any_length, "");
  if (!id) return tl::unexpected(id.error());
  auto name = name_of(fields, "name");
  if (!name) return tl::unexpected(name.error());
  const auto group = fields.text_or("group_id", any_length, "");
  if (!group) return tl::unexpected(group.error());
  if (const auto known = groups.find(*group); known != groups.end() && !name->empty()) {
    reading.names[*id] = std::string(cut_utf8(known->second + " - " + *name, limits::status_name_bytes_max));
  } else if (!name->empty()) {
    reading.names.emplace(std::move(*id), std::move(*name)); // an update's name has the group already
  }
  return {};
}

void settle_stage(const json::object& object, Reading& reading) {
  Report& report = reading.report;
  const auto word = stage_word(reading.status);
  if (word && word->stage) {
    report.stage = *word->stage;
  } else {
    report.stage = reading.stage_of_updates.value_or(Stage::unknown);
  }
  if (is_over(report.stage)) report.at = std::max(report.at, time_of(object, "resolved_at"));
  if (!report.at) report.at = time_of(object, "updated_at");
  if (!report.at) report.at = time_of(object, "created_at");
  report.at = whole_seconds(report.at);
  const std::string update = reading.newest ? reading.newest->id : "none";
  report.update_key = bounded_id(update + '-' + std::string(to_text(report.stage)));
}

void settle_names(Reading& reading) {
  Report& report = reading.report;
  for (const auto& [id, name] : reading.names) report.components.push_back(name);
  std::sort(report.components.begin(), report.components.end());
  report.components.erase(std::unique(report.components.begin(), report.components.end()),
                          report.components.end());
  if (report.components.size() > limits::status_names_max) report.components.resize(limits::status_names_max);
  find_regions(report.title, report.regions);
  for (const std::string& component : report.components) find_regions(component, report.regions);
  find_regions(report.text, report.regions);
  std::sort(report.regions.begin(), report.regions.end());
}

Result<Report> read_incident(const json::object& object, const std::string& path, const Groups& groups,
                             std::string_view url) {
  const Fields fields(object, path);
  Reading reading;
  auto id = fields.text("id", any_length);
  if (!id) return tl::unexpected(id.error());
  if (trim(*id).empty()) return fail(Fault::invalid, fields.path_of("id") + ": must not be empty");
  const auto name = fields.text_or("name", any_length, "");
  if (!name) return tl::unexpected(name.error());
  auto status = fields.text_or("status", any_length, "");
  if (!status) return tl::unexpected(status.error());
  const auto impact = fields.text_or("impact", any_length, "");
  if (!impact) return tl::unexpected(impact.error());
  const auto link = fields.text_or("shortlink", any_length, "");
  if (!link) return tl::unexpected(link.error());
  reading.report.incident = bounded_id(*id);
  reading.report.title = tidy_title(*name);
  reading.report.link = resolve_link(*link, url);
  reading.status = std::move(*status);
  reading.report.impact = parse_impact(*impact).value_or(Impact::unknown);
  const auto updates = each(fields, "incident_updates", limits::status_updates_max,
                            [&](const json::object& update, const std::string& inner) {
                              return take_update(update, inner, reading);
                            });
  if (!updates) return tl::unexpected(updates.error());
  const auto components = each(fields, "components", limits::status_items_max,
                               [&](const json::object& component, const std::string& inner) {
                                 return take_component(component, inner, groups, reading);
                               });
  if (!components) return tl::unexpected(components.error());
  if (reading.newest) reading.report.text = tidy_text(reading.newest->body, limits::status_text_bytes_max);
  settle_stage(object, reading);
  settle_names(reading);
  reading.report.window_begin = time_of(object, "scheduled_for");
  reading.report.window_end = time_of(object, "scheduled_until");
  reading.report.is_maintenance = is_of_maintenance(reading.report.stage) ||
                                  reading.report.impact == Impact::maintenance ||
                                  reading.report.window_begin.has_value();
  return std::move(reading.report);
}

Result<Groups> read_groups(const Fields& top) {
  Groups groups;
  const auto read = each(top, "components", limits::status_items_max,
                         [&](const json::object& object, std::string path) -> Result<void> {
                           const Fields fields(object, std::move(path));
                           const auto is_group = fields.flag_or("group", false);
                           if (!is_group) return tl::unexpected(is_group.error());
                           if (!*is_group) return {};
                           auto id = fields.text("id", any_length);
                           if (!id) return tl::unexpected(id.error());
                           auto name = name_of(fields, "name");
                           if (!name) return tl::unexpected(name.error());
                           if (!name->empty()) groups.emplace(std::move(*id), std::move(*name));
                           return {};
                         });
  if (!read) return tl::unexpected(read.error());
  return groups;
}

/// What the answer is a list of, from its members and the path it was asked at.
Result<void> settle_lists(const json::object& object, std::string_view url, Page& page) {
  const bool has_incidents = object.contains("incidents");
  const bool has_maintenances = object.contains("scheduled_maintenances");
  if (!has_incidents && !has_maintenances) {
    return fail(Fault::invalid,
                "it is JSON without incidents and scheduled_maintenances; ask Statuspage for summary.json or "
                "incidents.json");
  }
  const bool is_summary = has_incidents && object.contains("components") && object.contains("status");
  const bool is_unresolved = has_incidents && path_of(url).ends_with("/unresolved.json");
  page.lists_every_incident = is_summary || is_unresolved;
  page.lists_every_maintenance = is_summary && has_maintenances;
  return {};
}

} // namespace

Result<Page> read_statuspage(std::string_view bytes, std::string_view url) {
  const auto value = parse_json(bytes);
  if (!value) return fail(Fault::invalid, "it is broken or cut off JSON: " + value.error().message);
  const json::object* object = value->if_object();
  if (object == nullptr) return fail(Fault::invalid, "it is JSON, but no object");
  const Fields top(*object, "");
  Page page;
  if (const auto lists = settle_lists(*object, url, page); !lists) return tl::unexpected(lists.error());
  const auto about = top.object("page");
  if (!about) return tl::unexpected(about.error());
  if (*about == nullptr) return fail(Fault::invalid, "page: is missing, so this is no answer of Statuspage");
  const auto name = Fields(**about, "page").text_or("name", any_length, "");
  if (!name) return tl::unexpected(name.error());
  page.name = tidy_title(*name);
  page.at = time_of(**about, "updated_at");
  const auto groups = read_groups(top);
  if (!groups) return tl::unexpected(groups.error());

  std::map<std::string, Report> reports; // the first of two with one id stays: lists are newest first
  for (const std::string_view list : {"incidents", "scheduled_maintenances"}) {
    const auto read = each(top, list, limits::status_incidents_max,
                           [&](const json::object& incident, const std::string& path) -> Result<void> {
                             auto report = read_incident(incident, path, *groups, url);
                             if (!report) return tl::unexpected(report.error());
                             if (list == "scheduled_maintenances") report->is_maintenance = true;
                             report->is_definite = report->stage != Stage::unknown ||
                                                   (page.lists_every_incident && !report->is_maintenance);
                             std::string id = report->incident;
                             reports.emplace(std::move(id), std::move(*report));
                             return {};
                           });
    if (!read) return tl::unexpected(read.error());
  }
  for (auto& [id, report] : reports) page.reports.push_back(std::move(report));
  if (page.reports.size() > limits::status_incidents_max) {
    return fail(Fault::invalid, fmt::format("it has more than {} incidents", limits::status_incidents_max));
  }
  return page;
}

} // namespace kaden::statusfeed
