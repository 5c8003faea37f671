#include "operations.h"
#include "reading.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::size_t arn_bytes_max = 1'024;

/// The alarm's name in ResourceARN; only alarms have tags here.
Answer<std::string> read_resource(const Value& input) {
  const auto arn = required_text(input, "ResourceARN", arn_bytes_max);
  if (!arn) return refused(arn);
  const std::string name = alarm::alarm_name_of(*arn);
  if (name == *arn) {
    return tl::unexpected<Problem>(must_be("ResourceARN", &*arn, "Member must be the ARN of an alarm"));
  }
  return name;
}

/// These operations have an exception of their own for what is not there.
Desk::Done answering_tags(const smithy::Respond& respond) {
  return [respond](const Result<void>& result) {
    if (result) return respond(Value());
    Problem why = problem_of(result.error());
    if (why.code == "ResourceNotFound") why.code = "ResourceNotFoundException";
    respond(tl::unexpected<Problem>(std::move(why)));
  };
}

Answer<Value> listed(const Desk& desk, const Value& input) {
  const auto name = read_resource(input);
  if (!name) return refused(name);
  const auto found = desk.describe(std::vector<std::string>{*name});
  if (found.empty()) return problem("ResourceNotFoundException", "Unknown alarm: " + *name, 404);
  const auto& tags = found[0].composite ? found[0].composite->tags : found[0].definition.tags;
  smithy::List out;
  for (const auto& [key, value] : tags) out.push_back(Value().set("Key", key).set("Value", value));
  return Value().set("Tags", std::move(out));
}

} // namespace

void add_tags(const Offer& offer) {
  using smithy::text_shape;
  const Shapes& shapes = offer.shapes;
  smithy::Model& model = *shapes.model;
  const auto* nothing = model.structure({});
  const auto* add = model.structure({{"ResourceARN", &text_shape}, {"Tags", shapes.tags}});
  offer.service.add(
      {"TagResource", add, nothing}, smithy::Permission::alarms,
      [desk = offer.desk](const smithy::Caller&, const Value& input, const smithy::Respond& respond) {
        const auto name = read_resource(input);
        if (!name) return respond(refused(name));
        const auto tags = read_tags(input);
        if (!tags) return respond(refused(tags));
        desk->tag(*name, *tags, {}, answering_tags(respond));
      });
  const auto* remove = model.structure({{"ResourceARN", &text_shape}, {"TagKeys", shapes.texts}});
  offer.service.add(
      {"UntagResource", remove, nothing}, smithy::Permission::alarms,
      [desk = offer.desk](const smithy::Caller&, const Value& input, const smithy::Respond& respond) {
        const auto name = read_resource(input);
        if (!name) return respond(refused(name));
        desk->tag(*name, {}, input.texts("TagKeys"), answering_tags(respond));
      });
  const auto* list = model.structure({{"ResourceARN", &text_shape}});
  offer.service.add({"ListTagsForResource", list, model.structure({{"Tags", shapes.tags}})},
                    smithy::Permission::read,
                    [desk = offer.desk](const smithy::Caller&, const Value& input,
                                        const smithy::Respond& respond) { respond(listed(*desk, input)); });
}

} // namespace kaden::cloudwatch
