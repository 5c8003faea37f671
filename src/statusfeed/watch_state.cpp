// What a Watch stores, and how it reads it back. Our own format: unknown members are refused.
#include <fmt/format.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "kaden/limits/agent.h"
#include "kaden/limits/engine.h"
#include "kaden/limits/provider_status.h"
#include "kaden/status_watch.h"

namespace kaden::statusfeed {

namespace {

constexpr std::int64_t format_version = 1;

void put_time(json::object& object, std::string_view name, std::optional<WallTime> at) {
  if (at) object.emplace(name, to_ms(*at));
}

void put_flag(json::object& object, std::string_view name, bool value) {
  if (value) object.emplace(name, true);
}

void put_texts(json::object& object, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json::array list;
  for (const std::string& text : texts) list.emplace_back(text);
  object.emplace(name, std::move(list));
}

/// Reads members into places and remembers the first fault, so that a reader is a list of members.
class Members {
 public:
  Members(const json::object& object, const std::string& path) : fields_(object, path) {}

  void time(std::string_view name, std::optional<WallTime>& to) {
    const auto ms = fields_.integer_or(name, 0, to_ms(limits::wall_time_max), -1);
    if (note(ms) && *ms >= 0) to = wall_time(*ms);
  }
  void count(std::string_view name, std::int64_t& to) {
    const auto value = fields_.integer_or(name, 0, INT32_MAX, 0);
    if (note(value)) to = *value;
  }
  void flag(std::string_view name, bool& to) {
    const auto value = fields_.flag_or(name, false);
    if (note(value)) to = *value;
  }
  void text(std::string_view name, std::string& to, std::size_t bytes_max) {
    auto value = fields_.text_or(name, bytes_max, "");
    if (note(value)) to = std::move(*value);
  }
  void texts(std::string_view name, std::vector<std::string>& to, std::size_t count_max) {
    const auto list = fields_.array(name);
    if (!note(list) || *list == nullptr) return;
    if ((*list)->size() > count_max) return spoil(name, "is too long");
    for (const json::value& value : **list) {
      const json::string* text = value.if_string();
      if (text == nullptr || text->size() > limits::status_name_bytes_max)
        return spoil(name, "must be short texts");
      to.emplace_back(text->data(), text->size());
    }
  }
  template <class Enum>
  void word(std::string_view name, std::optional<Enum> (*parse)(std::string_view), Enum& to) {
    const auto value = fields_.text(name, 32);
    if (!note(value)) return;
    const auto parsed = parse(*value);
    if (!parsed) return spoil(name, "is not a known word");
    to = *parsed;
  }
  void spoil(std::string_view name, std::string_view what) {
    if (!fault_) fault_ = Error{Fault::corrupt, fmt::format("{}: {}", fields_.path_of(name), what)};
  }
  void only(std::initializer_list<std::string_view> known) { note(fields_.only(known)); }
  const std::optional<Error>& fault() const { return fault_; }

 private:
  template <class T>
  bool note(const Result<T>& result) {
    if (!result && !fault_) fault_ = result.error();
    return result.has_value();
  }

  Fields fields_;
  // State
  std::optional<Error> fault_;
};

tl::unexpected<Error> corrupt(std::string message) {
  return fail(Fault::corrupt, "reading the state of a status page: " + std::move(message));
}

} // namespace

json::value Watch::to_json(const std::string& incident, const Known& known) const {
  const Report& report = known.report;
  json::object object;
  object.emplace("incident", incident);
  object.emplace("title", report.title);
  if (!report.link.empty()) object.emplace("link", report.link);
  put_time(object, "at", report.at);
  object.emplace("update_key", report.update_key);
  object.emplace("stage", to_text(report.stage));
  object.emplace("impact", to_text(report.impact));
  put_flag(object, "is_maintenance", report.is_maintenance);
  put_time(object, "window_begin", report.window_begin);
  put_time(object, "window_end", report.window_end);
  put_texts(object, "components", report.components);
  put_texts(object, "regions", report.regions);
  put_flag(object, "is_dated", known.is_dated);
  put_flag(object, "is_told", known.is_told);
  put_flag(object, "is_history", known.is_history);
  put_flag(object, "is_present", known.is_present);
  put_texts(object, "seen", known.seen);
  put_time(object, "gone_at", known.gone_at);
  put_time(object, "returned_at", known.returned_at);
  if (known.contrary > 0) object.emplace("contrary", known.contrary);
  return object;
}

Result<Watch::Known> Watch::known_from_json(const json::value& value, const std::string& path) {
  if (!value.is_object()) return fail(Fault::corrupt, path + ": must be an object");
  Members members(value.get_object(), path);
  Known known;
  Report& report = known.report;
  members.only({"incident",   "title",   "link",           "at",           "update_key",
                "stage",      "impact",  "is_maintenance", "window_begin", "window_end",
                "components", "regions", "is_dated",       "is_told",      "is_history",
                "is_present", "seen",    "gone_at",        "returned_at",  "contrary"});
  members.text("incident", report.incident, limits::status_id_bytes_max);
  members.text("title", report.title, limits::status_title_bytes_max);
  members.text("link", report.link, limits::url_bytes_max);
  members.time("at", report.at);
  members.text("update_key", report.update_key, limits::status_id_bytes_max);
  members.word("stage", &parse_stage, report.stage);
  members.word("impact", &parse_impact, report.impact);
  members.flag("is_maintenance", report.is_maintenance);
  members.time("window_begin", report.window_begin);
  members.time("window_end", report.window_end);
  members.texts("components", report.components, limits::status_names_max);
  members.texts("regions", report.regions, limits::status_names_max);
  members.flag("is_dated", known.is_dated);
  members.flag("is_told", known.is_told);
  members.flag("is_history", known.is_history);
  members.flag("is_present", known.is_present);
  members.texts("seen", known.seen, limits::status_seen_keys_max);
  members.time("gone_at", known.gone_at);
  members.time("returned_at", known.returned_at);
  members.count("contrary", known.contrary);
  if (report.incident.empty()) members.spoil("incident", "must not be empty");
  if (report.update_key.empty()) members.spoil("update_key", "must not be empty");
  if (known.is_dated && !report.at) members.spoil("at", "is missing");
  if (members.fault()) return tl::unexpected(*members.fault());
  return known;
}

std::string Watch::save() const {
  json::array incidents;
  for (const auto& [incident, known] : known_) incidents.push_back(to_json(incident, known));
  json::object object;
  object.emplace("version", format_version);
  object.emplace("page", settings_.page);
  put_flag(object, "is_first", is_first_);
  put_time(object, "list_at", list_at_);
  put_time(object, "failing_since", readability_.failing_since());
  put_flag(object, "is_told_unreadable", readability_.is_told());
  object.emplace("incidents", std::move(incidents));
  return kaden::to_text(json::value(std::move(object)));
}

Result<Watch> Watch::restore(WatchSettings settings, std::string_view saved) {
  auto watch = make(std::move(settings));
  if (!watch) return watch;
  if (saved.size() > limits::status_state_bytes_max) return corrupt("it is too long");
  const auto value = parse_json(saved);
  if (!value) return corrupt(value.error().message);
  if (!value->is_object()) return corrupt("it must be an object");
  const Fields fields(value->get_object(), "");
  const auto version = fields.integer("version", format_version, format_version);
  if (!version) return corrupt(version.error().message);
  Members members(value->get_object(), "");
  std::string page;
  members.only(
      {"version", "page", "is_first", "list_at", "failing_since", "is_told_unreadable", "incidents"});
  members.text("page", page, limits::status_page_id_bytes_max);
  members.flag("is_first", watch->is_first_);
  members.time("list_at", watch->list_at_);
  std::optional<WallTime> failing_since;
  bool is_told_unreadable = false;
  members.time("failing_since", failing_since);
  members.flag("is_told_unreadable", is_told_unreadable);
  if (page != watch->settings_.page) members.spoil("page", "is another page");
  if (is_told_unreadable && !failing_since) members.spoil("failing_since", "is missing");
  if (members.fault()) return corrupt(members.fault()->message);
  watch->readability_ = Readability(watch->settings_.unreadable_after, failing_since, is_told_unreadable);
  const auto list = fields.array("incidents");
  if (!list) return corrupt(list.error().message);
  if (*list == nullptr) return corrupt("incidents: is missing");
  if ((*list)->size() > limits::status_remembered_max) return corrupt("incidents: too many");
  for (std::size_t i = 0; i < (*list)->size(); ++i) {
    const std::string path = fmt::format("incidents[{}]", i);
    auto known = known_from_json((**list)[i], path);
    if (!known) return corrupt(known.error().message);
    std::string incident = known->report.incident;
    if (!watch->known_.emplace(std::move(incident), std::move(*known)).second)
      return corrupt(path + ": is twice");
  }
  return watch;
}

} // namespace kaden::statusfeed
