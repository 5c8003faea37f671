// Hostile datagrams through the library's parser and into our value: no crash, no slow parse, and what comes
// out owns its texts. What the kernel's filter would drop (too long, not a letter first) is dropped here,
// too.
#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "kaden/base.h"
#include "kaden/limits/input.h"
#include "read_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > kaden::limits::sip_datagram_bytes_max || data[0] < 'A' || data[0] > 'Z') return 0;
  msg_t* const parsed = msg_make(sip_default_mclass(), 0, data, static_cast<issize_t>(size));
  if (parsed == nullptr) return 0;
  const sip_t* const sip = sip_object(parsed);
  kaden::sip::Message message;
  const bool is_read = sip != nullptr && (sip->sip_request != nullptr || sip->sip_status != nullptr);
  if (is_read) message = kaden::nta::read_message(*sip, false);
  msg_destroy(parsed); // what is looked at below must not lie in it
  if (!is_read) return 0;
  std::string all = message.method + message.uri + message.phrase + message.call_id + message.branch +
                    message.contact + message.content_type + message.body;
  for (const auto& header : message.headers) all += header.name + header.value;
  for (const auto& route : message.routes) all += route;
  kaden::require(all.size() < 4 * kaden::limits::sip_datagram_bytes_max,
                 "a message is not longer than its datagram");
  return 0;
}
