/// kaden/base.h - the ground floor: results, two kinds of time, text, digests, JSON, shared words; limits lie
/// beside it. Room: base. Uses nothing of Kaden. Pure: no clock, thread, file, socket, environment, locale or
/// randomness.
#pragma once

#include "kaden/alarm_event.h"
#include "kaden/call.h"
#include "kaden/digest.h"
#include "kaden/json.h"
#include "kaden/result.h"
#include "kaden/text.h"
#include "kaden/time.h"
#include "kaden/words.h"
