// A form body: parsed, read into every kind of member, and answered as XML, JSON and CBOR.
#include <cstddef>
#include <cstdint>

#include "fuzz_shapes.h"
#include "kaden/smithy_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  using namespace kaden::smithy;
  static const FuzzShapes shapes;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto form = QueryForm::parse(body);
  if (!form) return 0;
  static_cast<void>(form->find("Action"));
  const auto value = form->read(shapes.input);
  if (!value) return 0;
  const Operation operation{"Op", shapes.input, shapes.input};
  const std::string xml = write_output(Protocol::query, {}, operation, *value, "id").body;
  require(is_valid_utf8(xml), "XML is UTF-8");
  static_cast<void>(write_output(Protocol::json_1_0, {}, operation, *value, "id"));
  static_cast<void>(write_output(Protocol::cbor, {}, operation, *value, "id"));
  return 0;
}
