// The requests only the session itself sends. Room: sip, inside.
#pragma once

#include <cstdint>
#include <string>

#include "kaden/sip_session.h"

namespace kaden::sip {

Message make_invite(const SessionOrder& order, std::uint32_t cseq);
Message make_in_dialog(const SessionOrder& order, const Dialog& dialog, const std::string& method,
                       std::uint32_t cseq);

} // namespace kaden::sip
