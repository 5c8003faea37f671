#include "kaden/alarm_history.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/limits/engine.h"
#include "kaden/limits/metrics.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

namespace kaden::alarm {

namespace {

constexpr std::size_t summary_bytes_max = 2'048;
constexpr std::size_t data_bytes_max = 65'536;

template <class T>
std::optional<T> one_of(std::initializer_list<T> all, std::string_view text) {
  for (const T one : all) {
    if (to_text(one) == text) return one;
  }
  return std::nullopt;
}

} // namespace

std::string_view source_of(Origin origin) {
  switch (origin) {
    case Origin::api:
      return "cloudwatch";
    case Origin::rule:
      return "guest";
  }
  return "";
}

std::optional<Origin> parse_source(std::string_view source) {
  for (const Origin origin : {Origin::api, Origin::rule}) {
    if (source_of(origin) == source) return origin;
  }
  return std::nullopt;
}

std::string_view to_text(AlarmType type) {
  switch (type) {
    case AlarmType::metric:
      return "MetricAlarm";
    case AlarmType::composite:
      return "CompositeAlarm";
  }
  return "";
}

std::optional<AlarmType> parse_alarm_type(std::string_view text) {
  return one_of({AlarmType::metric, AlarmType::composite}, text);
}

std::string_view to_text(HistoryKind kind) {
  switch (kind) {
    case HistoryKind::configuration_update:
      return "ConfigurationUpdate";
    case HistoryKind::state_update:
      return "StateUpdate";
    case HistoryKind::action:
      return "Action";
  }
  return "";
}

std::optional<HistoryKind> parse_history_kind(std::string_view text) {
  return one_of({HistoryKind::configuration_update, HistoryKind::state_update, HistoryKind::action}, text);
}

std::string to_text(const HistoryItem& item) {
  json::object object;
  object["number"] = static_cast<std::int64_t>(item.number);
  object["at_ms"] = to_ms(item.at);
  object["name"] = item.key.name;
  object["source"] = source_of(item.key.origin);
  object["type"] = to_text(item.type);
  object["kind"] = to_text(item.kind);
  object["summary"] = item.summary;
  object["data"] = item.data;
  return kaden::to_text(json::value(std::move(object)));
}

Result<HistoryItem> parse_history_item(const std::string& text) {
  const auto value = parse_json(text);
  if (!value) return fail_while("alarm history item", value.error());
  const auto* object = value->if_object();
  if (object == nullptr) return fail(Fault::invalid, "alarm history item: must be an object");
  const Fields fields(*object, "alarm history item");
  const auto number = fields.integer("number", 1, INT64_MAX / 2);
  const auto at = fields.integer("at_ms", 0, to_ms(limits::wall_time_max));
  const auto name = fields.text("name", limits::alarm_name_bytes_max * 4);
  const auto source = fields.text("source", limits::source_bytes_max);
  const auto type = fields.text("type", limits::source_bytes_max);
  const auto kind = fields.text("kind", limits::source_bytes_max);
  const auto summary = fields.text_or("summary", summary_bytes_max, "");
  const auto data = fields.text_or("data", data_bytes_max, "");
  if (!number) return tl::unexpected<Error>(number.error());
  if (!at) return tl::unexpected<Error>(at.error());
  for (const auto* one : {&name, &source, &type, &kind, &summary, &data}) {
    if (!*one) return tl::unexpected<Error>(one->error());
  }
  const auto origin = parse_source(*source);
  const auto alarm_type = parse_alarm_type(*type);
  const auto history_kind = parse_history_kind(*kind);
  if (!origin || !alarm_type || !history_kind) {
    return fail(Fault::invalid, "alarm history item: source, type or kind is not known");
  }
  return HistoryItem{static_cast<std::uint64_t>(*number),
                     wall_time(*at),
                     {*name, *origin},
                     *alarm_type,
                     *history_kind,
                     *summary,
                     *data};
}

void AlarmHistory::add(HistoryItem item) {
  item.number = next_++;
  items_.push_back(std::move(item));
  if (items_.size() > items_max_) items_.pop_front();
}

void AlarmHistory::restore(HistoryItem item) {
  if (item.number < next_) return; // out of order or a repeat
  next_ = item.number + 1;
  fresh_from_ = next_;
  items_.push_back(std::move(item));
  if (items_.size() > items_max_) items_.pop_front();
}

std::vector<HistoryItem> AlarmHistory::find(const HistoryFilter& filter) const {
  std::vector<HistoryItem> found;
  const auto passes = [&](const HistoryItem& item) {
    return (!filter.name || item.key.name == *filter.name) && (!filter.type || item.type == *filter.type) &&
           (!filter.kind || item.kind == *filter.kind) && (!filter.from || item.at >= *filter.from) &&
           (!filter.to || item.at <= *filter.to);
  };
  const auto before = [](const HistoryItem& item, std::uint64_t number) { return item.number < number; };
  if (filter.newest_first) {
    auto item =
        filter.after ? std::lower_bound(items_.begin(), items_.end(), *filter.after, before) : items_.end();
    while (item != items_.begin() && found.size() < filter.most) {
      --item;
      if (passes(*item)) found.push_back(*item);
    }
  } else {
    auto item = filter.after ? std::lower_bound(items_.begin(), items_.end(), *filter.after + 1, before)
                             : items_.begin();
    for (; item != items_.end() && found.size() < filter.most; ++item) {
      if (passes(*item)) found.push_back(*item);
    }
  }
  return found;
}

std::vector<HistoryItem> AlarmHistory::take_fresh() {
  const auto first =
      std::lower_bound(items_.begin(), items_.end(), fresh_from_,
                       [](const HistoryItem& item, std::uint64_t number) { return item.number < number; });
  fresh_from_ = next_;
  return {first, items_.end()};
}

void AlarmHistory::sweep(WallTime now) {
  while (!items_.empty() && items_.front().at < now - limits::history_age_max) items_.pop_front();
}

} // namespace kaden::alarm
