// The outside of SNMP messages, object identifiers, networks. The first byte chooses.
#include <cstdint>
#include <string_view>

#include "envelope.h"
#include "kaden/oid.h"

using namespace kaden::snmp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 3) {
    case 0:
      if (const auto envelope = read_envelope(bytes)) {
        kaden::require(envelope->engine_id.size() <= 32 && envelope->user.size() <= 32,
                       "RFC 3411's bounds are kept");
        kaden::require(envelope->is_usm || envelope->user.empty(), "only USM has users");
      }
      break;
    case 1:
      if (const auto oid = parse_oid(bytes)) kaden::require(parse_oid(to_text(*oid)) == oid, "it reads back");
      break;
    default:
      if (const auto network = Network::parse(bytes)) static_cast<void>(network->contains("10.1.2.3"));
  }
  return 0;
}
