#include "operations.h"
#include "reading.h"
#include "tokens.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::string_view operation = "DescribeAlarmHistory";

/// Metric alarms only, when no types are named.
Answer<std::optional<alarm::AlarmType>> read_type(const Value& input) {
  const auto types = input.texts("AlarmTypes");
  bool metric = types.empty();
  bool composite = false;
  for (const auto& text : types) {
    const auto type = alarm::parse_alarm_type(text);
    if (!type) {
      return tl::unexpected<Problem>(
          must_be("AlarmTypes", &text, "Member must satisfy enum value set of AlarmType"));
    }
    metric = metric || *type == alarm::AlarmType::metric;
    composite = composite || *type == alarm::AlarmType::composite;
  }
  if (metric && composite) return std::optional<alarm::AlarmType>();
  return std::optional(metric ? alarm::AlarmType::metric : alarm::AlarmType::composite);
}

Value history_output(const std::vector<alarm::HistoryItem>& items, std::size_t page) {
  smithy::List out;
  for (std::size_t i = 0; i < items.size() && i < page; ++i) {
    const alarm::HistoryItem& item = items[i];
    out.push_back(Value()
                      .set("AlarmName", item.key.name)
                      .set("AlarmType", alarm::to_text(item.type))
                      .set("Timestamp", item.at)
                      .set("HistoryItemType", alarm::to_text(item.kind))
                      .set("HistorySummary", item.summary)
                      .set("HistoryData", item.data));
  }
  Value answer = Value().set("AlarmHistoryItems", std::move(out));
  if (items.size() > page) {
    answer.set("NextToken", token_of(operation, std::to_string(items[page - 1].number)));
  }
  return answer;
}

} // namespace

Answer<alarm::HistoryFilter> read_history_filter(const Value& input) {
  alarm::HistoryFilter filter;
  if (const std::string* name = input.text("AlarmName")) filter.name = *name;
  const auto type = read_type(input);
  if (!type) return refused(type);
  filter.type = *type;
  // Items of contributors are known by name and do not exist here.
  const std::string kind = input.text_or("HistoryItemType", "");
  if (kind == "AlarmContributorStateUpdate" || kind == "AlarmContributorAction") {
    filter.most = 0;
    return filter;
  }
  const auto parsed = read_word(input, "HistoryItemType", alarm::parse_history_kind);
  if (!parsed) return refused(parsed);
  filter.kind = *parsed;
  filter.from = input.time("StartDate");
  filter.to = input.time("EndDate");
  const std::string order = input.text_or("ScanBy", "TimestampDescending");
  if (order != "TimestampDescending" && order != "TimestampAscending") {
    return tl::unexpected<Problem>(must_be("ScanBy", &order, "Member must satisfy enum value set of ScanBy"));
  }
  filter.newest_first = order == "TimestampDescending";
  const auto page = read_page_size(input, 100);
  if (!page) return refused(page);
  filter.most = *page;
  const auto after = read_number_token(input, operation);
  if (!after) return refused(after);
  if (*after != 0) filter.after = *after;
  return filter;
}

void add_alarm_history(const Offer& offer) {
  using smithy::text_shape;
  using smithy::time_shape;
  smithy::Model& model = *offer.shapes.model;
  const auto* input = model.structure({{"AlarmName", &text_shape},
                                       {"AlarmTypes", offer.shapes.texts},
                                       {"HistoryItemType", &text_shape},
                                       {"StartDate", &time_shape},
                                       {"EndDate", &time_shape},
                                       {"MaxRecords", &smithy::integer_shape},
                                       {"NextToken", &text_shape},
                                       {"ScanBy", &text_shape}});
  const auto* item = model.structure({{"AlarmName", &text_shape},
                                      {"AlarmType", &text_shape},
                                      {"Timestamp", &time_shape},
                                      {"HistoryItemType", &text_shape},
                                      {"HistorySummary", &text_shape},
                                      {"HistoryData", &text_shape}});
  const auto* output = model.structure({{"AlarmHistoryItems", model.list(item)}, {"NextToken", &text_shape}});
  offer.service.add(
      {std::string(operation), input, output}, smithy::Permission::read,
      [desk = offer.desk](const smithy::Caller&, const Value& in, const smithy::Respond& respond) {
        auto filter = read_history_filter(in);
        if (!filter) return respond(refused(filter));
        const std::size_t page = filter->most;
        if (page == 0) return respond(history_output({}, page));
        ++filter->most; // one more tells whether there is another page
        respond(history_output(desk->history(*filter), page));
      });
}

} // namespace kaden::cloudwatch
