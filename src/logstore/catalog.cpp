#include "catalog.h"

#include <algorithm>
#include <mutex>

#include "kaden/limits/logs.h"

namespace kaden::logstore {

namespace {

using Read = std::shared_lock<std::shared_mutex>;
using Write = std::unique_lock<std::shared_mutex>;

constexpr std::int64_t never = INT64_MIN; // in the file: no time

std::optional<WallTime> time_of(std::int64_t ms) {
  if (ms == never) return std::nullopt;
  return wall_time(ms);
}

json::object to_json(const std::map<std::string, std::string>& texts) {
  json::object out;
  for (const auto& [name, text] : texts) out[name] = text;
  return out;
}

tl::unexpected<Error> no_group(const std::string& name) {
  return fail(Fault::not_found, "the log group " + name + " is not there");
}

/// Each row of a query.
Result<void> for_each_row(const sqlite::Database& database, const char* sql,
                          const std::function<Result<void>(const sqlite::Statement&)>& take) {
  auto statement = database.prepare(sql);
  if (!statement) return tl::unexpected(std::move(statement.error()));
  for (;;) {
    const auto row = statement->step();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return {};
    if (auto taken = take(*statement); !taken) return taken;
  }
}

bool has_part(std::string_view name, const Store::Names& names) {
  return names.part.empty() || name.find(names.part) != std::string_view::npos;
}

} // namespace

std::string filter_to_text(const Filter& filter) {
  const auto& transformation = filter.transformation;
  json::object out{{"pattern", filter.pattern},
                   {"name", transformation.name},
                   {"namespace", transformation.name_space},
                   {"value", transformation.value},
                   {"unit", transformation.unit},
                   {"dimensions", to_json(transformation.dimensions)}};
  if (transformation.default_value) out["default"] = *transformation.default_value;
  return to_text(json::value(std::move(out)));
}

Result<Filter> filter_from_text(std::string_view text) {
  const auto parsed = parse_json(text);
  if (!parsed || !parsed->is_object())
    return fail(Fault::corrupt, "a stored metric filter is no JSON object");
  const json::object& object = parsed->get_object();
  const Fields fields(object, "");
  Filter filter;
  auto& transformation = filter.transformation;
  constexpr std::size_t bytes_max = 4 * limits::filter_pattern_characters_max;
  const std::pair<const char*, std::string*> texts[] = {{"pattern", &filter.pattern},
                                                        {"name", &transformation.name},
                                                        {"namespace", &transformation.name_space},
                                                        {"value", &transformation.value},
                                                        {"unit", &transformation.unit}};
  for (const auto& [name, into] : texts) {
    auto value = fields.text_or(name, bytes_max, "");
    if (!value) return tl::unexpected<Error>(value.error());
    *into = std::move(*value);
  }
  auto dimensions = fields.text_map("dimensions", limits::log_dimensions_max, bytes_max);
  if (!dimensions) return tl::unexpected<Error>(dimensions.error());
  transformation.dimensions = std::move(*dimensions);
  if (const auto* value = object.if_contains("default")) {
    if (!value->is_number()) return fail(Fault::corrupt, "a stored metric filter's default is no number");
    transformation.default_value = value->to_number<double>();
  }
  return filter;
}

std::string tags_to_text(const std::map<std::string, std::string>& tags) {
  return to_text(json::value(to_json(tags)));
}

// Reading the file ------------------------------------------------------------------------------------------

Result<void> Catalog::load_groups(const sqlite::Database& database) {
  return for_each_row(database, "SELECT id, name, created_ms, retention_days, bytes, tags, maker FROM groups",
                      [this](const sqlite::Statement& row) -> Result<void> {
                        Group group;
                        group.name = row.bytes(1);
                        group.created = wall_time(row.integer(2));
                        if (row.integer(3) > 0) group.retention_days = static_cast<int>(row.integer(3));
                        group.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.integer(4)));
                        const auto tags = parse_json(row.bytes(5));
                        if (tags && tags->is_object()) {
                          for (const auto& [key, value] : tags->get_object()) {
                            if (value.is_string()) group.tags.emplace(key, value.get_string());
                          }
                        }
                        group.maker = row.bytes(6);
                        add_group(row.integer(0), std::move(group));
                        return {};
                      });
}

Result<void> Catalog::load_streams(const sqlite::Database& database) {
  return for_each_row(
      database, "SELECT id, group_id, name, created_ms, first_ms, last_ms, ingested_ms, maker FROM streams",
      [this](const sqlite::Statement& row) -> Result<void> {
        const auto group = group_names_.find(row.integer(1));
        if (group == group_names_.end()) return {}; // its group is being deleted
        Stream stream{std::string(row.bytes(2)), wall_time(row.integer(3)), time_of(row.integer(4)),
                      time_of(row.integer(5)),   time_of(row.integer(6)),   std::string(row.bytes(7))};
        add_stream(group->second, row.integer(0), std::move(stream));
        return {};
      });
}

Result<void> Catalog::load_filters(const sqlite::Database& database) {
  return for_each_row(database, "SELECT group_id, name, created_ms, definition FROM filters",
                      [this](const sqlite::Statement& row) -> Result<void> {
                        const auto group = group_names_.find(row.integer(0));
                        if (group == group_names_.end()) return {};
                        auto filter = filter_from_text(row.bytes(3));
                        if (!filter) return fail_while(std::string(row.bytes(1)), filter.error());
                        filter->group = group->second;
                        filter->name = row.bytes(1);
                        filter->created = wall_time(row.integer(2));
                        put_filter(std::move(*filter));
                        return {};
                      });
}

Result<void> Catalog::load(const sqlite::Database& database) {
  for (const auto part : {&Catalog::load_groups, &Catalog::load_streams, &Catalog::load_filters}) {
    if (auto done = (this->*part)(database); !done) return done;
  }
  return {};
}

// Changes ---------------------------------------------------------------------------------------------------

void Catalog::add_group(std::int64_t id, Group group) {
  const Write lock(mutex_);
  std::string name = group.name;
  group_names_[id] = name;
  groups_[std::move(name)] = GroupRow{id, std::move(group)};
}

void Catalog::remove_group(const std::string& name) {
  const Write lock(mutex_);
  const auto found = groups_.find(name);
  if (found == groups_.end()) return;
  for (const auto& [stream_name, row] : found->second.streams) {
    stream_places_.erase(row.id);
    count_stream(row.stream.maker, -1);
  }
  group_names_.erase(found->second.id);
  groups_.erase(found);
}

void Catalog::set_retention(const std::string& group, std::optional<int> days) {
  const Write lock(mutex_);
  if (const auto found = groups_.find(group); found != groups_.end()) {
    found->second.group.retention_days = days;
  }
}

void Catalog::set_tags(const std::string& group, std::map<std::string, std::string> tags) {
  const Write lock(mutex_);
  if (const auto found = groups_.find(group); found != groups_.end()) {
    found->second.group.tags = std::move(tags);
  }
}

void Catalog::add_stream(const std::string& group, std::int64_t id, Stream stream) {
  const Write lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return;
  std::string name = stream.name;
  stream_places_[id] = {found->second.id, name};
  count_stream(stream.maker, 1);
  found->second.streams[std::move(name)] = StreamRow{id, std::move(stream)};
}

void Catalog::remove_stream(const std::string& group, const std::string& name) {
  const Write lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return;
  const auto stream = found->second.streams.find(name);
  if (stream == found->second.streams.end()) return;
  stream_places_.erase(stream->second.id);
  count_stream(stream->second.stream.maker, -1);
  found->second.streams.erase(stream);
}

void Catalog::count_stream(const std::string& maker, int change) {
  std::size_t& count = streams_made_[maker];
  count = change > 0 ? count + 1 : count - 1;
  if (count == 0) streams_made_.erase(maker);
}

void Catalog::put_filter(Filter filter) {
  const Write lock(mutex_);
  const auto found = groups_.find(filter.group);
  if (found == groups_.end()) return;
  std::string name = filter.name;
  found->second.filters[std::move(name)] = std::move(filter);
}

void Catalog::remove_filter(const std::string& group, const std::string& name) {
  const Write lock(mutex_);
  if (const auto found = groups_.find(group); found != groups_.end()) found->second.filters.erase(name);
}

void Catalog::set_configured(std::vector<Filter> filters) {
  const Write lock(mutex_);
  configured_.clear();
  for (Filter& filter : filters) {
    std::string group = filter.group;
    std::string name = filter.name;
    configured_[std::move(group)].insert_or_assign(std::move(name), std::move(filter));
  }
}

Catalog::GroupRow* Catalog::by_id(std::int64_t id) {
  const auto name = group_names_.find(id);
  return name == group_names_.end() ? nullptr : &groups_.find(name->second)->second;
}

void Catalog::note_events(std::int64_t stream, std::int64_t bytes, WallTime first, WallTime last,
                          WallTime ingested) {
  const Write lock(mutex_);
  const auto place = stream_places_.find(stream);
  if (place == stream_places_.end()) return;
  GroupRow* group = by_id(place->second.group);
  if (group == nullptr) return;
  group->group.bytes += static_cast<std::uint64_t>(bytes);
  Stream& known = group->streams.find(place->second.name)->second.stream;
  known.first = known.first ? std::min(*known.first, first) : first;
  known.last = known.last ? std::max(*known.last, last) : last;
  known.ingested = ingested;
}

void Catalog::note_dropped(std::int64_t group, std::int64_t bytes) {
  const Write lock(mutex_);
  if (GroupRow* row = by_id(group)) {
    row->group.bytes -= std::min(row->group.bytes, static_cast<std::uint64_t>(bytes));
  }
}

// Looks -----------------------------------------------------------------------------------------------------

Result<Catalog::Target> Catalog::target(const std::string& group, const std::string& stream) const {
  const Read lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return no_group(group);
  const auto row = found->second.streams.find(stream);
  if (row == found->second.streams.end()) {
    return fail(Fault::not_found, "the log stream " + stream + " is not there");
  }
  return Target{found->second.id, row->second.id, group};
}

std::optional<std::int64_t> Catalog::group_id(const std::string& group) const {
  const Read lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return std::nullopt;
  return found->second.id;
}

std::map<std::string, Filter> Catalog::all_filters_of(const GroupRow& row) const {
  std::map<std::string, Filter> all(row.filters.begin(), row.filters.end());
  if (const auto mine = configured_.find(row.group.name); mine != configured_.end()) {
    for (const auto& [name, filter] : mine->second) all.insert_or_assign(name, filter);
  }
  return all;
}

Group Catalog::shown(const GroupRow& row) const {
  Group group = row.group;
  group.filters = all_filters_of(row).size();
  return group;
}

std::optional<Group> Catalog::group(const std::string& name) const {
  const Read lock(mutex_);
  const auto found = groups_.find(name);
  if (found == groups_.end()) return std::nullopt;
  return shown(found->second);
}

std::optional<Stream> Catalog::stream(const std::string& group, const std::string& name) const {
  const Read lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return std::nullopt;
  const auto row = found->second.streams.find(name);
  if (row == found->second.streams.end()) return std::nullopt;
  return row->second.stream;
}

std::optional<std::string> Catalog::stream_name(std::int64_t stream) const {
  const Read lock(mutex_);
  const auto found = stream_places_.find(stream);
  if (found == stream_places_.end()) return std::nullopt;
  return found->second.name;
}

std::vector<std::int64_t> Catalog::stream_ids(const std::string& group,
                                              const std::vector<std::string>& names) const {
  const Read lock(mutex_);
  std::vector<std::int64_t> ids;
  const auto found = groups_.find(group);
  if (found == groups_.end()) return ids;
  for (const auto& name : names) {
    const auto row = found->second.streams.find(name);
    if (row != found->second.streams.end()) ids.push_back(row->second.id);
  }
  return ids;
}

std::vector<Group> Catalog::groups(const Store::Names& names) const {
  const Read lock(mutex_);
  std::vector<Group> out;
  auto at = groups_.lower_bound(std::max(names.prefix, names.after));
  for (; at != groups_.end() && at->first.starts_with(names.prefix) && out.size() < names.most; ++at) {
    if (at->first == names.after || !has_part(at->first, names)) continue;
    out.push_back(shown(at->second));
  }
  return out;
}

Result<std::vector<Stream>> Catalog::streams(const std::string& group, const Store::Names& names,
                                             bool descending) const {
  const Read lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return no_group(group);
  const auto& rows = found->second.streams;
  std::vector<Stream> out;
  const auto take = [&](const auto& row) {
    if (row.first.starts_with(names.prefix) && has_part(row.first, names)) out.push_back(row.second.stream);
  };
  if (!descending) {
    auto at = names.after.empty() ? rows.lower_bound(names.prefix) : rows.upper_bound(names.after);
    for (; at != rows.end() && at->first.starts_with(names.prefix) && out.size() < names.most; ++at)
      take(*at);
    return out;
  }
  // Names with the prefix end before the first that is greater than all of them.
  auto at = names.after.empty() ? rows.end() : rows.lower_bound(names.after);
  while (at != rows.begin() && out.size() < names.most) {
    --at;
    if (at->first < names.prefix) break;
    take(*at);
  }
  return out;
}

Result<std::vector<Stream>> Catalog::streams_by_time(const std::string& group,
                                                     const std::optional<Stream>& after, std::size_t most,
                                                     bool descending) const {
  const Read lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return no_group(group);
  const auto key = [](const Stream& one) {
    return std::make_pair(one.last ? to_ms(*one.last) : never, std::string_view(one.name));
  };
  const auto is_before = [&](const Stream* a, const Stream* b) {
    return descending ? key(*b) < key(*a) : key(*a) < key(*b);
  };
  std::vector<const Stream*> rest;
  for (const auto& [name, row] : found->second.streams) {
    if (!after || is_before(&*after, &row.stream)) rest.push_back(&row.stream);
  }
  const std::size_t wanted = std::min(most, rest.size());
  std::partial_sort(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(wanted), rest.end(), is_before);
  std::vector<Stream> out;
  for (std::size_t i = 0; i < wanted; ++i) out.push_back(*rest[i]);
  return out;
}

std::vector<Filter> Catalog::filters(const Store::FilterNames& names) const {
  const Read lock(mutex_);
  std::vector<Filter> out;
  auto at = names.group.empty() ? groups_.lower_bound(names.after_group) : groups_.find(names.group);
  for (; at != groups_.end() && out.size() < names.most; ++at) {
    for (const auto& [name, filter] : all_filters_of(at->second)) {
      const bool is_seen = at->first == names.after_group && name <= names.after_name;
      if (is_seen || !name.starts_with(names.prefix) || out.size() >= names.most) continue;
      if (!names.metric.empty() && filter.transformation.name != names.metric) continue;
      if (!names.name_space.empty() && filter.transformation.name_space != names.name_space) continue;
      out.push_back(filter);
    }
    if (!names.group.empty()) break;
  }
  return out;
}

std::vector<Filter> Catalog::filters_of(const std::string& group) const {
  const Read lock(mutex_);
  std::vector<Filter> out;
  const auto found = groups_.find(group);
  if (found == groups_.end()) return out;
  for (auto& [name, filter] : all_filters_of(found->second)) out.push_back(filter);
  return out;
}

std::vector<Catalog::Age> Catalog::ages() const {
  const Read lock(mutex_);
  std::vector<Age> out;
  for (const auto& [name, row] : groups_) out.push_back({row.id, row.group.retention_days});
  return out;
}

std::size_t Catalog::groups_of(const std::string& maker) const {
  const Read lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      groups_.begin(), groups_.end(), [&](const auto& each) { return each.second.group.maker == maker; }));
}

std::size_t Catalog::streams_of(const std::string& maker) const {
  const Read lock(mutex_);
  const auto found = streams_made_.find(maker);
  return found == streams_made_.end() ? 0 : found->second;
}

std::size_t Catalog::stream_count() const {
  const Read lock(mutex_);
  return stream_places_.size();
}

void Catalog::count_into(Store::Counts& counts) const {
  const Read lock(mutex_);
  counts.groups = groups_.size();
  counts.streams = stream_places_.size();
  for (const auto& [name, row] : groups_) counts.filters += row.filters.size();
  for (const auto& [group, filters] : configured_) counts.filters += filters.size();
}

} // namespace kaden::logstore
