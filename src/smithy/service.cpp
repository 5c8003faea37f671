#include <algorithm>

#include "kaden/smithy_service.h"

namespace kaden::smithy {

std::string_view to_text(Permission permission) {
  switch (permission) {
    case Permission::ingest:
      return "ingest";
    case Permission::alarms:
      return "alarms";
    case Permission::read:
      break;
  }
  return "read";
}

std::optional<Permission> parse_permission(std::string_view text) {
  for (const auto one : {Permission::ingest, Permission::alarms, Permission::read}) {
    if (to_text(one) == text) return one;
  }
  return std::nullopt;
}

void Service::add(Operation operation, Permission permission, Run run) {
  std::string key = operation.name;
  const bool added =
      operations.emplace(std::move(key), Served{std::move(operation), permission, std::move(run)}).second;
  require(added, "an operation is added once");
}

bool Service::speaks(Protocol protocol) const {
  return std::find(protocols.begin(), protocols.end(), protocol) != protocols.end();
}

} // namespace kaden::smithy
