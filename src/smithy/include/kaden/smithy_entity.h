/// kaden/smithy_entity.h - the entity that AWS's agents name beside their metrics and logs: what it must look
/// like. Room: smithy. Uses: base. Pure. Threads: values; any. Errors: EntityFault, by AWS's names. API: type
/// Entity of CloudWatch (PutMetricData) and of CloudWatch Logs (PutLogEvents, RejectedEntityInfo.errorType).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kaden/smithy.h"

namespace kaden::smithy {

/// How an API spells the members: CloudWatch "KeyAttributes", CloudWatch Logs "keyAttributes".
struct EntityNames {
  std::string_view key_attributes, attributes;
};
inline constexpr EntityNames metric_entity_names{"KeyAttributes", "Attributes"};
inline constexpr EntityNames log_entity_names{"keyAttributes", "attributes"};

struct EntityFault {
  std::string
      type; ///< "InvalidKeyAttributes", "InvalidAttributes", "InvalidTypeValue", "MissingRequiredFields"
  std::string reason; ///< for the sender
};

const Shape* entity_shape(Model& model, const EntityNames& names);
/// Nothing: there is no entity, or it is sound.
std::optional<EntityFault> check_entity(const Value* entity, const EntityNames& names);

} // namespace kaden::smithy
