#include <fmt/format.h>

#include "reading.h"
#include "tokens.h"

#include "kaden/limits/logs.h"

namespace kaden::cloudwatchlogs {

namespace {

using smithy::integer_shape;
using smithy::long_shape;
using smithy::text_shape;

constexpr std::string_view group_missing = "The specified log group does not exist.";
constexpr std::size_t tags_max = 50;

Answer<std::map<std::string, std::string>> read_tags(const Value& input) {
  std::map<std::string, std::string> tags;
  for (const auto& [key, value] : input.map("tags")) {
    const std::string* text = value.if_text();
    if (key.empty() || key.size() > 4 * 128)
      return must_be("tags", &key, "Map keys must have length 1 to 128");
    if (text == nullptr || text->size() > 4 * 256) {
      return must_be("tags", &key, "Map values must have length at most 256");
    }
    tags[key] = *text;
  }
  if (tags.size() > tags_max) {
    return problem("TooManyTagsException", "A resource can have no more than 50 tags.");
  }
  return tags;
}

Answer<void> read_class(const Value& input) {
  const std::string* name = input.text("logGroupClass");
  if (name == nullptr || *name == "STANDARD" || *name == "INFREQUENT_ACCESS" || *name == "DELIVERY")
    return {};
  return must_be("logGroupClass", name,
                 "Member must satisfy enum value set: [STANDARD, INFREQUENT_ACCESS, DELIVERY]");
}

void create_group(Store& store, const std::string& maker, const Value& input, const Respond& respond) {
  const auto name = read_group_name(input);
  if (!name) return respond(refused(name));
  if (const auto taken = read_class(input); !taken) return respond(refused(taken));
  if (input.has("kmsKeyId")) {
    return respond(problem(invalid_parameter, "kmsKeyId: events here are not encrypted with keys of KMS."));
  }
  auto tags = read_tags(input);
  if (!tags) return respond(refused(tags));
  store.create_group(*name, std::move(*tags),
                     answering(respond, std::string(group_missing), "The specified log group already exists"),
                     maker);
}

Value group_value(const logstore::Group& group, const std::string& arn_prefix) {
  Value out = Value()
                  .set("logGroupName", group.name)
                  .set("creationTime", to_ms(group.created))
                  .set("metricFilterCount", static_cast<std::int64_t>(group.filters))
                  .set("arn", arn_prefix + group.name + ":*")
                  .set("logGroupArn", arn_prefix + group.name)
                  .set("logGroupClass", "STANDARD")
                  .set("storedBytes", static_cast<std::int64_t>(group.bytes));
  if (group.retention_days) out.set("retentionInDays", *group.retention_days);
  return out;
}

Answer<Value> describe_groups(const Store& store, const std::string& arn_prefix, const Value& input,
                              WallTime now) {
  Store::Names names;
  auto prefix = input.has("logGroupNamePrefix") ? input.text_or("logGroupNamePrefix", "") : std::string();
  names.part = input.text_or("logGroupNamePattern", "");
  if (!prefix.empty() && !names.part.empty()) {
    return problem(invalid_parameter,
                   "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  for (const auto* one : {&prefix, &names.part}) {
    if (!one->empty() && !logfilter::is_group_name(*one)) {
      return must_be(one == &prefix ? "logGroupNamePrefix" : "logGroupNamePattern", one,
                     "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+");
    }
  }
  const auto limit = read_limit(input, limits::log_describe_page_max);
  if (!limit) return refused(limit);
  const Question question = Question("DescribeLogGroups").add(prefix).add(names.part);
  const auto after = question.read(input, now);
  if (!after) return refused(after);
  names.prefix = std::move(prefix);
  names.after = after->value_or("");
  names.most = *limit + 1;
  auto groups = store.groups(names);
  Value out;
  smithy::List list;
  const bool is_more = groups.size() > *limit;
  if (is_more) groups.pop_back();
  for (const auto& group : groups) list.push_back(group_value(group, arn_prefix));
  out.set("logGroups", std::move(list));
  if (is_more) out.set("nextToken", question.token(groups.back().name, now));
  return out;
}

void put_retention(Store& store, const Value& input, const Respond& respond) {
  const auto name = read_group_name(input);
  if (!name) return respond(refused(name));
  const auto days = input.integer("retentionInDays");
  if (!days) return respond(must_be("retentionInDays", nullptr, "Member must not be null"));
  if (!logfilter::is_retention(*days)) {
    const std::string shown = std::to_string(*days);
    return respond(must_be("retentionInDays", &shown,
                           "Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, "
                           "365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]"));
  }
  store.set_retention(*name, static_cast<int>(*days), answering(respond, std::string(group_missing)));
}

/// resourceArn, of a group that is there.
Answer<logstore::Group> read_resource(const Store& store, const Value& input) {
  const std::string* arn = input.text("resourceArn");
  if (arn == nullptr) return must_be("resourceArn", nullptr, "Member must not be null");
  const auto name = group_of_arn(*arn, "resourceArn");
  if (!name) return refused(name);
  auto group = store.group(*name);
  if (!group) return no_group();
  return std::move(*group);
}

void tag(Store& store, const Value& input, const Respond& respond) {
  const auto group = read_resource(store, input);
  if (!group) return respond(refused(group));
  auto fresh = read_tags(input);
  if (!fresh) return respond(refused(fresh));
  store.set_tags(
      group->name,
      [fresh = std::move(*fresh)](std::map<std::string, std::string>& tags) -> Result<void> {
        for (const auto& [key, value] : fresh) tags[key] = value;
        if (tags.size() > tags_max) return fail(Fault::invalid, "A resource can have no more than 50 tags.");
        return {};
      },
      answering(respond, std::string(group_missing)));
}

void untag(Store& store, const Value& input, const Respond& respond) {
  const auto group = read_resource(store, input);
  if (!group) return respond(refused(group));
  store.set_tags(
      group->name,
      [keys = input.texts("tagKeys")](std::map<std::string, std::string>& tags) -> Result<void> {
        for (const auto& key : keys) tags.erase(key);
        return {};
      },
      answering(respond, std::string(group_missing)));
}

Answer<Value> list_tags(const Store& store, const Value& input) {
  const auto group = read_resource(store, input);
  if (!group) return refused(group);
  smithy::Map tags;
  for (const auto& [key, value] : group->tags) tags.push_back({key, value});
  return Value().set("tags", std::move(tags));
}

const smithy::Shape* name_shape(const Offer& offer) {
  return offer.model.structure({{"logGroupName", &text_shape}});
}

} // namespace

void add_groups(const Offer& offer) {
  smithy::Model& model = offer.model;
  const auto* create = model.structure({{"logGroupName", &text_shape},
                                        {"kmsKeyId", &text_shape},
                                        {"tags", model.map(&text_shape)},
                                        {"logGroupClass", &text_shape}});
  offer.service.add(
      {"CreateLogGroup", create}, smithy::Permission::ingest,
      [&store = offer.store](const smithy::Caller& caller, const Value& input, const Respond& respond) {
        create_group(store, caller.access_key_id, input, respond);
      });
  offer.service.add(
      {"DeleteLogGroup", name_shape(offer)}, smithy::Permission::alarms,
      [&store = offer.store](const smithy::Caller&, const Value& input, const Respond& respond) {
        const auto name = read_group_name(input);
        if (!name) return respond(refused(name));
        store.delete_group(*name, answering(respond, std::string(group_missing)));
      });
  const auto* describe = model.structure({{"logGroupNamePrefix", &text_shape},
                                          {"logGroupNamePattern", &text_shape},
                                          {"nextToken", &text_shape},
                                          {"limit", &integer_shape}});
  const auto* group = model.structure({{"logGroupName", &text_shape},
                                       {"creationTime", &long_shape},
                                       {"retentionInDays", &integer_shape},
                                       {"metricFilterCount", &integer_shape},
                                       {"arn", &text_shape},
                                       {"storedBytes", &long_shape},
                                       {"logGroupClass", &text_shape},
                                       {"logGroupArn", &text_shape}});
  const auto* described = model.structure({{"logGroups", model.list(group)}, {"nextToken", &text_shape}});
  offer.service.add({"DescribeLogGroups", describe, described}, smithy::Permission::read,
                    [&store = offer.store, arn_prefix = offer.arn_prefix](
                        const smithy::Caller& caller, const Value& input, const Respond& respond) {
                      respond(describe_groups(store, arn_prefix, input, caller.now));
                    });
}

void add_retention(const Offer& offer) {
  const auto* put =
      offer.model.structure({{"logGroupName", &text_shape}, {"retentionInDays", &integer_shape}});
  offer.service.add({"PutRetentionPolicy", put}, smithy::Permission::alarms,
                    [&store = offer.store](const smithy::Caller&, const Value& input,
                                           const Respond& respond) { put_retention(store, input, respond); });
  offer.service.add(
      {"DeleteRetentionPolicy", name_shape(offer)}, smithy::Permission::alarms,
      [&store = offer.store](const smithy::Caller&, const Value& input, const Respond& respond) {
        const auto name = read_group_name(input);
        if (!name) return respond(refused(name));
        store.set_retention(*name, std::nullopt, answering(respond, std::string(group_missing)));
      });
}

void add_tags(const Offer& offer) {
  smithy::Model& model = offer.model;
  const auto* tags = model.map(&text_shape);
  const auto* add = model.structure({{"resourceArn", &text_shape}, {"tags", tags}});
  offer.service.add({"TagResource", add}, smithy::Permission::alarms,
                    [&store = offer.store](const smithy::Caller&, const Value& input,
                                           const Respond& respond) { tag(store, input, respond); });
  const auto* remove = model.structure({{"resourceArn", &text_shape}, {"tagKeys", model.list(&text_shape)}});
  offer.service.add({"UntagResource", remove}, smithy::Permission::alarms,
                    [&store = offer.store](const smithy::Caller&, const Value& input,
                                           const Respond& respond) { untag(store, input, respond); });
  const auto* list = model.structure({{"resourceArn", &text_shape}});
  offer.service.add({"ListTagsForResource", list, model.structure({{"tags", tags}})},
                    smithy::Permission::read,
                    [&store = offer.store](const smithy::Caller&, const Value& input,
                                           const Respond& respond) { respond(list_tags(store, input)); });
}

} // namespace kaden::cloudwatchlogs
