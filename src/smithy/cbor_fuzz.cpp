// A CBOR body: read into every kind of member, written, and read again: the second bytes are the first.
#include <cstddef>
#include <cstdint>

#include "fuzz_shapes.h"
#include "kaden/smithy_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  using namespace kaden::smithy;
  static const FuzzShapes shapes;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  static_cast<void>(read_cbor(&document_shape, body));
  const auto value = read_cbor(shapes.input, body);
  if (!value) return 0;
  const Operation operation{"Op", shapes.input, shapes.input};
  const std::string once = write_output(Protocol::cbor, {}, operation, *value, "id").body;
  const auto again = read_cbor(shapes.input, once);
  require(again.has_value(), "what is written can be read");
  require(write_output(Protocol::cbor, {}, operation, *again, "id").body == once,
          "what is read back is the same");
  return 0;
}
