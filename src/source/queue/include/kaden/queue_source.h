/// kaden/queue_source.h - the messages of an Amazon SQS queue, which SNS or EventBridge fill: how alarms come
/// out of AWS where nothing may come in. Room: source/queue. Uses: base, runtime, http, sigv4, aws, journal,
/// source/watch. Threads: as source::Watcher; a Settle is called from any. Errors: in the standing, and after
/// a while an alarm. API: SQS ReceiveMessage, DeleteMessageBatch, ChangeMessageVisibility, AWS JSON 1.0.
///
/// A message is deleted only after what it says is durable: until then SQS keeps it, and gives it out again
/// when its visibility time is over, to this Kaden or to the next. What comes twice (SQS promises at least
/// once, in any order) is told apart by whom it is given to.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "kaden/aws_client.h"
#include "kaden/journal.h"
#include "kaden/source.h"

namespace kaden::queue {

/// What became of a message.
enum class Settled : std::uint8_t {
  stored, ///< durable, or no news: it is deleted
  later,  ///< it could not be stored: SQS gives it out again in a minute
  odd, ///< it can never be read: SQS gives it out again in an hour, until the queue's redrive policy or its
       ///< retention takes it away
};
using Settle = std::function<void(Settled)>;
/// Where messages go; calls `settle` exactly once, now or later. Must not block.
using Take = std::function<void(std::string body, Settle settle)>;

struct Settings {
  std::string name;        ///< of the webhook whose queue it is
  std::string spoken_name; ///< in the alarm of its own
  std::string url;         ///< of the queue, as AWS names it
  Millis unreadable_after = seconds(300);
  Severity unreadable = Severity::critical;
};

struct Ports {
  source::Intake& intake;
  journal::Records& records;
  const runtime::Clock& clock;
  aws::Client& client; ///< of SQS
  Take take;
};

/// "https://sqs.ap-northeast-1.amazonaws.com/111122223333/alarms" -> the region, or empty where the host does
/// not say it.
std::string region_of_queue(std::string_view url);

/// Borrows what is in the ports.
std::unique_ptr<source::Watcher> watch_queue(Settings settings, const Ports& ports);

} // namespace kaden::queue
