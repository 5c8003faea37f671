// From the library's parsed message to our value. Room: nta, inside.
#pragma once

#include <sofia-sip/sip.h>

#include "kaden/sip_message.h"

namespace kaden::nta {

/// Copies everything; nothing of `parsed` is kept.
sip::Message read_message(const sip_t& parsed, bool is_local);

} // namespace kaden::nta
