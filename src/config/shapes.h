/// shapes.h - every key that the configuration file may have. Room: config.
/// The reader refuses what is not here, and a test holds docs/configuration.md and the sample file against
/// it. Threads: constants; any. Errors: none.
#pragma once

#include <string_view>
#include <vector>

namespace kaden::config {

struct Shape {
  std::string_view path; ///< "policies[].levels[]"; "" is the file itself
  std::vector<std::string_view> keys;
};

const std::vector<Shape>& shapes();
/// Its row. Own mistake when there is none.
const Shape& shape_of(std::string_view path);

} // namespace kaden::config
