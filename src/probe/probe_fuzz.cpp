// What strangers send to a probe: ICMP datagrams, DNS answers; and URLs. The first byte chooses.
#include <cstdint>
#include <string_view>

#include "dns_message.h"
#include "echo_packet.h"
#include "kaden/limits/probes.h"
#include "kaden/probe.h"

using namespace kaden::probe;

namespace {

void fuzz_dns(std::string_view bytes) {
  for (const int number : {1, 5, 15, 16, 28}) {
    const auto type = static_cast<std::uint16_t>(number);
    if (const auto answer = read_dns_answer({0x1234, "www.example", type}, bytes)) {
      kaden::require(answer->values.size() <= kaden::limits::dns_records_max, "answers keep their limit");
      for (const auto& value : answer->values) kaden::require(!value.empty(), "no value is empty");
    }
  }
}

void fuzz_target(std::string_view text) {
  const auto target = parse_target(text);
  if (!target) return;
  kaden::require(!target->address.host.empty(), "there is a host");
  if (target->kind != Kind::dns) return;
  const std::string query = dns_query({7, target->question, target->record_type});
  kaden::require(query.size() <= 12 + 255 + 4, "a question keeps its limit");
  std::string answer = query;
  answer[2] = static_cast<char>(answer[2] | '\x80');
  kaden::require(read_dns_answer({7, target->question, target->record_type}, answer).has_value(),
                 "what was asked is recognised");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0:
      static_cast<void>(read_echo_reply(Family::v4, false, bytes));
      static_cast<void>(read_echo_reply(Family::v6, false, bytes));
      break;
    case 1:
      static_cast<void>(read_echo_reply(Family::v4, true, bytes));
      break;
    case 2:
      fuzz_dns(bytes);
      break;
    default:
      fuzz_target(bytes);
  }
  return 0;
}
